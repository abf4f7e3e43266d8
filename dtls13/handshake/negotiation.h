// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_NEGOTIATION_H_
#define DTLS13_HANDSHAKE_NEGOTIATION_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// Contains: `value` is on one of the lists that are negotiated with.
template <typename T>
bool Contains(const std::vector<T>& list, T value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The config's lists without what this library or libcrypto cannot do.
std::vector<CipherSuiteId> UsableSuites(const HandshakeConfig& config);
std::vector<NamedGroup> UsableGroups(const HandshakeConfig& config);
std::vector<SignatureScheme> UsableSchemes(const HandshakeConfig& config);

// InitialShares returns the groups whose shares a first ClientHello carries, in the order of
// supported_groups: what the config names, or one that is small. Never empty when UsableGroups is
// not.
std::vector<NamedGroup> InitialShares(const HandshakeConfig& config);

// SuiteWish is what the choice of a suite has to heed.
struct SuiteWish {
  // The HelloRetryRequest's, which is bound to be kept.
  std::optional<CipherSuiteId> bound = {};
  // The hash of a PSK, which only suites with this hash can use: taken before others.
  std::optional<HashId> hash = {};
};

// Negotiation is what a server chooses from a client's offer.
struct Negotiation {
  const CipherSuite* suite = nullptr;
  // False when there is no group in common, which only a PSK alone can do without.
  bool has_group = false;
  NamedGroup group{};
  // The client's share of `group`, a view of its ClientHello; empty when it sent none and must be
  // asked.
  std::span<const uint8_t> peer_share;
};

// Negotiate is a pure function of its arguments: a server that keeps nothing but the suite it asked
// for chooses alike from both ClientHellos. No suite in common is handshake_failure; a bound one
// that the offer lacks is illegal_parameter.
Status Negotiate(const HandshakeConfig& config, const ClientHello& offer, const SuiteWish& wish,
                 Negotiation* out);

// GroupsToAnnounce is what a server with an order of its own says in EncryptedExtensions when
// another group would have been its first choice; empty otherwise.
std::vector<NamedGroup> GroupsToAnnounce(const HandshakeConfig& config, NamedGroup negotiated);

// SessionIdEcho is the legacy_session_id_echo of a server's answers: empty unless the config asks
// for what old clients want.
std::span<const uint8_t> SessionIdEcho(const HandshakeConfig& config, const ClientHello& hello);

// ChooseSignatureScheme returns the first of the credential's schemes that the peer takes and that
// may sign a CertificateVerify; nothing when there is none, or when the chain may not be shown to
// this peer. Null is a credential without any. `certificate_schemes` are the peer's for signatures
// in certificates; empty: as `offered`.
std::optional<SignatureScheme> ChooseSignatureScheme(
    const Credential* credential, std::span<const SignatureScheme> offered,
    std::span<const SignatureScheme> certificate_schemes);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_NEGOTIATION_H_
