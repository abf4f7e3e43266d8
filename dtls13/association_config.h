// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_CONFIG_H_
#define DTLS13_ASSOCIATION_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "dtls13/flight/retransmit_timer.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/path_validation.h"
#include "dtls13/record_sizing.h"
#include "dtls13/wire/time.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// kDefaultMtu is the datagram payload used where nobody knows better: it passes every IPv6 path
// with room for tunnels.
inline constexpr size_t kDefaultMtu = 1200;
// kMinMtu is the smallest datagram payload accepted: below it a handshake record has no room for a
// useful fragment.
inline constexpr size_t kMinMtu = 256;

// kMinRecordsPerKey leaves an eighth for the records that are sent while a KeyUpdate is under way,
// for its retransmissions, and for an alert.
inline constexpr uint64_t kMinRecordsPerKey = 16384;
// kMinFailuresPerKey leaves an eighth for what arrives while the peer is asked for new keys.
inline constexpr uint64_t kMinFailuresPerKey = 1024;

// AssociationConfig is shared by many associations and does not change under them. Durations and
// bounds carry their units in their types or names.
struct AssociationConfig {
  HandshakeConfig handshake;
  RetransmitTimerConfig retransmit;

  // Datagram payload bytes an association starts with; SetMtu changes its own.
  size_t mtu = kDefaultMtu;
  // How records are cut and padded. Null: as long as may be, and without padding.
  std::shared_ptr<RecordSizing> record_sizing;

  // The transport keeps datagram boundaries, so the last record of a datagram may go without its
  // length once the handshake is acknowledged. Never true over a byte stream such as a memory BIO.
  bool omit_length = false;
  // Send 8-bit record numbers once the handshake is acknowledged.
  bool short_numbers = false;

  // How long the handshake's read keys stay, RFC 9147 section 5.8.1: twice the MSL of two minutes.
  // Those that a KeyUpdate supersedes stay for half of it, section 4.2.1.
  Duration old_keys_lifetime = std::chrono::minutes(4);

  // Bounds on the records that one key protects, and on those that may fail to open under one, when
  // they are below the AEAD's own (RFC 9147 section 4.5.3). Keys are updated before the former, and
  // the peer is asked to update its own before the latter. At least kMinRecordsPerKey and
  // kMinFailuresPerKey.
  uint64_t max_records_per_key = UINT64_MAX;
  uint64_t max_failures_per_key = UINT64_MAX;

  // Associations may be exported: traffic secrets are kept beside the keys made of them.
  bool exportable = false;

  // An association whose peer is not heard, and whose caller asks nothing of it, for so long goes
  // cold once nothing is under way: it keeps its keys and what it has to remember, some 700 bytes,
  // and gives back the rest, cipher contexts above all; with the next record of either side it is
  // as it was. HandleTimeout does it, so a caller that leaves NextTimeout alone keeps it warm.
  // Zero: never, which saves some 100 bytes of one that is not cold.
  Duration cold_after = std::chrono::seconds(10);

  // How a peer that is heard from a new address is checked there, if both sides negotiated it.
  PathValidatorConfig path_validation;

  // Produce Trace events for every handshake message, alert and ACK, in and out.
  bool trace = false;
};

//= rfc9147#section-5.8.2
//# It is RECOMMENDED that for DTLS-SRTP [RFC5764], a default timeout of 400
//# ms be used; because customer experience degrades with one-way latencies
//# of greater than 200 ms, real-time deployments are less likely to have
//# long latencies.
inline constexpr Duration kSrtpInitialTimeout = std::chrono::milliseconds(400);

//= draft-ietf-tls-dtls13-26#section-5.6.2
//# Implementations SHOULD use an initial timer value
//# of 100 msec (the minimum defined in RFC 6298 [RFC6298]) and double
//# the value at each retransmission, up to no less than the RFC 6298
//# maximum of 60 seconds.
inline constexpr Duration kDraft26InitialTimeout = std::chrono::milliseconds(100);

// SpeakDraft26 makes `config` one for draft-ietf-tls-dtls13-26, and for nothing else: its wire
// profile and its timer. The caller may still set another timer. Connection IDs and authentication
// after the handshake, which the profile does not have, are not offered, whatever `config` says.
inline void SpeakDraft26(AssociationConfig* config) {
  config->handshake.wire_profile = kDraft26Profile;
  config->retransmit.initial = kDraft26InitialTimeout;
}

// HandshakeConfigOf is the handshake's part of `config`, which lives as long.
inline std::shared_ptr<const HandshakeConfig> HandshakeConfigOf(
    std::shared_ptr<const AssociationConfig> config) {
  const HandshakeConfig* handshake = &config->handshake;
  return {std::move(config), handshake};
}

// OfferSrtp makes `config` one for DTLS-SRTP: its profiles, most wanted first, and its timer. The
// caller may still set another.
inline void OfferSrtp(std::vector<SrtpProfile> profiles, AssociationConfig* config) {
  config->handshake.connection.srtp_profiles = std::move(profiles);
  config->retransmit.initial = kSrtpInitialTimeout;
}

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_CONFIG_H_
