// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_SUBSCRIPTION_STARTED_H_
#define DTLS13_UDP_NOTIF_SUBSCRIPTION_STARTED_H_

#include <cstdint>
#include <vector>

#include "dtls13/wire/time.h"
#include "udp_notif/message.h"

namespace dtls13::udp_notif {

// SubscriptionStarted is the notification of RFC 8639 section 2.7.1 that a stream begins with: of
// the subscription `id`, at `now`, in the standard encoding `type`. Empty for another encoding.
std::vector<uint8_t> SubscriptionStarted(MediaType type, uint32_t id, WallTime now);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_SUBSCRIPTION_STARTED_H_
