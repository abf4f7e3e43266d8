// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/negotiation.h"

#include <algorithm>
#include <iterator>

#include "dtls13/crypto/chain_signatures.h"
#include "dtls13/crypto/key_exchange.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/signature.h"
#include "dtls13/message/failure.h"

namespace dtls13 {
namespace {

// FirstCommon returns the most wanted of what both lists hold, by our order or by the client's.
template <typename T>
std::optional<T> FirstCommon(const std::vector<T>& ours, const CodePointList& theirs,
                             bool our_preference) {
  if (our_preference) {
    for (const T value : ours) {
      if (theirs.Contains(value)) return value;
    }
    return std::nullopt;
  }
  for (size_t i = 0; i < theirs.size(); ++i) {
    if (Contains(ours, static_cast<T>(theirs[i]))) return static_cast<T>(theirs[i]);
  }
  return std::nullopt;
}

// FirstShare returns the most wanted share of a group of ours.
std::optional<KeyShare> FirstShare(const std::vector<NamedGroup>& ours, const KeyShareList& shares,
                                   bool our_preference) {
  if (our_preference) {
    for (const NamedGroup group : ours) {
      if (const auto share = shares.Find(group)) return share;
    }
    return std::nullopt;
  }
  ByteReader reader = shares.Begin();
  KeyShare share;
  while (KeyShareList::Next(&reader, &share)) {
    if (Contains(ours, share.group)) return share;
  }
  return std::nullopt;
}

// ChooseSuite takes the most wanted suite with the wished hash, or without it if there is none.
std::optional<CipherSuiteId> ChooseSuite(const HandshakeConfig& config, const ClientHello& offer,
                                         std::optional<HashId> hash) {
  const std::vector<CipherSuiteId> usable = UsableSuites(config);
  if (hash.has_value()) {
    std::vector<CipherSuiteId> fitting = usable;
    std::erase_if(fitting, [&](CipherSuiteId id) { return FindCipherSuite(id)->hash != *hash; });
    const auto suite = FirstCommon(fitting, offer.cipher_suites, config.server.server_preference);
    if (suite.has_value()) return suite;
  }
  //= rfc8446#section-4.1.2
  //# If the list contains cipher suites that the server does not recognize,
  //# support, or wish to use, the server MUST ignore those cipher suites
  //# and process the remaining ones as usual.
  return FirstCommon(usable, offer.cipher_suites, config.server.server_preference);
}

}  // namespace

//= rfc8446#section-9.3
//# A client sending a ClientHello MUST support all parameters advertised
//# in it.
std::vector<CipherSuiteId> UsableSuites(const HandshakeConfig& config) {
  std::vector<CipherSuiteId> usable;
  for (const CipherSuiteId id : config.cipher_suites) {
    if (FindCipherSuite(id) != nullptr && config.algorithms->Supports(id)) usable.push_back(id);
  }
  return usable;
}

std::vector<NamedGroup> UsableGroups(const HandshakeConfig& config) {
  std::vector<NamedGroup> usable;
  for (const NamedGroup group : config.groups) {
    if (KeyExchange::IsSupported(*config.algorithms, group)) usable.push_back(group);
  }
  return usable;
}

std::vector<SignatureScheme> UsableSchemes(const HandshakeConfig& config) {
  std::vector<SignatureScheme> usable;
  for (const SignatureScheme scheme : config.signature_schemes) {
    if (config.algorithms->Supports(scheme)) usable.push_back(scheme);
  }
  return usable;
}

std::vector<NamedGroup> InitialShares(const HandshakeConfig& config) {
  const std::vector<NamedGroup> groups = UsableGroups(config);
  std::vector<NamedGroup> shares;
  //= rfc8446#section-4.2.8
  //# Each KeyShareEntry value MUST correspond to a group offered in the
  //# "supported_groups" extension and MUST appear in the same order.
  //= rfc8446#section-4.2.8
  //# However, the values MAY be a non-contiguous subset of the
  //# "supported_groups" extension and MAY omit the most preferred groups.
  std::copy_if(groups.begin(), groups.end(), std::back_inserter(shares),
               [&](NamedGroup group) { return Contains(config.client.initial_key_shares, group); });
  if (!shares.empty() || groups.empty()) return shares;
  const auto small = std::find_if(groups.begin(), groups.end(), [](NamedGroup group) {
    return FindNamedGroup(group)->ml_kem == nullptr;
  });
  return {small != groups.end() ? *small : groups.front()};
}

Status Negotiate(const HandshakeConfig& config, const ClientHello& offer, const SuiteWish& wish,
                 Negotiation* out) {
  auto suite = wish.bound;
  if (!suite.has_value()) suite = ChooseSuite(config, offer, wish.hash);
  //= rfc8446#section-4.1.1
  //# If the server is unable to negotiate a supported set of parameters
  //# (i.e., there is no overlap between the client and server parameters),
  //# it MUST abort the handshake with either a "handshake_failure" or
  //# "insufficient_security" fatal alert (see Section 6).
  //= rfc8446#section-2.1
  //# If no common cryptographic parameters can be negotiated, the server
  //# MUST abort the handshake with an appropriate alert.
  if (!suite.has_value()) return HandshakeFailure(Reason::kNoSharedCipher);
  //= rfc8446#section-4.1.4
  //# Servers MUST ensure that they negotiate the
  //# same cipher suite when receiving a conformant updated ClientHello (if
  //# the server selects the cipher suite as the first step in the
  //# negotiation, then this will happen automatically).
  if (!Contains(UsableSuites(config), *suite) || !offer.cipher_suites.Contains(*suite)) {
    return IllegalParameter(Reason::kWrongCipherReturned);
  }
  out->suite = FindCipherSuite(*suite);

  // A share that is there is taken before a better group that would cost a round trip.
  const std::vector<NamedGroup> groups = UsableGroups(config);
  //= rfc8446#section-2
  //# the server's share MUST be in the same group as one of the client's
  //# shares.
  //= rfc8446#section-4.2.8
  //# This value MUST be in the same group as the KeyShareEntry value
  //# offered by the client that the server has selected for the negotiated
  //# key exchange.
  if (const auto share = FirstShare(groups, offer.key_shares, config.server.server_preference)) {
    out->has_group = true;
    out->group = share->group;
    out->peer_share = share->key_exchange;
    return Status::Ok();
  }
  const auto group = FirstCommon(groups, offer.supported_groups, config.server.server_preference);
  out->has_group = group.has_value();
  out->group = group.value_or(NamedGroup{});
  out->peer_share = {};
  return Status::Ok();
}

std::vector<NamedGroup> GroupsToAnnounce(const HandshakeConfig& config, NamedGroup negotiated) {
  //= rfc8446#section-4.2.7
  //# If the server has a group it prefers to the
  //# ones in the "key_share" extension but is still willing to accept the
  //# ClientHello, it SHOULD send "supported_groups" to update the client's
  //# view of its preferences; this extension SHOULD contain all groups the
  //# server supports, regardless of whether they are currently supported
  //# by the client.
  // A PSK does without any.
  if (!config.server.server_preference || negotiated == NamedGroup{}) return {};
  std::vector<NamedGroup> groups = UsableGroups(config);
  if (groups.empty() || groups.front() == negotiated) return {};
  return groups;
}

std::span<const uint8_t> SessionIdEcho(const HandshakeConfig& config, const ClientHello& hello) {
  if (!config.server.echo_session_id) return {};
  return hello.legacy_session_id;
}

std::optional<SignatureScheme> ChooseSignatureScheme(
    const Credential* credential, std::span<const SignatureScheme> offered,
    std::span<const SignatureScheme> certificate_schemes) {
  if (credential == nullptr || credential->chain.empty()) return std::nullopt;
  //= rfc8446#section-4.4.2.2
  //# This fallback chain SHOULD NOT use the deprecated SHA-1 hash algorithm
  //# in general, but MAY do so if the client's advertisement permits it,
  //# and MUST NOT do so otherwise.
  // A client's chain is held to the same. Whatever else is unknown to the peer it may still take.
  if (credential->type == CertificateType::kX509 &&
      JudgeChainSignatures(credential->chain,
                           certificate_schemes.empty() ? offered : certificate_schemes) ==
          ChainSignatures::kUnlistedSha1) {
    return std::nullopt;
  }
  for (const SignatureScheme scheme : credential->schemes) {
    const SignatureSchemeInfo* info = FindSignatureScheme(scheme);
    //= rfc8446#section-4.4.2.2
    //# The server's end-entity certificate's public key (and associated
    //# restrictions) MUST be compatible with the selected authentication
    //# algorithm from the client's "signature_algorithms" extension
    //# (currently RSA, ECDSA, or EdDSA).
    if (info == nullptr || !info->in_handshake) continue;
    if (std::find(offered.begin(), offered.end(), scheme) != offered.end()) return scheme;
  }
  return std::nullopt;
}

}  // namespace dtls13
