// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/received_hello.h"

#include <utility>

namespace dtls13 {

ReceivedHello::ReceivedHello(std::vector<uint8_t> body, uint16_t message_seq,
                             SequenceNumber record_number, const WireProfile& profile)
    : body_(std::move(body)),
      status_(ReadClientHello(body_, &hello_, profile)),
      message_seq_(message_seq),
      record_number_(record_number) {}

}  // namespace dtls13
