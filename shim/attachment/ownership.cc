// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/ownership.h"

#include <memory>
#include <optional>
#include <utility>

#include "shim/attachment/libssl_cause.h"
#include "shim/attachment/offered_lists.h"
#include "shim/attachment/protocol_version.h"
#include "shim/attachment/status_page.h"
#include "shim/bio/filter_bio.h"
#include "shim/bio/replay_bio.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/version_order.h"

namespace dtls13::shim {
namespace {

// Narrow tells libssl's object a bound of the policy that is stricter than its limit.
void Narrow(SSL* ssl, int get, int set, int bound, VersionLimit* limit) {
  if (bound == 0) return;
  const auto in_libssl = static_cast<int>(Real().SSL_ctrl(ssl, get, 0, nullptr));
  const int told = VersionLimit::Of(bound).told;
  const bool is_upper = set == SSL_CTRL_SET_MAX_PROTO_VERSION;
  const bool is_stricter = in_libssl == 0 || (is_upper ? IsOlderVersion(told, in_libssl)
                                                       : IsOlderVersion(in_libssl, told));
  if (!is_stricter) return;
  const int meant = limit->Meant(in_libssl);
  if (Real().SSL_ctrl(ssl, set, told, nullptr) > 0) *limit = {meant, told};
}

// A client's method cannot accept and a server's cannot connect; libssl has the error for it.
bool MethodFitsSide(const DtlsMethod& method, Side side) {
  return side == Side::kServer ? method.accepts : method.connects;
}

// Why an SSL of `method`, with a side, is libssl's from its first input or output on; nothing where
// it is ours. One that allows nothing at all is ours too, to refuse: libssl, told DTLS 1.2 in place
// of the lower limit DTLS 1.3, would connect with less than the limit.
std::optional<LibsslCause> CauseForLibssl(const SslAttachment& attachment,
                                          const DtlsMethod& method) {
  if (!MethodFitsSide(method, attachment.side())) return LibsslCause::kSide;
  if (!AllowsOlder(attachment)) return std::nullopt;
  if (const auto cause = CauseAgainstDtls13(attachment)) return cause;
  if (!HasListsForDtls13(attachment)) return LibsslCause::kLists;
  if (attachment.side() == Side::kServer && !CanAuthenticateServer(attachment)) {
    return LibsslCause::kCredential;
  }
  return std::nullopt;
}

void Count(LibsslCause cause) {
  if (StatusPage* page = StatusPage::Current()) page->Count(cause);
}

}  // namespace

SslAttachment* Decide(SSL* ssl) {
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  return attachment != nullptr && DecideOurs(*attachment) ? attachment : nullptr;
}

bool SettleOwner(SslAttachment& attachment) {
  SSL* const ssl = attachment.ssl();
  switch (attachment.owner()) {
    case Owner::kOurs:
      return true;
    case Owner::kLibssl:
      RestoreReadBio(ssl);
      return false;
    case Owner::kUndecided:
      break;
  }
  // Without a side there is no input or output yet: libssl has the error for that too.
  if (attachment.side() == Side::kUnset) return false;
  // SSL_set_ssl_method takes any, and may take one of DTLS again.
  const DtlsMethod* const method = FindDtlsMethod(Real().SSL_get_ssl_method(ssl));
  if (method == nullptr) return false;
  const Policy& policy = CurrentPolicy();
  Narrow(ssl, SSL_CTRL_GET_MIN_PROTO_VERSION, SSL_CTRL_SET_MIN_PROTO_VERSION, policy.min_version,
         &attachment.settings.min_version);
  Narrow(ssl, SSL_CTRL_GET_MAX_PROTO_VERSION, SSL_CTRL_SET_MAX_PROTO_VERSION, policy.max_version,
         &attachment.settings.max_version);
  const std::optional<LibsslCause> cause = CauseForLibssl(attachment, *method);
  attachment.owner_ = cause ? Owner::kLibssl : Owner::kOurs;
  if (cause) Count(*cause);
  return !cause;
}

void GiveToLibssl(SslAttachment& attachment) {
  std::unique_ptr<LibsslHalf> half = attachment.libssl_share.TakeHalf();
  attachment.Reset();
  attachment.libssl_share.KeepHalf(std::move(half));
  attachment.owner_ = Owner::kLibssl;
  Count(LibsslCause::kPeer);
  // It was ours until now, which a server is only where it has DTLS 1.3.
  if (attachment.side() == Side::kServer) attachment.libssl_share.OnServerGivenAway();
}

bool GiveHelloToLibssl(SslAttachment& attachment) {
  if (!Replay(attachment.ssl(), {attachment.kept_hello.TakeDatagram()},
              AfterReplay::kPassThrough)) {
    Raise(ERR_R_MALLOC_FAILURE);
    return false;
  }
  GiveToLibssl(attachment);
  return true;
}

void ForgetConnection(SslAttachment& attachment) {
  if (LibsslHalf* half = attachment.libssl_share.half()) half->Withdraw(attachment);
  attachment.Reset();
  RemoveFilters(attachment.ssl());
}

int ClearConnection(SSL* ssl) {
  SslAttachment* attachment = SslAttachment::Find(ssl);
  if (attachment == nullptr) return Real().SSL_clear(ssl);
  if (attachment->busy()) {
    Raise(ERR_R_SHOULD_NOT_HAVE_BEEN_CALLED);
    return 0;
  }
  ForgetConnection(*attachment);
  SslAttachment::InLibssl in_libssl(*attachment);
  return Real().SSL_clear(ssl);
}

}  // namespace dtls13::shim
