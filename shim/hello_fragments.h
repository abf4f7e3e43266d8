#ifndef DTLS13_SHIM_HELLO_FRAGMENTS_H_
#define DTLS13_SHIM_HELLO_FRAGMENTS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/handshake_header.h"

namespace dtls13::shim {

// HelloFragments puts a ClientHello together that comes in several records, so that a server can
// see whether it is for DTLS 1.3 before anyone answers it: libssl cuts its handshake messages into
// 256 bytes where nobody knows the MTU. It holds one client's at a time and takes no more memory
// than arrives.
class HelloFragments {
 public:
  // A ClientHello that does not fit one record is not gathered.
  static constexpr size_t kMaxHelloLen = 16384 - kHandshakeHeaderLen;
  // Enough for kMaxHelloLen in libssl's smallest pieces, twice over.
  static constexpr size_t kMaxFragments = 128;

  // Add takes one datagram from `address`. Once the hello is whole it returns it as a datagram of
  // one record, and is empty again. A datagram of another address, or of another hello, begins
  // anew.
  std::optional<std::vector<uint8_t>> Add(std::span<uint8_t> datagram,
                                          std::span<const uint8_t> address);

 private:
  struct Fragment {
    uint32_t offset;
    std::vector<uint8_t> body;
  };

  void AddFragment(const HandshakeFragment& fragment);
  std::optional<std::vector<uint8_t>> Assemble() const;
  void Forget();  // the fragments
  void Clear();

  std::vector<uint8_t> address_;
  HandshakeHeader header_;
  uint64_t sequence_number_ = 0;  // the record that came last
  std::vector<Fragment> fragments_;
  size_t gathered_len_ = 0;  // of all bodies, overlaps and all
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_HELLO_FRAGMENTS_H_
