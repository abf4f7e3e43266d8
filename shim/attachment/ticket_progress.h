// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_
#define DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dtls13/wire/alert.h"

namespace dtls13::shim {

// TicketProgress is how far a server's callbacks of tickets are on one connection, and what they
// have put into its tickets. It calls none of them.
class TicketProgress {
 public:
  // TryPrepare is true the first time: the application is asked about the tickets of a connection
  // once.
  bool TryPrepare() { return !std::exchange(prepared_, true); }

  // The application's own data in the tickets of this connection, or in the one that it resumes.
  const std::vector<uint8_t>& data() const { return data_; }
  void KeepData(std::vector<uint8_t> data) { data_ = std::move(data); }

  // Fail: a callback about tickets has failed where the association was at work, and is to end with
  // `alert`.
  void Fail(AlertDescription alert) { failure_ = alert; }
  std::optional<AlertDescription> failure() const { return failure_; }

 private:
  std::vector<uint8_t> data_;
  bool prepared_ = false;
  std::optional<AlertDescription> failure_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_
