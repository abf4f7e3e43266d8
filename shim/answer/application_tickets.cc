// SPDX-License-Identifier: Apache-2.0
// The older callback has an HMAC_CTX.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "shim/answer/application_tickets.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/secret.h"
#include "shim/answer/failure.h"
#include "shim/attachment/security_policy.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

constexpr size_t kNameLen = 16;
constexpr int kEncrypts = 1;
constexpr int kDecrypts = 0;

struct HmacFree {
  void operator()(HMAC_CTX* context) const { HMAC_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// Mac is the context that either callback keys.
class Mac {
 public:
  Mac(const SslAttachment& attachment, bool is_old) {
    const SharedMaterial& shared = attachment.ctx()->shared;
    if (is_old) {
      old_.reset(HMAC_CTX_new());
    } else if (EVP_MAC* mac =
                   EVP_MAC_fetch(shared.library_context(), "HMAC", shared.property_query())) {
      context_.reset(EVP_MAC_CTX_new(mac));
      EVP_MAC_free(mac);
    }
  }

  bool ok() const { return old_ != nullptr || context_ != nullptr; }
  HMAC_CTX* old() { return old_.get(); }
  EVP_MAC_CTX* context() { return context_.get(); }
  size_t size() const {
    return old_ != nullptr ? HMAC_size(old_.get()) : EVP_MAC_CTX_get_mac_size(context_.get());
  }

  // Empty when it was not keyed, or libcrypto fails.
  std::vector<uint8_t> Of(std::span<const uint8_t> data) {
    std::vector<uint8_t> mac(std::min<size_t>(size(), EVP_MAX_MD_SIZE));
    if (mac.empty()) return {};
    unsigned int len = 0;
    size_t long_len = 0;
    const bool is_made =
        old_ != nullptr ? HMAC_Update(old_.get(), data.data(), data.size()) == 1 &&
                              HMAC_Final(old_.get(), mac.data(), &len) == 1
                        : EVP_MAC_update(context_.get(), data.data(), data.size()) == 1 &&
                              EVP_MAC_final(context_.get(), mac.data(), &long_len, mac.size()) == 1;
    return is_made ? mac : std::vector<uint8_t>();
  }

 private:
  std::unique_ptr<HMAC_CTX, HmacFree> old_;
  std::unique_ptr<EVP_MAC_CTX, HmacFree> context_;
};

class CallbackSealer final : public TicketSealer {
 public:
  CallbackSealer(SslAttachment& attachment, std::chrono::seconds lifetime)
      : attachment_(attachment),
        lifetime_s_(
            static_cast<uint32_t>(std::clamp<int64_t>(lifetime.count(), 0, kMaxTicketLifetime_s))) {
  }

  uint32_t lifetime_s() const override { return lifetime_s_; }

  std::vector<uint8_t> Seal(const Session& session, WallTime /*now*/) override {
    ErrorMark mark;
    std::vector<uint8_t> content = SerializeSession(session);
    std::vector<uint8_t> ticket = SealContent(content);
    Cleanse(content);
    return ticket.size() <= kMaxSealedTicketLen ? ticket : std::vector<uint8_t>();
  }

  std::optional<Session> Open(std::span<const uint8_t> ticket, WallTime /*now*/) override {
    // Callbacks read that far without looking.
    if (ticket.size() < kNameLen + EVP_MAX_IV_LENGTH || ticket.size() > kMaxSealedTicketLen) {
      return std::nullopt;
    }
    ErrorMark mark;
    std::vector<uint8_t> content = OpenContent(ticket);
    std::optional<Session> session = ParseSession(content);
    Cleanse(content);
    return session;
  }

 private:
  int Call(uint8_t* name, uint8_t* iv, EVP_CIPHER_CTX* cipher, Mac* mac, int operation) {
    SslAttachment::Busy busy(attachment_);
    const CtxCallbacks& callbacks = attachment_.ctx()->callbacks;
    return mac->context() != nullptr
               ? callbacks.ticket_key_evp(attachment_.ssl(), name, iv, cipher, mac->context(),
                                          operation)
               : callbacks.ticket_key(attachment_.ssl(), name, iv, cipher, mac->old(), operation);
  }

  std::vector<uint8_t> SealContent(std::span<const uint8_t> content) {
    OpenSslPtr<EVP_CIPHER_CTX> cipher(EVP_CIPHER_CTX_new());
    Mac mac = NewMac();
    std::array<uint8_t, kNameLen> name = {};
    std::array<uint8_t, EVP_MAX_IV_LENGTH> iv = {};
    if (content.empty() || cipher == nullptr || !mac.ok() ||
        Call(name.data(), iv.data(), cipher.get(), &mac, kEncrypts) <= 0) {
      return {};
    }
    const int iv_len = EVP_CIPHER_CTX_get_iv_length(cipher.get());
    if (iv_len < 0 || static_cast<size_t>(iv_len) > iv.size()) return {};
    std::vector<uint8_t> ticket(name.begin(), name.end());
    ticket.insert(ticket.end(), iv.begin(), iv.begin() + iv_len);
    const size_t head_len = ticket.size();
    ticket.resize(head_len + content.size() + EVP_MAX_BLOCK_LENGTH);
    int len = 0, rest_len = 0;
    if (EVP_EncryptUpdate(cipher.get(), ticket.data() + head_len, &len, content.data(),
                          static_cast<int>(content.size())) != 1 ||
        EVP_EncryptFinal_ex(cipher.get(), ticket.data() + head_len + len, &rest_len) != 1) {
      return {};
    }
    ticket.resize(head_len + static_cast<size_t>(len + rest_len));
    const std::vector<uint8_t> tag = mac.Of(ticket);
    if (tag.empty()) return {};
    ticket.insert(ticket.end(), tag.begin(), tag.end());
    return ticket;
  }

  std::vector<uint8_t> OpenContent(std::span<const uint8_t> ticket) {
    OpenSslPtr<EVP_CIPHER_CTX> cipher(EVP_CIPHER_CTX_new());
    Mac mac = NewMac();
    if (cipher == nullptr || !mac.ok()) return {};
    // A callback may write over what it is only to read.
    std::vector<uint8_t> head(ticket.begin(), ticket.begin() + kNameLen + EVP_MAX_IV_LENGTH);
    const int result = Call(head.data(), head.data() + kNameLen, cipher.get(), &mac, kDecrypts);
    if (result < 0) attachment_.tickets.Fail(AlertDescription::kInternalError);
    if (result <= 0) return {};
    constexpr int kRenew = 2;
    attachment_.tickets.SetKeyCallbackRenews(result == kRenew);
    const int iv_len = EVP_CIPHER_CTX_get_iv_length(cipher.get());
    const size_t mac_len = mac.size();
    if (iv_len < 0 || mac_len == 0 ||
        ticket.size() <= kNameLen + static_cast<size_t>(iv_len) + mac_len) {
      return {};
    }
    const std::span<const uint8_t> covered = ticket.first(ticket.size() - mac_len);
    if (!ConstantTimeEquals(mac.Of(covered), ticket.last(mac_len))) return {};
    const std::span<const uint8_t> sealed = covered.subspan(kNameLen + static_cast<size_t>(iv_len));
    std::vector<uint8_t> content(sealed.size() + EVP_MAX_BLOCK_LENGTH);
    int len = 0, rest_len = 0;
    if (EVP_DecryptUpdate(cipher.get(), content.data(), &len, sealed.data(),
                          static_cast<int>(sealed.size())) != 1 ||
        EVP_DecryptFinal_ex(cipher.get(), content.data() + len, &rest_len) != 1) {
      Cleanse(content);
      return {};
    }
    content.resize(static_cast<size_t>(len + rest_len));
    return content;
  }

  Mac NewMac() const {
    return Mac(attachment_, attachment_.ctx()->callbacks.ticket_key_evp == nullptr);
  }

  SslAttachment& attachment_;
  const uint32_t lifetime_s_;
};

struct SessionFree {
  void operator()(SSL_SESSION* session) const { Real().SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

// ObjectOf is a session as far as a callback of tickets may look at it.
SessionPtr ObjectOf(SslAttachment& attachment, const Session& session,
                    std::span<const uint8_t> data) {
  SessionPtr object(Real().SSL_SESSION_new());
  if (object == nullptr) return nullptr;
  const auto code_point = static_cast<uint16_t>(session.suite);
  const std::array<uint8_t, 2> suite = {static_cast<uint8_t>(code_point >> 8),
                                        static_cast<uint8_t>(code_point)};
  const std::span<const uint8_t> key = session.psk.bytes();
  const bool is_made =
      Real().SSL_SESSION_set_protocol_version(object.get(), DTLS1_3_VERSION) == 1 &&
      Real().SSL_SESSION_set1_master_key(object.get(), key.data(), key.size()) == 1 &&
      Real().SSL_SESSION_set_cipher(object.get(),
                                    Real().SSL_CIPHER_find(attachment.ssl(), suite.data())) == 1 &&
      (session.server_name.empty() ||
       Real().SSL_SESSION_set1_hostname(object.get(), session.server_name.c_str()) == 1) &&
      Real().SSL_SESSION_set1_alpn_selected(object.get(), session.alpn.data(),
                                            session.alpn.size()) == 1 &&
      Real().SSL_SESSION_set1_ticket_appdata(object.get(), data.data(), data.size()) == 1;
  if (!is_made) return nullptr;
  Real().SSL_SESSION_set_time(object.get(),
                              static_cast<long>(session.issued_at.time_since_epoch().count()));
  Real().SSL_SESSION_set_timeout(object.get(), static_cast<long>(session.lifetime_s));
  return object;
}

SSL_TICKET_RETURN AskVerdict(SslAttachment& attachment, SSL_SESSION* object,
                             const OfferedIdentity& ticket, SSL_TICKET_STATUS status) {
  SslAttachment::Busy busy(attachment);
  const CtxCallbacks& callbacks = attachment.ctx()->callbacks;
  return callbacks.decrypt_ticket(attachment.ssl(), object, ticket.identity.data(),
                                  std::min(ticket.identity.size(), kNameLen), status,
                                  callbacks.ticket_arg);
}

}  // namespace

std::shared_ptr<TicketSealer> ApplicationTickets(SslAttachment& attachment,
                                                 std::chrono::seconds lifetime) {
  const CtxCallbacks& callbacks = attachment.ctx()->callbacks;
  if (callbacks.ticket_key_evp == nullptr && callbacks.ticket_key == nullptr) return nullptr;
  return std::make_shared<CallbackSealer>(attachment, lifetime);
}

bool KeepsSessions(SSL* ssl) {
  return (Real().SSL_get_options(ssl) & SSL_OP_NO_TICKET) != 0 || !AreTicketsAllowed(ssl);
}

bool WantsVerdicts(const SslAttachment& attachment) {
  const CtxAttachment* ctx = attachment.ctx();
  return ctx != nullptr && ctx->callbacks.decrypt_ticket != nullptr &&
         !KeepsSessions(attachment.ssl());
}

bool PrepareTickets(SslAttachment& attachment, bool is_new) {
  if (!attachment.tickets.TryPrepare()) return true;
  SslAttachment::Busy busy(attachment);
  SSL* ssl = attachment.ssl();
  if (!attachment.tickets.renews()) {
    attachment.association()->WithholdTickets();
    return true;
  }
  const NotResumableFunction not_resumable = attachment.settings.not_resumable;
  if (is_new && not_resumable != nullptr && not_resumable(ssl, /*is_forward_secure=*/1) != 0) {
    attachment.association()->WithholdTickets();
    return true;
  }
  const CtxAttachment* ctx = attachment.ctx();
  if (ctx == nullptr || ctx->callbacks.generate_ticket == nullptr) return true;
  // What the callback gets by SSL_get_session; the session itself is the association's.
  SessionPtr object(Real().SSL_SESSION_new());
  const std::vector<uint8_t>& kept = attachment.tickets.data();
  if (object == nullptr ||
      Real().SSL_SESSION_set1_ticket_appdata(object.get(), kept.data(), kept.size()) != 1) {
    return true;
  }
  Real().SSL_SESSION_up_ref(object.get());
  attachment.lent().SetSession(object.get());
  if (ctx->callbacks.generate_ticket(ssl, ctx->callbacks.ticket_arg) == 0) {
    FailFor(attachment, SSL_R_CALLBACK_FAILED, AlertDescription::kInternalError);
    return false;
  }
  void* data = nullptr;
  size_t len = 0;
  if (Real().SSL_SESSION_get0_ticket_appdata(object.get(), &data, &len) == 1 && data != nullptr) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    attachment.tickets.KeepData({bytes, bytes + len});
  }
  attachment.lent().SetSession(nullptr);
  return true;
}

TicketUse JudgeUse(SslAttachment& attachment, const Session& session,
                   std::span<const uint8_t> data) {
  const bool renews = attachment.tickets.key_callback_renews() || KeepsSessions(attachment.ssl());
  if (!WantsVerdicts(attachment)) {
    attachment.tickets.SetRenews(renews);
    return TicketUse::kUse;
  }
  const ClientHelloInfo& hello = attachment.association()->facts().client_hello;
  const SessionPtr object = ObjectOf(attachment, session, data);
  if (object == nullptr) return TicketUse::kIgnore;
  const SSL_TICKET_RETURN verdict =
      AskVerdict(attachment, object.get(), hello.psk_identities[hello.ticket_index],
                 renews ? SSL_TICKET_SUCCESS_RENEW : SSL_TICKET_SUCCESS);
  switch (verdict) {
    case SSL_TICKET_RETURN_USE:
    case SSL_TICKET_RETURN_USE_RENEW:
      attachment.tickets.SetRenews(verdict == SSL_TICKET_RETURN_USE_RENEW);
      return TicketUse::kUse;
    case SSL_TICKET_RETURN_IGNORE:
    case SSL_TICKET_RETURN_IGNORE_RENEW:
      attachment.tickets.SetRenews(verdict == SSL_TICKET_RETURN_IGNORE_RENEW);
      return TicketUse::kIgnore;
    default:
      FailFor(attachment, ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError);
      return TicketUse::kFailed;
  }
}

bool JudgeUnopened(SslAttachment& attachment, const OfferedIdentity& ticket) {
  if (!WantsVerdicts(attachment)) {
    attachment.tickets.SetRenews(true);
    return true;
  }
  switch (AskVerdict(attachment, nullptr, ticket, SSL_TICKET_NO_DECRYPT)) {
    case SSL_TICKET_RETURN_IGNORE:
      return true;
    case SSL_TICKET_RETURN_IGNORE_RENEW:
      attachment.tickets.SetRenews(true);
      return true;
    default:
      FailFor(attachment, ERR_R_INTERNAL_ERROR, AlertDescription::kInternalError);
      return false;
  }
}

}  // namespace dtls13::shim
