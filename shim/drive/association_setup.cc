// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/association_setup.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

#include "shim/answer/application_sizing.h"
#include "shim/answer/certificates.h"
#include "shim/answer/custom_extensions.h"
#include "shim/answer/hello_callbacks.h"
#include "shim/answer/ocsp_staple.h"
#include "shim/answer/psks.h"
#include "shim/answer/session_reuse.h"
#include "shim/answer/tell.h"
#include "shim/attachment/offered_lists.h"
#include "shim/attachment/protocol_version.h"
#include "shim/attachment/status_page.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/clock.h"
#include "shim/drive/drive_state.h"
#include "shim/fallback/fallback.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// kLibsslExpiries: libssl sends a flight twelve times more, and gives up when the timer expires
// after that.
constexpr uint32_t kLibsslExpiries = 13;

// RFC 8899 section 5.1.1's PMTU_RAISE_TIMER, and RFC 1191 section 6.3's: after it a larger MTU may
// be tried. Linux forgets what ICMP said of a path after as long.
constexpr Duration kMtuRaiseInterval = std::chrono::minutes(10);

// UseSrtp takes the SSL's DTLS-SRTP profiles, and their timer where there are any.
void UseSrtp(SslAttachment& attachment, AssociationConfig* config) {
  std::vector<SRTP_PROTECTION_PROFILE*>& lent = attachment.lent().srtp_profiles;
  lent.clear();
  std::vector<SrtpProfile> profiles;
  STACK_OF(SRTP_PROTECTION_PROFILE)* known = Real().SSL_get_srtp_profiles(attachment.ssl());
  for (int i = 0; i < sk_SRTP_PROTECTION_PROFILE_num(known); ++i) {
    SRTP_PROTECTION_PROFILE* profile = sk_SRTP_PROTECTION_PROFILE_value(known, i);
    lent.push_back(profile);
    profiles.push_back(static_cast<SrtpProfile>(profile->id));
  }
  if (!profiles.empty()) OfferSrtp(std::move(profiles), config);
}

std::vector<PskKeyExchangeMode> PskModes(SSL* ssl) {
  // libssl has it from 3.3 on; on an older one it means nothing.
  constexpr uint64_t kPreferNoDheKex = uint64_t{1} << 35;
  const uint64_t options = Real().SSL_get_options(ssl);
  if ((options & SSL_OP_ALLOW_NO_DHE_KEX) == 0) return {PskKeyExchangeMode::kPskDheKe};
  if ((options & kPreferNoDheKex) != 0 && Real().SSL_is_server(ssl) != 0) {
    return {PskKeyExchangeMode::kPskKe, PskKeyExchangeMode::kPskDheKe};
  }
  return {PskKeyExchangeMode::kPskDheKe, PskKeyExchangeMode::kPskKe};
}

size_t KnownMtu(SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  SSL* ssl = attachment.ssl();
  if (settings.link_mtu > 0) {
    const size_t overhead = MtuOverhead(ssl);
    return settings.link_mtu > overhead ? settings.link_mtu - overhead : kMinMtu;
  }
  if (settings.mtu > 0) return settings.mtu;
  return (Real().SSL_get_options(ssl) & SSL_OP_NO_QUERY_MTU) != 0 ? 0 : QueryMtu(ssl);
}

size_t MtuOf(SslAttachment& attachment) {
  const size_t bound = CurrentPolicy().mtu;
  const size_t known = KnownMtu(attachment);
  if (known == 0) return bound > 0 ? bound : kDefaultMtu;
  return bound > 0 ? std::min(known, bound) : known;
}

// ApplyPolicy sets what the policy decides about records and timers.
void ApplyPolicy(SSL* ssl, AssociationConfig* config) {
  const Policy& policy = CurrentPolicy();
  config->omit_length = policy.header_form != HeaderForm::kFull && KeepsDatagramBoundaries(ssl);
  config->short_numbers = policy.header_form == HeaderForm::kShort;
  config->handshake.connection_ids.receive_len = policy.connection_id_len;
  if (policy.initial_timeout) config->retransmit.initial = *policy.initial_timeout;
}

}  // namespace

std::shared_ptr<const AssociationConfig> BuildConfig(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  if (!AllowsDtls13(attachment) && !AllowsOlder(attachment)) {
    Raise(SSL_R_NO_PROTOCOLS_AVAILABLE);
    return nullptr;
  }
  CtxAttachment* ctx = attachment.ctx();
  auto config = std::make_shared<AssociationConfig>();
  // Nobody wakes for what sends nothing, so nothing would go cold.
  config->cold_after = Duration::zero();
  HandshakeConfig& handshake = config->handshake;
  if (ctx != nullptr) handshake.algorithms = ctx->shared.algorithms();
  if (handshake.algorithms == nullptr) {
    Raise(ERR_R_INTERNAL_ERROR);
    return nullptr;
  }
  if (StatusPage* page = StatusPage::Current(); page != nullptr) {
    page->Count(handshake.algorithms->record_crypto_status());
  }
  handshake.random = ctx->shared.random();
  const int reason = ChooseLists(attachment, &handshake);
  // A server without a suite refuses whoever comes, and they hear of it.
  const bool only_refuses =
      attachment.side() == Side::kServer && reason == SSL_R_NO_CIPHERS_AVAILABLE;
  if (reason != 0 && !only_refuses) {
    Raise(reason);
    return nullptr;
  }
  handshake.ask_credential = true;
  if (attachment.side() == Side::kServer) {
    handshake.server.cookie_keys = ctx->shared.cookie_keys();
    // The application asks for cookies itself, by SSL_OP_COOKIE_EXCHANGE or DTLSv1_listen.
    handshake.server.require_cookie = false;
    handshake.server.retry_extensions = ExtensionsOfRetries(attachment);
    // Sessions are judged by this one. What is asked of the client is said after the callbacks.
    handshake.server.client_authentication = DemandOf(ssl).client_authentication;
    handshake.server.ask_psk = MayKnowPsks(attachment);
    handshake.server.server_preference =
        (Real().SSL_get_options(ssl) & SSL_OP_CIPHER_SERVER_PREFERENCE) != 0;
    ConfigureTickets(attachment, &handshake);
  } else {
    handshake.connection.alpn = attachment.settings.protocols;
    handshake.connection.max_fragment_length = attachment.settings.max_fragment_length;
    handshake.client.repeated_extensions = ExtensionsOfSecondHello(attachment);
    // RFC 8449 section 5: a server with both has to ignore the one that the application asks for.
    if (attachment.settings.max_fragment_length) handshake.connection.record_size_limit = 0;
    AskForStaple(ssl, &handshake);
    handshake.certificate_authorities = NamesToDer(Real().SSL_get0_CA_list(ssl));
  }
  if (attachment.libssl_share.half() != nullptr) {
    // A server that chooses DTLS 1.2 would answer these too, and libssl has not asked.
    handshake.connection.record_size_limit = 0;
    handshake.connection_ids.use = false;
  }
  handshake.psk_modes = PskModes(ssl);
  handshake.key_log = WantsKeyLog(ssl);
  const long max_cert_list = Real().SSL_ctrl(ssl, SSL_CTRL_GET_MAX_CERT_LIST, 0, nullptr);
  if (max_cert_list > 0) handshake.max_message_len = static_cast<size_t>(max_cert_list);
  UseSrtp(attachment, config.get());
  config->retransmit.max_expiries = kLibsslExpiries;
  config->record_sizing = SizingOf(attachment);
  ApplyPolicy(ssl, config.get());
  config->trace = true;
  return config;
}

bool StartClient(SslAttachment& attachment) {
  // What is to be offered depends on it, and the application may yet set one.
  if (!HasWriteBio(attachment.ssl())) {
    Raise(SSL_R_BIO_NOT_SET);
    return false;
  }
  // First: libssl's object begins a handshake of its own then, with a session of its own.
  Psk session = SessionToOffer(attachment);
  LibsslShare& share = attachment.libssl_share;
  if (share.half() == nullptr) share.KeepHalf(Fallback::Prepare(attachment));
  std::shared_ptr<const AssociationConfig> config = BuildConfig(attachment);
  if (config == nullptr) return false;
  ClientParameters parameters;
  if (const Fallback* fallback = Fallback::Of(attachment)) {
    const std::span<const uint8_t> hello = fallback->hello();
    parameters.legacy_hello.assign(hello.begin(), hello.end());
  }
  const char* name = Real().SSL_get_servername(attachment.ssl(), TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) parameters.server_name = name;
  parameters.early_data = attachment.progress().early_data.writes();
  parameters.now = WallNow();
  if (!session.empty()) parameters.psks.push_back(std::move(session));
  std::optional<HelloFailure> failure = CollectClientPsks(attachment, &parameters.psks);
  if (!failure) {
    failure = AddToClientHello(attachment, parameters.legacy_hello, &parameters.extensions);
  }
  DriveState::Begin(attachment, Association::NewClient(std::move(config), std::move(parameters)));
  CountStart(attachment);
  ApplyMtu(attachment);
  // As in libssl the server hears an alert, though of no ClientHello.
  if (failure) FailFor(attachment, failure->reason, failure->alert);
  return true;
}

bool StartServer(SslAttachment& attachment, std::shared_ptr<const AssociationConfig> config) {
  if (config == nullptr) return false;
  const bool only_refuses = config->handshake.cipher_suites.empty();
  ServerParameters parameters;
  parameters.peer_address = attachment.kept_hello.address();
  parameters.now = WallNow();
  DriveState::Begin(attachment, Association::NewServer(std::move(config), std::move(parameters)));
  if (only_refuses) {
    // It says more than that the client has no suite in common with none.
    Raise(SSL_R_NO_CIPHERS_AVAILABLE);
    attachment.failure_report.OnTold();
  }
  CountStart(attachment);
  ApplyMtu(attachment);
  return true;
}

void ApplyMtu(SslAttachment& attachment) {
  Association* association = attachment.association();
  if (association == nullptr) return;
  // Once, until a setting changes: the BIO's answer costs a system call, and what the path was
  // found to refuse must not come back.
  DriveState& state = DriveState::Of(attachment);
  if (state.applied_mtu != 0) return;
  const size_t mtu = MtuOf(attachment);
  state.applied_mtu = mtu;
  association->SetMtu(mtu);
}

void FindMtuAnew(SslAttachment& attachment) {
  if (attachment.association() == nullptr) return;
  DriveState& state = DriveState::Of(attachment);
  state.applied_mtu = 0;
  state.raise_mtu_at = Instant::max();
  ApplyMtu(attachment);
}

void ReduceMtu(SslAttachment& attachment, size_t refused_len, Instant now) {
  Association* association = attachment.association();
  const int error = errno;
  const size_t before = association->facts().mtu;
  size_t known = QueryMtu(attachment.ssl());
  // Where the BIO knows nothing better, the default passes nearly everywhere.
  const size_t usual = std::min(before, kDefaultMtu);
  if (known == 0 && usual < refused_len) known = usual;
  association->OnDatagramTooLarge(refused_len, known, now);
  const size_t mtu = association->facts().mtu;
  DriveState& state = DriveState::Of(attachment);
  state.applied_mtu = mtu;
  if (mtu < before) state.raise_mtu_at = now + kMtuRaiseInterval;
  errno = error;
}

void RaiseMtu(SslAttachment& attachment, Instant now) {
  DriveState& state = DriveState::Of(attachment);
  if (now < state.raise_mtu_at) return;
  // The BIO may know better later on still.
  state.raise_mtu_at = now + kMtuRaiseInterval;
  const size_t known = QueryMtu(attachment.ssl());
  const size_t wanted = MtuOf(attachment);
  state.applied_mtu = known > 0 ? std::min(wanted, known) : wanted;
  attachment.association()->SetMtu(state.applied_mtu);
}

}  // namespace dtls13::shim
