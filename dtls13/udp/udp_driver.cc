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

#include "dtls13/udp/udp_socket.h"

namespace dtls13 {
namespace {

class UdpDriverImpl final : public UdpDriver {
 public:
  UdpDriverImpl(std::unique_ptr<UdpSocket> socket, Endpoint* endpoint, int poll_fd, int stop_fd)
      : socket_(std::move(socket)), endpoint_(endpoint), poll_fd_(poll_fd), stop_fd_(stop_fd) {
    Watch(EPOLL_CTL_ADD, stop_fd_, EPOLLIN);
    Watch(EPOLL_CTL_ADD, socket_->fd(), EPOLLIN);
  }
  ~UdpDriverImpl() override {
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
  static constexpr int kMaxEvents = 2;

  void Watch(int operation, int fd, uint32_t events) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    epoll_ctl(poll_fd_, operation, fd, &event);
  }
  void WatchForRoom(bool wanted) {
    if (std::exchange(watches_for_room_, wanted) == wanted) return;
    Watch(EPOLL_CTL_MOD, socket_->fd(), wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
  void Sleep(Duration time) const;
  bool Receive();

  const std::unique_ptr<UdpSocket> socket_;
  Endpoint* const endpoint_;
  const int poll_fd_;
  const int stop_fd_;
  std::atomic<bool> is_stopped_ = false;
  bool is_busy_ = false;  // the last look found datagrams
  bool watches_for_room_ = false;
};

bool UdpDriverImpl::Wait(Duration limit) {
  if (is_stopped_) return false;
  Flush();
  // Where datagrams came there are likely more, and a look costs less than to sleep and wake.
  if (!std::exchange(is_busy_, is_busy_ && Receive())) {
    Sleep(std::min(limit, WaitTime()));
    is_busy_ = Receive();
  }
  if (is_stopped_) return false;
  const Instant now = Now();
  const std::optional<Instant> next = endpoint_->NextTimeout();
  if (next && *next <= now) endpoint_->HandleTimeout(now);
  return true;
}

bool UdpDriverImpl::Receive() {
  const std::span<const ReceivedDatagrams> received = socket_->Receive();
  if (received.empty()) return false;
  endpoint_->HandleDatagrams(received, Now(), WallNow());
  return true;
}

void UdpDriverImpl::Flush() {
  bool is_full = false;
  while (!is_full) {
    const std::span<const OutputBatch> batches = endpoint_->PollTransmit(Now());
    if (batches.empty()) break;
    const size_t num_done = socket_->Send(batches);
    is_full = num_done < batches.size();
    endpoint_->OnTransmitted(num_done);
    if (const std::optional<UdpSocket::TooLarge> refused = socket_->TakeTooLarge()) {
      endpoint_->OnDatagramTooLarge(refused->to.bytes(), refused->len, Now());
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

}  // namespace

std::unique_ptr<UdpDriver> UdpDriver::Open(const UdpDriverOptions& options, Endpoint* endpoint,
                                           std::string* error) {
  std::unique_ptr<UdpSocket> socket = UdpSocket::Open(options, error);
  if (socket == nullptr) return nullptr;
  const int poll_fd = epoll_create1(EPOLL_CLOEXEC);
  const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (poll_fd < 0 || stop_fd < 0) {
    *error = "Too many files are open.";
    if (poll_fd >= 0) close(poll_fd);
    if (stop_fd >= 0) close(stop_fd);
    return nullptr;
  }
  return std::make_unique<UdpDriverImpl>(std::move(socket), endpoint, poll_fd, stop_fd);
}

}  // namespace dtls13
