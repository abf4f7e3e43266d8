// SPDX-License-Identifier: Apache-2.0
// BIO_f_ssl: libssl's filter BIO reads and writes by functions of its own, before which no entry
// stands. Ours is the same BIO but for what it does with an SSL of ours.

#include <algorithm>
#include <climits>

#include "dtls13/crypto/openssl_ptr.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/bio/bio_transport.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// ServedSsl returns the BIO's SSL unless libssl is to serve it: null then.
SSL* ServedSsl(BIO* bio) {
  SSL* ssl = nullptr;
  BIO_get_ssl(bio, &ssl);
  const SslAttachment* attachment = SslAttachment::Find(ssl);
  return attachment != nullptr && attachment->owner() != Owner::kLibssl ? ssl : nullptr;
}

// SetRetryFlags says on the BIO what SSL_get_error says of the SSL.
void SetRetryFlags(BIO* bio, SSL* ssl, int result) {
  int reason = 0;
  switch (SSL_get_error(ssl, result)) {
    case SSL_ERROR_WANT_READ:
      BIO_set_retry_read(bio);
      break;
    case SSL_ERROR_WANT_WRITE:
      BIO_set_retry_write(bio);
      break;
    case SSL_ERROR_WANT_X509_LOOKUP:
      BIO_set_retry_special(bio);
      reason = BIO_RR_SSL_X509_LOOKUP;
      break;
    default:
      break;
  }
  BIO_set_retry_reason(bio, reason);
}

int ReadSsl(BIO* bio, char* out, size_t out_len, size_t* num_read) {
  SSL* ssl = ServedSsl(bio);
  if (ssl == nullptr || out == nullptr) {
    return BIO_meth_get_read_ex(Real().BIO_f_ssl())(bio, out, out_len, num_read);
  }
  BIO_clear_retry_flags(bio);
  const int result = SSL_read(ssl, out, static_cast<int>(std::min<size_t>(out_len, INT_MAX)));
  SetRetryFlags(bio, ssl, result);
  *num_read = result > 0 ? static_cast<size_t>(result) : 0;
  return std::min(result, 1);
}

int WriteSsl(BIO* bio, const char* data, size_t len, size_t* num_written) {
  SSL* ssl = ServedSsl(bio);
  if (ssl == nullptr || data == nullptr) {
    return BIO_meth_get_write_ex(Real().BIO_f_ssl())(bio, data, len, num_written);
  }
  BIO_clear_retry_flags(bio);
  const int result = SSL_write(ssl, data, static_cast<int>(std::min<size_t>(len, INT_MAX)));
  SetRetryFlags(bio, ssl, result);
  *num_written = result > 0 ? static_cast<size_t>(result) : 0;
  return std::min(result, 1);
}

// A libssl that binds its own calls symbolically would not come by our entries in these.
long ControlSsl(BIO* bio, int command, long larg, void* parg) {
  const auto control = BIO_meth_get_ctrl(Real().BIO_f_ssl());
  // BIO_get_ssl comes here too.
  const bool is_for_ours = command == BIO_C_DO_STATE_MACHINE || command == BIO_CTRL_PENDING;
  SSL* ssl = is_for_ours ? ServedSsl(bio) : nullptr;
  if (ssl == nullptr) return control(bio, command, larg, parg);
  if (command == BIO_CTRL_PENDING) {
    const int pending = SSL_pending(ssl);
    return pending != 0 ? pending : PendingLen(ssl);
  }
  BIO_clear_retry_flags(bio);
  const int result = SSL_do_handshake(ssl);
  SetRetryFlags(bio, ssl, result);
  return result;
}

BIO_METHOD* NewSslMethod() {
  const BIO_METHOD* real = Real().BIO_f_ssl();
  BIO_METHOD* method = BIO_meth_new(BIO_TYPE_SSL, "ssl");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read_ex(method, ReadSsl);
  BIO_meth_set_write_ex(method, WriteSsl);
  BIO_meth_set_ctrl(method, ControlSsl);
  BIO_meth_set_puts(method, BIO_meth_get_puts(real));
  BIO_meth_set_create(method, BIO_meth_get_create(real));
  BIO_meth_set_destroy(method, BIO_meth_get_destroy(real));
  BIO_meth_set_callback_ctrl(method, BIO_meth_get_callback_ctrl(real));
  return method;
}

}  // namespace
}  // namespace dtls13::shim

using dtls13::OpenSslPtr;
using dtls13::shim::CtxAttachment;
using dtls13::shim::Real;

DTLS13_EXPORT const BIO_METHOD* BIO_f_ssl(void) noexcept {
  // For ever: BIOs may outlive static destructors.
  static const BIO_METHOD* const method = dtls13::shim::NewSslMethod();
  return method != nullptr ? method : Real().BIO_f_ssl();
}

DTLS13_EXPORT BIO* BIO_new_ssl(SSL_CTX* ctx, int client) noexcept {
  if (CtxAttachment::FindOrCreate(ctx) == nullptr) return Real().BIO_new_ssl(ctx, client);
  OpenSslPtr<BIO> bio(BIO_new(BIO_f_ssl()));
  SSL* ssl = bio == nullptr ? nullptr : SSL_new(ctx);
  if (ssl == nullptr) return nullptr;
  if (client != 0) {
    SSL_set_connect_state(ssl);
  } else {
    SSL_set_accept_state(ssl);
  }
  BIO_set_ssl(bio.get(), ssl, BIO_CLOSE);
  return bio.release();
}
