// SPDX-License-Identifier: Apache-2.0
// SSL_ctrl and its relatives: DTLS timers, MTU, version limits, and many getters and setters of
// libssl are macros over them. Met number by number; every other number is libssl's.

#include <sys/time.h>

#include <algorithm>
#include <iterator>
#include <span>

#include "shim/answer/query.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/drive/association_setup.h"
#include "shim/drive/driver.h"
#include "shim/drive/timer.h"
#include "shim/fallback/fallback.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/tls_names.h"

namespace dtls13::shim {
namespace {

// ControlCall is one call of SSL_ctrl or SSL_CTX_ctrl that libssl has had, with its result.
struct ControlCall {
  long larg;
  void* parg;
  long result;

  int version() const { return static_cast<int>(larg); }
  std::span<const int> nids() const {
    return {static_cast<const int*>(parg), static_cast<size_t>(larg)};
  }
  const char* list() const { return static_cast<const char*>(parg); }
};

// When says of which calls of a control there is anything to note.
enum class When : uint8_t { kAlways, kAccepted };

// SettingControl is a control that SSL_CTX and SSL have in common. `note` notes what a setter sets
// and returns the result for the application, which a getter's completes.
struct SettingControl {
  int command;
  When when;
  long (*note)(const ControlCall& call, SslSettings* settings);
};

constexpr SettingControl kSettingControls[] = {
    {SSL_CTRL_GET_MIN_PROTO_VERSION, When::kAlways,
     [](const ControlCall& call, SslSettings* settings) -> long {
       return settings->min_version.Meant(call.result);
     }},
    {SSL_CTRL_GET_MAX_PROTO_VERSION, When::kAlways,
     [](const ControlCall& call, SslSettings* settings) -> long {
       return settings->max_version.Meant(call.result);
     }},
    {SSL_CTRL_SET_MSG_CALLBACK_ARG, When::kAlways,
     [](const ControlCall& call, SslSettings* settings) {
       settings->message.arg = call.parg;
       return call.result;
     }},
    {SSL_CTRL_SET_MIN_PROTO_VERSION, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->min_version = VersionLimit::Of(call.version());
       return call.result;
     }},
    {SSL_CTRL_SET_MAX_PROTO_VERSION, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->max_version = VersionLimit::Of(call.version());
       return call.result;
     }},
    {SSL_CTRL_SET_MAX_SEND_FRAGMENT, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->records.max_send_fragment = static_cast<size_t>(call.larg);
       return call.result;
     }},
    {SSL_CTRL_SET_GROUPS, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->groups = GroupsOfNids(call.nids());
       return call.result;
     }},
    {SSL_CTRL_SET_GROUPS_LIST, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->groups = GroupsOfNames(call.list());
       return call.result;
     }},
    {SSL_CTRL_SET_SIGALGS, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->signature_schemes = SchemesOfNids(call.nids());
       return call.result;
     }},
    {SSL_CTRL_SET_SIGALGS_LIST, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->signature_schemes = SchemesOfNames(call.list());
       return call.result;
     }},
    {SSL_CTRL_SET_CLIENT_SIGALGS, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->client_signature_schemes = SchemesOfNids(call.nids());
       return call.result;
     }},
    {SSL_CTRL_SET_CLIENT_SIGALGS_LIST, When::kAccepted,
     [](const ControlCall& call, SslSettings* settings) {
       settings->client_signature_schemes = SchemesOfNames(call.list());
       return call.result;
     }},
};

const SettingControl* FindSettingControl(int command) {
  const auto* found = std::ranges::find(kSettingControls, command, &SettingControl::command);
  return found != std::end(kSettingControls) ? found : nullptr;
}

// ArgumentForLibssl is what libssl is told in place of `larg`: it has no DTLS 1.3.
long ArgumentForLibssl(int command, long larg) {
  const bool is_version =
      command == SSL_CTRL_SET_MIN_PROTO_VERSION || command == SSL_CTRL_SET_MAX_PROTO_VERSION;
  return is_version ? VersionLimit::Of(static_cast<int>(larg)).told : larg;
}

// NoteSetting returns the application's result of a control that libssl has had.
long NoteSetting(const SettingControl* control, const ControlCall& call, SslSettings* settings) {
  if (control == nullptr || (control->when == When::kAccepted && call.result <= 0)) {
    return call.result;
  }
  return control->note(call, settings);
}

bool SetsMtu(int command) {
  return command == SSL_CTRL_SET_MTU || command == DTLS_CTRL_SET_LINK_MTU;
}

// Whoever reads the keys out means to give them to another SSL_CTX. Without a place for them both
// controls only tell their length.
bool SharesTicketKeys(int command, const void* parg, long result) {
  return (command == SSL_CTRL_SET_TLSEXT_TICKET_KEYS ||
          command == SSL_CTRL_GET_TLSEXT_TICKET_KEYS) &&
         parg != nullptr && result == 1;
}

long GetTimeout(const SslAttachment& attachment, timeval* left) {
  const std::optional<Duration> duration = TimeLeft(attachment);
  if (!duration) return 0;
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(*duration).count();
  // Up, not down: a caller that waits exactly so long must find the timer expired.
  const bool has_rest = *duration > std::chrono::microseconds(us);
  const int64_t total_us = std::max<int64_t>(us, 0) + (has_rest ? 1 : 0);
  left->tv_sec = static_cast<time_t>(total_us / 1'000'000);
  left->tv_usec = static_cast<suseconds_t>(total_us % 1'000'000);
  return 1;
}

void NoteMtu(SslAttachment& attachment, int command, long larg) {
  const auto mtu = static_cast<size_t>(larg);
  if (command == DTLS_CTRL_SET_LINK_MTU) {
    attachment.settings.link_mtu = mtu;
  } else {
    attachment.settings.mtu = mtu;
    // As in libssl, where a link's MTU waits until it is used for the first time.
    if (attachment.association() != nullptr) attachment.settings.link_mtu = 0;
  }
  FindMtuAnew(attachment);
}

// SSL_CTRL_GET_SIGNATURE_NAME and SSL_CTRL_GET_PEER_SIGNATURE_NAME, which ssl.h has from 3.5 on.
constexpr int kGetSignatureName = 140;
constexpr int kGetPeerSignatureName = 141;

// AnswerOurs answers a question about an SSL that is ours. False where libssl's own is right.
bool AnswerOurs(SslAttachment& attachment, int command, long larg, void* parg, long* result) {
  switch (command) {
    case DTLS_CTRL_GET_TIMEOUT:
      *result = GetTimeout(attachment, static_cast<timeval*>(parg));
      return true;
    case DTLS_CTRL_HANDLE_TIMEOUT:
      *result = ExpireTimer(attachment);
      return true;
    case SSL_CTRL_SET_RETRY_VERIFY:
      attachment.callbacks.RequestRetry();
      *result = 1;
      return true;
    case SSL_CTRL_GET_PEER_SIGNATURE_NID:
      *result = PeerSignatureHash(attachment, static_cast<int*>(parg));
      return true;
    case SSL_CTRL_GET_SIGNATURE_NID:
      *result = LocalSignatureHash(attachment, static_cast<int*>(parg));
      return true;
    case kGetPeerSignatureName:
      *result = PeerSignatureName(attachment, static_cast<const char**>(parg));
      return true;
    case kGetSignatureName:
      *result = LocalSignatureName(attachment, static_cast<const char**>(parg));
      return true;
    case SSL_CTRL_GET_PEER_TMP_KEY:
      *result = PeerTemporaryKey(attachment, static_cast<EVP_PKEY**>(parg));
      return true;
    case SSL_CTRL_GET_TMP_KEY:
      *result = LocalTemporaryKey(attachment, static_cast<EVP_PKEY**>(parg));
      return true;
    case SSL_CTRL_GET_NEGOTIATED_GROUP:
      *result = NegotiatedGroup(attachment);
      return true;
    case SSL_CTRL_GET_GROUPS:
      *result = PeerGroups(attachment, static_cast<int*>(parg));
      return true;
    case SSL_CTRL_GET_SHARED_GROUP:
      *result = SharedGroup(attachment, larg);
      return true;
    case SSL_CTRL_GET_RAW_CIPHERLIST:
      *result = RawCipherList(attachment, static_cast<const unsigned char**>(parg));
      return true;
    case SSL_CTRL_GET_EC_POINT_FORMATS:
      *result = PeerPointFormats(attachment, static_cast<const unsigned char**>(parg));
      return true;
    case SSL_CTRL_GET_EXTMS_SUPPORT:
      // As libssl has it for TLS 1.3, whose key schedule leaves nothing for the extension to do.
      *result = attachment.connected() ? 0 : -1;
      return true;
    default:
      return false;
  }
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT long SSL_ctrl(SSL* ssl, int command, long larg, void* parg) noexcept {
  if (SslAttachment* ours = SslAttachment::Ours(ssl)) {
    long result = 0;
    if (AnswerOurs(*ours, command, larg, parg, &result)) return result;
  }
  const SettingControl* control = FindSettingControl(command);
  SslAttachment* attachment =
      control != nullptr || SetsMtu(command) ? SslAttachment::FindOrCreate(ssl) : nullptr;
  if (attachment == nullptr) return Real().SSL_ctrl(ssl, command, larg, parg);
  const long result = Real().SSL_ctrl(ssl, command, ArgumentForLibssl(command, larg), parg);
  if (SetsMtu(command) && result > 0) NoteMtu(*attachment, command, larg);
  return NoteSetting(control, {larg, parg, result}, &attachment->settings);
}

DTLS13_EXPORT long SSL_CTX_ctrl(SSL_CTX* ctx, int command, long larg, void* parg) noexcept {
  CtxAttachment* attachment = CtxAttachment::FindOrCreate(ctx);
  if (attachment == nullptr) return Real().SSL_CTX_ctrl(ctx, command, larg, parg);
  const long result = Real().SSL_CTX_ctrl(ctx, command, ArgumentForLibssl(command, larg), parg) +
                      attachment->statistics.Of(command);
  if (SharesTicketKeys(command, parg, result) &&
      !attachment->shared.ShareTicketKeys(
          {static_cast<const uint8_t*>(parg), static_cast<size_t>(larg)})) {
    return 0;
  }
  if (command == SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG) attachment->callbacks.server_name.arg = parg;
  return NoteSetting(FindSettingControl(command), {larg, parg, result}, &attachment->settings);
}

DTLS13_EXPORT long SSL_callback_ctrl(SSL* ssl, int command, void (*callback)(void)) noexcept {
  SslAttachment* attachment =
      command == SSL_CTRL_SET_MSG_CALLBACK ? SslAttachment::FindOrCreate(ssl) : nullptr;
  // libssl's setter comes by here with the shim's own too.
  if (attachment != nullptr && !Fallback::IsShimsMessageCallback(callback)) {
    attachment->settings.message.function = reinterpret_cast<MessageFunction>(callback);
    // A Fallback's callback passes on to the one that is noted.
    const Fallback* fallback = Fallback::Of(*attachment);
    if (fallback != nullptr && fallback->committed()) return 1;
  }
  return Real().SSL_callback_ctrl(ssl, command, callback);
}

DTLS13_EXPORT long SSL_CTX_callback_ctrl(SSL_CTX* ctx, int command,
                                         void (*callback)(void)) noexcept {
  CtxAttachment* attachment = CtxAttachment::FindOrCreate(ctx);
  if (attachment != nullptr && command == SSL_CTRL_SET_MSG_CALLBACK) {
    attachment->settings.message.function = reinterpret_cast<MessageFunction>(callback);
  }
  if (attachment != nullptr && command == SSL_CTRL_SET_TLSEXT_TICKET_KEY_CB) {
    attachment->callbacks.ticket_key = reinterpret_cast<TicketKeyFunction>(callback);
  }
  if (attachment != nullptr && command == SSL_CTRL_SET_TLSEXT_SERVERNAME_CB) {
    attachment->callbacks.server_name.function = reinterpret_cast<ServerNameFunction>(callback);
  }
  return Real().SSL_CTX_callback_ctrl(ctx, command, callback);
}
