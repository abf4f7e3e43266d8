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
#include "shim/attachment/ssl_settings.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/transcript_provider.h"

namespace dtls13::shim {

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
