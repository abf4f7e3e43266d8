// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/ctx_attachment.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <new>

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

}  // namespace dtls13::shim
