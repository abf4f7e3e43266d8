// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/crypto/key_exchange.h"
#include "dtls13/handshake/client_psks.h"
#include "dtls13/handshake/connection_id_negotiation.h"
#include "dtls13/handshake/early_data.h"
#include "dtls13/handshake/handshake_base.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/encrypted_extensions.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/legacy_hello.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/message/server_name.h"

namespace dtls13 {
namespace {

// kMaxCookieLen bounds a HelloRetryRequest's cookie so that the second ClientHello's extension
// block of 65535 bytes has room for its other extensions.
constexpr size_t kMaxCookieLen = 16 * 1024;

// ClientHandshake is the client's side, one handler for each state, in protocol order.
class ClientHandshake final : public HandshakeBase<Handshake> {
 public:
  ClientHandshake(std::shared_ptr<const HandshakeConfig> config, ClientParameters parameters)
      : HandshakeBase(std::move(config), HandshakeState::kClientWaitServerHello),
        parameters_(std::move(parameters)) {}

  // Start owes the first ClientHello. internal_error when the config leaves nothing to offer.
  Status Start();

 protected:
  Status Dispatch(HandshakeType type, std::span<const uint8_t> body) override;
  Status UseCredential(const Credential* credential) override;
  Status SendFinished() override;

 private:
  Status CopyLegacyHello();
  Status OlderVersionChosen() const;
  Status SendClientHello();
  Status ReplaceKeyShares(std::span<const NamedGroup> groups);

  Status HandleServerHello(std::span<const uint8_t> body);
  Status CheckServerHello(const ServerHelloView& hello) const;
  Status HandleHelloRetryRequest(const ServerHelloView& hello, std::span<const uint8_t> body);
  Status ReadRetryExtensions(const ServerHelloView& hello);
  Status ReadKeyExchange(const ServerHelloView& hello, const CipherSuite& suite,
                         Secret* shared_secret);
  Status ReadServerShare(const ServerHelloView& hello, Secret* shared_secret);
  Status HandleEncryptedExtensions(std::span<const uint8_t> body);
  Status ReadCertificateTypes(const ExtensionBlock& extensions);
  Status HandleCertificateRequest(std::span<const uint8_t> body);
  Status HandleCertificate(HandshakeType type, std::span<const uint8_t> body);
  Status HandleCertificateVerify(std::span<const uint8_t> body);
  Status HandleFinished(std::span<const uint8_t> body);

  ClientParameters parameters_;
  ClientHelloFields hello_;
  ClientPsks psks_;
  std::vector<ExtensionType> offered_;
  std::vector<KeyExchange> key_exchanges_;    // one for each share in hello_
  std::optional<CipherSuiteId> retry_suite_;  // the HelloRetryRequest's, once one came
  bool psk_used_ = false;
  bool certificate_requested_ = false;
};

Status ClientHandshake::Start() {
  const HandshakeConfig& config = context_.config();
  hello_.version = config.wire_profile.version;
  hello_.cipher_suites = UsableSuites(config);
  hello_.groups = UsableGroups(config);
  hello_.signature_schemes = UsableSchemes(config);
  hello_.psk_modes = config.psk_modes;
  psks_.Keep(std::move(parameters_.psks), parameters_.server_name, parameters_.now, &hello_);
  //= rfc8446#section-4.2.3
  //# Clients which desire the server to authenticate itself via a
  //# certificate MUST send the "signature_algorithms" extension.
  //= rfc8446#section-9.2
  //# "signature_algorithms" is REQUIRED for certificate authentication.
  // Only a key that both sides hold does without a group, and without certificates.
  if (hello_.cipher_suites.empty() ||
      (psks_.empty() && (hello_.groups.empty() || hello_.signature_schemes.empty()))) {
    return Finish(InternalError(Reason::kInternal));
  }
  hello_.certificate_wishes = WishesOf(config);
  hello_.post_handshake_auth = UsesPostHandshakeAuth(config);
  hello_.certificate_types = {.client = config.client.local_certificate_types,
                              .server = config.peer_certificate_types};
  if (const Status status = CopyLegacyHello(); !status.ok()) return Finish(status);
  context_.SetClientRandom(hello_.random);
  hello_.connection = config.connection;
  hello_.custom_extensions = std::move(parameters_.extensions);
  //= rfc8446#appendix-E.5
  //# TLS implementations MUST NOT enable 0-RTT (either sending or
  //# accepting) unless specifically requested by the application
  if (parameters_.early_data && !psks_.empty()) {
    //= rfc8446#section-4.2.10
    //# If the client opts to do so, it MUST supply both the "pre_shared_key"
    //# and "early_data" extensions.
    //= rfc8446#section-4.2.10
    //# The PSK used to encrypt the early data MUST be the first PSK listed in
    //# the client's "pre_shared_key" extension.
    PrepareEarlyData(psks_.psks().front(), &hello_);
  }
  //= rfc6066#section-3
  //# Literal IPv4 and IPv6 addresses are not permitted in "HostName".
  //= rfc8446#section-4.4.2.2
  //# clients SHOULD send this extension, when applicable.
  if (!IsIpLiteral(parameters_.server_name)) hello_.server_name = parameters_.server_name;
  context_.result().server_name = parameters_.server_name;

  if (const Status status = OfferConnectionId(config, &hello_); !status.ok()) return Finish(status);
  if (const Status status = ReplaceKeyShares(InitialShares(config)); !status.ok()) {
    return Finish(status);
  }
  if (config.client.grease) {
    hello_.grease = GreaseValues::Draw(config.random.get());
    if (!hello_.grease.has_value()) return Finish(InternalError(Reason::kCrypto));
    // A HelloRetryRequest for a group replaces this share with the others, as it should be.
    if (!hello_.key_shares.empty()) {
      hello_.key_shares.insert(hello_.key_shares.begin(),
                               {static_cast<NamedGroup>(hello_.grease->group), {0}});
    }
  }
  //= rfc8446#section-4.1.2
  //# When a client first connects to a server, it is REQUIRED to send the
  //# ClientHello as its first TLS message.
  return Finish(SendClientHello());
}

// CopyLegacyHello copies the random, and what a DTLS 1.2 of the caller's has to offer.
Status ClientHandshake::CopyLegacyHello() {
  if (parameters_.legacy_hello.empty()) {
    hello_.random.resize(kRandomLen);
    return context_.config().random->Fill(hello_.random) ? Status::Ok()
                                                         : InternalError(Reason::kCrypto);
  }
  auto legacy = ReadLegacyHello(parameters_.legacy_hello);
  if (!legacy.has_value()) return InternalError(Reason::kInternal);
  hello_.random = legacy->random;
  //= rfc8446#section-4.1.2
  //# A client which has a cached session ID set by a pre-TLS 1.3 server
  //# SHOULD set this field to that value.
  //= rfc9147#section-5.3
  //# A client which has a cached session ID set by a pre-DTLS 1.3 server
  //# SHOULD set this field to that value.
  hello_.legacy_session_id = legacy->session_id;
  hello_.legacy = *std::move(legacy);
  return Status::Ok();
}

// OlderVersionChosen is what comes of a server that has, or is said to have, no DTLS 1.3.
Status ClientHandshake::OlderVersionChosen() const {
  // A HelloRetryRequest was DTLS 1.3's; the server has made up its mind. And (F37)
  //= rfc8446#appendix-D.3
  //# A client that attempts to send 0-RTT data MUST fail a connection if
  //# it receives a ServerHello with TLS 1.2 or older.
  if (hello_.legacy.empty() || retry_suite_.has_value() || hello_.early_data) {
    //= rfc8446#appendix-D.1
    //# If the version chosen by the server is not supported by the client (or
    //# is not acceptable), the client MUST abort the handshake with a
    //# "protocol_version" alert.
    return ProtocolVersionFailure();
  }
  //= rfc9147#section-5.2
  //# A dual-stack DTLS 1.2 / DTLS 1.3 client MUST, however, be prepared to
  //# interact with a DTLS 1.2 server.
  return PeerIsOlder();
}

Status ClientHandshake::SendClientHello() {
  hello_.psks = psks_.Fields(parameters_.now);
  std::vector<uint8_t> body = SerializeClientHello(hello_, &offered_);
  if (!body.empty() && !psks_.WriteBinders(context_.config(), context_.transcript(), &body)) {
    return InternalError(Reason::kCrypto);
  }
  if (!body.empty() && hello_.early_data) {
    const Status status = OfferEarlyData(*psks_.psks().front().session(), body, &context_);
    if (!status.ok()) return status;
  }
  return context_.Send(kPlaintextEpoch, HandshakeType::kClientHello, std::move(body));
}

Status ClientHandshake::ReplaceKeyShares(std::span<const NamedGroup> groups) {
  key_exchanges_.clear();
  hello_.key_shares.clear();
  for (const NamedGroup group : groups) {
    //= rfc8446#section-4.2.8
    //# The key_exchange values for each KeyShareEntry MUST be generated
    //# independently.
    auto key_exchange = KeyExchange::Generate(context_.algorithms(), group);
    if (!key_exchange.has_value()) return InternalError(Reason::kCrypto);
    const std::span<const uint8_t> key = key_exchange->public_key();
    hello_.key_shares.push_back({group, {key.begin(), key.end()}});
    key_exchanges_.push_back(std::move(*key_exchange));
  }
  return Status::Ok();
}

Status ClientHandshake::Dispatch(HandshakeType type, std::span<const uint8_t> body) {
  switch (state_) {
    case HandshakeState::kClientWaitServerHello:
      // Only a server without DTLS 1.3 sends a HelloVerifyRequest (RFC 9147 section 5.2).
      if (type != HandshakeType::kHelloVerifyRequest) return HandleServerHello(body);
      return retry_suite_.has_value() ? UnexpectedMessage() : OlderVersionChosen();
    case HandshakeState::kClientWaitEncryptedExtensions:
      return HandleEncryptedExtensions(body);
    case HandshakeState::kClientWaitCertificateOrRequest:
      return type == HandshakeType::kCertificateRequest ? HandleCertificateRequest(body)
                                                        : HandleCertificate(type, body);
    case HandshakeState::kClientWaitCertificate:
      return HandleCertificate(type, body);
    case HandshakeState::kClientWaitCertificateVerify:
      return HandleCertificateVerify(body);
    case HandshakeState::kClientWaitFinished:
      return HandleFinished(body);
    default:
      return UnexpectedMessage();
  }
}

// CheckServerHello makes the checks that ServerHello and HelloRetryRequest share, RFC 8446
// section 4.1.4.
//= rfc8446#section-4.1.4
//# Upon receipt of a HelloRetryRequest, the client MUST check the
//# legacy_version, legacy_session_id_echo, cipher_suite, and
//# legacy_compression_method as specified in Section 4.1.3 and then
//# process the extensions, starting with determining the version using
//# "supported_versions".
//= rfc8446#section-4.2.1
//# Clients MUST check for this extension prior to processing the rest of
//# the ServerHello (although they will have to parse the ServerHello in
//# order to read the extension).
Status ClientHandshake::CheckServerHello(const ServerHelloView& hello) const {
  // Without the extension the server speaks DTLS 1.2 at most, whatever legacy_version says.
  const auto version = hello.extensions.Find(ExtensionType::kSupportedVersions);
  if (!version.has_value()) {
    //= rfc8446#section-4.1.3
    //# TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below
    //# MUST check that the last 8 bytes are not equal to either of these
    //# values.
    //= rfc8446#section-4.1.3
    //# If a match is found, the client MUST abort the handshake with an
    //# "illegal_parameter" alert.
    return hello.ShowsDowngrade() ? IllegalParameter(Reason::kInappropriateFallback)
                                  : OlderVersionChosen();
  }
  const auto selected = ParseSelectedVersion(*version);
  if (!selected.has_value()) return DecodeError();
  //= rfc8446#section-4.2.1
  //# If
  //# the "supported_versions" extension in the ServerHello contains a
  //# version not offered by the client or contains a version prior to
  //# TLS 1.3, the client MUST abort the handshake with an
  //# "illegal_parameter" alert.
  //= rfc8446#section-4.1.4
  //# The value of selected_version in the HelloRetryRequest
  //# "supported_versions" extension MUST be retained in the ServerHello,
  //# and a client MUST abort the handshake with an "illegal_parameter"
  //# alert if the value changes.
  //= rfc8446#section-4.2.1
  //# If this extension is present, clients MUST ignore the
  //# ServerHello.legacy_version value and MUST use only the
  //# "supported_versions" extension to determine the selected version.
  if (*selected != context_.config().wire_profile.version)
    return IllegalParameter(Reason::kUnsupportedProtocol);
  const Status status =
      CheckExtensions(hello.extensions,
                      hello.IsHelloRetryRequest() ? ExtensionMessage::kHelloRetryRequest
                                                  : ExtensionMessage::kServerHello,
                      offered_);
  if (!status.ok()) return status;
  // RFC 9147bis section 5: "DTLS 1.3 clients MUST abort the handshake with an "illegal_parameter"
  // alert if the field is not empty. This applies even if the "legacy_session_id" field of the
  // ClientHello is non-empty". An echo that does not match is an error in RFC 8446 too (F29).
  //= rfc8446#section-4.1.3
  //# A client which receives a legacy_session_id_echo field that does not
  //# match what it sent in the ClientHello MUST abort the handshake with an
  //# "illegal_parameter" alert.
  if (!hello.legacy_session_id_echo.empty()) return IllegalParameter(Reason::kInvalidSessionId);
  if (hello.legacy_compression_method != 0) return IllegalParameter(Reason::kInvalidCompression);
  //= rfc8446#section-4.1.3
  //# A client which receives a
  //# cipher suite that was not offered MUST abort the handshake with an
  //# "illegal_parameter" alert.
  //= rfc8446#section-4.1.4
  //# A client which receives a cipher suite that was not offered MUST abort
  //# the handshake.
  if (!Contains(hello_.cipher_suites, static_cast<CipherSuiteId>(hello.cipher_suite))) {
    return IllegalParameter(Reason::kWrongCipherReturned);
  }
  return Status::Ok();
}

Status ClientHandshake::HandleServerHello(std::span<const uint8_t> body) {
  const auto hello = ParseServerHello(body);
  if (!hello.has_value()) return DecodeError();
  //= rfc8446#section-4.1.4
  //# If a client receives a second
  //# HelloRetryRequest in the same connection (i.e., where the ClientHello
  //# was itself in response to a HelloRetryRequest), it MUST abort the
  //# handshake with an "unexpected_message" alert.
  //= rfc9147#section-5.1
  //# As described in Section 4.1.4 of [TLS13], clients MUST abort the
  //# handshake with an "unexpected_message" alert in response to any second
  //# HelloRetryRequest which was sent in the same connection (i.e., where the
  //# ClientHello was itself in response to a HelloRetryRequest).
  if (hello->IsHelloRetryRequest() && retry_suite_.has_value()) return UnexpectedMessage();
  if (const Status status = CheckServerHello(*hello); !status.ok()) return status;
  //= rfc8446#section-4.1.3
  //# Upon receiving a message with type server_hello, implementations MUST
  //# first examine the Random value and, if it matches this value, process
  //# it as described in Section 4.1.4).
  if (hello->IsHelloRetryRequest()) return HandleHelloRetryRequest(*hello, body);

  const auto suite = static_cast<CipherSuiteId>(hello->cipher_suite);
  //= rfc8446#section-4.1.4
  //# Upon receiving the ServerHello, clients MUST check that
  //# the cipher suite supplied in the ServerHello is the same as that in
  //# the HelloRetryRequest and otherwise abort the handshake with an
  //# "illegal_parameter" alert.
  if (retry_suite_.has_value() && *retry_suite_ != suite) {
    return IllegalParameter(Reason::kWrongCipherReturned);
  }
  ConnectionIdAgreement connection_ids;
  if (const Status status = ReadConnectionIdAnswer(hello->extensions, hello_, &connection_ids);
      !status.ok()) {
    return status;
  }
  Secret shared_secret;
  if (const Status status = ReadKeyExchange(*hello, *FindCipherSuite(suite), &shared_secret);
      !status.ok()) {
    return status;
  }
  context_.SetSuite(*FindCipherSuite(suite));
  if (!retry_suite_.has_value() &&
      !context_.transcript().SelectHash(FindCipherSuite(suite)->hash)) {
    return InternalError(Reason::kCrypto);
  }
  if (const Status status = context_.Receive(HandshakeType::kServerHello, body); !status.ok()) {
    return status;
  }
  if (const Status status = context_.DeriveHandshakeSecrets(shared_secret.bytes()); !status.ok()) {
    return status;
  }
  key_exchanges_.clear();
  if (!retry_suite_.has_value()) context_.Queue(PeerIsDtls13{});
  context_.UseConnectionIds(std::move(connection_ids));
  context_.InstallReadKeys(kHandshakeEpoch, context_.server_handshake_secret());
  context_.InstallWriteKeys(kHandshakeEpoch, context_.client_handshake_secret());
  state_ = HandshakeState::kClientWaitEncryptedExtensions;
  return Status::Ok();
}

// ReadKeyExchange reads what the server took: a PSK, a key share, or both.
Status ClientHandshake::ReadKeyExchange(const ServerHelloView& hello, const CipherSuite& suite,
                                        Secret* shared_secret) {
  std::optional<PskSelection> selection;
  if (const Status status = psks_.ReadSelection(hello, suite, hello_, &selection); !status.ok()) {
    return status;
  }
  if (!selection.has_value()) {
    // A server that would show a certificate has to be able to sign for us.
    if (hello_.signature_schemes.empty()) return HandshakeFailure(Reason::kUnknownPskIdentity);
    return ReadServerShare(hello, shared_secret);
  }
  psk_used_ = true;
  if (const Status status = UsePsk(*selection); !status.ok()) return status;
  if (selection->mode == PskKeyExchangeMode::kPskDheKe) {
    return ReadServerShare(hello, shared_secret);
  }
  context_.result().group = NamedGroup{};
  return Status::Ok();
}

Status ClientHandshake::ReadServerShare(const ServerHelloView& hello, Secret* shared_secret) {
  // Without a PSK there is no handshake without a key share.
  const auto data = hello.extensions.Find(ExtensionType::kKeyShare);
  if (!data.has_value()) return MissingExtension();
  const auto share = ParseServerShare(*data);
  if (!share.has_value()) return DecodeError();
  // After a HelloRetryRequest that asked for a group, that group's is the only share there is, so
  // this is also
  //= rfc8446#section-4.2.8
  //# the client MUST
  //# verify that the selected NamedGroup in the ServerHello is the same as
  //# that in the HelloRetryRequest.  If this check fails, the client MUST
  //# abort the handshake with an "illegal_parameter" alert.
  const auto key_exchange =
      std::find_if(key_exchanges_.begin(), key_exchanges_.end(),
                   [&](const KeyExchange& ours) { return ours.group() == share->group; });
  if (key_exchange == key_exchanges_.end()) return IllegalParameter(Reason::kBadKeyShare);
  context_.result().group = share->group;
  return key_exchange->Derive(share->key_exchange, shared_secret);
}

//= rfc9147#section-5.1
//# Clients MUST be prepared to do a cookie exchange with every handshake.
//= rfc9147#section-11
//# Clients MUST be prepared to do a cookie exchange with every handshake.
Status ClientHandshake::HandleHelloRetryRequest(const ServerHelloView& hello,
                                                std::span<const uint8_t> body) {
  //= rfc8446#section-4.1.4
  //# Otherwise, the client MUST process all extensions in the
  //# HelloRetryRequest and send a second updated ClientHello.
  if (const Status status = ReadRetryExtensions(hello); !status.ok()) return status;
  const CipherSuite* suite = FindCipherSuite(static_cast<CipherSuiteId>(hello.cipher_suite));
  retry_suite_ = suite->id;
  context_.result().used_hello_retry_request = true;
  psks_.OnHelloRetryRequest(*suite);
  if (hello_.early_data) RejectEarlyData(&context_);
  //= rfc8446#section-4.2.10
  //# A client MUST NOT include the
  //# "early_data" extension in its followup ClientHello.
  hello_.early_data = false;
  context_.Queue(PeerIsDtls13{});
  if (!context_.transcript().SelectHash(suite->hash) ||
      !context_.transcript().ReplaceWithMessageHash()) {
    return InternalError(Reason::kCrypto);
  }
  if (const Status status = context_.Receive(HandshakeType::kServerHello, body); !status.ok()) {
    return status;
  }
  if (RepeatedExtensions* repeated = context_.config().client.repeated_extensions.get()) {
    const Status status = repeated->Repeat(hello.extensions, &hello_.custom_extensions);
    if (!status.ok()) return status;
  }
  //= rfc9147#section-5.1
  //# When responding to a HelloRetryRequest, the client MUST create a new
  //# ClientHello message following the description in Section 4.1.2 of
  //# [TLS13].
  return SendClientHello();
}

// ReadRetryExtensions changes hello_ as the HelloRetryRequest asks, and nothing else of it: the key
// share stays as it is when only a cookie came (F28).
Status ClientHandshake::ReadRetryExtensions(const ServerHelloView& hello) {
  const auto share = hello.extensions.Find(ExtensionType::kKeyShare);
  const auto cookie = hello.extensions.Find(ExtensionType::kCookie);
  //= rfc8446#section-4.1.4
  //# Clients MUST abort the handshake with an
  //# "illegal_parameter" alert if the HelloRetryRequest would not result
  //# in any change in the ClientHello.
  if (!share.has_value() && !cookie.has_value()) {
    return IllegalParameter(Reason::kBadHelloRetryRequest);
  }
  if (cookie.has_value()) {
    const auto content = ParseRetryCookie(*cookie);
    if (!content.has_value()) return DecodeError();
    // Larger ones would not leave the second ClientHello its other extensions.
    if (content->size() > kMaxCookieLen) return IllegalParameter(Reason::kBadHelloRetryRequest);
    //= rfc9147#section-5.1
    //# The client MUST send a new ClientHello with the cookie added as an
    //# extension.
    //= rfc8446#section-4.2.2
    //# Clients MUST NOT use cookies in their initial ClientHello in
    //# subsequent connections.
    hello_.cookie.assign(content->begin(), content->end());
  }
  if (!share.has_value()) return Status::Ok();
  const auto group = ParseRetryGroup(*share);
  if (!group.has_value()) return DecodeError();
  //= rfc8446#section-4.2.8
  //# Upon receipt of this extension in a HelloRetryRequest, the client
  //# MUST verify that (1) the selected_group field corresponds to a group
  //# which was provided in the "supported_groups" extension in the
  //# original ClientHello and (2) the selected_group field does not
  //# correspond to a group which was provided in the "key_share" extension
  //# in the original ClientHello.  If either of these checks fails, then
  //# the client MUST abort the handshake with an "illegal_parameter"
  //# alert.
  const bool already_shared =
      std::any_of(hello_.key_shares.begin(), hello_.key_shares.end(),
                  [&](const ClientHelloFields::Share& ours) { return ours.group == *group; });
  if (!Contains(hello_.groups, *group) || already_shared) {
    return IllegalParameter(Reason::kBadHelloRetryRequest);
  }
  //= rfc8446#section-4.2.8
  //# Otherwise, when sending the new ClientHello, the client MUST replace
  //# the original "key_share" extension with one containing only a new
  //# KeyShareEntry for the group indicated in the selected_group field of
  //# the triggering HelloRetryRequest.
  return ReplaceKeyShares(std::array<NamedGroup, 1>{*group});
}

Status ClientHandshake::HandleEncryptedExtensions(std::span<const uint8_t> body) {
  const auto extensions = ParseEncryptedExtensions(body);
  if (!extensions.has_value()) return DecodeError();
  const Status status =
      //= rfc8446#section-4.3.1
      //# The client MUST check EncryptedExtensions for the presence of any
      //# forbidden extensions and if any are found MUST abort the handshake
      //# with an "illegal_parameter" alert.
      CheckExtensions(*extensions, ExtensionMessage::kEncryptedExtensions, offered_);
  if (!status.ok()) return status;
  //= rfc8446#section-4.2.7
  //# Clients MUST NOT act upon any information found in "supported_groups"
  //# prior to successful completion of the handshake
  const Status answered = ReadConnectionAnswer(*extensions, context_.config().connection,
                                               &context_.result().connection);
  if (!answered.ok()) return answered;
  // A server that shows no certificate has no type of it to tell.
  if (!psk_used_) {
    if (const Status types = ReadCertificateTypes(*extensions); !types.ok()) return types;
  }
  if (hello_.early_data) {
    const Session& session = *psks_.psks().front().session();
    const Status answered = ReadEarlyDataAnswer(session, *extensions, &context_);
    if (!answered.ok()) return answered;
  }
  // Certificates, and a request for ours, have no place after a PSK (RFC 8446 sections 4.3.2 and
  // 4.4.2): they are unexpected_message.
  state_ = psk_used_ ? HandshakeState::kClientWaitFinished
                     : HandshakeState::kClientWaitCertificateOrRequest;
  return context_.Receive(HandshakeType::kEncryptedExtensions, body);
}

// ReadCertificateTypes reads what is to be shown of each side.
Status ClientHandshake::ReadCertificateTypes(const ExtensionBlock& extensions) {
  PeerAuthentication::Terms terms{
      .peer_is_server = true, .schemes = hello_.signature_schemes, .offered = offered_};
  Status status = ReadSelectedCertificateType(extensions, ExtensionType::kServerCertificateType,
                                              hello_.certificate_types.server, &terms.type);
  if (!status.ok()) return status;
  peer_authentication_ = PeerAuthentication(std::move(terms));
  // The client's certificate has nothing to be said of before the server asks for it.
  if (!extensions.Has(ExtensionType::kClientCertificateType)) return Status::Ok();
  return ReadSelectedCertificateType(extensions, ExtensionType::kClientCertificateType,
                                     hello_.certificate_types.client, &certificate_request_.type);
}

Status ClientHandshake::HandleCertificateRequest(std::span<const uint8_t> body) {
  const auto request = ParseCertificateRequest(body);
  if (!request.has_value()) return DecodeError();
  if (const Status status =
          ReadCertificateRequest(*request, /*in_main_handshake=*/true, &certificate_request_);
      !status.ok()) {
    return status;
  }
  certificate_requested_ = true;
  state_ = HandshakeState::kClientWaitCertificate;
  return context_.Receive(HandshakeType::kCertificateRequest, body);
}

Status ClientHandshake::HandleCertificate(HandshakeType type, std::span<const uint8_t> body) {
  state_ = HandshakeState::kClientWaitVerification;
  return ReceiveCertificate(type, body);
}

Status ClientHandshake::HandleCertificateVerify(std::span<const uint8_t> body) {
  state_ = HandshakeState::kClientWaitFinished;
  return ReceiveCertificateVerify(body);
}

Status ClientHandshake::HandleFinished(std::span<const uint8_t> body) {
  const Status status = context_.ReceiveFinished(body, context_.server_handshake_secret());
  if (!status.ok()) return status;
  if (const Status derived = context_.DeriveApplicationSecrets(); !derived.ok()) return derived;
  if (const Status ended = EndEarlyData(&context_); !ended.ok()) return ended;
  //= rfc8446#section-4.4.2
  //# The client MUST send a Certificate message if and only if the server
  //# has requested client authentication via a CertificateRequest message
  //# (Section 4.3.2).
  if (!certificate_requested_) return SendFinished();
  if (context_.config().ask_credential) {
    state_ = HandshakeState::kClientWaitCredential;
    return Status::Ok();
  }
  return UseCredential(context_.config().credential.get());
}

//= rfc8446#section-4.2
//# The server sends extension requests in the CertificateRequest message
//# which a client MAY respond to with a Certificate message.
Status ClientHandshake::UseCredential(const Credential* credential) {
  AuthenticationMessage certificate;
  const Status status = local_authentication_.AnswerRequest(
      context_.config(), certificate_request_, credential, &context_.transcript(), &certificate);
  if (!status.ok()) return status;
  context_.SendAuthentication(std::move(certificate));
  if (!local_authentication_.wants_signature()) return SendFinished();
  state_ = HandshakeState::kClientWaitSignature;
  return Status::Ok();
}

// SendFinished ends the handshake. The server's data is read from here on: an application that has
// not been told of the connection is not to be handed any.
//= rfc8446#section-4.4.2
//# A Finished message MUST be sent regardless
//# of whether the Certificate message is empty.
Status ClientHandshake::SendFinished() {
  context_.InstallReadKeys(kFirstApplicationEpoch, context_.secrets().server_application_secret);
  Status status = context_.SendFinished(context_.client_handshake_secret());
  if (!status.ok()) return status;
  status = context_.DeriveResumptionSecret();
  if (!status.ok()) return status;
  if (hello_.post_handshake_auth) context_.KeepTranscript();
  context_.result().client_certificate_type = certificate_request_.type;
  context_.InstallWriteKeys(kFirstApplicationEpoch, context_.secrets().client_application_secret);
  context_.Queue(Completed{});
  state_ = HandshakeState::kCompleted;
  return Status::Ok();
}

}  // namespace

std::unique_ptr<Handshake> NewClientHandshake(std::shared_ptr<const HandshakeConfig> config,
                                              ClientParameters parameters) {
  auto handshake = std::make_unique<ClientHandshake>(std::move(config), std::move(parameters));
  if (!handshake->Start().ok()) return nullptr;
  return handshake;
}

}  // namespace dtls13
