// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp/udp_socket.h"

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dtls13/endpoint_number.h"

namespace dtls13 {
namespace {

void SetOption(int fd, int level, int name, int value) {
  // What is refused is no worse than what was there before.
  (void)setsockopt(fd, level, name, &value, sizeof(value));
}

std::string Sentence(const std::string& what, int error) {
  return what + ": " + std::strerror(error) + ".";
}

// OpenSocket returns a socket for `address`: of both families where that is any.
int OpenSocket(const UdpAddress& address, int* family) {
  constexpr int kType = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  *family = address.is_v4() ? AF_INET : AF_INET6;
  int fd = socket(*family, kType, 0);
  const auto host = address.bytes().first(address.bytes().size() - sizeof(uint16_t));
  const bool is_any = std::ranges::all_of(host, [](uint8_t byte) { return byte == 0; });
  if (fd < 0 && *family == AF_INET6 && errno == EAFNOSUPPORT && is_any) {
    *family = AF_INET;
    fd = socket(*family, kType, 0);
  } else if (fd >= 0 && *family == AF_INET6) {
    SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, is_any ? 0 : 1);
  }
  return fd;
}

// The address that a socket of `family` listens at.
socklen_t ListenAddress(const UdpAddress& address, int family, sockaddr_storage* out) {
  if (address.is_v4() || family == AF_INET6) return address.ToSockaddr(family, out);
  *out = {};
  auto& any = reinterpret_cast<sockaddr_in&>(*out);
  any.sin_family = AF_INET;
  any.sin_port = htons(address.port());
  return sizeof(any);
}

// Told is what the kernel says of a message beside its sender.
struct Told {
  size_t segment_len = 0;  // 0: it is one datagram
  UdpAddress local = {};
};

template <typename Value>
Value ValueOf(cmsghdr* part) {
  Value value{};
  std::memcpy(&value, CMSG_DATA(part), sizeof(value));
  return value;
}

Told Read(msghdr* message) {
  Told told;
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    sockaddr_storage local{};
    if (part->cmsg_level == SOL_UDP && part->cmsg_type == UDP_GRO) {
      told.segment_len = static_cast<size_t>(std::max(ValueOf<int>(part), 0));
    } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(local);
      v4.sin_family = AF_INET;
      v4.sin_addr = ValueOf<in_pktinfo>(part).ipi_addr;
      told.local = UdpAddress::FromSockaddr(local);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      auto& v6 = reinterpret_cast<sockaddr_in6&>(local);
      v6.sin6_family = AF_INET6;
      v6.sin6_addr = ValueOf<in6_pktinfo>(part).ipi6_addr;
      told.local = UdpAddress::FromSockaddr(local);
    }
  }
  return told;
}

// ControlWriter puts what the kernel is to know of a message behind one another.
class ControlWriter {
 public:
  // `message` has a control buffer with room for all that is added.
  explicit ControlWriter(msghdr* message) : message_(message) { message_->msg_controllen = 0; }

  template <typename Value>
  void Add(int level, int type, const Value& value) {
    auto* const part = reinterpret_cast<cmsghdr*>(static_cast<uint8_t*>(message_->msg_control) +
                                                  message_->msg_controllen);
    // The kernel reads what is between the parts too.
    std::memset(part, 0, CMSG_SPACE(sizeof(value)));
    part->cmsg_level = level;
    part->cmsg_type = type;
    part->cmsg_len = CMSG_LEN(sizeof(value));
    std::memcpy(CMSG_DATA(part), &value, sizeof(value));
    message_->msg_controllen += CMSG_SPACE(sizeof(value));
  }

  // AddLocal has the datagrams leave from `local`.
  void AddLocal(const UdpAddress& local, int family) {
    sockaddr_storage address;
    local.ToSockaddr(family, &address);
    if (family == AF_INET) {
      Add(IPPROTO_IP, IP_PKTINFO,
          in_pktinfo{.ipi_ifindex = 0,
                     .ipi_spec_dst = reinterpret_cast<sockaddr_in&>(address).sin_addr,
                     .ipi_addr = {}});
    } else {
      Add(IPPROTO_IPV6, IPV6_PKTINFO,
          in6_pktinfo{.ipi6_addr = reinterpret_cast<sockaddr_in6&>(address).sin6_addr,
                      .ipi6_ifindex = 0});
    }
  }

 private:
  msghdr* message_;
};

size_t NumDatagrams(size_t len, size_t segment_len) {
  return segment_len == 0 || len == 0 ? 1 : (len + segment_len - 1) / segment_len;
}

}  // namespace

std::unique_ptr<UdpSocket> UdpSocket::Open(const UdpDriverOptions& options, std::string* error) {
  const std::optional<UdpAddress> address = UdpAddress::Parse(options.address);
  if (!address) {
    *error = "\"" + options.address + "\" is no address with a port, as 192.0.2.1:4433 is.";
    return nullptr;
  }
  int family = AF_UNSPEC;
  const int fd = OpenSocket(*address, &family);
  if (fd < 0) {
    *error = Sentence("Cannot open a UDP socket", errno);
    return nullptr;
  }
  if (options.reuse_port) SetOption(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  sockaddr_storage listen;
  const socklen_t len = ListenAddress(*address, family, &listen);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&listen), len) != 0) {
    *error = Sentence("Cannot listen at " + address->ToString(), errno);
    close(fd);
    return nullptr;
  }
  return std::unique_ptr<UdpSocket>(new UdpSocket(fd, family, options));
}

UdpSocket::UdpSocket(int fd, int family, const UdpDriverOptions& options)
    : fd_(fd), family_(family) {
  const auto set_len = [fd](int name, size_t len) {
    if (len > 0)
      SetOption(fd, SOL_SOCKET, name, static_cast<int>(std::min<size_t>(len, INT32_MAX)));
  };
  set_len(SO_RCVBUF, options.receive_buffer_len);
  set_len(SO_SNDBUF, options.send_buffer_len);
  // Nobody on the way takes a datagram to pieces, and the kernel refuses one for which it knows the
  // way to be too narrow.
  SetOption(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
  if (family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
  if (options.offload) {
    // Zero segments nothing by itself; a kernel without the option says so.
    const int none = 0;
    const int on = 1;
    segments_ = setsockopt(fd, SOL_UDP, UDP_SEGMENT, &none, sizeof(none)) == 0;
    coalesces_ = setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) == 0;
  }
  if (options.tells_local_addresses) {
    tells_local_ = true;
    SetOption(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
  PrepareIncoming();
}

UdpSocket::~UdpSocket() { close(fd_); }

UdpAddress UdpSocket::local_address() const {
  sockaddr_storage address{};
  socklen_t len = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &len) != 0) return {};
  return UdpAddress::FromSockaddr(address);
}

// A datagram whose first record has a Connection ID goes to the socket that this names. For every
// other one the program answers with a place that no socket has, and the kernel chooses by the
// addresses, as it does without a program.
bool UdpSocket::Steer() const {
  constexpr uint32_t kNoPlace = 0xffffffff;
  constexpr uint32_t kFixedAndConnectionIdBits = 0xf0;
  constexpr uint32_t kHasConnectionId = 0x30;
  constexpr uint32_t kNumberBits = kMaxEndpoints - 1;
  std::array<sock_filter, 7> program = {{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kFixedAndConnectionIdBits),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kHasConnectionId, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, kNoPlace),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kNumberBits),
      BPF_STMT(BPF_RET | BPF_A, 0),
  }};
  const sock_fprog attached{.len = program.size(), .filter = program.data()};
  return setsockopt(fd_, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &attached, sizeof(attached)) == 0;
}

// --- Receiving

void UdpSocket::PrepareIncoming() {
  // Not cleared: pages that no datagram is long enough for are never touched.
  in_.bytes = std::unique_ptr<uint8_t[]>(new uint8_t[kMaxIn * kInLen]);
  in_.received.reserve(kMaxIn);
  for (size_t i = 0; i < kMaxIn; ++i) {
    in_.parts[i] = {.iov_base = in_.bytes.get() + i * kInLen, .iov_len = kInLen};
    in_.messages[i] = {};
    msghdr& header = in_.messages[i].msg_hdr;
    header.msg_name = &in_.from[i];
    header.msg_iov = &in_.parts[i];
    header.msg_iovlen = 1;
    header.msg_control = &in_.control[i];
  }
}

std::span<const ReceivedDatagrams> UdpSocket::Receive() {
  for (mmsghdr& message : in_.messages) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = coalesces_ || tells_local_ ? sizeof(Control) : 0;
  }
  in_.received.clear();
  const int num = recvmmsg(fd_, in_.messages.data(), kMaxIn, MSG_DONTWAIT, nullptr);
  ++counters_.receive_calls;
  if (num < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) ++counters_.receive_failures;
    return {};
  }
  for (size_t i = 0; i < static_cast<size_t>(num); ++i) {
    const size_t len = in_.messages[i].msg_len;
    const Told told = Read(&in_.messages[i].msg_hdr);
    in_.addresses[i] = UdpAddress::FromSockaddr(in_.from[i]).WithLocal(told.local);
    in_.received.push_back({.peer_address = in_.addresses[i].bytes(),
                            .host_len = in_.addresses[i].host_len(),
                            .bytes = {in_.bytes.get() + i * kInLen, len},
                            .segment_len = told.segment_len});
    counters_.datagrams_in += NumDatagrams(len, told.segment_len);
  }
  return in_.received;
}

// --- Sending

void UdpSocket::AddMessage(const OutputBatch& batch, size_t index, size_t offset, size_t len) {
  const size_t at = out_.num++;
  const std::optional<UdpAddress> to = UdpAddress::Of(batch.peer_address);
  // An address that is none is refused by the kernel, and counted as that.
  out_.to[at] = {};
  const socklen_t to_len = to ? to->ToSockaddr(family_, &out_.to[at]) : 0;
  // sendmmsg only reads.
  out_.parts[at] = {.iov_base = const_cast<uint8_t*>(batch.bytes.data()) + offset, .iov_len = len};
  out_.batch[at] = index;
  out_.messages[at] = {};
  msghdr& header = out_.messages[at].msg_hdr;
  header.msg_name = &out_.to[at];
  header.msg_namelen = to_len;
  header.msg_iov = &out_.parts[at];
  header.msg_iovlen = 1;
  header.msg_control = &out_.control[at];
  ControlWriter control(&header);
  if (len > batch.segment_len) {
    control.Add(SOL_UDP, UDP_SEGMENT, static_cast<uint16_t>(batch.segment_len));
  }
  if (to && !to->local().empty()) control.AddLocal(to->local(), family_);
}

// Fill makes messages of what is left of the batches from `first` on, as many as there is room for.
void UdpSocket::Fill(std::span<const OutputBatch> batches, size_t first) {
  out_.num = 0;
  for (size_t i = first; i < batches.size(); ++i) {
    const bool is_first = i == first;
    const OutputBatch& batch = batches[i];
    size_t offset = is_first ? offset_ : 0;
    const bool is_plain = !segments_ || (is_first && is_plain_);
    while (offset < batch.bytes.size()) {
      if (out_.num == kMaxOut) return;
      const size_t rest = batch.bytes.size() - offset;
      const size_t len = is_plain ? std::min(rest, batch.segment_len) : rest;
      AddMessage(batch, i, offset, len);
      offset += len;
    }
  }
}

size_t UdpSocket::Send(std::span<const OutputBatch> batches) {
  too_large_.clear();
  size_t done = 0;
  while (done < batches.size()) {
    Fill(batches, done);
    const int num = sendmmsg(fd_, out_.messages.data(), static_cast<unsigned>(out_.num),
                             MSG_DONTWAIT | MSG_NOSIGNAL);
    ++counters_.send_calls;
    if (num < 0) {
      if (!OnRefused(errno, batches, &done)) break;
      continue;
    }
    OnSent(batches, static_cast<size_t>(num), &done);
  }
  return done;
}

void UdpSocket::OnSent(std::span<const OutputBatch> batches, size_t num_messages, size_t* done) {
  for (size_t i = 0; i < num_messages; ++i) {
    const size_t len = out_.parts[i].iov_len;
    if (len > batches[*done].segment_len) num_segment_failures_ = 0;
    if (is_plain_ && offset_ == 0 && ++num_segment_failures_ == kMaxSegmentFailures) {
      segments_ = false;
    }
    counters_.datagrams_out += NumDatagrams(len, batches[*done].segment_len);
    Skip(batches, len, done);
  }
}

// Skip is done with the next `len` bytes of the first batch.
void UdpSocket::Skip(std::span<const OutputBatch> batches, size_t len, size_t* done) {
  offset_ += len;
  if (offset_ < batches[*done].bytes.size()) return;
  offset_ = 0;
  is_plain_ = false;
  ++*done;
}

bool UdpSocket::OnRefused(int error, std::span<const OutputBatch> batches, size_t* done) {
  if (error == EINTR) return true;
  if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS) return false;
  const size_t len = out_.parts[0].iov_len;
  const OutputBatch& batch = batches[*done];
  if (len > batch.segment_len) {
    // A device that has no checksums for them (EIO), a way whose MTU is below theirs (EINVAL), or
    // nothing to do with them. Single datagrams may still pass, and other ways take segments.
    if (error == EOPNOTSUPP || error == ENOPROTOOPT) segments_ = false;
    is_plain_ = true;
    return true;
  }
  if (error == EMSGSIZE) NoteTooLarge(batch.id, len);
  ++counters_.send_failures;
  Skip(batches, len, done);
  return true;
}

void UdpSocket::NoteTooLarge(AssociationId id, size_t len) {
  if (id == 0) return;
  if (too_large_.empty() || too_large_.back().id != id)
    too_large_.push_back({.id = id, .len = len});
  too_large_.back().len = std::min(too_large_.back().len, len);
}

}  // namespace dtls13
