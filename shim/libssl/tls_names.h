// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_TLS_NAMES_H_
#define DTLS13_SHIM_LIBSSL_TLS_NAMES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dtls13/wire/code_points.h"

namespace dtls13::shim {

// The names and NIDs that libssl's interface has for TLS code points. Lists are those of libssl's
// own syntax; an entry that names nothing here is skipped, because libssl has already judged the
// list when it is read here.

// GroupNid is what libssl calls a group: its NID, or the code point with TLSEXT_nid_unknown.
int GroupNid(uint16_t group);
// GroupsOfNids reads SSL_set1_groups' argument.
std::vector<NamedGroup> GroupsOfNids(std::span<const int> nids);
// GroupsOfNames reads SSL_set1_groups_list's argument: "X25519:P-256".
std::vector<NamedGroup> GroupsOfNames(std::string_view list);

// SignatureNids are libssl's three names for a signature scheme; NID_undef where it has none.
struct SignatureNids {
  int sign;  // an EVP_PKEY_* type
  int hash;
  int sign_and_hash;
};
// Nothing for a scheme that libssl does not know.
std::optional<SignatureNids> FindSignatureNids(uint16_t scheme);
// SchemesOfNids reads SSL_set1_sigalgs' argument: hash and signature NIDs in turn.
std::vector<SignatureScheme> SchemesOfNids(std::span<const int> nids);
// SchemesOfNames reads SSL_set1_sigalgs_list's argument: "ECDSA+SHA256:rsa_pss_rsae_sha256".
std::vector<SignatureScheme> SchemesOfNames(std::string_view list);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_TLS_NAMES_H_
