// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_HANDSHAKE_STATE_H_
#define DTLS13_SHIM_LIBSSL_HANDSHAKE_STATE_H_

#include "dtls13/wire/code_points.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// HandshakeStateOf is the TLS_ST_* that libssl's TLS 1.3 is in once a message went by; `present`
// for a message that has none.
OSSL_HANDSHAKE_STATE HandshakeStateOf(bool is_server, bool outgoing, HandshakeType type,
                                      OSSL_HANDSHAKE_STATE present);

// StateStringLong and StateString are what SSL_state_string_long and SSL_state_string say.
const char* StateStringLong(OSSL_HANDSHAKE_STATE state);
const char* StateString(OSSL_HANDSHAKE_STATE state);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_HANDSHAKE_STATE_H_
