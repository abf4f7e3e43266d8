#include "shim/protocol_version.h"

#include "shim/dtls_method.h"
#include "shim/real_libssl.h"
#include "shim/replay_bio.h"

namespace dtls13::shim {
namespace {

// OpenSSL gives DTLS 1.3 the option bit of TLS 1.3.
constexpr uint64_t kNoDtls13 = SSL_OP_NO_TLSv1_3;

// DTLS versions count downwards: a smaller number is a newer version.
bool IsOlderThanDtls13(int version) { return version != 0 && version > DTLS1_3_VERSION; }

// A client's method cannot accept and a server's cannot connect; libssl has the error for it.
bool MethodFitsSide(const SSL_METHOD* method, Side side) {
  if (method == Real().DTLS_method()) return true;
  return method ==
         (side == Side::kServer ? Real().DTLS_server_method() : Real().DTLS_client_method());
}

}  // namespace

bool AllowsDtls13(const SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  // libssl's own limit counts, because its configuration commands set it without coming by here;
  // only where we have told it DTLS 1.2 in place of DTLS 1.3 does it say less than is meant.
  const long max_version = Real().SSL_ctrl(ssl, SSL_CTRL_GET_MAX_PROTO_VERSION, 0, nullptr);
  const bool stands_for_dtls13 =
      max_version == DTLS1_2_VERSION && attachment.settings.max_version == DTLS1_3_VERSION;
  if (max_version != 0 && !stands_for_dtls13) return false;
  if ((Real().SSL_get_options(ssl) & kNoDtls13) != 0) return false;
  // Certificate Transparency is validated inside libssl's own handshake, and nowhere else.
  if (Real().SSL_ct_is_enabled(ssl) != 0) return false;
  return IsFlexibleDtlsMethod(Real().SSL_get_ssl_method(ssl));
}

bool AllowsOlder(const SslAttachment& attachment) {
  const int min = attachment.settings.min_version;
  return min == 0 || IsOlderThanDtls13(min);
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
  // One that allows nothing at all is ours too, to refuse: libssl, told DTLS 1.2 in place of the
  // lower limit DTLS 1.3, would connect with less than the limit.
  const bool ours = (AllowsDtls13(*attachment) || !AllowsOlder(*attachment)) &&
                    MethodFitsSide(Real().SSL_get_ssl_method(ssl), attachment->side);
  attachment->owner = ours ? Owner::kOurs : Owner::kLibssl;
  return ours ? attachment : nullptr;
}

}  // namespace dtls13::shim
