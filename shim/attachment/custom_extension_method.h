// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_CUSTOM_EXTENSION_METHOD_H_
#define DTLS13_SHIM_ATTACHMENT_CUSTOM_EXTENSION_METHOD_H_

#include <cstddef>
#include <cstdint>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// CustomExtensionMethod is what an application registers for one type of extension, with its
// callbacks: SSL_CTX_add_custom_ext, or one of the older functions, which are of one side and of
// DTLS 1.2 alone.
struct CustomExtensionMethod {
  // Old callbacks, of SSL_CTX_add_client_custom_ext and its like, are not told the context.
  struct OldCallbacks {
    custom_ext_add_cb add = nullptr;
    custom_ext_free_cb free = nullptr;
    custom_ext_parse_cb parse = nullptr;
  };

  uint16_t type = 0;
  unsigned int context = 0;  // SSL_EXT_*
  bool of_client = true;
  bool of_server = true;
  SSL_custom_ext_add_cb_ex add = nullptr;
  SSL_custom_ext_free_cb_ex free = nullptr;
  SSL_custom_ext_parse_cb_ex parse = nullptr;
  OldCallbacks old = {};
  void* add_arg = nullptr;
  void* parse_arg = nullptr;

  bool can_add() const { return add != nullptr || old.add != nullptr; }

  // Add, Free and Parse call what there is, and do as libssl without it: add nothing, accept.
  int Add(SSL* ssl, unsigned int where, const unsigned char** out, size_t* out_len, X509* x,
          size_t chain_index, int* alert) const {
    if (add != nullptr) {
      return add(ssl, type, where, out, out_len, x, chain_index, alert, add_arg);
    }
    return old.add != nullptr ? old.add(ssl, type, out, out_len, alert, add_arg) : 1;
  }
  void Free(SSL* ssl, unsigned int where, const unsigned char* out) const {
    if (free != nullptr) free(ssl, type, where, out, add_arg);
    if (old.free != nullptr) old.free(ssl, type, out, add_arg);
  }
  int Parse(SSL* ssl, unsigned int where, const unsigned char* in, size_t in_len, X509* x,
            size_t chain_index, int* alert) const {
    if (parse != nullptr) {
      return parse(ssl, type, where, in, in_len, x, chain_index, alert, parse_arg);
    }
    return old.parse != nullptr ? old.parse(ssl, type, in, in_len, alert, parse_arg) : 1;
  }
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_CUSTOM_EXTENSION_METHOD_H_
