#include "shim/attachment/protocol_version.h"

#include "shim/attachment/offered_lists.h"
#include "shim/bio/replay_bio.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// OpenSSL gives DTLS 1.3 the option bit of TLS 1.3.
constexpr uint64_t kNoDtls13 = SSL_OP_NO_TLSv1_3;

// DTLS versions count downwards: a smaller number is a newer version.
bool IsOlderThanDtls13(int version) { return version != 0 && version > DTLS1_3_VERSION; }

bool IsOlderThan(int version, int bound) { return version > bound; }

long Limit(SSL* ssl, int command) { return Real().SSL_ctrl(ssl, command, 0, nullptr); }

// Narrow tells libssl's object a bound of the policy that is stricter than its limit.
void Narrow(SSL* ssl, int get, int set, int bound, VersionLimit* limit) {
  if (bound == 0) return;
  const auto in_libssl = static_cast<int>(Limit(ssl, get));
  const int told = VersionLimit::Of(bound).told;
  const bool is_upper = set == SSL_CTRL_SET_MAX_PROTO_VERSION;
  const bool is_stricter =
      in_libssl == 0 || (is_upper ? IsOlderThan(told, in_libssl) : IsOlderThan(in_libssl, told));
  if (!is_stricter) return;
  const int meant = limit->Meant(in_libssl);
  if (Real().SSL_ctrl(ssl, set, told, nullptr) > 0) *limit = {meant, told};
}

// A client's method cannot accept and a server's cannot connect; libssl has the error for it.
bool MethodFitsSide(const DtlsMethod& method, Side side) {
  return side == Side::kServer ? method.accepts : method.connects;
}

}  // namespace

bool AllowsDtls13(const SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  const Policy& policy = CurrentPolicy();
  if (!policy.Allows(DTLS1_3_VERSION)) return false;
  if ((Real().SSL_get_options(ssl) & kNoDtls13) != 0) return false;
  // Certificate Transparency is validated inside libssl's own handshake, and nowhere else.
  if (Real().SSL_ct_is_enabled(ssl) != 0) return false;
  const DtlsMethod* method = FindDtlsMethod(Real().SSL_get_ssl_method(ssl));
  if (method == nullptr) return false;
  if (policy.override_pins) return true;
  const VersionLimit& max_version = attachment.settings.max_version;
  return method->pinned_version == 0 &&
         !IsOlderThanDtls13(max_version.Meant(Limit(ssl, SSL_CTRL_GET_MAX_PROTO_VERSION)));
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

SslAttachment* Decide(SSL* ssl) {
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment == nullptr) return nullptr;
  switch (attachment->owner) {
    case Owner::kOurs:
      return attachment;
    case Owner::kLibssl:
      RestoreReadBio(ssl);
      return nullptr;
    case Owner::kUndecided:
      break;
  }
  // Without a side there is no input or output yet: libssl has the error for that too.
  if (attachment->side == Side::kUnset) return nullptr;
  const Policy& policy = CurrentPolicy();
  Narrow(ssl, SSL_CTRL_GET_MIN_PROTO_VERSION, SSL_CTRL_SET_MIN_PROTO_VERSION, policy.min_version,
         &attachment->settings.min_version);
  Narrow(ssl, SSL_CTRL_GET_MAX_PROTO_VERSION, SSL_CTRL_SET_MAX_PROTO_VERSION, policy.max_version,
         &attachment->settings.max_version);
  // One that allows nothing at all is ours too, to refuse: libssl, told DTLS 1.2 in place of the
  // lower limit DTLS 1.3, would connect with less than the limit.
  const bool ours =
      (!AllowsOlder(*attachment) ||
       (AllowsDtls13(*attachment) && HasListsForDtls13(*attachment))) &&
      MethodFitsSide(*FindDtlsMethod(Real().SSL_get_ssl_method(ssl)), attachment->side);
  attachment->owner = ours ? Owner::kOurs : Owner::kLibssl;
  return ours ? attachment : nullptr;
}

}  // namespace dtls13::shim
