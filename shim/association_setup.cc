#include "shim/association_setup.h"

#include <algorithm>
#include <string>

#include "shim/bio_transport.h"
#include "shim/clock.h"
#include "shim/error_map.h"
#include "shim/real_libssl.h"

namespace dtls13::shim {
namespace {

// libssl's numbers of cipher suites carry this in front of the code point.
constexpr uint32_t kCodePointMask = 0xffff;

std::vector<CipherSuiteId> CipherSuitesOf(SSL* ssl, const Algorithms& algorithms) {
  std::vector<CipherSuiteId> suites;
  const STACK_OF(SSL_CIPHER)* ciphers = Real().SSL_get_ciphers(ssl);
  for (int i = 0; ciphers != nullptr && i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const auto id = static_cast<CipherSuiteId>(
        Real().SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(ciphers, i)) & kCodePointMask);
    if (FindCipherSuite(id) != nullptr && algorithms.Supports(id)) suites.push_back(id);
  }
  return suites;
}

Duration InitialTimeout(SslAttachment& attachment, Duration otherwise) {
  if (attachment.timer_callback == nullptr) return otherwise;
  return Duration(attachment.timer_callback(attachment.ssl(), 0));
}

size_t MtuOf(SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  SSL* ssl = attachment.ssl();
  if (settings.link_mtu > 0) {
    const size_t overhead = MtuOverhead(ssl);
    return settings.link_mtu > overhead ? settings.link_mtu - overhead : kMinMtu;
  }
  if (settings.mtu > 0) return settings.mtu;
  if ((Real().SSL_get_options(ssl) & SSL_OP_NO_QUERY_MTU) != 0) return kDefaultMtu;
  const size_t known = QueryMtu(ssl);
  return known > 0 ? known : kDefaultMtu;
}

}  // namespace

std::shared_ptr<const AssociationConfig> BuildConfig(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  CtxAttachment* ctx = attachment.ctx();
  auto config = std::make_shared<AssociationConfig>();
  HandshakeConfig& handshake = config->handshake;
  if (ctx != nullptr) handshake.algorithms = ctx->algorithms();
  if (handshake.algorithms == nullptr) {
    Raise(ERR_R_INTERNAL_ERROR);
    return nullptr;
  }
  handshake.random = ctx->random();
  handshake.cipher_suites = CipherSuitesOf(ssl, *handshake.algorithms);
  if (handshake.cipher_suites.empty()) {
    Raise(SSL_R_NO_CIPHERS_AVAILABLE);
    return nullptr;
  }
  if (!attachment.settings.groups.empty()) handshake.groups = attachment.settings.groups;
  if (!attachment.settings.signature_schemes.empty()) {
    handshake.signature_schemes = attachment.settings.signature_schemes;
  }
  if (attachment.side == Side::kServer) {
    handshake.cookie_keys = ctx->cookie_keys();
    handshake.ask_credential = true;
  }
  handshake.key_log = Real().SSL_CTX_get_keylog_callback(Real().SSL_get_SSL_CTX(ssl)) != nullptr;
  const long max_cert_list = Real().SSL_ctrl(ssl, SSL_CTRL_GET_MAX_CERT_LIST, 0, nullptr);
  if (max_cert_list > 0) handshake.max_message_len = static_cast<size_t>(max_cert_list);
  config->retransmit.initial = InitialTimeout(attachment, config->retransmit.initial);
  config->omit_length = KeepsDatagramBoundaries(ssl);
  config->trace = true;
  return config;
}

bool StartClient(SslAttachment& attachment) {
  std::shared_ptr<const AssociationConfig> config = BuildConfig(attachment);
  if (config == nullptr) return false;
  ClientParameters parameters;
  const char* name = Real().SSL_get_servername(attachment.ssl(), TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) parameters.server_name = name;
  attachment.mutable_association() =
      Association::NewClient(std::move(config), std::move(parameters));
  ApplyMtu(attachment);
  return true;
}

bool StartServer(SslAttachment& attachment, std::shared_ptr<const AssociationConfig> config) {
  if (config == nullptr) return false;
  ServerParameters parameters;
  parameters.peer_address = attachment.peer_address;
  parameters.now = WallNow();
  attachment.mutable_association() =
      Association::NewServer(std::move(config), std::move(parameters));
  ApplyMtu(attachment);
  return true;
}

void ApplyMtu(SslAttachment& attachment) {
  Association* association = attachment.association();
  if (association == nullptr) return;
  const SslSettings& settings = attachment.settings;
  const bool is_set = settings.mtu > 0 || settings.link_mtu > 0;
  // The BIO is asked once: its answer costs a system call, and does not change by itself.
  if (attachment.applied_mtu != 0 && !is_set) return;
  const size_t mtu = MtuOf(attachment);
  if (mtu == attachment.applied_mtu) return;
  attachment.applied_mtu = mtu;
  association->SetMtu(mtu);
}

bool ReduceMtu(SslAttachment& attachment) {
  Association* association = attachment.association();
  const size_t known = QueryMtu(attachment.ssl());
  const size_t present = association->mtu();
  // Where the BIO knows nothing better, the default passes nearly everywhere.
  const size_t mtu = known > 0 && known < present ? known : std::min(present, kDefaultMtu);
  attachment.applied_mtu = mtu;
  association->SetMtu(mtu);
  return association->mtu() < present;
}

}  // namespace dtls13::shim
