// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_DTLS_SETTINGS_H_
#define DTLS13_UDP_NOTIF_DTLS_SETTINGS_H_

#include <memory>

#include "dtls13/association_config.h"
#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"

namespace dtls13::udp_notif {

//= draft-unyte-udp-notif-dtls#section-4.3
//# Implementations SHOULD set the timeout value to 10 minutes but
//# application specific profiles MAY recommend shorter or longer values.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# Implementations SHOULD use an inactivity timer with a default value of
//# 10 minutes, unless an application-specific profile specifies otherwise.
inline constexpr Duration kDefaultIdleTimeout = std::chrono::minutes(10);

// PublisherSettings is what a publisher's associations are made with: the DTLS client's half of
// draft-unyte-udp-notif-dtls and of draft-ietf-netconf-udp-notif section 6. The caller adds the
// credential that it shows, if any. Randomness and algorithms are the process's own. Null where
// libcrypto lacks what DTLS 1.3 takes.
std::shared_ptr<AssociationConfig> PublisherSettings();

// ReceiverSettings is the DTLS server's half. The caller adds the credential, and asks for the
// publishers' where it wants mutual authentication. Null as above.
std::shared_ptr<AssociationConfig> ReceiverSettings();

// ReceiverEndpointOptions is what a receiver's endpoint does with associations of `config`. The
// caller adds what signs and verifies, and may set another idle timeout and other bounds.
EndpointOptions ReceiverEndpointOptions(std::shared_ptr<const AssociationConfig> config);

// PublisherEndpointOptions is a publisher's, which serves no clients.
EndpointOptions PublisherEndpointOptions(std::shared_ptr<const AssociationConfig> config);

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_DTLS_SETTINGS_H_
