// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "dtls13/crypto/key_exchange.h"
#include "dtls13/handshake/connection_id_negotiation.h"
#include "dtls13/handshake/early_data.h"
#include "dtls13/handshake/handshake_base.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/handshake/server_psks.h"
#include "dtls13/handshake/stateless_retry.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/encrypted_extensions.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/hello_invariants.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/message/server_hello.h"

namespace dtls13 {
namespace {

// ServerHandshakeImpl is the server's side, one handler for each state, in protocol order. The last
// ClientHello is shared with whoever asks; nothing else is kept of one that is answered with a
// HelloRetryRequest.
class ServerHandshakeImpl final : public HandshakeBase<ServerHandshake> {
 public:
  ServerHandshakeImpl(std::shared_ptr<const HandshakeConfig> config, ServerParameters parameters)
      : HandshakeBase(std::move(config), HandshakeState::kServerWaitClientHello),
        parameters_(std::move(parameters)),
        demand_{.client_authentication = context_.config().server.client_authentication,
                .certificate_authorities = context_.config().certificate_authorities} {}

  size_t max_message_len() const override;
  void SetTime(WallTime now) override { parameters_.now = now; }
  Status HandleClientHello(std::shared_ptr<const ReceivedHello> hello) override;
  const ClientHelloInfo& client_hello() const override { return client_hello_; }
  Status ProvidePsk(size_t index, Psk psk) override;
  Status ChooseProtocol(std::string_view protocol) override;
  void AddExtensions(CustomExtensions extensions) override { extensions_ = std::move(extensions); }
  void IgnoreServerName() override { ignores_server_name_ = true; }
  Status DemandCertificate(CertificateDemand demand) override;

 protected:
  Status Dispatch(HandshakeType type, std::span<const uint8_t> body) override;
  Status UseCredential(const Credential* credential) override;
  Status SendFinished() override;

 private:
  // AnswerClientHello is for client_hello_.message, also once the caller has answered kPsk.
  Status AnswerClientHello();
  Status SendHelloRetryRequest(const ClientHello& offer, const Negotiation& negotiation);
  Status AskForPsk(const ClientHello& offer);
  Status AcceptOffer(const ClientHello& offer, const Negotiation& negotiation,
                     const std::optional<CookieContents>& cookie);
  Status RestoreFromCookie(const ClientHello& offer, const Negotiation& negotiation,
                           const CookieContents& contents);
  Status KeepOffer(const ClientHello& offer, const Negotiation& negotiation);
  void KeepInfo(const ClientHello& offer);
  // Answers is what EncryptedExtensions says of the connection.
  EncryptedExtensionsFields Answers() const;
  Status SendPskFlight();
  Status SendServerHello();
  Status ChooseCertificateTypes(const Credential& credential, EncryptedExtensionsFields* fields);
  Status SendCertificateRequest();
  // StateForAuthentication waits for what a client says of itself.
  HandshakeState StateForAuthentication() const;
  Status HandleEndOfEarlyData(std::span<const uint8_t> body);
  Status HandleCertificate(HandshakeType type, std::span<const uint8_t> body);
  Status HandleCertificateVerify(std::span<const uint8_t> body);
  Status HandleFinished(std::span<const uint8_t> body);

  ServerParameters parameters_;
  ClientHelloInfo client_hello_;
  ServerPsks psks_;
  bool offered_psk_ = false;
  bool ignores_server_name_ = false;
  std::optional<std::string> chosen_protocol_;  // the caller's, in place of the config's
  std::vector<uint8_t> peer_share_;
  bool offers_post_handshake_auth_ = false;
  CertificateDemand demand_;
  CustomExtensions extensions_;
  std::vector<CertificateType> client_certificate_types_;
  // The type of the client's certificate; nothing when none is asked for.
  std::optional<CertificateType> client_certificate_type_;
  std::vector<uint8_t> session_id_echo_;
  ConnectionAnswer connection_answer_;
  ConnectionIdAgreement connection_ids_;
};

size_t ServerHandshakeImpl::max_message_len() const {
  const size_t max_len = context_.config().max_message_len;
  switch (state_) {
    case HandshakeState::kServerWaitVerification:
    case HandshakeState::kServerWaitCertificateVerify:
    case HandshakeState::kServerWaitFinished:
      return std::min(max_len, kMaxShortMessageLen);
    default:
      return max_len;
  }
}

Status ServerHandshakeImpl::Dispatch(HandshakeType type, std::span<const uint8_t> body) {
  switch (state_) {
    case HandshakeState::kServerWaitClientHello:
      client_hello_.message =
          std::make_shared<const ReceivedHello>(std::vector<uint8_t>(body.begin(), body.end()), 0,
                                                SequenceNumber(), context_.config().wire_profile);
      return AnswerClientHello();
    case HandshakeState::kServerWaitEndOfEarlyData:
      return HandleEndOfEarlyData(body);
    case HandshakeState::kServerWaitCertificate:
      return HandleCertificate(type, body);
    case HandshakeState::kServerWaitCertificateVerify:
      return HandleCertificateVerify(body);
    case HandshakeState::kServerWaitFinished:
      return HandleFinished(body);
    default:
      return UnexpectedMessage();
  }
}

Status ServerHandshakeImpl::HandleClientHello(std::shared_ptr<const ReceivedHello> hello) {
  if (!IsMessageAllowed(state_, HandshakeType::kClientHello, kPlaintextEpoch)) {
    return Finish(UnexpectedMessage());
  }
  client_hello_.message = std::move(hello);
  return Finish(AnswerClientHello());
}

Status ServerHandshakeImpl::AnswerClientHello() {
  const std::shared_ptr<const ReceivedHello> hello = client_hello_.message;
  if (!hello->status().ok()) return hello->status();
  const ClientHello& offer = hello->hello();
  const HandshakeConfig& config = context_.config();
  std::optional<CookieContents> cookie;
  SuiteWish wish;
  if (offer.cookie.has_value()) {
    //= rfc9147#section-5.1
    //# The server then verifies the
    //# cookie and proceeds with the handshake only if it is valid.
    cookie = OpenHelloCookie(config, *hello, parameters_.peer_address, parameters_.now);
    //= rfc9147#section-5.1
    //# If a server receives a ClientHello with an invalid cookie, it MUST
    //# terminate the handshake with an "illegal_parameter" alert.
    if (!cookie.has_value()) return IllegalParameter(Reason::kCookieMismatch);
    wish.bound = cookie->suite;
  }
  psks_.OpenTickets(config, offer, wish.bound, parameters_.now);
  wish.hash = psks_.WantedHash(config, offer);
  Negotiation negotiation;
  if (const Status status = Negotiate(config, offer, wish, &negotiation); !status.ok()) {
    return status;
  }
  psks_.Settle(config, offer, negotiation, parameters_.now);
  const bool must_ask = psks_.MustAsk(config, offer);
  const auto psk_mode = ChoosePskMode(config, offer, negotiation.has_group);
  const bool may_use_psk = psks_.selection().has_value() || must_ask;
  const bool needs_share = !may_use_psk || psk_mode != PskKeyExchangeMode::kPskKe;
  //= rfc8446#section-4.1.1
  //# If there is no overlap between the received "supported_groups" and the
  //# groups supported by the server, then the server MUST abort the
  //# handshake with a "handshake_failure" or an "insufficient_security"
  //# alert.
  if (needs_share && !negotiation.has_group) return HandshakeFailure(Reason::kNoSuitableGroup);
  //= rfc8446#section-4.1.1
  //# If the server selects an (EC)DHE group and the client did not offer a
  //# compatible "key_share" extension in the initial ClientHello, the
  //# server MUST respond with a HelloRetryRequest (Section 4.1.4) message.
  if (!cookie.has_value() &&
      (config.server.require_cookie || (needs_share && negotiation.peer_share.empty()))) {
    return SendHelloRetryRequest(offer, negotiation);
  }
  if (must_ask) return AskForPsk(offer);
  // A second HelloRetryRequest does not exist.
  if (needs_share && negotiation.peer_share.empty()) return IllegalParameter(Reason::kBadKeyShare);
  return AcceptOffer(offer, negotiation, cookie);
}

// AskForPsk leaves everything else for the answer: the ClientHello is judged again then.
Status ServerHandshakeImpl::AskForPsk(const ClientHello& offer) {
  for (size_t i = 0; i < kMaxPskIdentities; ++i) {
    const auto psk = offer.psks.Identity(i);
    if (!psk.has_value()) break;
    client_hello_.psk_identities.push_back(
        {.identity = {psk->identity.begin(), psk->identity.end()},
         .obfuscated_ticket_age = psk->obfuscated_ticket_age});
  }
  if (const auto& selection = psks_.selection()) {
    client_hello_.ticket_session = selection->psk.shared_session();
    client_hello_.ticket_index = selection->index;
  }
  KeepInfo(offer);
  state_ = HandshakeState::kServerWaitPsk;
  return Status::Ok();
}

Status ServerHandshakeImpl::ProvidePsk(size_t index, Psk psk) {
  if (state_ != HandshakeState::kServerWaitPsk ||
      !psks_.Answer(index, std::move(psk), client_hello_.psk_identities.size())) {
    return Finish(InternalError(Reason::kInternal));
  }
  ClientHelloInfo unanswered;
  unanswered.message = std::move(client_hello_.message);
  client_hello_ = std::move(unanswered);
  state_ = HandshakeState::kServerWaitClientHello;
  return Finish(AnswerClientHello());
}

Status ServerHandshakeImpl::AcceptOffer(const ClientHello& offer, const Negotiation& negotiation,
                                        const std::optional<CookieContents>& cookie) {
  if (cookie.has_value()) {
    const Status status = RestoreFromCookie(offer, negotiation, *cookie);
    if (!status.ok()) return status;
  } else if (!context_.transcript().SelectHash(negotiation.suite->hash)) {
    return InternalError(Reason::kCrypto);
  }
  if (psks_.selection().has_value()) {
    if (const Status status = UsePsk(*psks_.selection()); !status.ok()) return status;
    const Status status = psks_.CheckBinder(offer, &context_);
    if (!status.ok()) return status;
  }
  if (const Status status = context_.Receive(HandshakeType::kClientHello, offer.body);
      !status.ok()) {
    return status;
  }
  if (const Status status = KeepOffer(offer, negotiation); !status.ok()) return status;
  if (const Status status = AnswerConnectionId(context_.config(), offer, &connection_ids_);
      !status.ok()) {
    return status;
  }
  if (const Status status = AnswerEarlyData(offer, psks_.selection(), parameters_.now, &context_);
      !status.ok()) {
    return status;
  }
  //= rfc8446#section-4.2.11.3
  //# In order to avoid deadlocks, when accepting "early_data", servers MUST
  //# process the client's ClientHello and then immediately send their
  //# flight of messages, rather than waiting for the client's
  //# EndOfEarlyData message before sending its ServerHello.
  if (psks_.selection().has_value()) return SendPskFlight();
  //= rfc8446#section-4.2.11
  //# If no acceptable PSKs are found, the server SHOULD perform a non-PSK
  //# handshake if possible.
  if (context_.config().ask_credential) {
    state_ = HandshakeState::kServerWaitCredential;
    return Status::Ok();
  }
  return UseCredential(context_.config().credential.get());
}

//= rfc9147#section-5.1
//# When the client sends its ClientHello message to the server, the server
//# MAY respond with a HelloRetryRequest message.
Status ServerHandshakeImpl::SendHelloRetryRequest(const ClientHello& offer,
                                                  const Negotiation& negotiation) {
  //= rfc9147#section-5.2
  //# DTLS
  //# 1.3-compliant implementations MUST NOT use the HelloVerifyRequest to
  //# execute a return-routability check.
  std::vector<uint8_t> retry;
  const Status status = BuildHelloRetryRequest(
      context_.config(), offer, negotiation, /*resumes=*/psks_.selection().has_value(),
      {.peer_address = parameters_.peer_address}, parameters_.now, &retry);
  if (!status.ok()) return status;
  psks_ = {};
  context_.Queue(SendStateless{.type = HandshakeType::kServerHello, .body = std::move(retry)});
  return Status::Ok();
}

// RestoreFromCookie puts the transcript where a server that had kept the first ClientHello would
// have it. The second must fit what the cookie says was asked for.
Status ServerHandshakeImpl::RestoreFromCookie(const ClientHello& offer,
                                              const Negotiation& negotiation,
                                              const CookieContents& contents) {
  if (contents.group.has_value() && !offer.key_shares.IsExactly(*contents.group)) {
    return IllegalParameter(Reason::kBadKeyShare);
  }
  const auto digest = DigestInvariants(context_.algorithms(), offer, OwnExtensions(contents));
  if (!digest.has_value()) return InternalError(Reason::kCrypto);
  if (*digest != contents.hello_digest) return IllegalParameter(Reason::kHelloChanged);

  context_.result().used_hello_retry_request = true;
  // A cookie for no address in particular proves none.
  if (!parameters_.peer_address.empty()) context_.Queue(AddressProved{});
  const std::vector<uint8_t> retry = SerializeHelloRetryRequest(
      contents.suite, contents.group, *offer.cookie, SessionIdEcho(context_.config(), offer),
      context_.config().wire_profile.version, contents.retry_extensions);
  if (!context_.transcript().StartFromMessageHash(negotiation.suite->hash,
                                                  contents.client_hello_hash) ||
      !context_.transcript().Add(HandshakeType::kServerHello, retry)) {
    return InternalError(Reason::kCrypto);
  }
  return Status::Ok();
}

// KeepOffer copies what is needed once the message is gone.
Status ServerHandshakeImpl::KeepOffer(const ClientHello& offer, const Negotiation& negotiation) {
  context_.SetClientRandom(offer.random);
  context_.SetSuite(*negotiation.suite);
  context_.result().group = negotiation.group;
  //= rfc8446#section-4.6.1
  //# On resumption, if reporting an SNI value to the calling application,
  //# implementations MUST use the value sent in the resumption ClientHello
  //# rather than the value sent in the previous session.
  context_.result().server_name = offer.server_name;
  peer_share_.assign(negotiation.peer_share.begin(), negotiation.peer_share.end());
  offered_psk_ = !offer.psks.empty();
  //= rfc8446#section-4.2.9
  //# Servers SHOULD NOT send NewSessionTicket with tickets that are not
  //# compatible with the advertised modes;
  context_.result().takes_tickets = MayUsePsks(context_.config(), offer);
  KeepInfo(offer);
  const auto session_id = SessionIdEcho(context_.config(), offer);
  session_id_echo_.assign(session_id.begin(), session_id.end());
  connection_answer_.acknowledges_server_name = !offer.server_name.empty();
  connection_answer_.supported_groups = GroupsToAnnounce(context_.config(), negotiation.group);
  const Status status = NegotiateConnection(context_.config().connection, offer.connection,
                                            &connection_answer_, &context_.result().connection);
  if (chosen_protocol_.has_value()) context_.result().connection.alpn = *chosen_protocol_;
  return status;
}

void ServerHandshakeImpl::KeepInfo(const ClientHello& offer) {
  client_hello_.server_name = offer.server_name;
  for (size_t i = 0; i < offer.signature_schemes.size(); ++i) {
    client_hello_.signature_schemes.push_back(
        static_cast<SignatureScheme>(offer.signature_schemes[i]));
  }
  for (size_t i = 0; i < offer.cipher_suites.size(); ++i) {
    client_hello_.cipher_suites.push_back(offer.cipher_suites[i]);
  }
  //= rfc8446#section-4.2.4
  //# SHOULD be used by the receiving endpoint to guide certificate
  //# selection.
  client_hello_.certificate_wishes = offer.certificate_wishes();
  offers_post_handshake_auth_ = offer.extensions.Has(ExtensionType::kPostHandshakeAuth);
  CertificateTypes types = offer.certificate_types();
  client_hello_.server_certificate_types = std::move(types.server);
  client_certificate_types_ = std::move(types.client);
  client_hello_.alpn = offer.connection.alpn.ToStrings();
}

Status ServerHandshakeImpl::ChooseProtocol(std::string_view protocol) {
  const auto& offered = client_hello_.alpn;
  const bool was_offered = std::find(offered.begin(), offered.end(), protocol) != offered.end();
  const bool is_asking =
      state_ == HandshakeState::kServerWaitPsk || state_ == HandshakeState::kServerWaitCredential;
  if (!is_asking || (!protocol.empty() && !was_offered)) {
    return Finish(InternalError(Reason::kInternal));
  }
  // While a PSK is asked for, nothing of the hello was settled yet.
  chosen_protocol_ = protocol;
  context_.result().connection.alpn = protocol;
  return Status::Ok();
}

Status ServerHandshakeImpl::DemandCertificate(CertificateDemand demand) {
  if (state_ != HandshakeState::kServerWaitCredential) {
    return Finish(InternalError(Reason::kInternal));
  }
  demand_ = std::move(demand);
  return Status::Ok();
}

EncryptedExtensionsFields ServerHandshakeImpl::Answers() const {
  EncryptedExtensionsFields fields = {.connection = connection_answer_,
                                      .alpn = context_.result().connection.alpn,
                                      .custom_extensions = extensions_.encrypted_extensions};
  //= rfc6066#section-3
  //# When resuming a session, the server MUST NOT include a
  //# server_name extension in the server hello.
  if (ignores_server_name_ || context_.result().resumed) {
    fields.connection.acknowledges_server_name = false;
  }
  return fields;
}

// SendPskFlight is the whole of a server's flight that a PSK authenticates.
//= rfc8446#section-4.3.2
//# Servers which are authenticating with a PSK MUST NOT send the
//# CertificateRequest message in the main handshake, though they MAY
//# send it in post-handshake authentication (see Section 4.6.2) provided
//# that the client has sent the "post_handshake_auth" extension (see
//# Section 4.2.6).
//= rfc8446#appendix-E.1
//# Implementations MUST NOT combine external PSKs with certificate-based
//# authentication of either the client or the server unless negotiated by
//# some extension.
Status ServerHandshakeImpl::SendPskFlight() {
  EncryptedExtensionsFields fields = Answers();
  fields.early_data = context_.result().early_data == EarlyDataOutcome::kAccepted;
  if (const Status status = SendServerHello(); !status.ok()) return status;
  const Status status = context_.Send(kHandshakeEpoch, HandshakeType::kEncryptedExtensions,
                                      SerializeEncryptedExtensions(fields));
  if (!status.ok()) return status;
  return SendFinished();
}

Status ServerHandshakeImpl::UseCredential(const Credential* credential) {
  //= rfc8446#section-4.4.2
  //# The server's certificate_list MUST always be non-empty.
  if (credential == nullptr || credential->chain.empty()) {
    //= rfc8446#section-6.2
    //# Sending this alert is OPTIONAL; servers MAY instead choose to send
    //# a "decrypt_error" alert to merely indicate an invalid PSK
    //# identity.
    // That a key is unknown is no secret of ours, and an operator is told what is wrong.
    return offered_psk_
               ? Status::Fatal(Reason::kUnknownPskIdentity, AlertDescription::kUnknownPskIdentity)
               : HandshakeFailure(Reason::kNoCertificateSet);
  }
  //= rfc8446#section-4.2.3
  //# If a server
  //# is authenticating via a certificate and the client has not sent a
  //# "signature_algorithms" extension, then the server MUST abort the
  //# handshake with a "missing_extension" alert
  if (client_hello_.signature_schemes.empty()) return MissingExtension();
  const auto scheme = ChooseSignatureScheme(credential, client_hello_.signature_schemes,
                                            client_hello_.certificate_wishes.certificate_schemes);
  if (!scheme.has_value()) return HandshakeFailure(Reason::kNoSuitableSignatureAlgorithm);
  //= rfc8446#section-4.4.2.2
  //# If the server cannot produce a certificate chain that is signed only via
  //# the indicated supported algorithms, then it SHOULD continue the handshake
  //# by sending the client a certificate chain of its choice
  EncryptedExtensionsFields fields = Answers();
  Status status = ChooseCertificateTypes(*credential, &fields);
  if (!status.ok()) return status;
  status = SendServerHello();
  if (!status.ok()) return status;
  //= rfc8446#section-4.3.1
  //# In all handshakes, the server MUST send the EncryptedExtensions
  //# message immediately after the ServerHello message.
  status = context_.Send(kHandshakeEpoch, HandshakeType::kEncryptedExtensions,
                         SerializeEncryptedExtensions(fields));
  if (!status.ok()) return status;
  status = SendCertificateRequest();
  if (!status.ok()) return status;
  //= rfc8446#section-4.4.2
  //# The server MUST send a Certificate message whenever the agreed-upon
  //# key exchange method uses certificates for authentication
  state_ = HandshakeState::kServerWaitSignature;
  AuthenticationMessage certificate;
  status = local_authentication_.ShowCredential(context_.config(), *credential, *scheme,
                                                client_hello_.certificate_wishes,
                                                &context_.transcript(), &certificate);
  if (!status.ok()) return status;
  context_.SendAuthentication(std::move(certificate));
  return Status::Ok();
}

// ChooseCertificateTypes answers RFC 7250's extensions, and decides whether to ask for the client's
// certificate: not for one that it cannot have, unless there is no doing without.
Status ServerHandshakeImpl::ChooseCertificateTypes(const Credential& credential,
                                                   EncryptedExtensionsFields* fields) {
  constexpr Status kUnsupported =
      Status::Fatal(Reason::kBadCertificate, AlertDescription::kUnsupportedCertificate);
  const auto& server_types = client_hello_.server_certificate_types;
  if (!ChooseCertificateType(server_types, {&credential.type, 1}).has_value()) return kUnsupported;
  if (!server_types.empty()) fields->server_certificate_type = credential.type;

  if (demand_.client_authentication == ClientAuthentication::kNone) return Status::Ok();
  client_certificate_type_ =
      ChooseCertificateType(client_certificate_types_, context_.config().peer_certificate_types);
  if (!client_certificate_type_.has_value()) {
    const bool required = demand_.client_authentication == ClientAuthentication::kRequired;
    return required ? kUnsupported : Status::Ok();
  }
  //= rfc7250#section-4.2
  //# If the TLS
  //# server wants to request a certificate from the client (via the
  //# certificate_request message), it MUST include the
  //# client_certificate_type extension in the server hello.
  if (!client_certificate_types_.empty()) {
    fields->client_certificate_type = client_certificate_type_;
  }
  return Status::Ok();
}

// SendCertificateRequest follows EncryptedExtensions, if the client is to show a certificate.
//= rfc8446#section-4.3.2
//# This message, if sent, MUST follow EncryptedExtensions.
Status ServerHandshakeImpl::SendCertificateRequest() {
  //= rfc8446#section-4.3.2
  //# A server which is authenticating with a certificate MAY optionally
  //# request a certificate from the client.
  if (!client_certificate_type_.has_value()) return Status::Ok();
  std::vector<uint8_t> body = peer_authentication_.Request(
      context_.config(), *client_certificate_type_,
      /*context=*/{}, demand_.certificate_authorities, extensions_.certificate_request);
  if (body.empty()) return InternalError(Reason::kNoSuitableSignatureAlgorithm);
  return context_.Send(kHandshakeEpoch, HandshakeType::kCertificateRequest, std::move(body));
}

Status ServerHandshakeImpl::SendServerHello() {
  const std::optional<PskSelection>& psk = psks_.selection();
  ServerHelloFields fields = {.version = context_.config().wire_profile.version,
                              .session_id_echo = session_id_echo_};
  KeyExchange::Response response;
  if (psk.has_value()) fields.selected_identity = psk->index;
  //= rfc8446#section-4.2.9
  //# psk_ke:  PSK-only key establishment.  In this mode, the server
  //# MUST NOT supply a "key_share" value.
  //= rfc8446#section-4.2.8
  //# Servers
  //# MUST NOT send a KeyShareEntry for any group not indicated in the
  //# client's "supported_groups" extension and MUST NOT send a
  //# KeyShareEntry when using the "psk_ke" PskKeyExchangeMode.
  //= rfc8446#section-4.2.9
  //# In this mode, the client and server MUST supply "key_share" values as
  //# described in Section 4.2.8.
  if (!psk.has_value() || psk->mode == PskKeyExchangeMode::kPskDheKe) {
    const NamedGroup group = context_.result().group;
    const Status status =
        KeyExchange::Respond(context_.algorithms(), group, peer_share_, &response);
    if (!status.ok()) return status;
    fields.key_share = KeyShare{.group = group, .key_exchange = response.share};
  } else {
    context_.result().group = NamedGroup{};
  }
  std::array<uint8_t, kRandomLen> random;
  //= rfc8446#section-4.1.3
  //# This structure is generated by the server and MUST be generated
  //# independently of the ClientHello.random.
  if (!context_.config().random->Fill(random)) return InternalError(Reason::kCrypto);

  context_.Queue(PeerIsDtls13{});
  fields.connection_ids = connection_ids_;
  fields.custom_extensions = extensions_.server_hello;
  Status status = context_.Send(kPlaintextEpoch, HandshakeType::kServerHello,
                                SerializeServerHello(random, context_.result().suite->id, fields));
  if (!status.ok()) return status;
  context_.UseConnectionIds(std::move(connection_ids_));
  status = context_.DeriveHandshakeSecrets(response.secret.bytes());
  if (!status.ok()) return status;
  context_.InstallWriteKeys(kHandshakeEpoch, context_.server_handshake_secret());
  context_.InstallReadKeys(kHandshakeEpoch, context_.client_handshake_secret());
  return Status::Ok();
}

Status ServerHandshakeImpl::SendFinished() {
  Status status = context_.SendFinished(context_.server_handshake_secret());
  if (!status.ok()) return status;
  status = context_.DeriveApplicationSecrets();
  if (!status.ok()) return status;
  //= rfc8446#section-4.4.4
  //# Any records following a Finished message MUST be encrypted under the
  //# appropriate application traffic key as described in Section 7.2.
  context_.InstallWriteKeys(kFirstApplicationEpoch, context_.secrets().server_application_secret);
  state_ = MustEndEarlyData(context_) ? HandshakeState::kServerWaitEndOfEarlyData
                                      : StateForAuthentication();
  return Status::Ok();
}

HandshakeState ServerHandshakeImpl::StateForAuthentication() const {
  return client_certificate_type_.has_value() ? HandshakeState::kServerWaitCertificate
                                              : HandshakeState::kServerWaitFinished;
}

Status ServerHandshakeImpl::HandleEndOfEarlyData(std::span<const uint8_t> body) {
  if (!body.empty()) return DecodeError();
  state_ = StateForAuthentication();
  return context_.Receive(HandshakeType::kEndOfEarlyData, body);
}

Status ServerHandshakeImpl::HandleCertificate(HandshakeType type, std::span<const uint8_t> body) {
  if (const Status status = ReceiveCertificate(type, body); !status.ok()) return status;
  if (!peer_identity_.chain.empty()) {
    state_ = HandshakeState::kServerWaitVerification;
    return Status::Ok();
  }
  //= rfc8446#section-4.4.2.4
  //# If the client does not send any certificates (i.e., it sends an empty
  //# Certificate message), the server MAY at its discretion either
  //# continue the handshake without client authentication or abort the
  //# handshake with a "certificate_required" alert.
  if (demand_.client_authentication == ClientAuthentication::kRequired) {
    return Status::Fatal(Reason::kNoPeerCertificate, AlertDescription::kCertificateRequired);
  }
  state_ = HandshakeState::kServerWaitFinished;
  return Status::Ok();
}

Status ServerHandshakeImpl::HandleCertificateVerify(std::span<const uint8_t> body) {
  state_ = HandshakeState::kServerWaitFinished;
  return ReceiveCertificateVerify(body);
}

Status ServerHandshakeImpl::HandleFinished(std::span<const uint8_t> body) {
  Status status = context_.ReceiveFinished(body, context_.client_handshake_secret());
  if (!status.ok()) return status;
  status = context_.DeriveResumptionSecret();
  if (!status.ok()) return status;
  //= rfc8446#section-4.2.6
  //# Servers MUST NOT send a post-handshake CertificateRequest to clients
  //# which do not offer this extension.
  if (offers_post_handshake_auth_ && UsesPostHandshakeAuth(context_.config())) {
    context_.KeepTranscript();
  }
  context_.result().client_certificate_type =
      client_certificate_type_.value_or(CertificateType::kX509);
  context_.InstallReadKeys(kFirstApplicationEpoch, context_.secrets().client_application_secret);
  context_.Queue(Completed{});
  state_ = HandshakeState::kCompleted;
  return Status::Ok();
}

}  // namespace

std::unique_ptr<ServerHandshake> NewServerHandshake(std::shared_ptr<const HandshakeConfig> config,
                                                    ServerParameters parameters) {
  return std::make_unique<ServerHandshakeImpl>(std::move(config), std::move(parameters));
}

}  // namespace dtls13
