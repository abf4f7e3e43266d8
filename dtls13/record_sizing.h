// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_SIZING_H_
#define DTLS13_RECORD_SIZING_H_

#include <cstddef>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// RecordSizing says how an application would have its records: how much content one has at most,
// RFC 8446 section 5.1, and how much padding, section 5.4. It is asked anew for each record while
// that is made, so an answer may change at any time; it is not to call the association that asks.
// It does not know the path's MTU nor the peer's limit, which both bound what it says.
// Implementations that several associations share are thread-safe.
class RecordSizing {
 public:
  virtual ~RecordSizing() = default;
  // MaxContentLen is the most bytes of content that a record may have, of any type and epoch; less
  // than kMinRecordSizeLimit counts as that. Handshake messages are cut to it, application data is
  // not (SendResult::kTooLarge).
  virtual size_t MaxContentLen() = 0;
  // PaddingLen is how many bytes of padding a protected record of `type` is to have; its content
  // and the type behind it have `inner_len` bytes. It gets as many of them as fit.
  virtual size_t PaddingLen(ContentType type, size_t inner_len) = 0;
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_SIZING_H_
