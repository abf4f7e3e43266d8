// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_JSON_LINE_H_
#define DTLS13_UDP_NOTIF_JSON_LINE_H_

#include <string>
#include <string_view>

#include "udp_notif/collector.h"

namespace dtls13::udp_notif {

// AppendJsonLine writes one line behind `*out`, an object and a line break:
//
//   source         where it came from, as `source` says it
//   publisher_id   number
//   message_id     number
//   media_type     its registered name; "private/N" with the S bit, else "unassigned/N"
//   segments       how many it came in
//   gap            how many Message IDs were jumped over just before it
//   lost           how many messages of this publisher are lost so far
//   payload        the notification: a JSON value if it is JSON, else a string if it is text
//   payload_base64 in place of payload: what is neither
void AppendJsonLine(std::string_view source, const Delivery& delivery, std::string* out);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_JSON_LINE_H_
