// SPDX-License-Identifier: Apache-2.0
// What an application may ask of an SSL that is ours: the real functions would answer for an idle
// libssl object. Everything not here is the same for both.

#include <algorithm>
#include <cstring>

#include "dtls13/crypto/cipher_suite.h"
#include "shim/answer/chain_check.h"
#include "shim/answer/keying_material.h"
#include "shim/answer/query.h"
#include "shim/attachment/protocol_version.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/drive/key_update.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/real_libssl.h"
#include "shim/libssl/tls_names.h"

namespace dtls13::shim {
namespace {

constexpr char kVersionName[] = "DTLSv1.3";

// Started returns the attachment of an SSL that is ours and has an association.
SslAttachment* Started(const SSL* ssl) {
  SslAttachment* attachment = SslAttachment::Ours(ssl);
  return attachment != nullptr && attachment->association() != nullptr ? attachment : nullptr;
}

const SSL_CIPHER* CurrentCipher(const SslAttachment& attachment) {
  const CipherSuite* suite = attachment.association()->facts().result.suite;
  if (suite == nullptr) return nullptr;
  const auto id = static_cast<uint16_t>(suite->id);
  const unsigned char bytes[2] = {static_cast<unsigned char>(id >> 8),
                                  static_cast<unsigned char>(id)};
  return Real().SSL_CIPHER_find(attachment.ssl(), bytes);
}

// To libssl a handshake with an external PSK resumes a session too.
bool UsesPsk(const SslAttachment& attachment) {
  return attachment.association()->facts().result.psk_index.has_value();
}

// SSL_get_client_random and its kind: with no room, the length; else what fits.
size_t CopyOut(std::span<const uint8_t> value, void* out, size_t out_len) {
  if (out_len == 0) return value.size();
  const size_t len = std::min(value.size(), out_len);
  if (len > 0) memcpy(out, value.data(), len);
  return len;
}

// SSL_get_finished and its kind: the whole length, however much fits.
size_t CopyFinished(std::span<const uint8_t> value, void* out, size_t out_len) {
  const size_t len = std::min(value.size(), out_len);
  if (len > 0) memcpy(out, value.data(), len);
  return value.size();
}

int SignatureType(SignatureScheme scheme, int* nid) {
  const std::optional<SignatureNids> nids = FindSignatureNids(static_cast<uint16_t>(scheme));
  if (!nids) return 0;
  *nid = nids->sign;
  return 1;
}

// DescribeScheme takes an entry of a list of signature algorithms apart as libssl does. Each
// pointer may be null.
void DescribeScheme(uint16_t scheme, int* sign, int* hash, int* sign_and_hash,
                    unsigned char* raw_sign, unsigned char* raw_hash) {
  const SignatureNids nids =
      FindSignatureNids(scheme).value_or(SignatureNids{NID_undef, NID_undef, NID_undef});
  if (sign != nullptr) *sign = nids.sign;
  if (hash != nullptr) *hash = nids.hash;
  if (sign_and_hash != nullptr) *sign_and_hash = nids.sign_and_hash;
  if (raw_sign != nullptr) *raw_sign = static_cast<unsigned char>(scheme & 0xff);
  if (raw_hash != nullptr) *raw_hash = static_cast<unsigned char>(scheme >> 8);
}

// JoinNames writes "A:B:C", as many whole names as fit. Null when there is none.
char* JoinNames(const std::vector<const char*>& names, char* out, size_t out_len) {
  size_t used = 0;
  for (const char* name : names) {
    const size_t len = strlen(name);
    if (used + len + 1 > out_len) break;
    memcpy(out + used, name, len);
    used += len;
    out[used++] = ':';
  }
  if (used == 0) return nullptr;
  out[used - 1] = '\0';
  return out;
}

STACK_OF(SSL_CIPHER) * ClientCiphers(SslAttachment& attachment) {
  LentObjects& objects = attachment.lent();
  const std::span<const uint8_t> suites = attachment.facts.client_hello().cipher_suites.content();
  if (attachment.association()->facts().role != Role::kServer || suites.empty()) return nullptr;
  if (objects.client_ciphers == nullptr) {
    ERR_set_mark();
    Real().SSL_bytes_to_cipher_list(attachment.ssl(), suites.data(), suites.size(),
                                    /*isv2format=*/0, &objects.client_ciphers, /*scsvs=*/nullptr);
    ERR_pop_to_mark();
  }
  return objects.client_ciphers;
}

// SupportedCiphers are those of SSL_get_ciphers that the versions allowed have a use for. The
// caller owns the list; null for an empty one.
STACK_OF(SSL_CIPHER) * SupportedCiphers(const SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  const bool is_new = attachment.association() != nullptr || AllowsDtls13(attachment);
  // Once connected there is one version.
  const bool is_old = !attachment.connected() && AllowsOlder(attachment);
  STACK_OF(SSL_CIPHER)* older = Real().SSL_get1_supported_ciphers(ssl);
  const STACK_OF(SSL_CIPHER)* all = Real().SSL_get_ciphers(ssl);
  STACK_OF(SSL_CIPHER)* supported = sk_SSL_CIPHER_new_null();
  for (int i = 0; supported != nullptr && i < sk_SSL_CIPHER_num(all); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(all, i);
    const auto id = static_cast<CipherSuiteId>(Real().SSL_CIPHER_get_protocol_id(cipher) & 0xffff);
    const bool is_wanted =
        FindCipherSuite(id) != nullptr ? is_new : is_old && sk_SSL_CIPHER_find(older, cipher) >= 0;
    if (is_wanted) sk_SSL_CIPHER_push(supported, cipher);
  }
  sk_SSL_CIPHER_free(older);
  if (supported != nullptr && sk_SSL_CIPHER_num(supported) > 0) return supported;
  sk_SSL_CIPHER_free(supported);
  return nullptr;
}

}  // namespace
}  // namespace dtls13::shim

using dtls13::Role;
using dtls13::shim::Real;
using dtls13::shim::SslAttachment;
using dtls13::shim::Started;

// --- Version and cipher suite

DTLS13_EXPORT int SSL_version(const SSL* ssl) noexcept {
  return Started(ssl) != nullptr ? DTLS1_3_VERSION : Real().SSL_version(ssl);
}

DTLS13_EXPORT const char* SSL_get_version(const SSL* ssl) noexcept {
  return Started(ssl) != nullptr ? dtls13::shim::kVersionName : Real().SSL_get_version(ssl);
}

// The ClientHello's legacy_version, which DTLS 1.3 freezes at DTLS 1.2.
DTLS13_EXPORT int SSL_client_version(const SSL* ssl) noexcept {
  return Started(ssl) != nullptr ? DTLS1_2_VERSION : Real().SSL_client_version(ssl);
}

DTLS13_EXPORT const SSL_CIPHER* SSL_get_current_cipher(const SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CurrentCipher(*ours) : Real().SSL_get_current_cipher(ssl);
}

DTLS13_EXPORT const SSL_CIPHER* SSL_get_pending_cipher(const SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CurrentCipher(*ours) : Real().SSL_get_pending_cipher(ssl);
}

DTLS13_EXPORT STACK_OF(SSL_CIPHER) * SSL_get_client_ciphers(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::ClientCiphers(*ours) : Real().SSL_get_client_ciphers(ssl);
}

DTLS13_EXPORT char* SSL_get_shared_ciphers(const SSL* ssl, char* out, int out_len) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_get_shared_ciphers(ssl, out, out_len);
  STACK_OF(SSL_CIPHER)* offered = dtls13::shim::ClientCiphers(*ours);
  STACK_OF(SSL_CIPHER)* accepted = Real().SSL_get_ciphers(ssl);
  if (offered == nullptr || accepted == nullptr || out_len < 2) return nullptr;
  std::vector<const char*> names;
  for (int i = 0; i < sk_SSL_CIPHER_num(offered); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(offered, i);
    for (int j = 0; j < sk_SSL_CIPHER_num(accepted); ++j) {
      if (sk_SSL_CIPHER_value(accepted, j) != cipher) continue;
      names.push_back(Real().SSL_CIPHER_get_name(cipher));
      break;
    }
  }
  return dtls13::shim::JoinNames(names, out, static_cast<size_t>(out_len));
}

DTLS13_EXPORT STACK_OF(SSL_CIPHER) * SSL_get1_supported_ciphers(SSL* ssl) noexcept {
  SslAttachment* attachment = SslAttachment::FindOrCreate(ssl);
  if (attachment == nullptr || attachment->owner() == dtls13::shim::Owner::kLibssl) {
    return Real().SSL_get1_supported_ciphers(ssl);
  }
  return dtls13::shim::SupportedCiphers(*attachment);
}

// --- The peer

DTLS13_EXPORT X509* SSL_get0_peer_certificate(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  return ours != nullptr ? ours->lent().certificate : Real().SSL_get0_peer_certificate(ssl);
}

DTLS13_EXPORT X509* SSL_get1_peer_certificate(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_get1_peer_certificate(ssl);
  X509* certificate = ours->lent().certificate;
  if (certificate != nullptr) X509_up_ref(certificate);
  return certificate;
}

DTLS13_EXPORT STACK_OF(X509) * SSL_get_peer_cert_chain(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  return ours != nullptr ? ours->lent().chain : Real().SSL_get_peer_cert_chain(ssl);
}

DTLS13_EXPORT STACK_OF(X509) * SSL_get0_verified_chain(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  return ours != nullptr ? ours->lent().verified_chain : Real().SSL_get0_verified_chain(ssl);
}

// On a client the authorities that the server named; on a server those it names itself.
DTLS13_EXPORT STACK_OF(X509_NAME) * SSL_get_client_CA_list(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr || ours->association()->facts().role == Role::kServer) {
    return Real().SSL_get_client_CA_list(ssl);
  }
  return ours->lent().authorities;
}

DTLS13_EXPORT const STACK_OF(X509_NAME) * SSL_get0_peer_CA_list(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  return ours != nullptr ? ours->lent().authorities : Real().SSL_get0_peer_CA_list(ssl);
}

// TLS 1.3 in libssl tells of no identity; programs of DTLS 1.2 know who it is that they talk to,
// and do not learn it otherwise.
DTLS13_EXPORT const char* SSL_get_psk_identity(const SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_get_psk_identity(ssl);
  const bool is_known =
      dtls13::shim::UsesPsk(*ours) && !ours->association()->facts().result.resumed;
  const std::string& identity = ours->lent().psk_identity;
  return is_known && !identity.empty() ? identity.c_str() : nullptr;
}

DTLS13_EXPORT int SSL_session_reused(const SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_session_reused(ssl);
  return dtls13::shim::UsesPsk(*ours) ? 1 : 0;
}

// libssl knows groups by its own names, which SSL_group_to_name tells.
DTLS13_EXPORT const char* SSL_get0_group_name(SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) {
    const auto real = Real().SSL_get0_group_name;
    return real != nullptr ? real(ssl) : nullptr;
  }
  const long nid = dtls13::shim::NegotiatedGroup(*ours);
  return nid != NID_undef ? Real().SSL_group_to_name(ssl, static_cast<int>(nid)) : nullptr;
}

DTLS13_EXPORT int SSL_get_peer_signature_type_nid(const SSL* ssl, int* nid) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_get_peer_signature_type_nid(ssl, nid);
  return dtls13::shim::SignatureType(ours->association()->facts().result.peer_signature_scheme,
                                     nid);
}

DTLS13_EXPORT int SSL_get_signature_type_nid(const SSL* ssl, int* nid) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_get_signature_type_nid(ssl, nid);
  return dtls13::shim::SignatureType(ours->association()->facts().result.local_signature_scheme,
                                     nid);
}

DTLS13_EXPORT int SSL_get_sigalgs(SSL* ssl, int index, int* sign, int* hash, int* sign_and_hash,
                                  unsigned char* raw_sign, unsigned char* raw_hash) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) {
    return Real().SSL_get_sigalgs(ssl, index, sign, hash, sign_and_hash, raw_sign, raw_hash);
  }
  const std::vector<uint16_t> schemes = ours->facts.peer_signature_schemes();
  const int num_schemes = static_cast<int>(schemes.size());
  // A negative index asks for the number alone.
  if (index >= num_schemes) return 0;
  if (index >= 0) {
    dtls13::shim::DescribeScheme(schemes[index], sign, hash, sign_and_hash, raw_sign, raw_hash);
  }
  return num_schemes;
}

// A callback of SSL_set_cert_cb asks it, and is to choose by the answer.
DTLS13_EXPORT int SSL_check_chain(SSL* ssl, X509* certificate, EVP_PKEY* key,
                                  STACK_OF(X509) * chain) noexcept {
  SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CheckChain(*ours, certificate, key, chain)
                         : Real().SSL_check_chain(ssl, certificate, key, chain);
}

DTLS13_EXPORT int SSL_get_shared_sigalgs(SSL* ssl, int index, int* sign, int* hash,
                                         int* sign_and_hash, unsigned char* raw_sign,
                                         unsigned char* raw_hash) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) {
    return Real().SSL_get_shared_sigalgs(ssl, index, sign, hash, sign_and_hash, raw_sign, raw_hash);
  }
  const std::vector<uint16_t> schemes = dtls13::shim::SharedSignatureSchemes(*ours);
  const int num_schemes = static_cast<int>(schemes.size());
  if (index < 0 || index >= num_schemes) return 0;
  dtls13::shim::DescribeScheme(schemes[index], sign, hash, sign_and_hash, raw_sign, raw_hash);
  return num_schemes;
}

// libssl's client keeps the name it asked for; only a server's comes from the peer.
DTLS13_EXPORT const char* SSL_get_servername(const SSL* ssl, const int type) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr || ours->association()->facts().role != Role::kServer) {
    return Real().SSL_get_servername(ssl, type);
  }
  const std::string& name = ours->facts.server_name();
  return type == TLSEXT_NAMETYPE_host_name && !name.empty() ? name.c_str() : nullptr;
}

DTLS13_EXPORT int SSL_get_servername_type(const SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr || ours->association()->facts().role != Role::kServer) {
    return Real().SSL_get_servername_type(ssl);
  }
  return ours->facts.server_name().empty() ? -1 : TLSEXT_NAMETYPE_host_name;
}

DTLS13_EXPORT void SSL_get0_alpn_selected(const SSL* ssl, const unsigned char** protocol,
                                          unsigned int* protocol_len) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr) {
    Real().SSL_get0_alpn_selected(ssl, protocol, protocol_len);
    return;
  }
  // A copy of its own: the association's moves when the handshake ends.
  std::string& kept = ours->lent().protocol;
  if (kept.empty()) kept = ours->association()->facts().result.connection.alpn;
  *protocol = kept.empty() ? nullptr : reinterpret_cast<const unsigned char*>(kept.data());
  *protocol_len = static_cast<unsigned int>(kept.size());
}

DTLS13_EXPORT SRTP_PROTECTION_PROFILE* SSL_get_selected_srtp_profile(SSL* ssl) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_get_selected_srtp_profile(ssl);
  const std::optional<dtls13::SrtpProfile> selected =
      ours->association()->facts().result.connection.srtp_profile;
  if (!selected) return nullptr;
  return ours->lent().FindSrtpProfile(static_cast<unsigned long>(*selected));
}

// --- Randoms, Finished, exporters

DTLS13_EXPORT size_t SSL_get_client_random(const SSL* ssl, unsigned char* out,
                                           size_t out_len) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CopyOut(ours->facts.client_hello().random, out, out_len)
                         : Real().SSL_get_client_random(ssl, out, out_len);
}

DTLS13_EXPORT size_t SSL_get_server_random(const SSL* ssl, unsigned char* out,
                                           size_t out_len) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CopyOut(ours->facts.server_random(), out, out_len)
                         : Real().SSL_get_server_random(ssl, out, out_len);
}

DTLS13_EXPORT size_t SSL_get_finished(const SSL* ssl, void* out, size_t out_len) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CopyFinished(ours->facts.sent_finished(), out, out_len)
                         : Real().SSL_get_finished(ssl, out, out_len);
}

DTLS13_EXPORT size_t SSL_get_peer_finished(const SSL* ssl, void* out, size_t out_len) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::CopyFinished(ours->facts.received_finished(), out, out_len)
                         : Real().SSL_get_peer_finished(ssl, out, out_len);
}

DTLS13_EXPORT int SSL_export_keying_material(SSL* ssl, unsigned char* out, size_t out_len,
                                             const char* label, size_t label_len,
                                             const unsigned char* context, size_t context_len,
                                             int use_context) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) {
    return Real().SSL_export_keying_material(ssl, out, out_len, label, label_len, context,
                                             context_len, use_context);
  }
  // RFC 8446 section 7.5: no context and an empty one are the same.
  const std::span<const uint8_t> given(context, use_context != 0 ? context_len : 0);
  ERR_set_mark();
  const bool exported = dtls13::shim::ExportKeys(*ours, {label, label_len}, given, {out, out_len});
  ERR_pop_to_mark();
  if (!exported) dtls13::shim::Raise(ERR_R_INTERNAL_ERROR);
  return exported ? 1 : 0;
}

// --- What DTLS 1.3 has no more, and what it has new

DTLS13_EXPORT int SSL_renegotiate(SSL* ssl) noexcept {
  if (Started(ssl) == nullptr) return Real().SSL_renegotiate(ssl);
  dtls13::shim::Raise(SSL_R_WRONG_SSL_VERSION);
  return 0;
}

DTLS13_EXPORT int SSL_renegotiate_abbreviated(SSL* ssl) noexcept {
  if (Started(ssl) == nullptr) return Real().SSL_renegotiate_abbreviated(ssl);
  dtls13::shim::Raise(SSL_R_WRONG_SSL_VERSION);
  return 0;
}

DTLS13_EXPORT int SSL_key_update(SSL* ssl, int update_type) noexcept {
  SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().SSL_key_update(ssl, update_type);
  if (update_type != SSL_KEY_UPDATE_REQUESTED && update_type != SSL_KEY_UPDATE_NOT_REQUESTED) {
    dtls13::shim::Raise(SSL_R_INVALID_KEY_UPDATE_TYPE);
    return 0;
  }
  if (dtls13::shim::RequestKeyUpdate(*ours, update_type)) return 1;
  dtls13::shim::Raise(SSL_R_STILL_IN_INIT);
  return 0;
}

DTLS13_EXPORT int SSL_get_key_update_type(const SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  return ours != nullptr ? dtls13::shim::KeyUpdateType(*ours) : Real().SSL_get_key_update_type(ssl);
}

DTLS13_EXPORT size_t DTLS_get_data_mtu(const SSL* ssl) noexcept {
  const SslAttachment* ours = Started(ssl);
  if (ours == nullptr) return Real().DTLS_get_data_mtu(ssl);
  const size_t overhead = ours->association()->SealOverhead();
  const size_t mtu = ours->association()->facts().mtu;
  return mtu > overhead ? mtu - overhead : 0;
}
