// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/filter_bio.h"

#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

void FreeFilter(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                long /*argl*/, void* /*argp*/) {
  delete static_cast<FilterBio*>(pointer);
}

// The BIO's own data pointer shows the application's; ours is in a slot.
int Index() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_BIO, 0, nullptr, nullptr, nullptr, FreeFilter);
  return index;
}

int Read(BIO* bio, char* out, int out_len) {
  FilterBio* filter = FilterOf(bio);
  BIO_clear_retry_flags(bio);
  if (filter == nullptr || out == nullptr || out_len <= 0) return 0;
  return filter->Read(bio, {reinterpret_cast<uint8_t*>(out), static_cast<size_t>(out_len)});
}

int Write(BIO* bio, const char* data, int len) {
  FilterBio* filter = FilterOf(bio);
  BIO_clear_retry_flags(bio);
  if (filter == nullptr || data == nullptr || len <= 0) return 0;
  return filter->Write(bio, {reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(len)});
}

long Control(BIO* bio, int command, long number, void* pointer) {
  FilterBio* filter = FilterOf(bio);
  switch (command) {
    case BIO_CTRL_PUSH:
    case BIO_CTRL_POP:
    case BIO_CTRL_DUP:
      return 0;
    default:
      return filter == nullptr ? 0 : filter->Control(bio, command, number, pointer);
  }
}

long CallbackControl(BIO* bio, int command, BIO_info_cb* callback) {
  return BIO_next(bio) == nullptr ? 0 : BIO_callback_ctrl(BIO_next(bio), command, callback);
}

int Create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* NewMethod() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_FILTER, "DTLS 1.3 filter");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, Read);
  BIO_meth_set_write(method, Write);
  BIO_meth_set_ctrl(method, Control);
  BIO_meth_set_callback_ctrl(method, CallbackControl);
  BIO_meth_set_create(method, Create);
  return method;
}

const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = NewMethod();
  return method;
}

using SetBio = void (*)(SSL* ssl, BIO* bio);

FilterBio* Put(SSL* ssl, BIO* behind, SetBio set, std::unique_ptr<FilterBio> filter) {
  FilterBio* placed = filter.get();
  BIO* bio = behind == nullptr ? nullptr : NewFilter(std::move(filter), behind);
  if (bio == nullptr) return nullptr;
  set(ssl, bio);
  return placed;
}

// TakeOut returns what `bio`, a filter, had behind it, with its reference, and frees nothing.
BIO* TakeOut(BIO* bio) {
  BIO* behind = BIO_next(bio);
  BIO_set_next(bio, nullptr);
  return behind;
}

void Remove(SSL* ssl, BIO* first, SetBio set, const FilterBio* filter) {
  BIO* before = nullptr;
  for (BIO* bio = first; FilterOf(bio) != nullptr; before = bio, bio = BIO_next(bio)) {
    if (FilterOf(bio) != filter) continue;
    BIO* behind = TakeOut(bio);
    if (before == nullptr) {
      set(ssl, behind);  // this frees `bio`
    } else {
      BIO_set_next(before, behind);
      BIO_free(bio);
    }
    return;
  }
}

}  // namespace

int FilterBio::Read(BIO* bio, std::span<uint8_t> out) {
  const int result = BIO_read(BIO_next(bio), out.data(), static_cast<int>(out.size()));
  BIO_copy_next_retry(bio);
  return result;
}

int FilterBio::Write(BIO* bio, std::span<const uint8_t> data) {
  const int result = BIO_write(BIO_next(bio), data.data(), static_cast<int>(data.size()));
  BIO_copy_next_retry(bio);
  return result;
}

long FilterBio::Control(BIO* bio, int command, long number, void* pointer) {
  return BIO_next(bio) == nullptr ? 0 : BIO_ctrl(BIO_next(bio), command, number, pointer);
}

BIO* NewFilter(std::unique_ptr<FilterBio> filter, BIO* behind) {
  if (Method() == nullptr || Index() < 0) return nullptr;
  BIO* bio = BIO_new(Method());
  if (bio == nullptr) return nullptr;
  if (BIO_set_ex_data(bio, Index(), filter.get()) != 1) {
    BIO_free(bio);
    return nullptr;
  }
  filter.release();
  if (behind == nullptr) return bio;
  BIO_set_data(bio, BIO_get_data(behind));
  BIO_up_ref(behind);
  // Not BIO_push, which would leave in the application's BIO a pointer back to one that may be
  // freed first.
  BIO_set_next(bio, behind);
  return bio;
}

FilterBio* FilterOf(BIO* bio) {
  // Nearly every BIO that is asked about is a socket or memory, which needs no look at its slots.
  if (bio == nullptr || (BIO_method_type(bio) & BIO_TYPE_FILTER) == 0) return nullptr;
  return static_cast<FilterBio*>(BIO_get_ex_data(bio, Index()));
}

FilterBio* PutBeforeReadBio(SSL* ssl, std::unique_ptr<FilterBio> filter) {
  return Put(ssl, Real().SSL_get_rbio(ssl), Real().SSL_set0_rbio, std::move(filter));
}

FilterBio* PutBeforeWriteBio(SSL* ssl, std::unique_ptr<FilterBio> filter) {
  return Put(ssl, Real().SSL_get_wbio(ssl), Real().SSL_set0_wbio, std::move(filter));
}

BIO* Behind(BIO* bio) {
  while (FilterOf(bio) != nullptr) bio = BIO_next(bio);
  return bio;
}

void RemoveFilters(SSL* ssl) {
  while (const FilterBio* filter = FilterOf(Real().SSL_get_rbio(ssl))) {
    RemoveFromReadBio(ssl, filter);
  }
  while (const FilterBio* filter = FilterOf(Real().SSL_get_wbio(ssl))) {
    RemoveFromWriteBio(ssl, filter);
  }
}

void RemoveFromReadBio(SSL* ssl, const FilterBio* filter) {
  Remove(ssl, Real().SSL_get_rbio(ssl), Real().SSL_set0_rbio, filter);
}

void RemoveFromWriteBio(SSL* ssl, const FilterBio* filter) {
  Remove(ssl, Real().SSL_get_wbio(ssl), Real().SSL_set0_wbio, filter);
}

}  // namespace dtls13::shim
