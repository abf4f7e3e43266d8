// SPDX-License-Identifier: Apache-2.0
#include "dtls13/udp_driver.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "dtls13/endpoint_number.h"
#include "dtls13/udp/hand_over.h"
#include "dtls13/udp/udp_socket.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {
namespace {

// ProfileOf is what an endpoint speaks with its peers.
const WireProfile& ProfileOf(const Endpoint& endpoint) {
  return endpoint.options().config->handshake.wire_profile;
}

// Membership is a driver's place in its group, if it has one.
struct Membership {
  std::shared_ptr<HandOver> hand_over = {};
  size_t number = 0;
};

class UdpDriverImpl final : public UdpDriver {
 public:
  UdpDriverImpl(std::unique_ptr<UdpSocket> socket, Endpoint* endpoint, Membership membership,
                int poll_fd, int stop_fd)
      : socket_(std::move(socket)),
        endpoint_(endpoint),
        membership_(std::move(membership)),
        poll_fd_(poll_fd),
        stop_fd_(stop_fd) {
    Watch(EPOLL_CTL_ADD, stop_fd_, EPOLLIN);
    Watch(EPOLL_CTL_ADD, socket_->fd(), EPOLLIN);
    if (is_member()) Watch(EPOLL_CTL_ADD, membership_.hand_over->fd(membership_.number), EPOLLIN);
  }
  ~UdpDriverImpl() override {
    TakeBack();
    close(poll_fd_);
    close(stop_fd_);
  }

  bool Wait(Duration limit) override;
  void Flush() override;
  void Stop() override;

  int fd() const override { return poll_fd_; }
  Duration WaitTime() const override;

  UdpAddress local_address() const override { return socket_->local_address(); }
  Instant Now() const override {
    return Instant(
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
  }
  WallTime WallNow() const override {
    return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  bool uses_offload() const override { return socket_->uses_offload(); }
  const UdpDriverCounters& counters() const override { return socket_->counters(); }

 private:
  static constexpr int kMaxEvents = 3;
  // kMaxPutOff: timers wait for what is in the socket, some thousand messages of it, and not for a
  // flood.
  static constexpr int kMaxPutOff = 64;

  void Watch(int operation, int fd, uint32_t events) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    epoll_ctl(poll_fd_, operation, fd, &event);
  }
  void WatchForRoom(bool wanted) {
    if (std::exchange(watches_for_room_, wanted) == wanted) return;
    Watch(EPOLL_CTL_MOD, socket_->fd(), wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
  void Sleep(Duration time) const;
  void TakeBack();
  bool Receive();
  void RunTimers();
  bool is_member() const { return membership_.hand_over != nullptr; }
  // Exchange gives away what is another member's, and takes what others have for this one.
  std::span<const ReceivedDatagrams> Exchange(std::span<const ReceivedDatagrams> received);

  const std::unique_ptr<UdpSocket> socket_;
  Endpoint* const endpoint_;
  const Membership membership_;
  const int poll_fd_;
  const int stop_fd_;
  std::atomic<bool> is_stopped_ = false;
  bool is_busy_ = false;  // the last look found datagrams
  int num_put_off_ = 0;   // how often in a row timers waited for the socket
  bool watches_for_room_ = false;
  std::vector<HandOver::Parcel> parcels_;  // that others gave, until they are polled
  std::vector<ReceivedDatagrams> ours_;    // with them
};

bool UdpDriverImpl::Wait(Duration limit) {
  if (is_stopped_) return false;
  Flush();
  // Where datagrams came there are likely more, and a look costs less than to sleep and wake.
  if (!std::exchange(is_busy_, is_busy_ && Receive())) {
    Sleep(std::min(limit, WaitTime()));
    is_busy_ = Receive();
  }
  if (is_stopped_) {
    TakeBack();
    return false;
  }
  RunTimers();
  return true;
}

// RunTimers: what a timer waits for may be in the socket still, for a process that was held up.
void UdpDriverImpl::RunTimers() {
  const Instant now = Now();
  const std::optional<Instant> next = endpoint_->NextTimeout();
  if (!next || *next > now) return;
  if (socket_->may_have_more() && num_put_off_ < kMaxPutOff) {
    ++num_put_off_;
    return;
  }
  num_put_off_ = 0;
  endpoint_->HandleTimeout(now);
}

// TakeBack: what was handed to the endpoint and is not polled views this driver's buffers.
void UdpDriverImpl::TakeBack() { endpoint_->HandleDatagrams({}, Now(), WallNow()); }

bool UdpDriverImpl::Receive() {
  std::span<const ReceivedDatagrams> received = socket_->Receive();
  if (is_member()) received = Exchange(received);
  // Where nothing came too: what was not polled lay where the next datagrams go.
  endpoint_->HandleDatagrams(received, Now(), WallNow());
  return !received.empty();
}

std::span<const ReceivedDatagrams> UdpDriverImpl::Exchange(
    std::span<const ReceivedDatagrams> received) {
  HandOver& hand_over = *membership_.hand_over;
  const WireProfile& profile = ProfileOf(*endpoint_);
  ours_.clear();
  for (const ReceivedDatagrams& one : received) {
    // What UDP_GRO has put together came by one path, and so is one association's.
    const std::optional<uint8_t> number = FindEndpointNumber(one.bytes, profile);
    if (number && *number != membership_.number && *number < hand_over.num_drivers()) {
      socket_->CountHandedOver();
      hand_over.Give(*number, one);
    } else {
      ours_.push_back(one);
    }
  }
  parcels_ = hand_over.Take(membership_.number);
  for (HandOver::Parcel& parcel : parcels_) ours_.push_back(parcel.View());
  return ours_;
}

void UdpDriverImpl::Flush() {
  bool is_full = false;
  while (!is_full) {
    const std::span<const OutputBatch> batches = endpoint_->PollTransmit(Now());
    if (batches.empty()) break;
    const size_t num_done = socket_->Send(batches);
    is_full = num_done < batches.size();
    endpoint_->OnTransmitted(num_done);
    for (const UdpSocket::TooLarge& refused : socket_->too_large()) {
      endpoint_->OnDatagramTooLarge(refused.id, refused.len, Now());
    }
  }
  WatchForRoom(is_full);
}

Duration UdpDriverImpl::WaitTime() const {
  const std::optional<Instant> next = endpoint_->NextTimeout();
  return next ? std::max(*next - Now(), Duration::zero()) : kForever;
}

void UdpDriverImpl::Sleep(Duration time) const {
  int milliseconds = -1;
  if (time != kForever) {
    // Rounded up, so that the deadline has passed when the wait ends.
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(
        std::min<Duration>(time, std::chrono::hours(1)));
    milliseconds = static_cast<int>(rounded.count());
  }
  std::array<epoll_event, kMaxEvents> events;
  epoll_wait(poll_fd_, events.data(), kMaxEvents, milliseconds);
}

void UdpDriverImpl::Stop() {
  is_stopped_ = true;
  const int error = errno;  // of what a signal handler has interrupted
  const uint64_t one = 1;
  // It fails only where a stop is under way already.
  [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof(one));
  errno = error;
}

std::unique_ptr<UdpDriver> MakeDriver(std::unique_ptr<UdpSocket> socket, Endpoint* endpoint,
                                      Membership membership, std::string* error) {
  const int poll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poll_fd < 0 || stop_fd < 0) {
    *error = "Too many files are open.";
    if (poll_fd >= 0) close(poll_fd);
    if (stop_fd >= 0) close(stop_fd);
    return nullptr;
  }
  return std::make_unique<UdpDriverImpl>(std::move(socket), endpoint, std::move(membership),
                                         poll_fd, stop_fd);
}

}  // namespace

std::unique_ptr<UdpDriver> UdpDriver::Open(const UdpDriverOptions& options, Endpoint* endpoint,
                                           std::string* error) {
  std::unique_ptr<UdpSocket> socket = UdpSocket::Open(options, error);
  if (socket == nullptr) return nullptr;
  return MakeDriver(std::move(socket), endpoint, {}, error);
}

std::vector<std::unique_ptr<UdpDriver>> UdpDriver::OpenGroup(const UdpDriverOptions& options,
                                                             std::span<Endpoint* const> endpoints,
                                                             std::string* error) {
  if (endpoints.empty() || endpoints.size() > kMaxEndpoints) {
    *error = "A port has 1 to " + std::to_string(kMaxEndpoints) + " endpoints.";
    return {};
  }
  if (std::ranges::any_of(endpoints, [](const Endpoint* one) { return one->options().connects; })) {
    *error = "Endpoints that share a port do not connect (EndpointOptions::connects).";
    return {};
  }
  const std::shared_ptr<HandOver> hand_over = HandOver::Create(endpoints.size());
  if (hand_over == nullptr) {
    *error = "Too many files are open.";
    return {};
  }
  // The program of the kernel's knows one kind of header.
  const bool steers = options.steers && std::ranges::all_of(endpoints, [](const Endpoint* one) {
                        return ProfileOf(*one).has_connection_ids;
                      });
  UdpDriverOptions each = options;
  each.reuse_port = true;
  std::vector<std::unique_ptr<UdpDriver>> drivers;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    std::unique_ptr<UdpSocket> socket = UdpSocket::Open(each, error);
    if (socket == nullptr) return {};
    // The first one's port is everybody's, and its program too.
    if (i == 0) {
      each.address = socket->local_address().ToString();
      if (steers) socket->Steer();
    }
    drivers.push_back(
        MakeDriver(std::move(socket), endpoints[i], {.hand_over = hand_over, .number = i}, error));
    if (drivers.back() == nullptr) return {};
  }
  return drivers;
}

}  // namespace dtls13
