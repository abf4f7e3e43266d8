// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_ATTACHMENT_TEST_UTIL_H_
#define DTLS13_SHIM_ATTACHMENT_ATTACHMENT_TEST_UTIL_H_

#include <gtest/gtest.h>

#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// AttachmentTest is a test with one SSL, of a method that it chooses.
class AttachmentTest : public testing::Test {
 protected:
  ~AttachmentTest() override {
    SSL_free(ssl_);
    SSL_CTX_free(ctx_);
  }

  // The attachment of an SSL of `method`; null where it cannot be ours. A server may have a
  // certificate: a callback would bring it.
  SslAttachment* Attach(const SSL_METHOD* method) {
    ctx_ = SSL_CTX_new(method);
    if (CtxAttachment* ctx = CtxAttachment::FindOrCreate(ctx_)) {
      ctx->settings.certificate.function = [](SSL* /*ssl*/, void* /*arg*/) { return 1; };
    }
    ssl_ = SSL_new(ctx_);
    return SslAttachment::FindOrCreate(ssl_);
  }

  SSL_CTX* ctx_ = nullptr;
  SSL* ssl_ = nullptr;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_ATTACHMENT_TEST_UTIL_H_
