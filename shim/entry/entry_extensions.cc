// SPDX-License-Identifier: Apache-2.0
// The application's own extensions, and those that it loads as bytes. libssl, which judges what is
// registered, has them too: they are in its ClientHellos and in what it goes on with in DTLS 1.2.

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/wire/byte_reader.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/error_mark.h"
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

// ServerInfoEntry is one of SSL_SERVERINFOV2: uint32 context, uint16 type, opaque data<0..2^16-1>.
struct ServerInfoEntry {
  uint32_t context = 0;
  uint16_t type = 0;
  std::span<const uint8_t> data;
};

// Entries are all of `info`; of what is malformed, which libssl refuses, those before.
std::vector<ServerInfoEntry> Entries(std::span<const uint8_t> info) {
  std::vector<ServerInfoEntry> entries;
  ByteReader reader(info);
  ServerInfoEntry entry;
  while (reader.ReadU32(&entry.context) && reader.ReadU16(&entry.type) &&
         reader.ReadVector16(&entry.data)) {
    entries.push_back(entry);
  }
  return entries;
}

// TypeName stands for libssl's slot of a key and its certificate, of which there is one for each
// type of key. Before there is any, the current one is RSA's.
std::string TypeName(const EVP_PKEY* key) {
  const char* name = key == nullptr ? nullptr : EVP_PKEY_get0_type_name(key);
  return name == nullptr ? "RSA" : name;
}

std::string CurrentTypeName(const SSL_CTX* ctx) {
  const X509* certificate = Real().SSL_CTX_get0_certificate(ctx);
  return TypeName(certificate != nullptr ? X509_get0_pubkey(certificate)
                                         : Real().SSL_CTX_get0_privatekey(ctx));
}

// AddServerInfo gives what was loaded for the certificate that the server shows, of a chain with
// the first.
int AddServerInfo(SSL* ssl, unsigned int type, unsigned int context, const unsigned char** out,
                  size_t* out_len, X509* /*certificate*/, size_t chain_index, int* /*alert*/,
                  void* /*arg*/) {
  const SslAttachment* ours = SslAttachment::Ours(ssl);
  const X509* shown = Real().SSL_get_certificate(ssl);
  if (ours == nullptr || ours->association() == nullptr || ours->side() != Side::kServer ||
      shown == nullptr || ours->settings.server_infos == nullptr ||
      ((context & SSL_EXT_TLS1_3_CERTIFICATE) != 0 && chain_index > 0)) {
    return 0;
  }
  const auto info = ours->settings.server_infos->find(TypeName(X509_get0_pubkey(shown)));
  if (info == ours->settings.server_infos->end()) return 0;
  for (const ServerInfoEntry& entry : Entries(info->second)) {
    if (entry.type != type) continue;
    *out = entry.data.data();
    *out_len = entry.data.size();
    return 1;
  }
  return 0;
}

// ParseServerInfo: a client asks with an empty extension.
int ParseServerInfo(SSL* /*ssl*/, unsigned int /*type*/, unsigned int /*context*/,
                    const unsigned char* /*in*/, size_t in_len, X509* /*certificate*/,
                    size_t /*chain_index*/, int* alert, void* /*arg*/) {
  *alert = SSL_AD_DECODE_ERROR;
  return in_len == 0 ? 1 : 0;
}

// NoteServerInfo keeps what libssl has taken, `info` in the second form. `before` are the methods
// from before it did: its own functions for these may have come by the shim, and know of no
// certificate of ours.
void NoteServerInfo(SSL_CTX* ctx, std::span<const uint8_t> info,
                    std::shared_ptr<const std::vector<CustomExtensionMethod>> before) {
  SslSettings& settings = CtxAttachment::FindOrCreate(ctx)->settings;
  settings.custom_extensions = std::move(before);
  for (const ServerInfoEntry& entry : Entries(info)) {
    if ((entry.context & SSL_EXT_TLS1_2_AND_BELOW_ONLY) != 0) continue;
    Note(ctx, /*result=*/1,
         {.type = entry.type,
          // A resumed connection shows no certificate.
          .context = entry.context | SSL_EXT_IGNORE_ON_RESUMPTION,
          .add = AddServerInfo,
          .parse = ParseServerInfo});
  }
  auto more = settings.server_infos == nullptr
                  ? std::make_shared<ServerInfos>()
                  : std::make_shared<ServerInfos>(*settings.server_infos);
  (*more)[CurrentTypeName(ctx)].assign(info.begin(), info.end());
  settings.server_infos = std::move(more);
}

// ReadServerInfo returns what a file has in the second form; what it has in the first is of DTLS
// 1.2 alone.
std::vector<uint8_t> ReadServerInfo(const char* file) {
  constexpr std::string_view kBegin = "SERVERINFOV2 FOR ";
  ErrorMark mark;
  std::vector<uint8_t> info;
  const OpenSslPtr<BIO> reader(BIO_new_file(file, "r"));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long len = 0;
  while (reader != nullptr && PEM_read_bio(reader.get(), &name, &header, &data, &len) == 1) {
    if (std::string_view(name).starts_with(kBegin)) info.insert(info.end(), data, data + len);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(data);
  }
  return info;
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

DTLS13_EXPORT int SSL_CTX_use_serverinfo_ex(SSL_CTX* ctx, unsigned int version,
                                            const unsigned char* info, size_t len) noexcept {
  CtxAttachment* attachment = ctx == nullptr ? nullptr : CtxAttachment::FindOrCreate(ctx);
  if (attachment == nullptr || version != SSL_SERVERINFOV2) {
    return Real().SSL_CTX_use_serverinfo_ex(ctx, version, info, len);
  }
  auto before = attachment->settings.custom_extensions;
  const int result = Real().SSL_CTX_use_serverinfo_ex(ctx, version, info, len);
  if (result == 1) NoteServerInfo(ctx, {info, len}, std::move(before));
  return result;
}

// It may call the function above, or not.
DTLS13_EXPORT int SSL_CTX_use_serverinfo_file(SSL_CTX* ctx, const char* file) noexcept {
  CtxAttachment* attachment = ctx == nullptr ? nullptr : CtxAttachment::FindOrCreate(ctx);
  if (attachment == nullptr) return Real().SSL_CTX_use_serverinfo_file(ctx, file);
  auto before = attachment->settings.custom_extensions;
  const int result = Real().SSL_CTX_use_serverinfo_file(ctx, file);
  if (result == 1) NoteServerInfo(ctx, ReadServerInfo(file), std::move(before));
  return result;
}
