// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/trust_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <utility>

#include "dtls13/crypto/pem.h"
#include "dtls13/crypto/x509_parse.h"

namespace dtls13 {
namespace {

// 112 bits: RSA of 2048 bits, no SHA-1 signatures, RFC 9325 section 4.5. It is what libssl
// asks for by default from 3.2 on, and in Debian.
constexpr int kSecurityLevel = 2;

struct FreeStack {
  // The certificates in it belong to whoever pushed them with a reference.
  void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
};
using CertificateStack = std::unique_ptr<STACK_OF(X509), FreeStack>;

//= rfc8446#section-4.4.2
//# SHOULD be prepared to handle potentially extraneous certificates and
//# arbitrary orderings from any TLS version, with the exception of the
//# end-entity certificate which MUST be first.
// What the peer sent besides the leaf; null when one does not parse.
CertificateStack ParseIntermediates(const Algorithms& algorithms,
                                    std::span<const std::vector<uint8_t>> chain) {
  CertificateStack stack(sk_X509_new_null());
  for (const std::vector<uint8_t>& der : chain) {
    OpenSslPtr<X509> certificate = ParseX509(algorithms, der);
    if (!stack || !certificate || sk_X509_push(stack.get(), certificate.get()) == 0) return nullptr;
    certificate.release();
  }
  return stack;
}

bool SetServerName(X509_VERIFY_PARAM* param, const std::string& server_name) {
  if (server_name.empty()) return true;
  ERR_set_mark();
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(param, server_name.c_str()) == 1;
  ERR_pop_to_mark();
  if (is_address) return true;
  // "*.example.org" may stand for a whole label, never for a part of one.
  X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(param, server_name.data(), server_name.size()) == 1;
}

}  // namespace

std::unique_ptr<TrustStore> TrustStore::Create(std::shared_ptr<const Algorithms> algorithms) {
  OpenSslPtr<X509_STORE> store(X509_STORE_new());
  if (!store) return nullptr;
  return std::unique_ptr<TrustStore>(new TrustStore(std::move(algorithms), std::move(store)));
}

TrustStore::TrustStore(std::shared_ptr<const Algorithms> algorithms, OpenSslPtr<X509_STORE> store)
    : algorithms_(std::move(algorithms)), store_(std::move(store)) {}

bool TrustStore::AddFile(const std::string& path) {
  return X509_STORE_load_file_ex(store_.get(), path.c_str(), algorithms_->library_context(),
                                 algorithms_->property_query()) == 1;
}

bool TrustStore::AddPem(std::string_view pem) {
  const auto certificates = ReadPemCertificates(*algorithms_, pem);
  if (!certificates) return false;
  for (const std::vector<uint8_t>& der : *certificates) {
    OpenSslPtr<X509> certificate = ParseX509(*algorithms_, der);
    if (!certificate || X509_STORE_add_cert(store_.get(), certificate.get()) != 1) return false;
  }
  return true;
}

bool TrustStore::AddDirectory(const std::string& path) {
  return X509_STORE_load_path(store_.get(), path.c_str()) == 1;
}

bool TrustStore::AddDefaults() {
  return X509_STORE_set_default_paths_ex(store_.get(), algorithms_->library_context(),
                                         algorithms_->property_query()) == 1;
}

int TrustStore::VerifyServer(std::span<const std::vector<uint8_t>> chain,
                             const std::string& server_name, std::chrono::sys_seconds now) const {
  return Verify(chain, "ssl_server", server_name, now);
}

int TrustStore::VerifyClient(std::span<const std::vector<uint8_t>> chain,
                             std::chrono::sys_seconds now) const {
  return Verify(chain, "ssl_client", /*server_name=*/"", now);
}

int TrustStore::Verify(std::span<const std::vector<uint8_t>> chain, const char* purpose,
                       const std::string& server_name, std::chrono::sys_seconds now) const {
  if (chain.empty()) return X509_V_ERR_INVALID_CALL;
  OpenSslPtr<X509> leaf = ParseX509(*algorithms_, chain[0]);
  CertificateStack intermediates = ParseIntermediates(*algorithms_, chain.subspan(1));
  if (!leaf || !intermediates) return X509_V_ERR_CERT_REJECTED;
  OpenSslPtr<X509_STORE_CTX> context(
      X509_STORE_CTX_new_ex(algorithms_->library_context(), algorithms_->property_query()));
  // The default parameters of a TLS client are "ssl_server": purpose and trust for servers.
  if (!context ||
      X509_STORE_CTX_init(context.get(), store_.get(), leaf.get(), intermediates.get()) != 1 ||
      X509_STORE_CTX_set_default(context.get(), purpose) != 1) {
    return X509_V_ERR_UNSPECIFIED;
  }
  X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context.get());
  //= rfc8446#section-4.4.2.4
  //# Any endpoint receiving any certificate which it would need to validate
  //# using any signature algorithm using an MD5 hash MUST abort the
  //# handshake with a "bad_certificate" alert.
  //= rfc8446#section-4.4.2.4
  //# SHA-1 is deprecated, and it is RECOMMENDED that any endpoint receiving
  //# any certificate which it would need to validate using any signature
  //# algorithm using a SHA-1 hash abort the handshake with a
  //# "bad_certificate" alert.
  //= rfc8446#appendix-C.2
  //# Applications SHOULD also enforce minimum and maximum key sizes.
  X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
  X509_VERIFY_PARAM_set_time(param, now.time_since_epoch().count());
  if (!SetServerName(param, server_name)) return X509_V_ERR_UNSPECIFIED;
  ERR_set_mark();
  //= rfc8446#section-4.4.2.4
  //# a certificate containing a key for one signature algorithm MAY be
  //# signed using a different signature algorithm
  const int verified = X509_verify_cert(context.get());
  ERR_pop_to_mark();
  const int error = X509_STORE_CTX_get_error(context.get());
  //= rfc8446#section-4.4.2.2
  //# The certificate MUST allow the key to be used for signing (i.e.,
  //# the digitalSignature bit MUST be set if the Key Usage extension is
  //# present)
  // libcrypto's purpose takes keys for encryption too, which TLS 1.3 has no use for (appendix E).
  if (verified == 1 && (X509_get_key_usage(leaf.get()) & KU_DIGITAL_SIGNATURE) == 0) {
    return X509_V_ERR_INVALID_PURPOSE;
  }
  if (verified == 1) return X509_V_OK;
  return error != X509_V_OK ? error : X509_V_ERR_UNSPECIFIED;
}

AlertDescription AlertForVerifyError(int error) {
  switch (error) {
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return AlertDescription::kHandshakeFailure;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return AlertDescription::kCertificateExpired;
    case X509_V_ERR_CERT_REVOKED:
      return AlertDescription::kCertificateRevoked;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
      return AlertDescription::kDecryptError;
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return AlertDescription::kUnknownCa;
    case X509_V_ERR_INVALID_PURPOSE:
      return AlertDescription::kUnsupportedCertificate;
    case X509_V_ERR_INVALID_CALL:
    case X509_V_ERR_OUT_OF_MEM:
    case X509_V_ERR_STORE_LOOKUP:
    case X509_V_ERR_UNSPECIFIED:
      return AlertDescription::kInternalError;
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_REJECTED:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_DANE_NO_MATCH:
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_EMAIL_MISMATCH:
    case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
    case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
      return AlertDescription::kBadCertificate;
    default:
      return AlertDescription::kCertificateUnknown;
  }
}

const char* VerifyErrorText(int error) { return X509_verify_cert_error_string(error); }

}  // namespace dtls13
