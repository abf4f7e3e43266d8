// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_FAILURE_REPORT_H_
#define DTLS13_SHIM_ATTACHMENT_FAILURE_REPORT_H_

#include <utility>

namespace dtls13::shim {

// FailureReport is whether the application has been told why its connection ended: the reason is
// put on the error queue once. It does not know the reason.
class FailureReport {
 public:
  // A call that finds it told fails, and adds no error to those which may still be there.
  bool is_told() const { return told_; }
  // TryClaim is true for the one that is to tell.
  bool TryClaim() { return !std::exchange(told_, true); }
  // OnTold: what says more than the association's failure does is on the error queue.
  void OnTold() { told_ = true; }

 private:
  bool told_ = false;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_FAILURE_REPORT_H_
