// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_DRIVER_H_
#define DTLS13_UDP_DRIVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/udp_address.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

struct UdpDriverOptions {
  // Where to listen, as UdpAddress::Parse takes it; port 0: the system chooses. "[::]:PORT" takes
  // IPv4 too, and IPv4 alone where there is no IPv6.
  std::string address = "[::]:0";
  // UDP_SEGMENT and UDP_GRO are used where the kernel has them. False: plain datagrams, as on a
  // kernel that has neither.
  bool offload = true;
  // SO_RCVBUF and SO_SNDBUF, bytes; what the kernel's own bounds cut is no error. Zero: as it is.
  size_t receive_buffer_len = 4 << 20;
  size_t send_buffer_len = 4 << 20;
  // A peer's address comes with our own that it sent to (UdpAddress::local), and is answered from
  // there: what a server needs that listens at all addresses of a host with several. Connect then
  // takes both as well.
  bool tells_local_addresses = false;
  // SO_REUSEPORT: several drivers of one process or user share the port.
  bool reuse_port = false;
  // OpenGroup: the kernel brings datagrams to the endpoint that their Connection ID names. Without
  // it, as on a kernel that takes no such program, drivers hand over what is not theirs.
  bool steers = true;
};

// UdpDriverCounters are sums since the driver was made.
struct UdpDriverCounters {
  uint64_t receive_calls = 0;
  uint64_t send_calls = 0;
  uint64_t datagrams_in = 0;
  uint64_t datagrams_out = 0;
  uint64_t send_failures = 0;  // datagrams that the kernel refused, other than for want of room
  uint64_t receive_failures = 0;
  uint64_t handed_over = 0;  // received messages that another driver of the group has
};

// UdpDriver joins an Endpoint to a UDP socket and to the clocks: it receives and sends many
// datagrams a call, and waits with epoll. The caller's loop is
//
//   while (driver->Wait()) {
//     while (auto event = endpoint->PollEvent()) { ... }
//   }
//
// Not thread-safe but for Stop. It does not know associations.
class UdpDriver {
 public:
  // kForever is a Wait without a limit.
  static constexpr Duration kForever = Duration::max();

  // Open binds the socket. `endpoint` lives longer. On null, `*error` is one sentence.
  static std::unique_ptr<UdpDriver> Open(const UdpDriverOptions& options, Endpoint* endpoint,
                                         std::string* error);
  // OpenGroup opens one port for several endpoints, each with a driver and a thread of its own:
  // kMaxEndpoints at the most (endpoint_number.h). A client's datagrams go to one of them by its
  // address. The n-th endpoint's Connection IDs are to come from EndpointNumberConnectionIds with
  // number n: they bring those of a client whose address has changed to the endpoint that knows it.
  // The endpoints serve and do not connect (EndpointOptions::connects): what a server answers would
  // go to one of them by the server's address. A client has a port of its own. On an empty result,
  // `*error` is one sentence.
  static std::vector<std::unique_ptr<UdpDriver>> OpenGroup(const UdpDriverOptions& options,
                                                           std::span<Endpoint* const> endpoints,
                                                           std::string* error);
  virtual ~UdpDriver() = default;
  UdpDriver(const UdpDriver&) = delete;
  UdpDriver& operator=(const UdpDriver&) = delete;

  // Wait sends what the endpoint owes, waits until something comes, the endpoint's next timeout, or
  // `limit`, and hands both in: poll the endpoint's events then. False once Stop was called.
  bool Wait() { return Wait(kForever); }
  virtual bool Wait(Duration limit) = 0;
  // Flush sends what the endpoint owes, as far as the socket has room: for a caller that has much
  // to send between two Waits.
  virtual void Flush() = 0;
  // Stop ends a Wait that is under way, and all later ones. From any thread or signal handler.
  virtual void Stop() = 0;

  // fd is to be read when Wait has something to do before WaitTime is over, for a caller with a
  // loop of its own, which then calls Wait with a limit of zero.
  virtual int fd() const = 0;
  // WaitTime is how long until the endpoint's next timeout; kForever: there is none.
  virtual Duration WaitTime() const = 0;

  virtual UdpAddress local_address() const = 0;
  // The two clocks that the endpoint is told.
  virtual Instant Now() const = 0;
  virtual WallTime WallNow() const = 0;
  // uses_offload: the kernel has both UDP_SEGMENT and UDP_GRO, and options.offload.
  virtual bool uses_offload() const = 0;
  virtual const UdpDriverCounters& counters() const = 0;

 protected:
  UdpDriver() = default;
};

}  // namespace dtls13

#endif  // DTLS13_UDP_DRIVER_H_
