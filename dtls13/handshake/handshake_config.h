// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_CONFIG_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_CONFIG_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/handshake/certificate_demand.h"
#include "dtls13/handshake/connection_id_policy.h"
#include "dtls13/message/certificate_compressor.h"
#include "dtls13/message/connection_config.h"
#include "dtls13/message/credential.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

class CookieKeyring;         // session/cookie.h
class EarlyDataReplayGuard;  // session/anti_replay.h
class RepeatedExtensions;    // message/server_hello.h
class RetryExtensions;       // message/server_hello.h
class TicketExtensions;      // message/new_session_ticket.h
class TicketSealer;          // session/ticket_keyring.h

// ClientHandshakeConfig is what only a client looks at.
struct ClientHandshakeConfig {
  // The groups whose key shares the first ClientHello carries. Empty is the first of `groups` that
  // is not hybrid: a hybrid share is over a kilobyte, and a hello of two datagrams is lost twice as
  // often, costs its sender's congestion and amplification budget, and is more than some stateless
  // servers take (F23). A server that wants the hybrid asks for it. {kX25519MlKem768, kX25519} is
  // what TLS clients predict, and right wherever the servers are known to take it.
  std::vector<NamedGroup> initial_key_shares;
  // Send values of RFC 8701 among the true ones. They cost some twenty bytes.
  bool grease = false;
  // Asked about ClientParameters::extensions behind a HelloRetryRequest; null: they are repeated.
  std::shared_ptr<RepeatedExtensions> repeated_extensions;
  // Certificate types, RFC 7250, that can be shown, most wanted first. A server shows what its
  // credential is, if the client takes that.
  std::vector<CertificateType> local_certificate_types = {CertificateType::kX509};
};

// ServerHandshakeConfig is what only a server looks at.
struct ServerHandshakeConfig {
  // Keys of the cookies that every HelloRetryRequest carries. Required on a server.
  std::shared_ptr<CookieKeyring> cookie_keys;
  // Answer every first ClientHello with a cookie. Without it a forged address gets a whole flight
  // for its hello, so only who knows another proof of the address turns it off.
  //= rfc9147#section-5.1
  //# DTLS servers SHOULD perform a cookie exchange whenever a new handshake is
  //# being performed.
  //= rfc9147#section-5.1
  //# If the server is being operated in an environment where amplification is
  //# not a problem, e.g., where ICE [RFC8445] has been used to establish
  //# bidirectional connectivity, the server MAY be configured not to perform a
  //# cookie exchange.
  //= rfc9147#section-5.1
  //# The default SHOULD be that the exchange is performed, however.
  //= rfc9147#section-5.1
  //# A server SHOULD limit the amount of data it sends toward a client address
  //# to three times the amount of data sent by the client before it verifies
  //# that the client is able to receive data at that address.
  //= rfc9147#section-11
  //# Therefore, DTLS servers SHOULD use the cookie exchange unless there is
  //# good reason to believe that amplification is not a threat in their
  //# environment.
  bool require_cookie = true;
  // What the HelloRetryRequests have beside the library's own extensions, at most
  // kMaxRetryExtensionsLen bytes; null: nothing.
  std::shared_ptr<RetryExtensions> retry_extensions;
  // Choose suite and group by our own lists' order instead of the client's.
  bool server_preference = false;
  // Answer a legacy_session_id with itself. RFC 9147 forbids it, and wolfSSL's clients before 5.9.1
  // end the handshake without it (F29).
  bool echo_session_id = false;

  // Ask for the client's certificate, unless a PSK authenticates it.
  ClientAuthentication client_authentication = ClientAuthentication::kNone;

  // Where no ticket of ours is offered, ask the caller about the identities (event PskWanted).
  bool ask_psk = false;
  // Where a ticket of ours is offered, ask the caller whether to resume its session (the same
  // event). The answer is client_hello().ticket_session at ticket_index, another key, or none: then
  // the handshake goes on as if there were no ticket.
  bool ask_ticket = false;

  // Keys of session tickets; null: none are issued and none are taken.
  std::shared_ptr<TicketSealer> ticket_keys;
  // Tickets sent to a client that can use them, once it is connected; at most
  // PostHandshake::kMaxTickets. One that came by a ticket has used one up, and gets one.
  size_t num_tickets = 2;
  // How long a session may be resumed, where that is less than the keys' own lifetime.
  uint32_t max_ticket_lifetime_s = UINT32_MAX;
  // What the tickets have beside the library's own extensions; null: nothing.
  std::shared_ptr<TicketExtensions> ticket_extensions;
  // Tell the caller the session of each ticket that is sent (event Ticket).
  bool tell_tickets = false;
  // Bytes of early data that each ticket allows; 0: none is allowed nor taken. It is taken only
  // with a replay_guard, and only from a client that needs no HelloRetryRequest: never with
  // require_cookie.
  uint32_t max_early_data_len = 0;
  std::shared_ptr<EarlyDataReplayGuard> replay_guard;
};

// HandshakeConfig is what many associations share, and what they may do: first what either role
// looks at, then what is a client's alone and a server's alone. Lists are in order of preference.
// Code points this library does not implement are ignored when the lists are used.
struct HandshakeConfig {
  std::shared_ptr<const Algorithms> algorithms;
  std::shared_ptr<RandomSource> random;

  std::vector<CipherSuiteId> cipher_suites = {CipherSuiteId::kAes256GcmSha384,
                                              CipherSuiteId::kChaCha20Poly1305Sha256,
                                              CipherSuiteId::kAes128GcmSha256};
  // The hybrid goes first where libcrypto has ML-KEM, as in OpenSSL 3.5 and the browsers.
  std::vector<NamedGroup> groups = {NamedGroup::kX25519MlKem768, NamedGroup::kX25519,
                                    NamedGroup::kSecp256r1,      NamedGroup::kX448,
                                    NamedGroup::kSecp384r1,      NamedGroup::kSecp521r1};
  // What else is settled besides keys: ALPN, SRTP, record sizes.
  ConnectionConfig connection;
  // Accepted in the peer's CertificateVerify (and sent as signature_algorithms).
  // ML-DSA goes first where libcrypto has it, as in OpenSSL 3.5.
  std::vector<SignatureScheme> signature_schemes = {SignatureScheme::kMlDsa65,
                                                    SignatureScheme::kMlDsa87,
                                                    SignatureScheme::kMlDsa44,
                                                    SignatureScheme::kEcdsaSecp256r1Sha256,
                                                    SignatureScheme::kEcdsaSecp384r1Sha384,
                                                    SignatureScheme::kEd25519,
                                                    SignatureScheme::kRsaPssRsaeSha256,
                                                    SignatureScheme::kRsaPssRsaeSha384,
                                                    SignatureScheme::kRsaPssRsaeSha512,
                                                    SignatureScheme::kRsaPssPssSha256,
                                                    SignatureScheme::kRsaPssPssSha384,
                                                    SignatureScheme::kRsaPssPssSha512,
                                                    SignatureScheme::kRsaPkcs1Sha256,
                                                    SignatureScheme::kRsaPkcs1Sha384,
                                                    SignatureScheme::kRsaPkcs1Sha512,
                                                    SignatureScheme::kEcdsaSecp521r1Sha512};

  // Used where the caller does not choose per connection (ask_credential). A client shows it to a
  // server that asks, if the server can take it.
  std::shared_ptr<const Credential> credential;
  // Ask the caller for a credential (event CredentialWanted): a server after the ClientHello, a
  // client when its server has authenticated itself and asked for one.
  bool ask_credential = false;

  // Client authentication after the handshake, RFC 8446 section 4.6.2. A client offers it; a server
  // may then ask at any time. It costs both the state of a hash while the association lasts.
  bool post_handshake_auth = false;
  // What is said of the certificates we take, in a ClientHello or CertificateRequest; empty lists
  // are not sent. certificate_authorities: DER names of authorities. certificate_signature_schemes:
  // accepted in certificates, where those differ from signature_schemes.
  std::vector<std::vector<uint8_t>> certificate_authorities;
  std::vector<SignatureScheme> certificate_signature_schemes;
  // Ask the peer for an OCSP response and for signed certificate timestamps.
  // ocsp_responders, ocsp_extensions: a client's of that request, in DER; empty: any, and none.
  bool request_ocsp = false;
  std::vector<std::vector<uint8_t>> ocsp_responders;
  std::vector<uint8_t> ocsp_extensions;
  bool request_sct = false;
  // Certificate types, RFC 7250, that are taken from the peer, most wanted first.
  std::vector<CertificateType> peer_certificate_types = {CertificateType::kX509};
  // Certificate compression, RFC 8879: taken from the peer, and used where the peer takes it.
  CertificateCompressors certificate_compressors;
  ConnectionIdPolicy connection_ids;

  // How PSKs may be used, most wanted first; empty: not at all. kPskKe gives up forward secrecy.
  std::vector<PskKeyExchangeMode> psk_modes = {PskKeyExchangeMode::kPskDheKe};

  // What is spoken. Both sides must have the same: it is never negotiated.
  WireProfile wire_profile = kRfc9147Profile;
  // Produce key log lines (event KeyLog).
  bool key_log = false;
  // Largest handshake message taken from the peer, bytes; libssl's default for certificate lists.
  size_t max_message_len = 100 * 1024;

  ClientHandshakeConfig client;
  ServerHandshakeConfig server;
};

// UsesConnectionIds and UsesPostHandshakeAuth: it is configured, and the wire profile has it.
inline bool UsesConnectionIds(const HandshakeConfig& config) {
  return config.connection_ids.use && config.wire_profile.has_connection_ids;
}
inline bool UsesPostHandshakeAuth(const HandshakeConfig& config) {
  return config.post_handshake_auth && config.wire_profile.has_post_handshake_auth;
}

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_CONFIG_H_
