// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/security_checks.h"

#include "dtls13/message/server_hello.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"
#include "shim/answer/failure.h"
#include "shim/attachment/security_policy.h"

namespace dtls13::shim {

void CheckReceived(SslAttachment& attachment, const Event& event) {
  if (event.trace.outgoing || attachment.failed() ||
      event.trace.content_type != ContentType::kHandshake ||
      event.data.size() < kHandshakeHeaderLen) {
    return;
  }
  SslAttachment::Busy busy(attachment);
  SSL* ssl = attachment.ssl();
  const std::span<const uint8_t> body = event.data.subspan(kHandshakeHeaderLen);
  const auto type = static_cast<HandshakeType>(event.data[0]);
  if (type == HandshakeType::kServerHello) {
    const auto hello = ParseServerHello(body);
    if (hello &&
        !IsAllowed(ssl, SSL_SECOP_CIPHER_CHECK, static_cast<CipherSuiteId>(hello->cipher_suite))) {
      FailFor(attachment, SSL_R_WRONG_CIPHER_RETURNED, AlertDescription::kIllegalParameter);
    }
  } else if (type == HandshakeType::kCertificateVerify) {
    ByteReader reader(body);
    uint16_t scheme;
    if (reader.ReadU16(&scheme) &&
        !IsAllowed(ssl, SSL_SECOP_SIGALG_CHECK, static_cast<SignatureScheme>(scheme))) {
      FailFor(attachment, SSL_R_WRONG_SIGNATURE_TYPE, AlertDescription::kHandshakeFailure);
    }
  }
}

bool CheckOwnChain(SslAttachment& attachment, std::span<const OpenSslPtr<X509>> chain) {
  SslAttachment::Busy busy(attachment);
  for (size_t i = 0; i < chain.size(); ++i) {
    const int reason = RefuseOwnCertificate(attachment.ssl(), chain[i].get(), i == 0);
    if (reason == 0) continue;
    FailFor(attachment, reason, AlertDescription::kInternalError);
    return false;
  }
  return true;
}

}  // namespace dtls13::shim
