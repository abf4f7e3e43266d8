// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SSL_SETTINGS_H_
#define DTLS13_SHIM_ATTACHMENT_SSL_SETTINGS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/wire/code_points.h"
#include "shim/attachment/callback.h"
#include "shim/attachment/custom_extension_method.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// The types of callbacks that libssl's headers give no name.
using MessageFunction = void (*)(int write_p, int version, int content_type, const void* buf,
                                 size_t len, SSL* ssl, void* arg);
using CertificateFunction = int (*)(SSL* ssl, void* arg);
using ServerNameFunction = int (*)(SSL* ssl, int* alert, void* arg);
using VerifyChainFunction = int (*)(X509_STORE_CTX* store_ctx, void* arg);
using CookieGenerateFunction = int (*)(SSL* ssl, unsigned char* cookie, unsigned int* cookie_len);
using CookieVerifyFunction = int (*)(SSL* ssl, const unsigned char* cookie,
                                     unsigned int cookie_len);
using TicketKeyFunction = int (*)(SSL* ssl, unsigned char* name, unsigned char* iv,
                                  EVP_CIPHER_CTX* cipher, HMAC_CTX* mac, int encrypts);
using TicketKeyEvpFunction = int (*)(SSL* ssl, unsigned char* name, unsigned char* iv,
                                     EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypts);
using NotResumableFunction = int (*)(SSL* ssl, int is_forward_secure);
using RecordPaddingFunction = size_t (*)(SSL* ssl, int type, size_t len, void* arg);
using StatelessCookieGenerateFunction = int (*)(SSL* ssl, unsigned char* cookie,
                                                size_t* cookie_len);
using StatelessCookieVerifyFunction = int (*)(SSL* ssl, const unsigned char* cookie,
                                              size_t cookie_len);

// VersionLimit is a version limit as the application set it, and what libssl was told in its place:
// libssl before 4.1 has no DTLS 1.3 and refuses its number, where DTLS 1.2 is the nearest it has;
// and the policy may be narrower. 0 is no limit.
struct VersionLimit {
  int set = 0;
  int told = 0;

  static VersionLimit Of(int version) {
    return {version, version == DTLS1_3_VERSION ? DTLS1_2_VERSION : version};
  }
  // Meant is what the application means by a limit that libssl has now. Its configuration commands
  // set limits without coming by the shim.
  int Meant(long in_libssl) const { return in_libssl == told ? set : static_cast<int>(in_libssl); }
};

// RecordSettings are how the records that an SSL sends are cut and padded, in bytes. libssl's
// split_send_fragment, which is for several records at once, means nothing to its DTLS.
struct RecordSettings {
  // SSL_set_max_send_fragment.
  size_t max_send_fragment = SSL3_RT_MAX_PLAIN_LENGTH;
  // SSL_set_record_padding_callback, whose argument libssl has a getter for; goes before the block.
  RecordPaddingFunction padding = nullptr;
  // SSL_set_block_padding_ex, of application data and of all else; 0: none.
  size_t data_block = 0;
  size_t other_block = 0;
};

// ServerInfos are a server's extensions as bytes, in libssl's second form, by the name of the type
// of the key whose certificate they go with.
using ServerInfos = std::map<std::string, std::vector<uint8_t>>;

// SslSettings are what an application sets on an SSL_CTX or an SSL, that an SSL inherits when it is
// made, and that libssl has no getter for. Entries record them and pass the call on.
struct SslSettings {
  VersionLimit min_version;
  VersionLimit max_version;

  Callback<MessageFunction> message;

  // Groups and signature schemes are in the application's order; nothing: not set. A list that was
  // set and names nothing known here is empty, and never stands for the core's defaults.
  std::optional<std::vector<NamedGroup>> groups;
  std::optional<std::vector<SignatureScheme>> signature_schemes;
  // The same for client certificates: a server's to ask for, a client's to show.
  std::optional<std::vector<SignatureScheme>> client_signature_schemes;

  // SSL_set_mtu: the datagram payload in bytes; 0: not set.
  size_t mtu = 0;
  // DTLS_set_link_mtu: with the IP and UDP headers; 0: not set.
  size_t link_mtu = 0;

  // ALPN protocols that a client offers.
  std::vector<std::string> protocols;
  // SSL_set_session_id_context, at most 32 bytes.
  std::vector<uint8_t> session_id_context;

  Callback<SSL_allow_early_data_cb_fn> allow_early_data;
  Callback<CertificateFunction> certificate;

  // The application's extensions, null where there are none. Shared by all that inherit them.
  std::shared_ptr<const std::vector<CustomExtensionMethod>> custom_extensions;
  // What SSL_CTX_use_serverinfo_ex loaded, null where nothing is.
  std::shared_ptr<const ServerInfos> server_infos;
  // SSL_set_tlsext_max_fragment_length; nothing: not set.
  std::optional<MaxFragmentLength> max_fragment_length;
  RecordSettings records;
  // SSL_set_session_ticket_ext or one of the callbacks beside it was set: ways to resume that only
  // DTLS 1.2 has.
  bool resumes_as_dtls12 = false;

  NotResumableFunction not_resumable = nullptr;

  SSL_psk_client_cb_func psk_client = nullptr;
  SSL_psk_server_cb_func psk_server = nullptr;
  SSL_psk_use_session_cb_func psk_use_session = nullptr;
  SSL_psk_find_session_cb_func psk_find_session = nullptr;
};

// CtxCallbacks are what an application sets on an SSL_CTX only, and that libssl has no getter for.
// They are read from the SSL's present SSL_CTX when they are called, as libssl does.
struct CtxCallbacks {
  CookieGenerateFunction cookie_generate = nullptr;
  CookieVerifyFunction cookie_verify = nullptr;
  StatelessCookieGenerateFunction stateless_cookie_generate = nullptr;
  StatelessCookieVerifyFunction stateless_cookie_verify = nullptr;

  TicketKeyEvpFunction ticket_key_evp = nullptr;
  TicketKeyFunction ticket_key = nullptr;
  // SSL_CTX_set_session_ticket_cb, with the argument of both.
  SSL_CTX_generate_session_ticket_fn generate_ticket = nullptr;
  SSL_CTX_decrypt_session_ticket_fn decrypt_ticket = nullptr;
  void* ticket_arg = nullptr;

  Callback<ServerNameFunction> server_name;
  Callback<SSL_CTX_alpn_select_cb_func> select_protocol;
  Callback<SSL_client_hello_cb_fn> client_hello;
  Callback<VerifyChainFunction> verify_chain;  // SSL_CTX_set_cert_verify_callback
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SSL_SETTINGS_H_
