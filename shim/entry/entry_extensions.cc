// SPDX-License-Identifier: Apache-2.0
// The application's own extensions. libssl, which judges what is registered, has them too: they are
// in its ClientHellos and in what it goes on with in DTLS 1.2.

#include <memory>
#include <vector>

#include "shim/attachment/ctx_attachment.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// What the older functions register: they know DTLS 1.2 alone.
constexpr unsigned int kOldContext = SSL_EXT_TLS1_2_AND_BELOW_ONLY | SSL_EXT_CLIENT_HELLO |
                                     SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_IGNORE_ON_RESUMPTION;

// Note keeps `method` if libssl has taken it, whose result is `result`. SSLs that were made before
// keep what they have, as in libssl.
int Note(SSL_CTX* ctx, int result, const CustomExtensionMethod& method) {
  CtxAttachment* attachment = result == 1 ? CtxAttachment::FindOrCreate(ctx) : nullptr;
  if (attachment == nullptr) return result;
  auto& methods = attachment->settings.custom_extensions;
  auto more = methods == nullptr ? std::make_shared<std::vector<CustomExtensionMethod>>()
                                 : std::make_shared<std::vector<CustomExtensionMethod>>(*methods);
  more->push_back(method);
  methods = std::move(more);
  return result;
}

}  // namespace
}  // namespace dtls13::shim

using namespace dtls13::shim;  // NOLINT: entries are C functions, outside of any namespace

DTLS13_EXPORT int SSL_CTX_add_custom_ext(SSL_CTX* ctx, unsigned int type, unsigned int context,
                                         SSL_custom_ext_add_cb_ex add,
                                         SSL_custom_ext_free_cb_ex free, void* add_arg,
                                         SSL_custom_ext_parse_cb_ex parse,
                                         void* parse_arg) noexcept {
  const int result =
      Real().SSL_CTX_add_custom_ext(ctx, type, context, add, free, add_arg, parse, parse_arg);
  return Note(ctx, result,
              {.type = static_cast<uint16_t>(type),
               .context = context,
               .add = add,
               .free = free,
               .parse = parse,
               .add_arg = add_arg,
               .parse_arg = parse_arg});
}

DTLS13_EXPORT int SSL_CTX_add_client_custom_ext(SSL_CTX* ctx, unsigned int type,
                                                custom_ext_add_cb add, custom_ext_free_cb free,
                                                void* add_arg, custom_ext_parse_cb parse,
                                                void* parse_arg) noexcept {
  const int result =
      Real().SSL_CTX_add_client_custom_ext(ctx, type, add, free, add_arg, parse, parse_arg);
  return Note(ctx, result,
              {.type = static_cast<uint16_t>(type),
               .context = kOldContext,
               .of_server = false,
               .old = {.add = add, .free = free, .parse = parse},
               .add_arg = add_arg,
               .parse_arg = parse_arg});
}

DTLS13_EXPORT int SSL_CTX_add_server_custom_ext(SSL_CTX* ctx, unsigned int type,
                                                custom_ext_add_cb add, custom_ext_free_cb free,
                                                void* add_arg, custom_ext_parse_cb parse,
                                                void* parse_arg) noexcept {
  const int result =
      Real().SSL_CTX_add_server_custom_ext(ctx, type, add, free, add_arg, parse, parse_arg);
  return Note(ctx, result,
              {.type = static_cast<uint16_t>(type),
               .context = kOldContext,
               .of_client = false,
               .old = {.add = add, .free = free, .parse = parse},
               .add_arg = add_arg,
               .parse_arg = parse_arg});
}
