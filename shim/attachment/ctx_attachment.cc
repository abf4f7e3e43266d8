#include "shim/attachment/ctx_attachment.h"

#include <atomic>
#include <new>

#include "dtls13/session/cookie.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

void FreeAttachment(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* data, int index, long /*argl*/,
                    void* /*argp*/) {
  // First: other slots' callbacks may still ask, and would find what is gone.
  if (pointer != nullptr) CRYPTO_set_ex_data(data, index, nullptr);
  delete static_cast<CtxAttachment*>(pointer);
}

int Index() {
  // One slot for the whole process, taken when the first DTLS context needs it.
  static const int index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, nullptr,
                                                   nullptr, FreeAttachment);
  return index;
}

std::atomic<bool> any_attached{false};

std::mutex& CreationMutex() {
  // Never destroyed: SSL_CTXs may outlive static destructors.
  static std::mutex& mutex = *new std::mutex;
  return mutex;
}

TicketKey Copy(const TicketKey& key) {
  return {.name = key.name, .key = Secret::CopyOf(key.key.bytes())};
}

}  // namespace

CtxAttachment* CtxAttachment::Find(const SSL_CTX* ctx) {
  if (ctx == nullptr || !any_attached.load(std::memory_order_acquire)) return nullptr;
  return static_cast<CtxAttachment*>(Real().SSL_CTX_get_ex_data(ctx, Index()));
}

CtxAttachment* CtxAttachment::FindOrCreate(SSL_CTX* ctx) {
  if (CtxAttachment* found = Find(ctx)) return found;
  if (ctx == nullptr || !MayBeDtls13(Real().SSL_CTX_get_ssl_method(ctx))) return nullptr;
  std::lock_guard lock(CreationMutex());
  if (CtxAttachment* found = Find(ctx)) return found;
  const int index = Index();
  if (index < 0) return nullptr;
  auto attachment = std::unique_ptr<CtxAttachment>(new (std::nothrow) CtxAttachment);
  if (attachment == nullptr || Real().SSL_CTX_set_ex_data(ctx, index, attachment.get()) != 1) {
    return nullptr;
  }
  any_attached.store(true, std::memory_order_release);
  return attachment.release();
}

void CtxAttachment::SetLibrary(OSSL_LIB_CTX* library_context, const char* property_query) {
  library_context_ = library_context;
  has_property_query_ = property_query != nullptr;
  if (has_property_query_) property_query_ = property_query;
}

std::shared_ptr<const Algorithms> CtxAttachment::algorithms() {
  std::lock_guard lock(mutex_);
  if (algorithms_ == nullptr) algorithms_ = Algorithms::Fetch(library_context_, property_query());
  return algorithms_;
}

std::shared_ptr<RandomSource> CtxAttachment::random() {
  std::lock_guard lock(mutex_);
  if (random_ == nullptr) random_ = SystemRandom(library_context_);
  return random_;
}

std::shared_ptr<CookieKeyring> CtxAttachment::cookie_keys() {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  std::shared_ptr<RandomSource> random = this->random();
  std::lock_guard lock(mutex_);
  if (cookie_keys_ == nullptr && algorithms != nullptr) {
    cookie_keys_ = CookieKeyring::Create(std::move(algorithms), std::move(random), {});
  }
  return cookie_keys_;
}

std::shared_ptr<TicketKeyring> CtxAttachment::ticket_keys(std::chrono::seconds lifetime) {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  std::shared_ptr<RandomSource> random = this->random();
  std::lock_guard lock(mutex_);
  if (ticket_keys_ != nullptr || algorithms == nullptr) return ticket_keys_;
  std::shared_ptr<TicketKeyring> made =
      TicketKeyring::Create(std::move(algorithms), std::move(random), {.lifetime = lifetime});
  if (shared_ticket_key_) {
    std::vector<TicketKey> keys;
    keys.push_back(Copy(*shared_ticket_key_));
    if (!made->SetKeys(std::move(keys))) return nullptr;
  }
  ticket_keys_ = std::move(made);
  return ticket_keys_;
}

bool CtxAttachment::ShareTicketKeys(std::span<const uint8_t> secret) {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  if (algorithms == nullptr) return false;
  std::optional<TicketKey> key = DeriveTicketKey(*algorithms, secret);
  if (!key) return false;
  std::lock_guard lock(mutex_);
  std::vector<TicketKey> keys;
  keys.push_back(Copy(*key));
  shared_ticket_key_ = std::move(key);
  return ticket_keys_ == nullptr || ticket_keys_->SetKeys(std::move(keys));
}

std::shared_ptr<EarlyDataReplayGuard> CtxAttachment::replay_guard() {
  std::lock_guard lock(mutex_);
  if (shared_ticket_key_) return nullptr;
  // No ticket of our own keys that allows early data is older than the guard, so there is no time
  // before it that a claim could come from.
  if (replay_guard_ == nullptr) replay_guard_ = std::make_shared<RecentClaims>(WallTime{});
  return replay_guard_;
}

}  // namespace dtls13::shim
