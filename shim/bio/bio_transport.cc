// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/bio_transport.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>

#include "shim/bio/clock.h"
#include "shim/bio/filter_bio.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// IP and UDP headers where the BIO does not say whether it is IPv4 or IPv6.
constexpr size_t kAssumedMtuOverhead = 28;

// What the least path of IPv4 carries; the kernel itself holds on to IPv6's.
constexpr size_t kMinPathPayload = 576 - kAssumedMtuOverhead;

bool IsDatagramSocket(BIO* bio) {
  // Applications give BIOs of their own the type BIO_TYPE_DGRAM, so the type alone says nothing.
  return BIO_method_type(bio) == BIO_TYPE_DGRAM &&
         std::strcmp(BIO_method_name(bio), "datagram socket") == 0;
}

int DescriptorOf(BIO* bio) {
  int descriptor = -1;
  return BIO_get_fd(bio, &descriptor) >= 0 ? descriptor : -1;
}

bool IsBlockingDescriptor(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && (flags & O_NONBLOCK) == 0;
}

bool IsZero(const timeval& time) { return time.tv_sec == 0 && time.tv_usec == 0; }

// SocketTimeout is a socket's SO_RCVTIMEO, zero for none.
timeval SocketTimeout(int descriptor) {
  timeval timeout = {};
  socklen_t len = sizeof(timeout);
  if (getsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len) != 0) return {};
  return timeout;
}

// EndOfWait is when a read of a blocking socket ends at the latest: at `deadline`, or by itself.
std::optional<Instant> EndOfWait(int descriptor, std::optional<Instant> deadline) {
  const timeval timeout = SocketTimeout(descriptor);
  if (IsZero(timeout)) return deadline;
  const Instant own =
      Now() + std::chrono::seconds(timeout.tv_sec) + std::chrono::microseconds(timeout.tv_usec);
  return deadline ? std::min(*deadline, own) : own;
}

// WaitReadable returns false when `deadline` passed first.
bool WaitReadable(int descriptor, std::optional<Instant> deadline) {
  pollfd entry = {.fd = descriptor, .events = POLLIN, .revents = 0};
  for (;;) {
    int timeout_ms = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Now()).count();
      timeout_ms = static_cast<int>(std::clamp<int64_t>(left, 0, INT_MAX));
    }
    const int num_ready = poll(&entry, 1, timeout_ms);
    // Any failure but a signal is the following read's to find out.
    if (num_ready >= 0 || errno != EINTR) return num_ready != 0;
  }
}

// IsEmptyDatagram says, after a read of nothing, that there was a datagram of nothing. Whoever can
// reach a socket can send one; it is no end, which poll would tell of.
bool IsEmptyDatagram(BIO* bio) {
  if (BIO_method_type(bio) != BIO_TYPE_SOCKET && !IsDatagramSocket(bio)) return false;
  pollfd entry = {.fd = DescriptorOf(bio), .events = POLLRDHUP, .revents = 0};
  return entry.fd >= 0 && poll(&entry, 1, /*timeout=*/0) == 0;
}

BIO* ReadBioOf(SSL* ssl) { return Behind(Real().SSL_get_rbio(ssl)); }

BIO* WriteBioOf(SSL* ssl) { return Behind(Real().SSL_get_wbio(ssl)); }

size_t PositiveControl(SSL* ssl, int command) {
  BIO* bio = WriteBioOf(ssl);
  if (bio == nullptr) return 0;
  const long value = BIO_ctrl(bio, command, 0, nullptr);
  return value > 0 ? static_cast<size_t>(value) : 0;
}

// An interrupted call is to be repeated at once: coturn would take EINTR for a reason to loop.
void ReportAgain() {
  if (errno == EINTR) errno = EAGAIN;
}

// ReadAddress asks a BIO, which may say yes to every control and write nothing.
bool ReadAddress(BIO* bio, BIO_ADDR* address) {
  if (bio == nullptr || address == nullptr) return false;
  BIO_ADDR_clear(address);
  return BIO_ctrl(bio, BIO_CTRL_DGRAM_GET_PEER, 0, address) > 0;
}

// EncodeSender is the sender of the last datagram; `address` is for it to read into.
EncodedAddress EncodeSender(SSL* ssl, BIO_ADDR* address) {
  return ReadPeer(ssl, address) ? EncodedAddress(address) : EncodedAddress();
}

}  // namespace

bool HasReadBio(SSL* ssl) { return ReadBioOf(ssl) != nullptr; }

bool HasWriteBio(SSL* ssl) { return WriteBioOf(ssl) != nullptr; }

bool SharesBio(SSL* ssl) { return ReadBioOf(ssl) == WriteBioOf(ssl); }

BioRead ReadDatagram(SSL* ssl, std::span<uint8_t> buffer, std::optional<Instant> deadline) {
  BIO* bio = ReadBioOf(ssl);
  if (bio == nullptr) return {Outcome::kBroken, {}};
  if (BIO_method_type(bio) == BIO_TYPE_SOCKET) {
    const int descriptor = DescriptorOf(bio);
    if (descriptor >= 0 && IsBlockingDescriptor(descriptor) &&
        !WaitReadable(descriptor, EndOfWait(descriptor, deadline))) {
      BIO_set_retry_read(bio);
      errno = EAGAIN;
      return {Outcome::kWouldBlock, {}};
    }
  }
  errno = 0;
  const int max_len = static_cast<int>(std::min<size_t>(buffer.size(), INT_MAX));
  const int len = BIO_read(bio, buffer.data(), max_len);
  if (len > 0) return {Outcome::kDone, buffer.first(static_cast<size_t>(len))};
  if (!BIO_should_retry(bio)) {
    if (len == 0 && IsEmptyDatagram(bio)) return {Outcome::kDone, {}};
    return {Outcome::kBroken, {}};
  }
  ReportAgain();
  return {Outcome::kWouldBlock, {}};
}

Outcome WriteDatagram(SSL* ssl, std::span<const uint8_t> datagram) {
  BIO* bio = WriteBioOf(ssl);
  if (bio == nullptr) return Outcome::kBroken;
  errno = 0;
  const int len = BIO_write(bio, datagram.data(), static_cast<int>(datagram.size()));
  if (len > 0) return Outcome::kDone;
  if (BIO_should_retry(bio)) {
    ReportAgain();
    return Outcome::kWouldBlock;
  }
  const int error = errno;
  const bool too_large =
      error == EMSGSIZE || BIO_ctrl(bio, BIO_CTRL_DGRAM_MTU_EXCEEDED, 0, nullptr) > 0;
  errno = error;
  return too_large ? Outcome::kTooLarge : Outcome::kBroken;
}

void Flush(SSL* ssl) {
  if (BIO* bio = WriteBioOf(ssl)) BIO_ctrl(bio, BIO_CTRL_FLUSH, 0, nullptr);
}

void SetRetryRead(SSL* ssl) {
  if (BIO* bio = ReadBioOf(ssl)) BIO_set_retry_read(bio);
}

int PendingLen(SSL* ssl) { return BIO_pending(ReadBioOf(ssl)); }

void TimeoutNotice::Tell(SSL* ssl, std::optional<Instant> deadline) {
  BIO* bio = ReadBioOf(ssl);
  const bool is_known_to_bio = bio == told_bio_ || !told_;
  if (deadline == told_ && is_known_to_bio) return;
  told_ = deadline;
  told_bio_ = bio;
  if (bio == nullptr) return;
  timeval when = {};
  if (deadline) {
    const int64_t left_us = std::max<int64_t>((*deadline - Now()).count(), 0);
    // libssl's convention is wall-clock time.
    gettimeofday(&when, nullptr);
    const int64_t total_us = when.tv_usec + left_us;
    when.tv_sec += total_us / 1000000;
    when.tv_usec = total_us % 1000000;
  }
  BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT, 0, &when);
}

bool IsBlocking(SSL* ssl) {
  BIO* bio = ReadBioOf(ssl);
  if (bio == nullptr) return false;
  if (BIO_method_type(bio) != BIO_TYPE_SOCKET && !IsDatagramSocket(bio)) return false;
  const int descriptor = DescriptorOf(bio);
  return descriptor >= 0 && IsBlockingDescriptor(descriptor);
}

bool HasReceiveTimeout(SSL* ssl) {
  BIO* bio = ReadBioOf(ssl);
  if (bio == nullptr) return false;
  const int descriptor = DescriptorOf(bio);
  if (descriptor >= 0 && !IsBlockingDescriptor(descriptor)) return false;
  timeval timeout = {};  // a BIO may say yes to every control, and write nothing
  const bool is_told = BIO_ctrl(bio, BIO_CTRL_DGRAM_GET_RECV_TIMEOUT, 0, &timeout) > 0;
  if (is_told && !IsZero(timeout)) return true;
  return descriptor >= 0 && !IsZero(SocketTimeout(descriptor));
}

bool KeepsDatagramBoundaries(SSL* ssl) {
  BIO* bio = WriteBioOf(ssl);
  return bio != nullptr && IsDatagramSocket(bio);
}

//= rfc9147#section-4.4
//# For DTLS over UDP, the upper layer protocol SHOULD be allowed to obtain
//# the PMTU estimate maintained in the IP layer.
size_t QueryMtu(SSL* ssl) {
  const size_t mtu = PositiveControl(ssl, BIO_CTRL_DGRAM_QUERY_MTU);
  //= rfc9147#section-4.4
  //# Note that DTLS does not defend against spoofed ICMP messages;
  //# implementations SHOULD ignore any such messages that indicate PMTUs
  //# below the IPv4 and IPv6 minimums of 576 and 1280 bytes, respectively.
  // An application's own BIO knows why it asks for less.
  return mtu > 0 && KeepsDatagramBoundaries(ssl) ? std::max(mtu, kMinPathPayload) : mtu;
}

size_t MtuOverhead(SSL* ssl) {
  const size_t overhead = PositiveControl(ssl, BIO_CTRL_DGRAM_GET_MTU_OVERHEAD);
  return overhead > 0 ? overhead : kAssumedMtuOverhead;
}

std::vector<uint8_t> PeerAddress(SSL* ssl) {
  const AddressPtr address(BIO_ADDR_new());
  const EncodedAddress encoded = EncodeSender(ssl, address.get());
  return std::vector<uint8_t>(encoded.bytes().begin(), encoded.bytes().end());
}

bool IsFrom(SSL* ssl, std::span<const uint8_t> encoded, AddressPtr* spare) {
  if (*spare == nullptr) spare->reset(BIO_ADDR_new());
  const EncodedAddress sender = EncodeSender(ssl, spare->get());
  return sender.empty() || std::ranges::equal(sender.bytes(), encoded);
}

bool ReadPeer(SSL* ssl, BIO_ADDR* address) { return ReadAddress(ReadBioOf(ssl), address); }

AddressPtr ReadPeer(SSL* ssl) {
  AddressPtr address(BIO_ADDR_new());
  if (address != nullptr && !ReadPeer(ssl, address.get())) address.reset();
  return address;
}

bool ReadDestination(SSL* ssl, BIO_ADDR* address) { return ReadAddress(WriteBioOf(ssl), address); }

void SetPeer(SSL* ssl, BIO_ADDR* address) {
  BIO* bio = WriteBioOf(ssl);
  if (bio == nullptr || address == nullptr || BIO_ADDR_family(address) == AF_UNSPEC) return;
  BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_PEER, 0, address);
}

}  // namespace dtls13::shim
