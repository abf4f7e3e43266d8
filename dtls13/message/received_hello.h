// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_RECEIVED_HELLO_H_
#define DTLS13_MESSAGE_RECEIVED_HELLO_H_

#include <cstdint>
#include <vector>

#include "dtls13/message/client_hello.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// ReceivedHello is a ClientHello that a server put together from its fragments, and what the one
// reading of it found. Whoever looks at it later shares it; nobody reads it again.
class ReceivedHello {
 public:
  // `message_seq` is the handshake message's; `record_number` that of the record of epoch 0 which
  // made it whole, and which a stateless answer mirrors.
  explicit ReceivedHello(std::vector<uint8_t> body, uint16_t message_seq = 0,
                         SequenceNumber record_number = {},
                         const WireProfile& profile = kRfc9147Profile);
  ReceivedHello(const ReceivedHello&) = delete;
  ReceivedHello& operator=(const ReceivedHello&) = delete;

  // status is what ReadClientHello said. What one of DTLS 1.3 offers is in `hello` only if it is
  // Ok.
  Status status() const { return status_; }
  // is_well_formed: what a hello of any version has is in `hello`. Otherwise that is only the body.
  bool is_well_formed() const { return !hello_.random.empty(); }
  const ClientHello& hello() const { return hello_; }
  const ClientHello* operator->() const { return &hello_; }
  uint16_t message_seq() const { return message_seq_; }
  SequenceNumber record_number() const { return record_number_; }

 private:
  const std::vector<uint8_t> body_;
  ClientHello hello_;
  const Status status_;
  const uint16_t message_seq_;
  const SequenceNumber record_number_;
};

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_RECEIVED_HELLO_H_
