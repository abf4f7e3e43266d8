// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_SENDING_BOUND_H_
#define DTLS13_FLIGHT_SENDING_BOUND_H_

#include <cstddef>
#include <cstdint>

namespace dtls13 {

//= rfc9147#section-5.8.3
//# DTLS stacks SHOULD NOT send more than 10 records in a single
//# transmission.
inline constexpr uint32_t kMaxBurstRecords = 10;

//= rfc9147#section-5.1
//# A server SHOULD limit the amount of data it sends toward a client
//# address to three times the amount of data sent by the client before it
//# verifies that the client is able to receive data at that address.
inline constexpr size_t kMaxAmplification = 3;

// SendingBound is how much a server may send to an address that need not be the client's: whoever
// forges one is not to have a victim sent many times what it sends itself. Without a cookie the
// flight has to leave once, up to the records of one burst; whatever else leaves, of repetitions
// above all, comes to kMaxAmplification times what the address has sent.
//
// A client that lacks the ServerHello says so with its hello, which raises the bound; one that has
// it acknowledges what it has under keys, which lifts it. Repetitions by the server's own timer are
// of use where that acknowledgement was lost, and a small one is as good a reminder as a large one:
// each may use half of what is left, so that there are several.
//
// So a client that acknowledges no part of a flight gets what of it lies behind the first burst as
// its own repetitions pay for it, and no faster: n hellos of H bytes bring 3nH.
//
// It does not know addresses, records or time.
class SendingBound {
 public:
  // kMinRoom: less than this is not worth a datagram, and waits until there is more.
  static constexpr size_t kMinRoom = 100;

  // Impose begins to bound, for a server; a client sends to an address of its own choice.
  void Impose() { is_imposed_ = true; }
  // Lift: the address is the peer's.
  void Lift() { is_imposed_ = false; }
  // Reset: the address is another from here on, of which nothing is known.
  void Reset();

  // OnReceived: a datagram of `len` bytes came from the address.
  void OnReceived(size_t len);
  // OnRefused: a datagram of `len` bytes did not leave after all.
  void OnRefused(size_t len);
  // OnTimeout: what is sent next is sent without a word of the peer's.
  void OnTimeout() { present_ = left_ / 2; }

  // Room is how many bytes a record may have that repeats something, 0 or at least kMinRoom; more
  // for one `is_new` that has never left, as long as the first burst lasts.
  size_t Room(bool is_new) const;
  // OnSent: such a record left, with `len` bytes.
  void OnSent(size_t len, bool is_new);

 private:
  bool is_imposed_ = false;
  uint32_t num_free_ = kMaxBurstRecords;  // records of the flight that may still leave once
  size_t left_ = 0;                       // bytes beyond those
  size_t present_ = 0;                    // of them, what may leave before something happens
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_SENDING_BOUND_H_
