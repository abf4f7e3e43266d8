// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_NEW_SESSION_TICKET_H_
#define DTLS13_MESSAGE_NEW_SESSION_TICKET_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/message/extensions.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// NewSessionTicket, RFC 8446 section 4.6.1. Views the message.
struct NewSessionTicket {
  uint32_t lifetime_s = 0;
  uint32_t age_add = 0;
  std::span<const uint8_t> nonce;
  std::span<const uint8_t> ticket;
  uint32_t max_early_data_len = 0;                          // 0 when the extension is absent
  ExtensionBlock extensions = {};                           // those received
  std::span<const CustomExtension> custom_extensions = {};  // to be written
};

// TicketExtensions are a server's own extensions of its NewSessionTickets.
class TicketExtensions {
 public:
  virtual ~TicketExtensions() = default;
  // Add appends those of one ticket, which is about to be sent. False: it is not sent.
  virtual bool Add(std::vector<CustomExtension>* extensions) = 0;
};

// ParseNewSessionTicket: decode_error for what is malformed, illegal_parameter for an extension
// that comes twice or has no place here. Unknown ones are ignored.
Status ParseNewSessionTicket(std::span<const uint8_t> body, NewSessionTicket* out);

// SerializeNewSessionTicket is empty when a field does not fit.
std::vector<uint8_t> SerializeNewSessionTicket(const NewSessionTicket& ticket);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_NEW_SESSION_TICKET_H_
