// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_LISTENER_HELLO_LISTENER_H_
#define DTLS13_LISTENER_HELLO_LISTENER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dtls13/handshake/handshake_config.h"
#include "dtls13/listener/cookie_listener.h"
#include "dtls13/listener/hello_gatherer.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// ClientRandom is a ClientHello's random, which both hellos of a cookie exchange have.
using ClientRandom = std::array<uint8_t, kRandomLen>;

// HelloVerdict is what a server should do about a datagram of a client that it has no association
// with.
enum class HelloVerdict : uint8_t {
  kIgnore,        // no ClientHello, or not the whole of one yet
  kRepeated,      // a ClientHello that has begun an association, which the datagram is for
  kRetry,         // send `answer`, a HelloRetryRequest
  kRefuse,        // send `answer`, a fatal alert
  kCookieWanted,  // a first ClientHello: Retry with the application's cookie
  kAccept,        // make an Association; `hello` is its first message, and `rest` follows
  kNotDtls13,     // `hello` offers older versions only
};

// HelloReport is a verdict and what it is about.
struct HelloReport {
  HelloVerdict verdict = HelloVerdict::kIgnore;
  size_t repeated_index = 0;         // kRepeated: whose of the randoms that are known
  std::vector<uint8_t> answer = {};  // kRetry, kRefuse: one datagram
  // kCookieWanted, kAccept, kNotDtls13.
  std::shared_ptr<const ReceivedHello> hello = nullptr;
  // kAccept: what the application's own cookie was, empty if there was none.
  std::vector<uint8_t> application_cookie = {};
  // kAccept: what lies behind `hello` in its datagram, and is the association's too; empty when it
  // came in several.
  std::span<uint8_t> rest = {};
};

// HelloCookie says what a ClientHello has to show before it is accepted.
enum class HelloCookie : uint8_t {
  kNone,          // nothing; one that shows a cookie still has to show a good one
  kOwn,           // a cookie of ours, RFC 9147 section 5.1
  kApplications,  // the same with one of the application's inside, which it makes and judges
};

struct HelloListenerOptions {
  HelloCookie cookie = HelloCookie::kOwn;
  // serves_older: clients without DTLS 1.3 are somebody's to serve. Otherwise they are refused with
  // protocol_version.
  bool serves_older = false;
  // How many ClientHellos in pieces are kept at a time, at most HelloGatherer::kMaxHellos.
  size_t max_hellos = HelloGatherer::kMaxHellos;
};

// HelloListener is a server's front door, for datagrams of clients that it has no association with:
// it puts ClientHellos together, reads each once, and says what is to be done. It answers
// statelessly (CookieListener) and keeps nothing but a constant amount of pieces (HelloGatherer). A
// client has sent no more than two ClientHellos by then, so a later message is ignored.
//
// It does not know associations, nor what addresses mean, and sends nothing.
class HelloListener {
 public:
  HelloListener(std::shared_ptr<const HandshakeConfig> config, HelloListenerOptions options)
      : cookies_(std::move(config)), options_(options), gatherer_(options.max_hellos) {}

  // Reconfigure replaces what the constructor was given; pieces of ClientHellos stay.
  void Reconfigure(std::shared_ptr<const HandshakeConfig> config, HelloListenerOptions options);

  // Handle takes one datagram from `peer_address`, any stable encoding of it. `known` are the
  // randoms of the ClientHellos that associations with that address were made for: RFC 9147
  // section 5.8.1 has those answer a repetition.
  HelloReport Handle(std::span<uint8_t> datagram, std::span<const uint8_t> peer_address,
                     WallTime now, std::span<const ClientRandom> known = {});

  // Retry goes on from kCookieWanted: `application_cookie` of at most 255 bytes is what the
  // application judges once the client shows it. kRetry, or kRefuse for a ClientHello that is not
  // acceptable at all.
  HelloReport Retry(const ReceivedHello& hello, std::span<const uint8_t> peer_address,
                    std::span<const uint8_t> application_cookie, WallTime now) const;

  // Refuse is kRefuse with `alert`, for a ClientHello that the caller does not take after all.
  static HelloReport Refuse(const ReceivedHello& hello, AlertDescription alert);

 private:
  HelloReport Judge(std::shared_ptr<const ReceivedHello> hello,
                    std::span<const uint8_t> peer_address, WallTime now) const;
  HelloReport JudgeOlder(std::shared_ptr<const ReceivedHello> hello) const;

  CookieListener cookies_;
  HelloListenerOptions options_;
  HelloGatherer gatherer_;
};

}  // namespace dtls13

#endif  // DTLS13_LISTENER_HELLO_LISTENER_H_
