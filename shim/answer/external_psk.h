#ifndef DTLS13_SHIM_ANSWER_EXTERNAL_PSK_H_
#define DTLS13_SHIM_ANSWER_EXTERNAL_PSK_H_

#include <cstdint>
#include <memory>
#include <span>

#include "dtls13/session/psk.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

struct SessionFree {
  void operator()(SSL_SESSION* session) const;
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

// PskFromSession makes a key out of what the session-style PSK callbacks hand over: the session's
// master key, for the hash of its cipher suite. An empty Psk when it has no key, no suite, or a
// hash that DTLS 1.3 does not use. It does not look at the session's version.
Psk PskFromSession(const SSL_SESSION& session, std::span<const uint8_t> identity);

// PskFromBytes makes one out of what the callbacks of TLS 1.2 hand over. They name no hash, so it
// is SHA-256 (RFC 8446 section 4.2.11).
Psk PskFromBytes(std::span<const uint8_t> key, std::span<const uint8_t> identity);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_EXTERNAL_PSK_H_
