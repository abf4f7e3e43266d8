// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_BIO_TRANSPORT_H_
#define DTLS13_SHIM_BIO_BIO_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/time.h"
#include "shim/bio/peer_address.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/outcome.h"

namespace dtls13::shim {

// A BIO is read, written, flushed and asked on behalf of an SSL by these functions alone. They
// fetch the SSL's BIOs at every call, because applications exchange them between calls, and go by
// the filters that the shim puts before them for libssl. They know nothing of associations.

// HasReadBio and HasWriteBio: the SSL has such a BIO at present.
bool HasReadBio(SSL* ssl);
bool HasWriteBio(SSL* ssl);
// SharesBio: one BIO is both.
bool SharesBio(SSL* ssl);

struct BioRead {
  Outcome outcome;
  std::span<uint8_t> datagram;  // with kDone: the filled part of the buffer
};

// ReadDatagram reads once. A blocking BIO_s_socket, which has no timer of its own, is waited for
// until `deadline` (for ever without one), but no longer than its SO_RCVTIMEO. kDone; kWouldBlock
// with a retry flag, also when nothing came in time; kBroken at an end, an error, nothing to read
// without a retry flag, or without a BIO.
BioRead ReadDatagram(SSL* ssl, std::span<uint8_t> buffer, std::optional<Instant> deadline);

// WriteDatagram hands one datagram to the write BIO in one BIO_write: kDone, kWouldBlock, kTooLarge
// or kBroken.
Outcome WriteDatagram(SSL* ssl, std::span<const uint8_t> datagram);
// Flush ends a flight, for BIOs that gather.
void Flush(SSL* ssl);

// SetRetryRead says on the read BIO that a read would block, where none was tried.
void SetRetryRead(SSL* ssl);
// PendingLen is the bytes that the read BIO holds ready, as BIO_pending tells them.
int PendingLen(SSL* ssl);

// TimeoutNotice is BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT, by which a read BIO hears at what time a
// blocking read is to give up, and remembers what was said last.
class TimeoutNotice {
 public:
  // Tell says when the next timer expires, or that none runs, where that is news to the read BIO.
  // Applications come back into the shim from it, so all else is settled before.
  void Tell(SSL* ssl, std::optional<Instant> deadline);
  // is_told: the BIO was told a time, and not since that none runs.
  bool is_told() const { return told_.has_value(); }

 private:
  std::optional<Instant> told_;  // nothing: that no timer runs
  const BIO* told_bio_ = nullptr;
};

// IsBlocking is true when a read may wait without an end of the application's own choosing: a
// blocking socket.
bool IsBlocking(SSL* ssl);

// HasReceiveTimeout: a read waits, but not for ever, because the application has bounded it by
// BIO_CTRL_DGRAM_SET_RECV_TIMEOUT or SO_RCVTIMEO.
bool HasReceiveTimeout(SSL* ssl);

// KeepsDatagramBoundaries is true only where the write BIO is a datagram socket itself, so that a
// record may go without its length.
bool KeepsDatagramBoundaries(SSL* ssl);

// QueryMtu is the datagram payload that the write BIO knows of, 0 when it does not.
size_t QueryMtu(SSL* ssl);
// MtuOverhead is what IP and UDP take of a link MTU, in bytes.
size_t MtuOverhead(SSL* ssl);

// ReadPeer is the sender of the last datagram as the read BIO has it. False or null when the BIO
// cannot tell.
bool ReadPeer(SSL* ssl, BIO_ADDR* address);
AddressPtr ReadPeer(SSL* ssl);
// PeerAddress is the same, encoded for cookies. Empty when the BIO cannot tell. Only what ReadPeer
// returned can be sent to.
std::vector<uint8_t> PeerAddress(SSL* ssl);
// IsFrom says whether the last datagram's sender is `encoded`; true when the BIO cannot tell.
// `*spare` is the SSL's own, null at first, so that a datagram costs no allocation.
bool IsFrom(SSL* ssl, std::span<const uint8_t> encoded, AddressPtr* spare);
// ReadDestination is whom the write BIO sends to. False when it cannot tell.
bool ReadDestination(SSL* ssl, BIO_ADDR* address);
// SetPeer makes an unconnected datagram BIO send to `address` again; null changes nothing.
void SetPeer(SSL* ssl, BIO_ADDR* address);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_BIO_TRANSPORT_H_
