// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_LISTENER_COOKIE_LISTENER_H_
#define DTLS13_LISTENER_COOKIE_LISTENER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/stateless_retry.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// ListenVerdict is what a ClientHello shows of a cookie.
enum class ListenVerdict : uint8_t {
  kIgnore,      // it is malformed: drop it without an answer
  kNotDtls13,   // it does not offer DTLS 1.3
  kNeedsRetry,  // a first ClientHello: answer with WriteRetry
  kBadCookie,   // a cookie not ours, stale, or of another address: answer with illegal_parameter
  kAccept,      // carries a valid cookie
};

struct ListenInspection {
  ListenVerdict verdict = ListenVerdict::kIgnore;
  // With kAccept: the application's own cookie, as it was given to WriteRetry.
  std::vector<uint8_t> application_cookie = {};
};

// PrefixCookie is what the first bytes of a ClientHello show of a cookie.
enum class PrefixCookie : uint8_t {
  kNotFound,  // none, or it is further on
  kGood,
  kBad,  // not ours, stale, or of another address
};

// CookieListener answers first ClientHellos statelessly (RFC 9147 section 5.1): an unproved address
// costs no memory and gets at most one small datagram for each of its own. It keeps nothing between
// calls, and sees whole ClientHellos. Its answers carry the record and message numbers that let an
// Association continue from the second ClientHello.
class CookieListener {
 public:
  explicit CookieListener(std::shared_ptr<const HandshakeConfig> config)
      : config_(std::move(config)) {}

  const WireProfile& wire_profile() const { return config_->wire_profile; }

  ListenInspection Inspect(const ReceivedHello& hello, std::span<const uint8_t> peer_address,
                           WallTime now) const;

  // InspectPrefix judges the cookie of a ClientHello of which only the body's first bytes are here.
  PrefixCookie InspectPrefix(std::span<const uint8_t> body_prefix,
                             std::span<const uint8_t> peer_address, WallTime now) const;

  // WriteRetry makes `*datagram` the one with the HelloRetryRequest for a ClientHello that Inspect
  // called kNeedsRetry. Not Ok when the hello is not acceptable at all (no common suite or group),
  // or when the answer would be more than kMaxAmplification times a record with `hello`.
  Status WriteRetry(const ReceivedHello& hello, const RetryAddressee& to, WallTime now,
                    std::vector<uint8_t>* datagram) const;

  // WriteAlert writes a datagram with the fatal alert that a ClientHello is refused with;
  // `record_number` is of one of its records. Returns the length, 0 when `out` is too small.
  static size_t WriteAlert(SequenceNumber record_number, AlertDescription alert,
                           std::span<uint8_t> out);

 private:
  std::shared_ptr<const HandshakeConfig> config_;
};

}  // namespace dtls13

#endif  // DTLS13_LISTENER_COOKIE_LISTENER_H_
