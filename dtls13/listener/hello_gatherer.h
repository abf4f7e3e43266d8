// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_LISTENER_HELLO_GATHERER_H_
#define DTLS13_LISTENER_HELLO_GATHERER_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/flight/reassembler.h"
#include "dtls13/listener/cookie_listener.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// GatherVerdict is what became of a datagram.
enum class GatherVerdict : uint8_t {
  kNothing,    // more is wanted, or it was no fragment of a ClientHello
  kWhole,      // the ClientHello is whole: `body`
  kBadCookie,  // the first fragment has a cookie that is not good: answer with illegal_parameter
};

struct Gathered {
  GatherVerdict verdict = GatherVerdict::kNothing;
  // With kWhole: the ClientHello's, and the number of the record that came last.
  std::vector<uint8_t> body = {};
  uint16_t message_seq = 0;
  SequenceNumber record_number = {};
};

// HelloGatherer puts ClientHellos together that come in several records, for a server that has no
// associations with their senders yet: hellos with a post-quantum key share, and those of libssl,
// which cuts at 256 bytes where nobody knows the MTU (F23). RFC 9147 section 5.1 leaves a server
// that keeps nothing without them; this one keeps a constant amount, whoever sends whatever. What
// is too much displaces the oldest, first of those that have not shown a cookie: a flood of forged
// addresses does not keep out a client that has proved its own. A cookie that is in the first
// fragment is judged before anything is kept for it.
//
// An address has one hello at a time. It does not know associations, and it answers nobody.
class HelloGatherer {
 public:
  // kMaxHelloLen: what fits one record when it is whole.
  static constexpr size_t kMaxHelloLen = kMaxPlaintextLen - kHandshakeHeaderLen;
  // kMaxHelloSeq: a client that has no association has sent no more than two ClientHellos.
  static constexpr uint16_t kMaxHelloSeq = 1;
  // kMaxHellos: the clients of some tens of milliseconds, which is how far apart the pieces of a
  // hello arrive, where one comes every millisecond.
  static constexpr size_t kMaxHellos = 64;
  // kMaxBytes: as many hellos of twice the size that a post-quantum share gives them. The
  // bookkeeping of fragments is bounded by the Reassembler.
  static constexpr size_t kMaxBytes = kMaxHellos * 4096;

  // `max_hellos` at most kMaxHellos.
  explicit HelloGatherer(size_t max_hellos = kMaxHellos) : max_hellos_(max_hellos) {}

  // SetMaxHellos changes the bound; the oldest make room.
  void SetMaxHellos(size_t max_hellos);

  // Add takes one datagram that is no whole ClientHello. `listener` judges cookies.
  Gathered Add(std::span<const uint8_t> datagram, std::span<const uint8_t> peer_address,
               const CookieListener& listener, WallTime now);

  size_t num_hellos() const { return hellos_.size(); }
  size_t num_bytes_held() const;

 private:
  struct Hello {
    std::vector<uint8_t> address;
    uint16_t message_seq = 0;
    uint32_t message_len = 0;
    bool is_proved = false;  // showed a good cookie
    SequenceNumber record_number = {};
    Reassembler reassembler{kMaxHelloLen};
  };
  using Hellos = std::list<Hello>;

  // AddFragment is false for a bad cookie.
  bool AddFragment(const PlaintextFragment& found, std::span<const uint8_t> peer_address,
                   const CookieListener& listener, WallTime now);
  Hellos::iterator Find(std::span<const uint8_t> peer_address);
  Hello& Begin(const HandshakeHeader& header, std::span<const uint8_t> peer_address);
  void DropOldestButLast();
  Gathered TakeWhole(std::span<const uint8_t> peer_address);

  size_t max_hellos_;
  Hellos hellos_;  // oldest first
};

}  // namespace dtls13

#endif  // DTLS13_LISTENER_HELLO_GATHERER_H_
