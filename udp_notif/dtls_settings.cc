// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/dtls_settings.h"

#include <utility>

#include "dtls13/new_config.h"

namespace dtls13::udp_notif {
namespace {

// Random Connection IDs of so many bytes are enough not to meet again among a million.
constexpr size_t kConnectionIdLen = 8;

// Adapt makes `config`, which may be null, one of either side.
std::shared_ptr<AssociationConfig> Adapt(std::shared_ptr<AssociationConfig> config) {
  if (config == nullptr) return nullptr;
  HandshakeConfig& handshake = config->handshake;
  // No suite is known here that leaves data readable or unprotected.
  //= draft-unyte-udp-notif-dtls#section-4.1
  //# Implementations MUST support DTLS 1.3 [I-D.ietf-tls-dtls13] and MUST
  //# support the mandatory to implement cipher suite TLS_AES_128_GCM_SHA256
  //# and SHOULD implement TLS_AES_256_GCM_SHA384 and
  //# TLS_CHACHA20_POLY1305_SHA256 cipher suites, as specified in TLS 1.3
  //# [RFC8446].
  //= draft-unyte-udp-notif-dtls#section-4.1
  //# If additional cipher suites are supported, then implementations MUST NOT
  //# negotiate a cipher suite that employs NULL integrity or authentication
  //# algorithms.
  //= draft-unyte-udp-notif-dtls#section-4.1
  //# Where privacy is REQUIRED, then implementations must either negotiate a
  //# cipher suite that employs a non-NULL encryption algorithm or otherwise
  //# achieve privacy by other means, such as a physically secured network.
  //= draft-ietf-netconf-udp-notif#section-6
  //# Implementations using DTLS to secure UDP-Notif messages MUST support
  //# DTLS 1.2 [RFC6347] or later, and SHOULD support DTLS 1.3 [RFC9147].
  //= draft-ietf-netconf-udp-notif#section-6.1.1
  //# Implementations MUST follow recommendations defined by [BCP195].
  //= draft-ietf-netconf-udp-notif#section-6.1.1
  //# If other cipher suites than the ones recommended by [BCP195] are used,
  //# then implementations MUST NOT negotiate a cipher suite that employs
  //# NULL integrity or authentication algorithms.
  handshake.cipher_suites = {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384,
                             CipherSuiteId::kChaCha20Poly1305Sha256};
  // A publisher stays for long, so nothing is resumed: without keys to resume by there is no early
  // data either, whatever the other side would like.
  //= draft-ietf-netconf-udp-notif#section-6.1.1
  //# Implementations MUST NOT use the early data mechanism (also known as
  //# 0-RTT data) defined in DTLS 1.3 [RFC9147].
  handshake.psk_modes.clear();
  config->omit_length = true;  // UDP keeps datagram boundaries
  return config;
}

}  // namespace

std::shared_ptr<AssociationConfig> PublisherSettings() { return Adapt(NewConfig()); }

//= draft-unyte-udp-notif-dtls#section-4.1
//# Implementations MAY support the denial of service countermeasures
//# defined by DTLS 1.3.
//= draft-ietf-netconf-udp-notif#section-6.1.1
//# Implementations MAY disable the denial of service countermeasures
//# defined by DTLS 1.2 and DTLS 1.3 if a given deployment can ensure that
//# DoS attacks are not a concern.
std::shared_ptr<AssociationConfig> ReceiverSettings() {
  std::shared_ptr<AssociationConfig> config = Adapt(NewServerConfig());
  if (config == nullptr) return nullptr;
  HandshakeConfig& handshake = config->handshake;
  handshake.server.require_cookie = true;
  // A publisher's address may change on the way; a receiver's does not, so publishers ask for none.
  handshake.connection_ids.receive_len = kConnectionIdLen;
  handshake.server.num_tickets = 0;
  handshake.server.max_early_data_len = 0;
  return config;
}

// An endpoint closes what is idle with close_notify, lingers for the answer, and forgets it.
//= draft-unyte-udp-notif-dtls#section-4.3
//# When no data is received from a DTLS connection for a long time, the
//# Receiver MAY close the connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//# The Receiver (DTLS server) MUST attempt to initiate an exchange of
//# close_notify alerts with the Publisher before closing the connection.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# When no data is received from a DTLS connection for an extended period
//# of time, the Receiver (DTLS server) MAY close the connection.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//# The Receiver MUST attempt to initiate an exchange of close_notify alerts
//# with the publisher before closing the connection.
EndpointOptions ReceiverEndpointOptions(std::shared_ptr<const AssociationConfig> config) {
  EndpointOptions options;
  options.config = std::move(config);
  options.idle_timeout = kDefaultIdleTimeout;
  // Ten thousand publishers at rest, and as many that come back after an outage.
  options.max_associations = 100'000;
  // A network's devices share few /64s, and all of them come at once after an outage.
  options.max_half_open = 10'000;
  options.max_half_open_per_host = 5'000;
  options.max_hellos_per_host = 20'000;
  return options;
}

EndpointOptions PublisherEndpointOptions(std::shared_ptr<const AssociationConfig> config) {
  EndpointOptions options;
  options.config = std::move(config);
  options.accepts = false;
  return options;
}

}  // namespace dtls13::udp_notif
