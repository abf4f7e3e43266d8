// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/metrics_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

constexpr std::string_view kEndOfRequest = "\r\n\r\n";

std::string Answer(std::string_view status, std::string_view type, const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", std::string(status), "\r\nContent-Type: ", std::string(type),
                      "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n\r\n", body);
}

std::string AnswerTo(std::string_view request, const std::function<std::string()>& metrics) {
  if (request.starts_with("GET /metrics ") || request.starts_with("GET /metrics?")) {
    return Answer("200 OK", "text/plain; version=0.0.4", metrics());
  }
  if (!request.starts_with("GET ")) {
    return Answer("405 Method Not Allowed", "text/plain", "GET alone is answered.\n");
  }
  return Answer("404 Not Found", "text/plain", "/metrics is all there is.\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsServer>> MetricsServer::Listen(const UdpAddress& address) {
  sockaddr_storage where{};
  const int family = address.is_v4() ? AF_INET : AF_INET6;
  const socklen_t len = address.ToSockaddr(family, &where);
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  std::unique_ptr<MetricsServer> server(new MetricsServer(fd));
  const int on = 1;
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&where), len) != 0 ||
      listen(fd, kMaxConnections) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot show metrics at ", address.ToString(), ": ",
                                               std::strerror(errno), "."));
  }
  return server;
}

MetricsServer::~MetricsServer() {
  for (const Connection& connection : connections_) close(connection.fd);
  if (fd_ >= 0) close(fd_);
}

uint16_t MetricsServer::port() const {
  sockaddr_storage address{};
  socklen_t len = sizeof(address);
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &len) != 0) return 0;
  return UdpAddress::FromSockaddr(address).port();
}

// Without room for another connection, the kernel keeps those that come.
bool MetricsServer::MayAccept(Instant now) const {
  return connections_.size() < kMaxConnections && (!paused_until_ || *paused_until_ <= now);
}

void MetricsServer::AddSockets(Instant now, std::vector<pollfd>* sockets) const {
  if (MayAccept(now)) {
    sockets->push_back({.fd = fd_, .events = POLLIN, .revents = 0});
  }
  for (const Connection& connection : connections_) {
    const short events = connection.answer.empty() ? POLLIN : POLLOUT;
    sockets->push_back({.fd = connection.fd, .events = events, .revents = 0});
  }
}

void MetricsServer::Accept(Instant now) {
  while (MayAccept(now)) {
    const int fd = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      connections_.push_back({.fd = fd, .deadline = now + kTimeout});
      continue;
    }
    // A connection that ended meanwhile leaves the next to be asked for; without any there is
    // nothing to do, and with anything else there is nothing to be had now.
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno != EAGAIN) paused_until_ = now + kAcceptPause;
    return;
  }
}

bool MetricsServer::Read(Connection* connection) {
  char buffer[1024];
  for (;;) {
    const ssize_t len = recv(connection->fd, buffer, sizeof(buffer), 0);
    if (len < 0) return errno == EAGAIN || errno == EINTR;
    if (len == 0) return false;
    connection->request.append(buffer, static_cast<size_t>(len));
    if (connection->request.size() > kMaxRequestLen) return false;
    if (connection->request.find(kEndOfRequest) != std::string::npos) return true;
  }
}

bool MetricsServer::Serve(Connection* connection, const std::function<std::string()>& metrics) {
  if (connection->answer.empty()) {
    if (!Read(connection)) return false;
    if (connection->request.find(kEndOfRequest) == std::string::npos) return true;
    connection->answer = AnswerTo(connection->request, metrics);
  }
  while (connection->sent < connection->answer.size()) {
    const ssize_t len = send(connection->fd, connection->answer.data() + connection->sent,
                             connection->answer.size() - connection->sent, MSG_NOSIGNAL);
    if (len < 0) return errno == EAGAIN || errno == EINTR;
    connection->sent += static_cast<size_t>(len);
  }
  // What is closed with octets unread is reset, and the answer may be lost with it.
  shutdown(connection->fd, SHUT_WR);
  return false;
}

void MetricsServer::Handle(Instant now, const std::function<std::string()>& metrics) {
  Accept(now);
  std::erase_if(connections_, [&](Connection& connection) {
    const bool stays = connection.deadline > now && Serve(&connection, metrics);
    if (!stays) close(connection.fd);
    return !stays;
  });
}

}  // namespace dtls13::udp_notif
