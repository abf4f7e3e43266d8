// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/protocol_version.h"

#include "shim/attachment/security_policy.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/version_order.h"

namespace dtls13::shim {
namespace {

// OpenSSL gives DTLS 1.3 the option bit of TLS 1.3.
constexpr uint64_t kNoDtls13 = SSL_OP_NO_TLSv1_3;

bool IsOlderThanDtls13(int version) {
  return version != 0 && IsOlderVersion(version, DTLS1_3_VERSION);
}

long Limit(SSL* ssl, int command) { return Real().SSL_ctrl(ssl, command, 0, nullptr); }

}  // namespace

std::optional<LibsslCause> CauseAgainstDtls13(const SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  const Policy& policy = CurrentPolicy();
  if (!policy.Allows(DTLS1_3_VERSION)) return LibsslCause::kPolicy;
  if ((Real().SSL_get_options(ssl) & kNoDtls13) != 0) return LibsslCause::kOptions;
  // Certificate Transparency is validated inside libssl's own handshake, and nowhere else.
  if (Real().SSL_ct_is_enabled(ssl) != 0) return LibsslCause::kCertificateTransparency;
  if (!IsVersionAllowed(ssl, DTLS1_3_VERSION)) return LibsslCause::kSecurity;
  if (attachment.settings.resumes_as_dtls12) return LibsslCause::kSession;
  const DtlsMethod* method = FindDtlsMethod(Real().SSL_get_ssl_method(ssl));
  if (method == nullptr) return LibsslCause::kPinned;
  const int max = attachment.settings.max_version.Meant(Limit(ssl, SSL_CTRL_GET_MAX_PROTO_VERSION));
  // A session of AnyConnect's is resumed in its own version, whatever the policy.
  if (max == DTLS1_BAD_VER) return LibsslCause::kMaxVersion;
  if (policy.override_pins) return std::nullopt;
  if (method->pinned_version != 0) return LibsslCause::kPinned;
  if (IsOlderThanDtls13(max)) return LibsslCause::kMaxVersion;
  return std::nullopt;
}

bool AllowsOlder(const SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  const Policy& policy = CurrentPolicy();
  const DtlsMethod* method = FindDtlsMethod(Real().SSL_get_ssl_method(ssl));
  if (method != nullptr && method->pinned_version != 0) {
    return policy.Allows(method->pinned_version);
  }
  const int min = attachment.settings.min_version.Meant(Limit(ssl, SSL_CTRL_GET_MIN_PROTO_VERSION));
  return policy.AllowsLibssl() && (min == 0 || IsOlderThanDtls13(min));
}

}  // namespace dtls13::shim
