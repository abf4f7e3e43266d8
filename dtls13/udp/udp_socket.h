// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_UDP_SOCKET_H_
#define DTLS13_UDP_UDP_SOCKET_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/udp_address.h"
#include "dtls13/udp_driver.h"

namespace dtls13 {

// UdpSocket is a bound UDP socket that never blocks, and that receives and sends many datagrams a
// call: recvmmsg and sendmmsg, with UDP_GRO and UDP_SEGMENT where the kernel has them.
//
// It does not know endpoints or clocks.
class UdpSocket {
 public:
  // Datagrams of one association that were too large for their way.
  struct TooLarge {
    AssociationId id = 0;
    size_t len = 0;  // of the shortest of them
  };

  // Open: on null, `*error` is one sentence for a person.
  static std::unique_ptr<UdpSocket> Open(const UdpDriverOptions& options, std::string* error);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  int fd() const { return fd_; }
  UdpAddress local_address() const;
  bool uses_offload() const { return segments_ && coalesces_; }

  // Steer has the kernel choose, among the sockets of the port (SO_REUSEPORT) in the order in which
  // they were opened, the one whose place a datagram's Connection ID names (endpoint_number.h).
  // False on a kernel that does not.
  bool Steer() const;

  // Receive returns what is there, empty if nothing is; valid until the next call.
  std::span<const ReceivedDatagrams> Receive();
  // may_have_more: the latest Receive took as many messages as one call can.
  bool may_have_more() const { return in_.received.size() == kMaxIn; }
  // Send returns how many of `batches` are done with, sent or refused; fewer than all: the socket
  // is full, and the next call goes on where this one ended.
  size_t Send(std::span<const OutputBatch> batches);
  // too_large is what the latest Send was refused as that.
  std::span<const TooLarge> too_large() const { return too_large_; }

  const UdpDriverCounters& counters() const { return counters_; }
  void CountHandedOver() { ++counters_.handed_over; }

 private:
  // kMaxIn and kMaxOut messages are received and sent by one call: more gain nothing, and what was
  // received, 64 KB each with UDP_GRO, is to fit a processor's cache until it is decrypted.
  static constexpr size_t kMaxIn = 16;
  static constexpr size_t kMaxOut = 64;
  // kInLen has room for the longest datagram, and for all that UDP_GRO puts together.
  static constexpr size_t kInLen = 65536;
  // kMaxSegmentFailures: of a few that failed in a row each may have had a way of its own.
  static constexpr int kMaxSegmentFailures = 8;
  // kControlLen: the length of segments, and our own address.
  static constexpr size_t kControlLen = CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(in6_pktinfo));

  struct alignas(cmsghdr) Control {
    std::array<uint8_t, kControlLen> bytes;
  };
  struct Incoming {
    std::array<mmsghdr, kMaxIn> messages;
    std::array<iovec, kMaxIn> parts;
    std::array<sockaddr_storage, kMaxIn> from;
    std::array<Control, kMaxIn> control;
    std::array<UdpAddress, kMaxIn> addresses;
    std::unique_ptr<uint8_t[]> bytes;
    std::vector<ReceivedDatagrams> received;
  };
  struct Outgoing {
    std::array<mmsghdr, kMaxOut> messages;
    std::array<iovec, kMaxOut> parts;
    std::array<sockaddr_storage, kMaxOut> to;
    std::array<Control, kMaxOut> control;
    std::array<size_t, kMaxOut> batch;  // of which each message is a part
    size_t num = 0;
  };

  UdpSocket(int fd, int family, const UdpDriverOptions& options);
  void PrepareIncoming();
  void Fill(std::span<const OutputBatch> batches, size_t first);
  void AddMessage(const OutputBatch& batch, size_t index, size_t offset, size_t len);
  void OnSent(std::span<const OutputBatch> batches, size_t num_messages, size_t* done);
  // OnRefused is false when the socket is full.
  bool OnRefused(int error, std::span<const OutputBatch> batches, size_t* done);
  void NoteTooLarge(AssociationId id, size_t len);
  void Skip(std::span<const OutputBatch> batches, size_t len, size_t* done);

  const int fd_;
  const int family_;
  bool segments_ = false;   // UDP_SEGMENT
  bool coalesces_ = false;  // UDP_GRO
  bool tells_local_ = false;
  size_t offset_ = 0;      // of what is not sent in the first batch
  bool is_plain_ = false;  // and that goes without UDP_SEGMENT, which refused it
  Incoming in_;
  Outgoing out_;
  int num_segment_failures_ = 0;     // in a row, of what then passed as single datagrams
  std::vector<TooLarge> too_large_;  // at most one for each batch of the latest Send
  UdpDriverCounters counters_;
};

}  // namespace dtls13

#endif  // DTLS13_UDP_UDP_SOCKET_H_
