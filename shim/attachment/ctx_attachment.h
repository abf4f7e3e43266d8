#ifndef DTLS13_SHIM_ATTACHMENT_CTX_ATTACHMENT_H_
#define DTLS13_SHIM_ATTACHMENT_CTX_ATTACHMENT_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "shim/attachment/callback.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/transcript_provider.h"

namespace dtls13::shim {

// The types of callbacks that libssl's headers give no name.
using MessageFunction = void (*)(int write_p, int version, int content_type, const void* buf,
                                 size_t len, SSL* ssl, void* arg);
using CertificateFunction = int (*)(SSL* ssl, void* arg);
using ServerNameFunction = int (*)(SSL* ssl, int* alert, void* arg);
using VerifyChainFunction = int (*)(X509_STORE_CTX* store_ctx, void* arg);
using CookieGenerateFunction = int (*)(SSL* ssl, unsigned char* cookie, unsigned int* cookie_len);
using CookieVerifyFunction = int (*)(SSL* ssl, const unsigned char* cookie,
                                     unsigned int cookie_len);
using StatelessCookieGenerateFunction = int (*)(SSL* ssl, unsigned char* cookie,
                                                size_t* cookie_len);
using StatelessCookieVerifyFunction = int (*)(SSL* ssl, const unsigned char* cookie,
                                              size_t cookie_len);

// VersionLimit is a version limit as the application set it, and what libssl was told in its place:
// libssl before 4.1 has no DTLS 1.3 and refuses its number, where DTLS 1.2 is the nearest it has;
// and the policy may be narrower. 0 is no limit.
struct VersionLimit {
  int set = 0;
  int told = 0;

  static VersionLimit Of(int version) {
    return {version, version == DTLS1_3_VERSION ? DTLS1_2_VERSION : version};
  }
  // Meant is what the application means by a limit that libssl has now. Its configuration commands
  // set limits without coming by the shim.
  int Meant(long in_libssl) const { return in_libssl == told ? set : static_cast<int>(in_libssl); }
};

// SslSettings are what an application sets on an SSL_CTX or an SSL, that an SSL inherits when it is
// made, and that libssl has no getter for. Entries record them and pass the call on.
struct SslSettings {
  VersionLimit min_version;
  VersionLimit max_version;

  Callback<MessageFunction> message;

  // In the application's order; nothing: not set. A list that was set and names nothing known here
  // is empty, and never stands for our defaults.
  std::optional<std::vector<NamedGroup>> groups;
  std::optional<std::vector<SignatureScheme>> signature_schemes;
  // The same for client certificates: a server's to ask for, a client's to show.
  std::optional<std::vector<SignatureScheme>> client_signature_schemes;

  // SSL_set_mtu: the datagram payload in bytes; 0: not set.
  size_t mtu = 0;
  // DTLS_set_link_mtu: with the IP and UDP headers; 0: not set.
  size_t link_mtu = 0;

  // ALPN protocols that a client offers.
  std::vector<std::string> protocols;
  // SSL_set_session_id_context, at most 32 bytes.
  std::vector<uint8_t> session_id_context;

  Callback<SSL_allow_early_data_cb_fn> allow_early_data;
  Callback<CertificateFunction> certificate;

  SSL_psk_client_cb_func psk_client = nullptr;
  SSL_psk_server_cb_func psk_server = nullptr;
  SSL_psk_use_session_cb_func psk_use_session = nullptr;
  SSL_psk_find_session_cb_func psk_find_session = nullptr;
};

// CtxCallbacks are what an application sets on an SSL_CTX only, and that libssl has no getter for.
// They are read from the SSL's present SSL_CTX when they are called, as libssl does.
struct CtxCallbacks {
  CookieGenerateFunction cookie_generate = nullptr;
  CookieVerifyFunction cookie_verify = nullptr;
  StatelessCookieGenerateFunction stateless_cookie_generate = nullptr;
  StatelessCookieVerifyFunction stateless_cookie_verify = nullptr;

  Callback<ServerNameFunction> server_name;
  Callback<SSL_CTX_alpn_select_cb_func> select_protocol;
  Callback<SSL_client_hello_cb_fn> client_hello;
  Callback<VerifyChainFunction> verify_chain;  // SSL_CTX_set_cert_verify_callback
};

// CtxAttachment is what the shim knows of one SSL_CTX. It lives in an ex_data slot of ours and dies
// with the SSL_CTX. Only contexts of a method that MayBeDtls13 have one.
//
// Settings are written as libssl's own are: before the SSL_CTX is shared. What is made on demand
// (Algorithms, the cookie keys) is made once under a lock, so SSLs of several threads may share it.
class CtxAttachment {
 public:
  // Find returns null where there is none.
  static CtxAttachment* Find(const SSL_CTX* ctx);
  // FindOrCreate returns null for a context that can never be ours, and when memory is out.
  static CtxAttachment* FindOrCreate(SSL_CTX* ctx);

  CtxAttachment() = default;
  CtxAttachment(const CtxAttachment&) = delete;
  CtxAttachment& operator=(const CtxAttachment&) = delete;

  SslSettings settings;
  CtxCallbacks callbacks;

  // SetLibrary records what SSL_CTX_new_ex was given; the library context has no getter.
  void SetLibrary(OSSL_LIB_CTX* library_context, const char* property_query);
  OSSL_LIB_CTX* library_context() const { return library_context_; }
  // property_query is null for the library context's default.
  const char* property_query() const {
    return has_property_query_ ? property_query_.c_str() : nullptr;
  }

  // libssl's handshakes of this SSL_CTX hash by way of a TranscriptCorrection.
  TranscriptDigests transcript_digests;

  // Null when libcrypto lacks what DTLS 1.3 cannot do without.
  std::shared_ptr<const Algorithms> algorithms();
  std::shared_ptr<RandomSource> random();
  std::shared_ptr<CookieKeyring> cookie_keys();
  // ticket_keys seal tickets of `lifetime`, which is that of the first call.
  std::shared_ptr<TicketKeyring> ticket_keys(std::chrono::seconds lifetime);
  // ShareTicketKeys makes ticket_keys() depend on `secret` alone: SSL_CTX_set_tlsext_ticket_keys,
  // by which servers and processes share tickets. False when libcrypto fails.
  bool ShareTicketKeys(std::span<const uint8_t> secret);
  // replay_guard sees to it that early data is taken once. Null with shared ticket keys: nobody
  // here knows what another server has taken.
  std::shared_ptr<EarlyDataReplayGuard> replay_guard();

 private:
  OSSL_LIB_CTX* library_context_ = nullptr;
  bool has_property_query_ = false;
  std::string property_query_;

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const Algorithms> algorithms_;
  std::shared_ptr<RandomSource> random_;
  std::shared_ptr<CookieKeyring> cookie_keys_;
  std::shared_ptr<TicketKeyring> ticket_keys_;
  std::optional<TicketKey> shared_ticket_key_;
  std::shared_ptr<EarlyDataReplayGuard> replay_guard_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_CTX_ATTACHMENT_H_
