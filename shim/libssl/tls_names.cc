// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/tls_names.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {
namespace {

struct GroupName {
  uint16_t group;
  int nid;
  std::array<const char*, 3> names;  // as libssl 3.0 takes them; null: no more
};

constexpr GroupName kGroups[] = {
    {23, NID_X9_62_prime256v1, {"P-256", "secp256r1", "prime256v1"}},
    {24, NID_secp384r1, {"P-384", "secp384r1", nullptr}},
    {25, NID_secp521r1, {"P-521", "secp521r1", nullptr}},
    {26, NID_brainpoolP256r1, {"brainpoolP256r1", nullptr, nullptr}},
    {27, NID_brainpoolP384r1, {"brainpoolP384r1", nullptr, nullptr}},
    {28, NID_brainpoolP512r1, {"brainpoolP512r1", nullptr, nullptr}},
    {29, NID_X25519, {"X25519", nullptr, nullptr}},
    {30, NID_X448, {"X448", nullptr, nullptr}},
    {256, NID_ffdhe2048, {"ffdhe2048", nullptr, nullptr}},
    {257, NID_ffdhe3072, {"ffdhe3072", nullptr, nullptr}},
    {258, NID_ffdhe4096, {"ffdhe4096", nullptr, nullptr}},
    {259, NID_ffdhe6144, {"ffdhe6144", nullptr, nullptr}},
    {260, NID_ffdhe8192, {"ffdhe8192", nullptr, nullptr}},
    // Known to libssl from 3.2 on, and from 3.5 on; without NIDs of their own.
    {31, TLSEXT_nid_unknown | 31, {"brainpoolP256r1tls13", nullptr, nullptr}},
    {32, TLSEXT_nid_unknown | 32, {"brainpoolP384r1tls13", nullptr, nullptr}},
    {33, TLSEXT_nid_unknown | 33, {"brainpoolP512r1tls13", nullptr, nullptr}},
    {0x0200, TLSEXT_nid_unknown | 0x0200, {"MLKEM512", nullptr, nullptr}},
    {0x0201, TLSEXT_nid_unknown | 0x0201, {"MLKEM768", nullptr, nullptr}},
    {0x0202, TLSEXT_nid_unknown | 0x0202, {"MLKEM1024", nullptr, nullptr}},
    {0x11eb, TLSEXT_nid_unknown | 0x11eb, {"SecP256r1MLKEM768", nullptr, nullptr}},
    {0x11ec, TLSEXT_nid_unknown | 0x11ec, {"X25519MLKEM768", nullptr, nullptr}},
    {0x11ed, TLSEXT_nid_unknown | 0x11ed, {"SecP384r1MLKEM1024", nullptr, nullptr}},
};

// NID_ML_DSA_44 and its like, which obj_mac.h of 3.0 has not.
constexpr int kNidMlDsa44 = 1457;
constexpr int kNidMlDsa65 = 1458;
constexpr int kNidMlDsa87 = 1459;

struct SchemeName {
  uint16_t scheme;
  const char* name;
  SignatureNids nids;
};

// In libssl's order: the first entry of a hash and signature pair is what the pair means.
constexpr SchemeName kSchemes[] = {
    {0x0403, "ecdsa_secp256r1_sha256", {EVP_PKEY_EC, NID_sha256, NID_ecdsa_with_SHA256}},
    {0x0503, "ecdsa_secp384r1_sha384", {EVP_PKEY_EC, NID_sha384, NID_ecdsa_with_SHA384}},
    {0x0603, "ecdsa_secp521r1_sha512", {EVP_PKEY_EC, NID_sha512, NID_ecdsa_with_SHA512}},
    {0x0807, "ed25519", {EVP_PKEY_ED25519, NID_undef, NID_undef}},
    {0x0808, "ed448", {EVP_PKEY_ED448, NID_undef, NID_undef}},
    // Known to libssl from 3.2 on, and from 3.5 on.
    {0x081a, "ecdsa_brainpoolP256r1tls13_sha256", {EVP_PKEY_EC, NID_sha256, NID_ecdsa_with_SHA256}},
    {0x081b, "ecdsa_brainpoolP384r1tls13_sha384", {EVP_PKEY_EC, NID_sha384, NID_ecdsa_with_SHA384}},
    {0x081c, "ecdsa_brainpoolP512r1tls13_sha512", {EVP_PKEY_EC, NID_sha512, NID_ecdsa_with_SHA512}},
    {0x0904, "mldsa44", {kNidMlDsa44, NID_undef, kNidMlDsa44}},
    {0x0905, "mldsa65", {kNidMlDsa65, NID_undef, kNidMlDsa65}},
    {0x0906, "mldsa87", {kNidMlDsa87, NID_undef, kNidMlDsa87}},
    {0x0303, "ecdsa_sha224", {EVP_PKEY_EC, NID_sha224, NID_ecdsa_with_SHA224}},
    {0x0203, "ecdsa_sha1", {EVP_PKEY_EC, NID_sha1, NID_ecdsa_with_SHA1}},
    {0x0804, "rsa_pss_rsae_sha256", {EVP_PKEY_RSA_PSS, NID_sha256, NID_undef}},
    {0x0805, "rsa_pss_rsae_sha384", {EVP_PKEY_RSA_PSS, NID_sha384, NID_undef}},
    {0x0806, "rsa_pss_rsae_sha512", {EVP_PKEY_RSA_PSS, NID_sha512, NID_undef}},
    {0x0809, "rsa_pss_pss_sha256", {EVP_PKEY_RSA_PSS, NID_sha256, NID_undef}},
    {0x080a, "rsa_pss_pss_sha384", {EVP_PKEY_RSA_PSS, NID_sha384, NID_undef}},
    {0x080b, "rsa_pss_pss_sha512", {EVP_PKEY_RSA_PSS, NID_sha512, NID_undef}},
    {0x0401, "rsa_pkcs1_sha256", {EVP_PKEY_RSA, NID_sha256, NID_sha256WithRSAEncryption}},
    {0x0501, "rsa_pkcs1_sha384", {EVP_PKEY_RSA, NID_sha384, NID_sha384WithRSAEncryption}},
    {0x0601, "rsa_pkcs1_sha512", {EVP_PKEY_RSA, NID_sha512, NID_sha512WithRSAEncryption}},
    {0x0301, "rsa_pkcs1_sha224", {EVP_PKEY_RSA, NID_sha224, NID_sha224WithRSAEncryption}},
    {0x0201, "rsa_pkcs1_sha1", {EVP_PKEY_RSA, NID_sha1, NID_sha1WithRSAEncryption}},
    {0x0402, "dsa_sha256", {EVP_PKEY_DSA, NID_sha256, NID_dsa_with_SHA256}},
    {0x0502, "dsa_sha384", {EVP_PKEY_DSA, NID_sha384, NID_undef}},
    {0x0602, "dsa_sha512", {EVP_PKEY_DSA, NID_sha512, NID_undef}},
    {0x0302, "dsa_sha224", {EVP_PKEY_DSA, NID_sha224, NID_undef}},
    {0x0202, "dsa_sha1", {EVP_PKEY_DSA, NID_sha1, NID_dsaWithSHA1}},
};

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Calls `visit` with each entry of a list that `separator` divides.
template <typename Visitor>
void ForEachEntry(std::string_view list, char separator, Visitor visit) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(separator), list.size());
    visit(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

int SignatureNidOfName(std::string_view name) {
  if (name == "RSA") return EVP_PKEY_RSA;
  if (name == "RSA-PSS" || name == "PSS") return EVP_PKEY_RSA_PSS;
  if (name == "DSA") return EVP_PKEY_DSA;
  if (name == "ECDSA") return EVP_PKEY_EC;
  return NID_undef;
}

int HashNidOfName(std::string_view name) {
  constexpr struct {
    std::string_view name;
    int nid;
  } kHashes[] = {{"SHA1", NID_sha1},
                 {"SHA224", NID_sha224},
                 {"SHA256", NID_sha256},
                 {"SHA384", NID_sha384},
                 {"SHA512", NID_sha512}};
  for (const auto& hash : kHashes) {
    // Both of libcrypto's names: "SHA256" and "SHA2-256".
    if (EqualsIgnoringCase(name, hash.name)) return hash.nid;
    if (name.size() == 8 && EqualsIgnoringCase(name.substr(0, 5), "SHA2-") &&
        name.substr(5) == hash.name.substr(3)) {
      return hash.nid;
    }
  }
  return NID_undef;
}

void AppendPair(int sign, int hash, std::vector<SignatureScheme>* schemes) {
  for (const SchemeName& entry : kSchemes) {
    if (entry.nids.sign == sign && entry.nids.hash == hash) {
      schemes->push_back(static_cast<SignatureScheme>(entry.scheme));
      return;
    }
  }
}

}  // namespace

int GroupNid(uint16_t group) {
  for (const GroupName& entry : kGroups) {
    if (entry.group == group) return entry.nid;
  }
  // RFC 7919's, which a peer may offer and nobody here has in DTLS 1.3.
  static constexpr int kFfdhe[] = {NID_ffdhe2048, NID_ffdhe3072, NID_ffdhe4096, NID_ffdhe6144,
                                   NID_ffdhe8192};
  constexpr uint16_t kFirstFfdhe = 0x0100;
  if (group >= kFirstFfdhe && group < kFirstFfdhe + std::size(kFfdhe)) {
    return kFfdhe[group - kFirstFfdhe];
  }
  return TLSEXT_nid_unknown | group;
}

std::vector<NamedGroup> GroupsOfNids(std::span<const int> nids) {
  std::vector<NamedGroup> groups;
  for (int nid : nids) {
    for (const GroupName& entry : kGroups) {
      if (entry.nid == nid) groups.push_back(static_cast<NamedGroup>(entry.group));
    }
  }
  return groups;
}

std::vector<NamedGroup> GroupsOfNames(std::string_view list) {
  std::vector<NamedGroup> groups;
  ForEachEntry(list, ':', [&groups](std::string_view wanted) {
    for (const GroupName& entry : kGroups) {
      const bool named = std::any_of(entry.names.begin(), entry.names.end(), [&](const char* name) {
        return name != nullptr && EqualsIgnoringCase(name, wanted);
      });
      if (named) groups.push_back(static_cast<NamedGroup>(entry.group));
    }
  });
  return groups;
}

std::optional<SignatureNids> FindSignatureNids(uint16_t scheme) {
  for (const SchemeName& entry : kSchemes) {
    if (entry.scheme == scheme) return entry.nids;
  }
  return std::nullopt;
}

std::vector<SignatureScheme> SchemesOfNids(std::span<const int> nids) {
  std::vector<SignatureScheme> schemes;
  for (size_t i = 0; i + 1 < nids.size(); i += 2) AppendPair(nids[i + 1], nids[i], &schemes);
  return schemes;
}

std::vector<SignatureScheme> SchemesOfNames(std::string_view list) {
  std::vector<SignatureScheme> schemes;
  ForEachEntry(list, ':', [&schemes](std::string_view entry) {
    const size_t plus = entry.find('+');
    if (plus != std::string_view::npos) {
      AppendPair(SignatureNidOfName(entry.substr(0, plus)), HashNidOfName(entry.substr(plus + 1)),
                 &schemes);
      return;
    }
    for (const SchemeName& known : kSchemes) {
      if (entry == known.name) schemes.push_back(static_cast<SignatureScheme>(known.scheme));
    }
  });
  return schemes;
}

}  // namespace dtls13::shim
