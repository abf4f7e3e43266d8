// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_TESTING_RING_BIO_H_
#define DTLS13_SHIM_TESTING_RING_BIO_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// DatagramRing carries datagrams one way, in memory that is there from the beginning.
class DatagramRing {
 public:
  static constexpr size_t kMaxDatagrams = 16;
  static constexpr size_t kMaxLen = 17408;  // a record of 16 KB, and its overhead

  bool empty() const { return num_ == 0; }
  // Write returns what BIO_write does: -1 where there is no room.
  int Write(const void* data, size_t len);
  // Read takes the oldest datagram; there must be one. What does not fit is lost.
  int Read(void* out, size_t out_len);
  // What was written since the beginning: datagrams, and their bytes.
  size_t num_written() const { return num_written_; }
  size_t bytes_written() const { return bytes_written_; }
  // Join makes one datagram of all that there are, in order; they must fit.
  void Join();

 private:
  struct Datagram {
    std::array<uint8_t, kMaxLen> bytes;
    size_t len = 0;
  };
  std::array<Datagram, kMaxDatagrams> datagrams_;
  size_t first_ = 0;
  size_t num_ = 0;
  size_t num_written_ = 0;
  size_t bytes_written_ = 0;
};

// NewRingBio returns a BIO of an application's own that reads from one ring and writes to another,
// and allocates nothing for a datagram. Both rings outlive it. With `knows_peer` it names an
// address that the datagrams come from.
BIO* NewRingBio(DatagramRing* incoming, DatagramRing* outgoing, bool knows_peer = false);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_TESTING_RING_BIO_H_
