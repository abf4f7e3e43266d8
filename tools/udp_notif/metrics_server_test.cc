// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/metrics_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace dtls13::udp_notif {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr Instant kStart{};

class MetricsServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = MetricsServer::Listen(*UdpAddress::Parse("127.0.0.1:0"));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  int Connect() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }
  void Handle(Instant now = kStart) {
    server_->Handle(now, [this] { return metrics_; });
  }
  // All that comes until the server closes.
  static std::string ReadAll(int fd) {
    std::string text;
    char buffer[4096];
    ssize_t len = 0;
    while ((len = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
      text.append(buffer, static_cast<size_t>(len));
    }
    close(fd);
    return text;
  }
  std::string Ask(const std::string& request) {
    const int fd = Connect();
    EXPECT_EQ(send(fd, request.data(), request.size(), 0), static_cast<ssize_t>(request.size()));
    Handle();
    return ReadAll(fd);
  }
  size_t NumSockets(Instant now = kStart) const {
    std::vector<pollfd> sockets;
    server_->AddSockets(now, &sockets);
    return sockets.size();
  }

  std::unique_ptr<MetricsServer> server_;
  std::string metrics_ = "udp_notif_messages_total 5\n";
};

TEST_F(MetricsServerTest, ShowsMetrics) {
  const std::string answer = Ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 27\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nudp_notif_messages_total 5\n"));
  EXPECT_EQ(NumSockets(), 1u);
}

TEST_F(MetricsServerTest, ShowsNothingElse) {
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask("POST /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(MetricsServerTest, ARequestMayComeInParts) {
  const int fd = Connect();
  for (const std::string part : {"GET /met", "rics HTTP/1.0\r\n", "\r\n"}) {
    EXPECT_EQ(NumSockets(), 1u + (part == "GET /met" ? 0 : 1));
    send(fd, part.data(), part.size(), 0);
    Handle();
  }
  EXPECT_THAT(ReadAll(fd), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(MetricsServerTest, WhoSaysNothingOrTooMuchIsForgotten) {
  const int silent = Connect();
  Handle();
  EXPECT_EQ(NumSockets(), 2u);
  Handle(kStart + MetricsServer::kTimeout);
  EXPECT_EQ(NumSockets(), 1u);
  EXPECT_EQ(ReadAll(silent), "");
  Ask(std::string(MetricsServer::kMaxRequestLen + 1, 'x'));
  EXPECT_EQ(NumSockets(), 1u);
}

TEST_F(MetricsServerTest, ConnectionsAreBounded) {
  std::vector<int> fds;
  for (size_t i = 0; i < MetricsServer::kMaxConnections + 1; ++i) fds.push_back(Connect());
  Handle();
  EXPECT_EQ(NumSockets(), MetricsServer::kMaxConnections)
      << "and the one that listens is not asked";
  for (const int fd : fds) close(fd);
}

// NoDescriptors leaves this process none to open while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int next = dup(STDERR_FILENO);
    close(next);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(next);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST_F(MetricsServerTest, WithoutDescriptorsItPausesAndDoesNotSpin) {
  const std::string request = "GET /metrics HTTP/1.0\r\n\r\n";
  const int fd = Connect();
  send(fd, request.data(), request.size(), 0);
  {
    const NoDescriptors none;
    Handle();
    EXPECT_EQ(NumSockets(), 0u) << "the socket is readable, and is not polled";
    EXPECT_EQ(NumSockets(kStart + MetricsServer::kAcceptPause), 1u);
  }
  Handle();
  EXPECT_EQ(NumSockets(), 0u) << "not before its time";
  Handle(kStart + MetricsServer::kAcceptPause);
  EXPECT_THAT(ReadAll(fd), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(MetricsServerTest, APortThatIsTakenIsASentence) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  EXPECT_EQ(MetricsServer::Listen(*UdpAddress::Parse(taken)).status().message(),
            "cannot show metrics at " + taken + ": Address already in use.");
}

}  // namespace
}  // namespace dtls13::udp_notif
