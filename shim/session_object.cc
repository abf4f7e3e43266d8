#include "shim/session_object.h"

#include <openssl/x509.h>

#include <ctime>
#include <span>
#include <vector>

#include "shim/error_mark.h"
#include "shim/real_libssl.h"

namespace dtls13::shim {
namespace {

// libssl sets a session's peer and verify result from its own handshakes only, but it also reads
// them from a session's DER form (i2d_SSL_SESSION):
//
//   SEQUENCE { INTEGER 1, INTEGER version, OCTET STRING suite, OCTET STRING id,
//              OCTET STRING master_key, [1] INTEGER time, [2] INTEGER timeout, [3] Certificate
//              peer, [4] OCTET STRING id_context, [5] INTEGER verify_result, ... }

constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kSequence = 0x30;
constexpr uint8_t Explicit(int number) { return static_cast<uint8_t>(0xa0 | number); }

using Bytes = std::vector<uint8_t>;

void AppendElement(uint8_t tag, std::span<const uint8_t> content, Bytes* out) {
  out->push_back(tag);
  if (content.size() < 0x80) {
    out->push_back(static_cast<uint8_t>(content.size()));
  } else {
    // Three length bytes are enough for any certificate.
    out->push_back(0x83);
    for (int shift = 16; shift >= 0; shift -= 8) {
      out->push_back(static_cast<uint8_t>(content.size() >> shift));
    }
  }
  out->insert(out->end(), content.begin(), content.end());
}

// DER wants the fewest bytes, and a leading zero where the top bit would read as a sign.
Bytes Integer(uint64_t value) {
  Bytes content;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(value >> shift);
    if (content.empty() && byte == 0 && shift > 0) continue;
    if (content.empty() && (byte & 0x80) != 0) content.push_back(0);
    content.push_back(byte);
  }
  Bytes element;
  AppendElement(kInteger, content, &element);
  return element;
}

Bytes DerOf(const X509* certificate) {
  const int len = i2d_X509(certificate, nullptr);
  Bytes der(len > 0 ? static_cast<size_t>(len) : 0);
  unsigned char* out = der.data();
  if (!der.empty() && i2d_X509(certificate, &out) != len) der.clear();
  return der;
}

void Append(const Bytes& bytes, Bytes* out) { out->insert(out->end(), bytes.begin(), bytes.end()); }

}  // namespace

SSL_SESSION* MakeSession(SslAttachment& attachment) {
  if (!attachment.connected()) return nullptr;
  SSL* ssl = attachment.ssl();
  const auto suite = static_cast<uint16_t>(attachment.association()->result().suite->id);
  const uint8_t suite_bytes[2] = {static_cast<uint8_t>(suite >> 8), static_cast<uint8_t>(suite)};
  Bytes content;
  Append(Integer(1), &content);
  Append(Integer(DTLS1_3_VERSION), &content);
  AppendElement(kOctetString, suite_bytes, &content);
  AppendElement(kOctetString, {}, &content);  // id
  AppendElement(kOctetString, {}, &content);  // master key
  AppendElement(Explicit(1), Integer(static_cast<uint64_t>(std::time(nullptr))), &content);
  const long timeout_s = Real().SSL_CTX_get_timeout(Real().SSL_get_SSL_CTX(ssl));
  AppendElement(Explicit(2), Integer(static_cast<uint64_t>(timeout_s)), &content);
  if (const X509* peer = attachment.peer_objects().certificate) {
    AppendElement(Explicit(3), DerOf(peer), &content);
  }
  const auto verify_result = static_cast<uint64_t>(Real().SSL_get_verify_result(ssl));
  AppendElement(Explicit(5), Integer(verify_result), &content);
  Bytes der;
  AppendElement(kSequence, content, &der);
  ErrorMark mark;
  const unsigned char* next = der.data();
  return Real().d2i_SSL_SESSION(nullptr, &next, static_cast<long>(der.size()));
}

}  // namespace dtls13::shim
