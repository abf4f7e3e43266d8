// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/query.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>
#include <string>

#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/signature_scheme.h"
#include "shim/attachment/security_policy.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/tls_names.h"

namespace dtls13::shim {
namespace {

// RFC 8422; TLS 1.3 has no use for it, hellos still do.
constexpr auto kEcPointFormats = static_cast<ExtensionType>(11);

bool IsServer(const SslAttachment& attachment) {
  return attachment.association() != nullptr &&
         attachment.association()->facts().role == Role::kServer;
}

long SignatureHash(SignatureScheme scheme, int* nid) {
  const std::optional<SignatureNids> nids = FindSignatureNids(static_cast<uint16_t>(scheme));
  if (!nids) return 0;
  *nid = nids->hash;
  return 1;
}

long SignatureName(SignatureScheme scheme, const char** name) {
  const SignatureSchemeInfo* info = FindSignatureScheme(scheme);
  if (info == nullptr) return 0;
  if (name != nullptr) *name = info->name;
  return 1;
}

// Public keys only: what a hello carried, as libcrypto's object. A share with an encapsulation key
// is no key of any type.
EVP_PKEY* MakePublicKey(const SslAttachment& attachment, const KeyShare& share) {
  const NamedGroupInfo* group = FindNamedGroup(share.group);
  if (group == nullptr || group->ml_kem != nullptr) return nullptr;
  const CtxAttachment* ctx = attachment.ctx();
  OpenSslPtr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(
      ctx == nullptr ? nullptr : ctx->shared.library_context(), group->key_type,
      ctx == nullptr ? nullptr : ctx->shared.property_query()));
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  OSSL_PARAM params[3];
  OSSL_PARAM* next = params;
  std::string curve = group->curve == nullptr ? "" : group->curve;
  if (!curve.empty()) {
    *next++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve.data(), 0);
  }
  std::vector<uint8_t> point(share.key_exchange.begin(), share.key_exchange.end());
  *next++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  *next = OSSL_PARAM_construct_end();
  EVP_PKEY* key = nullptr;
  return EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) == 1 ? key : nullptr;
}

long TemporaryKey(const SslAttachment& attachment, bool of_server, EVP_PKEY** key) {
  const std::optional<KeyShare> share =
      of_server ? attachment.facts.server_share() : attachment.facts.client_share();
  if (!share) return 0;
  ERR_set_mark();
  *key = MakePublicKey(attachment, *share);
  ERR_pop_to_mark();
  return *key != nullptr;
}

// The entries of `preferred` that are in `other` too.
std::vector<uint16_t> Intersect(const std::vector<uint16_t>& preferred,
                                const std::vector<uint16_t>& other) {
  std::vector<uint16_t> common;
  for (uint16_t value : preferred) {
    if (std::find(other.begin(), other.end(), value) != other.end()) common.push_back(value);
  }
  return common;
}

template <typename CodePoint>
std::vector<uint16_t> Numbers(const std::vector<CodePoint>& code_points) {
  std::vector<uint16_t> numbers;
  numbers.reserve(code_points.size());
  for (CodePoint value : code_points) numbers.push_back(static_cast<uint16_t>(value));
  return numbers;
}

std::vector<uint16_t> InOrderOfPreference(const SslAttachment& attachment,
                                          const std::vector<uint16_t>& ours,
                                          const std::vector<uint16_t>& peers) {
  const bool own_order =
      (Real().SSL_get_options(attachment.ssl()) & SSL_OP_CIPHER_SERVER_PREFERENCE) != 0;
  return own_order ? Intersect(ours, peers) : Intersect(peers, ours);
}

}  // namespace

long PeerSignatureHash(const SslAttachment& attachment, int* nid) {
  if (attachment.association() == nullptr) return 0;
  return SignatureHash(attachment.association()->facts().result.peer_signature_scheme, nid);
}

long LocalSignatureHash(const SslAttachment& attachment, int* nid) {
  if (attachment.association() == nullptr) return 0;
  return SignatureHash(attachment.association()->facts().result.local_signature_scheme, nid);
}

long PeerSignatureName(const SslAttachment& attachment, const char** name) {
  if (attachment.association() == nullptr) return 0;
  return SignatureName(attachment.association()->facts().result.peer_signature_scheme, name);
}

long LocalSignatureName(const SslAttachment& attachment, const char** name) {
  if (attachment.association() == nullptr) return 0;
  return SignatureName(attachment.association()->facts().result.local_signature_scheme, name);
}

long PeerTemporaryKey(const SslAttachment& attachment, EVP_PKEY** key) {
  return TemporaryKey(attachment, /*of_server=*/!IsServer(attachment), key);
}

long LocalTemporaryKey(const SslAttachment& attachment, EVP_PKEY** key) {
  return TemporaryKey(attachment, /*of_server=*/IsServer(attachment), key);
}

long NegotiatedGroup(const SslAttachment& attachment) {
  const std::optional<KeyShare> share = attachment.facts.server_share();
  return share ? GroupNid(static_cast<uint16_t>(share->group)) : NID_undef;
}

long PeerGroups(const SslAttachment& attachment, int* nids) {
  const std::vector<uint16_t> groups = attachment.facts.peer_groups();
  if (nids != nullptr) std::transform(groups.begin(), groups.end(), nids, GroupNid);
  return static_cast<long>(groups.size());
}

long SharedGroup(const SslAttachment& attachment, long n) {
  if (!IsServer(attachment)) return 0;
  constexpr long kHowMany = -1;
  constexpr long kPreferred = -2;
  const std::vector<uint16_t> shared = InOrderOfPreference(
      attachment, Numbers(attachment.settings.groups.value_or(HandshakeConfig().groups)),
      attachment.facts.peer_groups());
  if (n == kHowMany) return static_cast<long>(shared.size());
  const size_t index = n == kPreferred ? 0 : static_cast<size_t>(n);
  return index < shared.size() ? GroupNid(shared[index]) : NID_undef;
}

long RawCipherList(const SslAttachment& attachment, const unsigned char** ciphers) {
  constexpr long kEntryLen = 2;
  if (ciphers == nullptr) return kEntryLen;
  const std::span<const uint8_t> list = attachment.facts.client_hello().cipher_suites.content();
  if (!IsServer(attachment) || list.empty()) return 0;
  *ciphers = list.data();
  return static_cast<long>(list.size());
}

long PeerPointFormats(const SslAttachment& attachment, const unsigned char** formats) {
  if (!IsServer(attachment)) return 0;
  const std::optional<std::span<const uint8_t>> extension =
      attachment.facts.client_hello().extensions.Find(kEcPointFormats);
  if (!extension || extension->empty() || (*extension)[0] != extension->size() - 1) return 0;
  *formats = extension->data() + 1;
  return static_cast<long>(extension->size() - 1);
}

std::vector<uint16_t> SharedSignatureSchemes(const SslAttachment& attachment) {
  const SslSettings& settings = attachment.settings;
  const bool is_clients = !IsServer(attachment) && settings.client_signature_schemes.has_value();
  const auto& own = is_clients ? settings.client_signature_schemes : settings.signature_schemes;
  std::vector<SignatureScheme> able = own.value_or(HandshakeConfig().signature_schemes);
  const auto algorithms =
      attachment.ctx() == nullptr ? nullptr : attachment.ctx()->shared.algorithms();
  std::erase_if(able, [&algorithms](SignatureScheme scheme) {
    return algorithms == nullptr || !algorithms->Supports(scheme);
  });
  return InOrderOfPreference(attachment, Numbers(able), attachment.facts.peer_signature_schemes());
}

std::vector<SignatureScheme> AllowedSharedSchemes(const SslAttachment& attachment) {
  std::vector<SignatureScheme> schemes;
  for (const uint16_t number : SharedSignatureSchemes(attachment)) {
    const auto scheme = static_cast<SignatureScheme>(number);
    if (IsAllowed(attachment.ssl(), SSL_SECOP_SIGALG_SHARED, scheme)) schemes.push_back(scheme);
  }
  return schemes;
}

}  // namespace dtls13::shim
