// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/ssl_attachment.h"

#include <new>
#include <utility>

namespace dtls13::shim {
namespace {

void FreeAttachment(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* data, int index, long /*argl*/,
                    void* /*argp*/) {
  // First: other slots' callbacks may still ask, and would find what is gone.
  if (pointer != nullptr) CRYPTO_set_ex_data(data, index, nullptr);
  delete static_cast<SslAttachment*>(pointer);
}

// SSL_dup copies ex_data slot by slot. Two SSLs must not share an attachment: the copy keeps the
// one it was made with, and takes over the settings.
int DuplicateAttachment(CRYPTO_EX_DATA* to, const CRYPTO_EX_DATA* /*from*/, void** from_data,
                        int index, long /*argl*/, void* /*argp*/) {
  const auto* source = static_cast<const SslAttachment*>(*from_data);
  auto* own = static_cast<SslAttachment*>(CRYPTO_get_ex_data(to, index));
  if (source != nullptr && own != nullptr) {
    // libssl copies these out of the SSL_CTX alone.
    const RecordSettings records = own->settings.records;
    own->settings = source->settings;
    own->settings.records = records;
    own->TakeSide(source->side());
  }
  *from_data = own;
  return 1;
}

int Index() {
  static const int index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nullptr, nullptr,
                                                   DuplicateAttachment, FreeAttachment);
  return index;
}

}  // namespace

SslAttachment* SslAttachment::Create(SSL* ssl) {
  if (ssl == nullptr || !MayBeDtls13(Real().SSL_get_ssl_method(ssl))) return nullptr;
  const int index = Index();
  if (index < 0) return nullptr;
  auto attachment = std::unique_ptr<SslAttachment>(new (std::nothrow) SslAttachment(ssl));
  if (attachment == nullptr || Real().SSL_set_ex_data(ssl, index, attachment.get()) != 1) {
    return nullptr;
  }
  if (CtxAttachment* ctx = CtxAttachment::FindOrCreate(Real().SSL_get_SSL_CTX(ssl))) {
    attachment->settings = ctx->settings;
  }
  slot_.store(index, std::memory_order_release);
  return attachment.release();
}

CtxAttachment* SslAttachment::ctx() const {
  return CtxAttachment::FindOrCreate(Real().SSL_get_SSL_CTX(ssl_));
}

void SslAttachment::LeaveSession(SSL_SESSION* session, bool is_good) {
  // libssl's own object has been idle all the while, so that it takes a session at any time.
  Real().SSL_set_session(ssl_, is_good ? session : nullptr);
  if (session != nullptr) Real().SSL_SESSION_free(session);
}

void SslAttachment::Reset() {
  SettledSsls::Remove(ssl_);
  const bool was_client = connected() && association_->facts().role == Role::kClient;
  const bool was_left_up = is_up() && (Real().SSL_get_shutdown(ssl_) & SSL_SENT_SHUTDOWN) == 0;
  if (was_client) lent_->MakeOwedSession();
  SSL_SESSION* const session = was_client ? std::exchange(lent_->session, nullptr) : nullptr;
  association_.reset();
  drive_state_.reset();
  lent_ = std::make_unique<LentObjects>();
  owner_ = Owner::kUndecided;
  // Not before: libssl takes the session away from an SSL that says it is connected.
  if (was_client) LeaveSession(session, !was_left_up);
  progress_ = {};
  hello_listener_.reset();
  callbacks = {};
  facts = HandshakeFacts();
  kept_hello = {};
  tickets = {};
  libssl_share = {};
  failure_report = {};
  timer.Forget();
}

}  // namespace dtls13::shim
