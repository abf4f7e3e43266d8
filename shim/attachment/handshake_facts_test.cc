// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/handshake_facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::shim {
namespace {

void Append(const Bytes& bytes, Bytes* out) { out->insert(out->end(), bytes.begin(), bytes.end()); }

Bytes Random(uint8_t first) {
  Bytes random(32);
  std::iota(random.begin(), random.end(), first);
  return random;
}

Bytes ClientHelloBody() {
  Bytes body = {0xfe, 0xfd};
  Append(Random(1), &body);
  Append({2, 0xaa, 0xbb}, &body);                               // legacy_session_id
  Append({1, 0xcc}, &body);                                     // legacy_cookie
  Append({0, 4, 0x13, 0x01, 0x13, 0x02}, &body);                // cipher_suites
  Append({1, 0}, &body);                                        // legacy_compression_methods
  const Bytes extensions = {0, 10, 0, 6,  0, 4,  0, 29, 0, 23,  // supported_groups
                            0, 13, 0, 4,  0, 2,  4, 3,          // signatures
                            0, 51, 0, 13, 0, 11, 0, 29, 0, 2,  7, 8, 0, 23, 0, 1, 9};  // key_share
  Append({0, static_cast<uint8_t>(extensions.size())}, &body);
  Append(extensions, &body);
  return body;
}

Bytes ServerHelloBody() {
  Bytes body = {0xfe, 0xfd};
  Append(Random(100), &body);
  Append({0, 0x13, 0x02, 0}, &body);
  Append({0, 10, 0, 51, 0, 6, 0, 23, 0, 2, 5, 6}, &body);
  return body;
}

// Note tells of one message, which an association has read before if it came in.
void Note(HandshakeType type, bool outgoing, const Bytes& body, HandshakeFacts* facts) {
  Bytes message(12);
  message[0] = static_cast<uint8_t>(type);
  Append(body, &message);
  Event event{.type = EventType::kTrace, .data = message};
  event.trace = {.outgoing = outgoing, .content_type = ContentType::kHandshake};
  const bool is_received = type == HandshakeType::kClientHello && !outgoing;
  facts->Note(event, is_received ? std::make_shared<const ReceivedHello>(body) : nullptr);
}

Bytes Copy(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(HandshakeFactsTest, KnowsNothingAtFirst) {
  const HandshakeFacts facts;
  EXPECT_TRUE(facts.client_hello().random.empty());
  EXPECT_TRUE(facts.server_random().empty());
  EXPECT_TRUE(facts.client_hello().cipher_suites.content().empty());
  EXPECT_TRUE(facts.client_extension_types().empty());
  EXPECT_FALSE(facts.client_hello().extensions.Find(ExtensionType{10}));
  EXPECT_FALSE(facts.server_share());
  EXPECT_FALSE(facts.client_share());
  EXPECT_TRUE(facts.peer_groups().empty());
  EXPECT_TRUE(facts.peer_signature_schemes().empty());
}

TEST(HandshakeFactsTest, TakesAClientHelloApart) {
  HandshakeFacts facts;
  Note(HandshakeType::kClientHello, /*outgoing=*/false, ClientHelloBody(), &facts);
  EXPECT_EQ(Copy(facts.client_hello().random), Random(1));
  EXPECT_EQ(Copy(facts.client_hello().legacy_session_id), (Bytes{0xaa, 0xbb}));
  EXPECT_EQ(Copy(facts.client_hello().cipher_suites.content()), (Bytes{0x13, 0x01, 0x13, 0x02}));
  EXPECT_EQ(Copy(facts.client_hello().legacy_compression_methods), Bytes{0});
  EXPECT_EQ(facts.client_extension_types(), (std::vector<uint16_t>{10, 13, 51}));
  EXPECT_EQ(facts.peer_groups(), (std::vector<uint16_t>{29, 23}));
  EXPECT_EQ(facts.peer_signature_schemes(), std::vector<uint16_t>{0x0403});
  EXPECT_FALSE(facts.client_hello().extensions.Find(ExtensionType{43}));
}

TEST(HandshakeFactsTest, FindsTheSharesOfTheChosenGroup) {
  HandshakeFacts facts;
  Note(HandshakeType::kClientHello, false, ClientHelloBody(), &facts);
  EXPECT_FALSE(facts.client_share());
  Note(HandshakeType::kServerHello, true, ServerHelloBody(), &facts);
  EXPECT_EQ(Copy(facts.server_random()), Random(100));
  ASSERT_TRUE(facts.server_share());
  EXPECT_EQ(facts.server_share()->group, NamedGroup::kSecp256r1);
  EXPECT_EQ(Copy(facts.server_share()->key_exchange), (Bytes{5, 6}));
  ASSERT_TRUE(facts.client_share());
  EXPECT_EQ(Copy(facts.client_share()->key_exchange), Bytes{9});
}

TEST(HandshakeFactsTest, AClientsOwnOfferIsNotThePeers) {
  HandshakeFacts facts;
  Note(HandshakeType::kClientHello, /*outgoing=*/true, ClientHelloBody(), &facts);
  EXPECT_TRUE(facts.peer_groups().empty());
  EXPECT_TRUE(facts.peer_signature_schemes().empty());
  // context, extensions: signature_algorithms with one scheme
  Note(HandshakeType::kCertificateRequest, false, {0, 0, 8, 0, 13, 0, 4, 0, 2, 8, 7}, &facts);
  EXPECT_EQ(facts.peer_signature_schemes(), std::vector<uint16_t>{0x0807});
}

TEST(HandshakeFactsTest, TellsFinishedMessagesApart) {
  HandshakeFacts facts;
  Note(HandshakeType::kFinished, true, {1, 2}, &facts);
  Note(HandshakeType::kFinished, false, {3, 4}, &facts);
  EXPECT_EQ(Copy(facts.sent_finished()), (Bytes{1, 2}));
  EXPECT_EQ(Copy(facts.received_finished()), (Bytes{3, 4}));
}

// Every cut of a message is survived, and what lies behind the cut is not there.
TEST(HandshakeFactsTest, SurvivesTruncatedMessages) {
  const Bytes whole = ClientHelloBody();
  for (size_t len = 0; len < whole.size(); ++len) {
    HandshakeFacts facts;
    Note(HandshakeType::kServerHello, true, ServerHelloBody(), &facts);
    Note(HandshakeType::kClientHello, false, Bytes(whole.begin(), whole.begin() + len), &facts);
    EXPECT_TRUE(facts.client_hello().random.empty() || len >= 47) << len;
    EXPECT_FALSE(facts.client_share()) << len;
    EXPECT_TRUE(facts.peer_groups().empty()) << len;
    EXPECT_TRUE(facts.client_extension_types().empty()) << len;
  }
  HandshakeFacts facts;
  Event event{.type = EventType::kTrace};
  event.trace = {.content_type = ContentType::kHandshake};
  facts.Note(event, nullptr);
}

}  // namespace
}  // namespace dtls13::shim
