// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/stateless_retry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr auto kCH = HandshakeType::kClientHello;

Bytes FirstHello(Handshake* client) {
  auto action = client->NextAction();
  return std::get<SendMessage>(*action).body;
}

std::optional<Bytes> Retry(const HandshakeConfig& config, const Bytes& hello,
                           const Bytes& application_cookie = {}) {
  const ServerParameters& server = TestServerParameters();
  Bytes body;
  const Status status = MakeHelloRetryRequest(
      config, ReceivedHello(hello),
      {.peer_address = server.peer_address, .application_cookie = application_cookie}, server.now,
      &body);
  return status.ok() ? std::optional(body) : std::nullopt;
}

// What DTLSv1_listen does: two datagrams without an association, then an association from the
// second on.
TEST(StatelessRetryTest, HandshakeContinuesFromTheSecondHello) {
  const HandshakeConfig config = TestConfig();
  const ServerParameters& server = TestServerParameters();
  for (const bool other_group : {false, true}) {
    HandshakeConfig client_config = TestConfig();
    HandshakeConfig server_config = config;
    if (other_group) server_config.groups = {NamedGroup::kSecp384r1};
    HandshakePair pair(client_config, server_config);
    const Bytes first = FirstHello(pair.client_handshake.get());
    EXPECT_FALSE(
        OpenHelloCookie(server_config, ReceivedHello(first), server.peer_address, server.now));

    const Bytes application_cookie = {0xca, 0xfe};
    const auto retry = Retry(server_config, first, application_cookie);
    ASSERT_TRUE(retry.has_value());
    EXPECT_EQ(ParseServerHello(*retry)->extensions.Has(ExtensionType::kKeyShare), other_group);
    ASSERT_TRUE(
        pair.client_handshake->HandleMessage(HandshakeType::kServerHello, *retry, kPlaintextEpoch)
            .ok());
    Bytes opened;
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type != kCH) return;
      const auto cookie = OpenHelloCookie(server_config, ReceivedHello(flying->body),
                                          server.peer_address, server.now);
      ASSERT_TRUE(cookie.has_value());
      opened = cookie->application_cookie;
    };
    pair.Run();
    EXPECT_TRUE(pair.completed());
    EXPECT_EQ(opened, application_cookie);
    EXPECT_TRUE(pair.server_handshake->result().used_hello_retry_request);
  }
}

TEST(StatelessRetryTest, OpensOnlyFromTheAddressAndInTime) {
  const HandshakeConfig config = TestConfig();
  const ServerParameters& server = TestServerParameters();
  HandshakePair pair(TestConfig(), config);
  const Bytes first = FirstHello(pair.client_handshake.get());
  const auto retry = Retry(config, first);
  ASSERT_TRUE(
      pair.client_handshake->HandleMessage(HandshakeType::kServerHello, *retry, kPlaintextEpoch)
          .ok());
  Bytes second;
  while (auto action = pair.client_handshake->NextAction()) {
    if (auto* message = std::get_if<SendMessage>(&*action)) second = message->body;
  }
  const auto cookie =
      OpenHelloCookie(config, ReceivedHello(second), server.peer_address, server.now);
  ASSERT_TRUE(cookie.has_value());
  EXPECT_TRUE(cookie->application_cookie.empty());
  EXPECT_FALSE(OpenHelloCookie(config, ReceivedHello(second), Bytes{1, 2}, server.now).has_value());
  EXPECT_FALSE(OpenHelloCookie(config, ReceivedHello(second), server.peer_address,
                               server.now + std::chrono::seconds(301))
                   .has_value());
}

TEST(StatelessRetryTest, HellosThatAreNotAcceptableGetNothing) {
  const HandshakeConfig config = TestConfig();
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), {});
  const Bytes hello = FirstHello(client.get());
  ASSERT_TRUE(Retry(config, hello).has_value());
  HandshakeConfig no_suite = config;
  no_suite.cipher_suites.clear();
  EXPECT_FALSE(Retry(no_suite, hello).has_value());
  HandshakeConfig no_group = config;
  no_group.groups = {static_cast<NamedGroup>(0x0100)};  // ffdhe2048
  EXPECT_FALSE(Retry(no_group, hello).has_value());
  HandshakeConfig no_keys = config;
  no_keys.server.cookie_keys = nullptr;
  EXPECT_FALSE(Retry(no_keys, hello).has_value());
  Bytes dtls12 = hello;
  RemoveExtension(kCH, &dtls12, ExtensionType::kSupportedVersions);
  EXPECT_FALSE(Retry(config, dtls12).has_value());
  EXPECT_FALSE(Retry(config, Bytes(hello.begin(), hello.end() - 1)).has_value());
  EXPECT_FALSE(Retry(config, {}).has_value());
  // A cookie of the application's that is too long for ours.
  EXPECT_FALSE(Retry(config, hello, Bytes(256, 1)).has_value());
}

// Named are a server's extensions of its own, or why it has none.
class Named final : public RetryExtensions {
 public:
  explicit Named(Bytes data) : data_(std::move(data)) {}

  Status Add(const ClientHello& offer, bool resumes,
             std::vector<CustomExtension>* extensions) override {
    EXPECT_TRUE(offer.extensions.Has(static_cast<ExtensionType>(kCustomType)));
    EXPECT_FALSE(resumes);
    if (data_.empty()) {
      return Status::Fatal(Reason::kCallbackFailed, AlertDescription::kAccessDenied);
    }
    extensions->push_back({.type = kCustomType, .data = data_});
    return Status::Ok();
  }

  static constexpr uint16_t kCustomType = 0xfe01;

 private:
  const Bytes data_;
};

// Whoever continues has only the cookie to make the same HelloRetryRequest of.
TEST(StatelessRetryTest, ExtensionsOfTheServersOwnComeBackInTheCookie) {
  HandshakeConfig config = TestConfig();
  config.server.require_cookie = true;
  config.server.retry_extensions = std::make_shared<Named>(Bytes{1, 2, 3});
  HandshakePair pair(TestConfig(), config,
                     {.extensions = {{.type = Named::kCustomType, .data = {}}}});
  std::optional<Bytes> added;
  pair.tamper = [&](HandshakePair::Flying* flying) {
    if (flying->type != HandshakeType::kServerHello || added) return;
    const auto data = ParseServerHello(flying->body)
                          ->extensions.Find(static_cast<ExtensionType>(Named::kCustomType));
    added = data ? ToBytes(*data) : Bytes();
  };
  pair.Run();
  EXPECT_EQ(added, (Bytes{1, 2, 3}));
  EXPECT_TRUE(pair.completed());
  EXPECT_TRUE(pair.server_handshake->result().used_hello_retry_request);
}

TEST(StatelessRetryTest, ExtensionsOfTheServersOwnAreBounded) {
  const auto client =
      NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()),
                         {.extensions = {{.type = Named::kCustomType, .data = {}}}});
  const Bytes hello = FirstHello(client.get());
  HandshakeConfig config = TestConfig();
  // A type and a length stand before the data.
  config.server.retry_extensions = std::make_shared<Named>(Bytes(kMaxRetryExtensionsLen - 4, 1));
  EXPECT_TRUE(Retry(config, hello).has_value());
  config.server.retry_extensions = std::make_shared<Named>(Bytes(kMaxRetryExtensionsLen - 3, 1));
  EXPECT_FALSE(Retry(config, hello).has_value());
}

TEST(StatelessRetryTest, ServerThatCannotAddRefuses) {
  HandshakeConfig config = TestConfig();
  config.server.retry_extensions = std::make_shared<Named>(Bytes());
  const auto client =
      NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()),
                         {.extensions = {{.type = Named::kCustomType, .data = {}}}});
  Bytes body;
  const Status status = MakeHelloRetryRequest(config, ReceivedHello(FirstHello(client.get())),
                                              {.peer_address = TestServerParameters().peer_address},
                                              TestServerParameters().now, &body);
  EXPECT_EQ(status.alert(), AlertDescription::kAccessDenied);
  EXPECT_EQ(status.reason(), Reason::kCallbackFailed);
}

// RFC 9147 section 5.1: a server must not be an amplifier for forged sources.
//= rfc9147#section-5.1
//= type=test
//# A server SHOULD limit the amount of data it sends toward a client
//# address to three times the amount of data sent by the client before it
//# verifies that the client is able to receive data at that address.
TEST(StatelessRetryTest, AnswerIsSmallerThanTheHello) {
  const HandshakeConfig config = TestConfig();
  const auto client = NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), {});
  const Bytes hello = FirstHello(client.get());
  const auto retry = Retry(config, hello);
  ASSERT_TRUE(retry.has_value());
  EXPECT_LE(retry->size(), hello.size());
}

//= rfc9147#section-11
//= type=test
//# Although the cookie must allow the server to produce the right handshake
//# transcript, it SHOULD be constructed so that knowledge of the cookie is
//# insufficient to reproduce the ClientHello contents.
TEST(StatelessRetryTest, AnswerRepeatsNothingOfTheHello) {
  const HandshakeConfig config = TestConfig();
  ClientParameters parameters;
  parameters.server_name = "name.test";
  const auto client =
      NewClientHandshake(std::make_shared<HandshakeConfig>(TestConfig()), parameters);
  const Bytes hello = FirstHello(client.get());
  const auto retry = Retry(config, hello);
  ASSERT_TRUE(retry.has_value());
  // No run of eight bytes of it: neither its random, nor its key share, nor the server's name.
  constexpr size_t kRun = 8;
  for (size_t i = 0; i + kRun <= hello.size(); ++i) {
    const auto run = std::span(hello).subspan(i, kRun);
    EXPECT_TRUE(std::search(retry->begin(), retry->end(), run.begin(), run.end()) == retry->end())
        << "at " << i;
  }
}

}  // namespace
}  // namespace dtls13
