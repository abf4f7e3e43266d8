// SPDX-License-Identifier: Apache-2.0
// The handshakes against a model of what may follow what: a small grammar, written from the
// diagrams of RFC 8446 section 2 and appendix A and of RFC 9147 section 5, and independent of the
// table that the implementation has. Messages come from a real peer and are omitted, repeated,
// exchanged, moved to other epochs, or replaced by others.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/post_handshake.h"
#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/message/server_hello.h"

namespace dtls13 {
namespace {

using Message = HandshakePair::Flying;

constexpr HandshakeType kNoSuchType{77};
constexpr uint64_t kNumEpochs = 6;

// --- The model

// Symbol is a message as the diagrams name it. Two of them share a type.
enum class Symbol : uint8_t {
  kFirstClientHello,
  kClientHello,  // the one that is answered with a ServerHello
  kHelloRetryRequest,
  kServerHello,
  kEncryptedExtensions,
  kCertificateRequest,
  kCertificate,
  kNoCertificate,  // the same message with an empty list
  kCertificateVerify,
  kFinished,
  kOther,
};

// No context and no entries.
const std::vector<uint8_t> kEmptyCertificate = {0, 0, 0, 0};

bool IsHelloRetryRequest(const Message& message) {
  const auto& random = kHelloRetryRequestRandom;
  return message.body.size() >= 2 + random.size() &&
         std::equal(random.begin(), random.end(), message.body.begin() + 2);
}

// SymbolOf leaves only one thing to be said by the caller: whether a ClientHello is the first of
// two, which the server alone decides.
Symbol SymbolOf(const Message& message, bool is_first_hello) {
  switch (message.type) {
    case HandshakeType::kClientHello:
      return is_first_hello ? Symbol::kFirstClientHello : Symbol::kClientHello;
    case HandshakeType::kServerHello:
      return IsHelloRetryRequest(message) ? Symbol::kHelloRetryRequest : Symbol::kServerHello;
    case HandshakeType::kEncryptedExtensions:
      return Symbol::kEncryptedExtensions;
    case HandshakeType::kCertificateRequest:
      return Symbol::kCertificateRequest;
    case HandshakeType::kCertificate:
      return message.body == kEmptyCertificate ? Symbol::kNoCertificate : Symbol::kCertificate;
    case HandshakeType::kCertificateVerify:
      return Symbol::kCertificateVerify;
    case HandshakeType::kFinished:
      return Symbol::kFinished;
    default:
      return Symbol::kOther;
  }
}

// Step is one symbol of a line of the grammar, with the epoch RFC 9147 section 6.1 gives it.
struct Step {
  Symbol symbol;
  uint64_t epoch;
  enum Times : uint8_t { kOnce, kOptional, kAnyNumber } times = kOnce;
};

// What a client may be sent.
const std::vector<Step> kToClient = {
    {Symbol::kHelloRetryRequest, 0, Step::kOptional},
    {Symbol::kServerHello, 0},
    {Symbol::kEncryptedExtensions, 2},
    {Symbol::kCertificateRequest, 2, Step::kOptional},
    {Symbol::kCertificate, 2},
    {Symbol::kCertificateVerify, 2},
    {Symbol::kFinished, 2},
};

// The same of one whose key the server took: it stands for the certificates.
const std::vector<Step> kToClientWithPsk = {
    {Symbol::kHelloRetryRequest, 0, Step::kOptional},
    {Symbol::kServerHello, 0},
    {Symbol::kEncryptedExtensions, 2},
    {Symbol::kFinished, 2},
};

// What a server may be sent that asks for no certificate. It keeps nothing of a hello that it
// answers with a HelloRetryRequest, and so is asked any number of times.
const std::vector<Step> kToServer = {
    {Symbol::kFirstClientHello, 0, Step::kAnyNumber},
    {Symbol::kClientHello, 0},
    {Symbol::kFinished, 2},
};

// The same of one that asks for a certificate.
const std::vector<Step> kToServerThatAsks = {
    {Symbol::kClientHello, 0},
    {Symbol::kCertificate, 2},
    {Symbol::kCertificateVerify, 2},
    {Symbol::kFinished, 2},
};

// Model knows what may come next.
class Model {
 public:
  explicit Model(const std::vector<Step>& steps) : steps_(steps) {}

  bool Allows(Symbol symbol, uint64_t epoch) const { return Find(symbol, epoch) < steps_.size(); }
  void Advance(Symbol symbol, uint64_t epoch) {
    next_ = Find(symbol, epoch);
    if (steps_[next_].times != Step::kAnyNumber) ++next_;
    // RFC 8446 section 4.4.3: CertificateVerify belongs to a certificate.
    if (symbol == Symbol::kNoCertificate) ++next_;
  }
  bool IsAtEnd() const { return next_ == steps_.size(); }

 private:
  size_t Find(Symbol symbol, uint64_t epoch) const {
    if (symbol == Symbol::kNoCertificate) symbol = Symbol::kCertificate;
    for (size_t i = next_; i < steps_.size(); ++i) {
      if (steps_[i].symbol == symbol && steps_[i].epoch == epoch) return i;
      if (steps_[i].times == Step::kOnce) break;
    }
    return steps_.size();
  }

  const std::vector<Step>& steps_;
  size_t next_ = 0;
};

// --- A side under test

// Retry is why there are two hellos.
enum class Retry : uint8_t { kNone, kCookie, kGroup };

// ClientShows is what a client answers a server with that asks for its certificate.
enum class ClientShows : uint8_t { kNotAsked, kCertificate, kNoCertificate };

struct Variant {
  const char* name;
  bool client_under_test;
  const std::vector<Step>& steps;
  Retry retry = Retry::kNone;
  ClientShows client_shows = ClientShows::kNotAsked;
  bool has_psk = false;
};

const Variant kVariants[] = {
    {"client", true, kToClient},
    {"client_cookie", true, kToClient, Retry::kCookie},
    {"client_group", true, kToClient, Retry::kGroup},
    {"client_asked", true, kToClient, Retry::kNone, ClientShows::kCertificate},
    {"client_asked_in_vain", true, kToClient, Retry::kCookie, ClientShows::kNoCertificate},
    {"client_psk", true, kToClientWithPsk, Retry::kNone, ClientShows::kNotAsked, true},
    {"client_psk_cookie", true, kToClientWithPsk, Retry::kCookie, ClientShows::kNotAsked, true},
    {"server", false, kToServer},
    {"server_cookie", false, kToServer, Retry::kCookie},
    {"server_group", false, kToServer, Retry::kGroup},
    {"server_asking", false, kToServerThatAsks, Retry::kNone, ClientShows::kCertificate},
    {"server_asking_in_vain", false, kToServerThatAsks, Retry::kNone, ClientShows::kNoCertificate},
};

// Judge hands messages to the side under test and holds what it does against the model.
class Judge {
 public:
  explicit Judge(const Variant& variant) : variant_(variant), model_(variant.steps) {
    HandshakeConfig client = TestConfig();
    HandshakeConfig server = variant.has_psk ? AskingServer() : TestConfig();
    if (variant.client_shows != ClientShows::kNotAsked) {
      server.server.client_authentication = ClientAuthentication::kOptional;
    }
    if (variant.client_shows == ClientShows::kNoCertificate) client.credential = nullptr;
    server.server.require_cookie = variant.retry == Retry::kCookie;
    if (variant.retry == Retry::kGroup) {
      client.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
      server.groups = {NamedGroup::kSecp256r1};
    }
    config_ = std::make_shared<HandshakeConfig>(variant.client_under_test ? client : server);
    std::vector<Psk> psks;
    if (variant.has_psk) psks.push_back(External(1, HashId::kSha256));
    pair_ = std::make_unique<HandshakePair>(client, server, Offering(psks));
    pair_->provide_psk = Knowing(psks);
    pair_->deliver = [this](Handshake* handshake, const Message& message) {
      return Deliver(handshake, message);
    };
  }

  // `meddle` is called before each message of the peer's, in order from 0 on, and decides what is
  // delivered in its place.
  std::function<std::vector<Message>(size_t index, const Message& message)> meddle;

  void Run() {
    pair_->Run();
    // What was held back while the caller was asked still comes.
    while (CanTake() && TakeNext().ok()) pair_->Run();
  }

  Handshake* handshake() {
    if (variant_.client_under_test) return pair_->client_handshake.get();
    return pair_->server_handshake.get();
  }
  const HandshakePair::Side& side() const {
    return variant_.client_under_test ? pair_->client : pair_->server;
  }
  const HandshakePair::Side& peer() const {
    return variant_.client_under_test ? pair_->server : pair_->client;
  }
  const Variant& variant() const { return variant_; }
  std::shared_ptr<const HandshakeConfig> config() const { return config_; }
  size_t num_messages() const { return num_messages_; }
  bool is_rejected() const { return is_rejected_; }
  const Model& model() const { return model_; }

 private:
  Status Deliver(Handshake* handshake, const Message& message) {
    if (handshake != this->handshake()) {
      return handshake->HandleMessage(message.type, message.body, message.epoch);
    }
    std::vector<Message> in_its_place = {message};
    if (meddle) in_its_place = meddle(num_messages_, message);
    is_disturbed_ |= in_its_place.size() != 1 || in_its_place[0].type != message.type ||
                     in_its_place[0].epoch != message.epoch || in_its_place[0].body != message.body;
    ++num_messages_;
    queue_.insert(queue_.end(), in_its_place.begin(), in_its_place.end());
    Status status = Status::Ok();
    while (status.ok() && CanTake()) status = TakeNext();
    return status;
  }

  bool CanTake() {
    return !queue_.empty() && !is_rejected_ && handshake()->wait() == HandshakeWait::kMessage;
  }

  Status TakeNext() {
    const Message message = std::move(queue_.front());
    queue_.erase(queue_.begin());
    // The first hello asks for a retry until the client was told of it.
    const bool is_first_hello = variant_.retry != Retry::kNone &&
                                message.type == HandshakeType::kClientHello &&
                                message.body == FirstHello();
    const Symbol symbol = SymbolOf(message, is_first_hello);
    const bool is_allowed = model_.Allows(symbol, message.epoch.value);
    const Status status = handshake()->HandleMessage(message.type, message.body, message.epoch);
    const std::string what = std::string(variant_.name) + ": type " +
                             std::to_string(static_cast<int>(message.type)) + " in epoch " +
                             std::to_string(message.epoch.value) + " behind " +
                             std::to_string(num_taken_) + " messages";
    ++num_taken_;
    if (is_allowed) {
      model_.Advance(symbol, message.epoch.value);
      if (is_disturbed_) {
        // Its content may no longer fit, but it is not out of order.
        EXPECT_TRUE(status.ok() || status.reason() != Reason::kUnexpectedMessage) << what;
      } else {
        EXPECT_TRUE(status.ok()) << what;
      }
    } else if (IsRefusedAsAnotherVersion(message)) {
      EXPECT_EQ(status.alert(), AlertDescription::kProtocolVersion) << what;
    } else {
      EXPECT_FALSE(status.ok()) << what;
      EXPECT_EQ(status.alert(), AlertDescription::kUnexpectedMessage) << what;
    }
    if (!status.ok()) {
      is_rejected_ = true;
      EXPECT_EQ(handshake()->wait(), HandshakeWait::kNothing) << what;
    }
    return status;
  }

  std::vector<uint8_t> FirstHello() const {
    const auto& sent = pair_->client.sent;
    return sent.empty() ? std::vector<uint8_t>() : sent.front().body;
  }

  // A HelloVerifyRequest is DTLS 1.2's answer to a first hello, and this client has no DTLS 1.2.
  bool IsRefusedAsAnotherVersion(const Message& message) const {
    return variant_.client_under_test && message.type == HandshakeType::kHelloVerifyRequest &&
           message.epoch == kPlaintextEpoch && model_.Allows(Symbol::kHelloRetryRequest, 0);
  }

  Variant variant_;
  Model model_;
  std::shared_ptr<const HandshakeConfig> config_;
  std::unique_ptr<HandshakePair> pair_;
  std::vector<Message> queue_;
  size_t num_messages_ = 0;  // of the real peer
  size_t num_taken_ = 0;
  bool is_disturbed_ = false;
  bool is_rejected_ = false;
};

class ModelTest : public testing::TestWithParam<Variant> {};

TEST_P(ModelTest, WhatTheDiagramsShowIsAccepted) {
  Judge judge(GetParam());
  judge.Run();
  EXPECT_FALSE(judge.is_rejected());
  EXPECT_TRUE(judge.model().IsAtEnd());
  EXPECT_EQ(judge.side().num_completed, 1);
}

// F16: every message type in every epoch, in front of each message of a real handshake.
//= rfc8446#section-4
//= type=test
//# Protocol messages MUST be sent in the order defined in Section 4.4.1
//# and shown in the diagrams in Section 2.  A peer which receives a
//# handshake message in an unexpected order MUST abort the handshake
//# with an "unexpected_message" alert.
//= rfc8446#section-4.5
//= type=test
//# Servers MUST NOT send this message, and clients receiving it MUST
//# terminate the connection with an "unexpected_message" alert.
//= rfc8446#section-4.6.3
//= type=test
//# Implementations that receive a KeyUpdate message prior to receiving a
//# Finished message MUST terminate the connection with an
//# "unexpected_message" alert.
TEST_P(ModelTest, F16NothingElseIsAcceptedAnywhere) {
  Judge undisturbed(GetParam());
  undisturbed.Run();
  ASSERT_GE(undisturbed.num_messages(), 2u);
  std::vector<int> types = {100, 203, 254, 255};
  for (int type = 0; type < 30; ++type) types.push_back(type);
  for (size_t place = 0; place < undisturbed.num_messages(); ++place) {
    for (const int type : types) {
      for (uint64_t epoch = 0; epoch < kNumEpochs; ++epoch) {
        Judge judge(GetParam());
        judge.meddle = [&](size_t index, const Message& message) -> std::vector<Message> {
          if (index != place) return {message};
          return {
              Message{.type = static_cast<HandshakeType>(type), .body = {}, .epoch = Epoch{epoch}},
              message};
        };
        judge.Run();
        // An empty message is never acceptable in itself where it would be in order.
        EXPECT_TRUE(judge.is_rejected());
        EXPECT_EQ(judge.side().num_completed, 0);
      }
    }
  }
}

// Whatever a faulty peer makes of a real one's messages.
TEST_P(ModelTest, RandomSequencesAreAcceptedAsFarAsTheDiagramsGo) {
  constexpr uint64_t kSeeds = 500;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    std::mt19937_64 random(seed);
    Judge judge(GetParam());
    std::vector<Message> held, seen;
    judge.meddle = [&](size_t, const Message& message) -> std::vector<Message> {
      std::vector<Message> out = {message};
      switch (random() % 12) {
        case 0:
          out.clear();
          break;
        case 1:
          out.push_back(message);
          break;
        case 2:  // exchanged with the next
          held.push_back(message);
          out.clear();
          break;
        case 3:
          out[0].epoch = Epoch{random() % kNumEpochs};
          break;
        case 4:
          if (!judge.side().sent.empty()) {
            out.insert(out.begin(), judge.side().sent[random() % judge.side().sent.size()]);
          }
          break;
        case 5:
          if (!seen.empty()) out.insert(out.begin(), seen[random() % seen.size()]);
          break;
        case 6:
          out.insert(out.begin(), Message{.type = static_cast<HandshakeType>(random() % 256),
                                          .body = std::vector<uint8_t>(random() % 40),
                                          .epoch = Epoch{random() % kNumEpochs}});
          break;
        default:
          out.insert(out.end(), held.begin(), held.end());
          held.clear();
      }
      seen.push_back(message);
      return out;
    };
    judge.Run();
    if (HasFailure()) FAIL() << "seed " << seed;
    EXPECT_EQ(judge.side().num_completed == 1, judge.model().IsAtEnd() && !judge.is_rejected());
  }
}

// After it only the messages of RFC 8446 section 4.6 are left, in the newest epoch: a client takes
// NewSessionTicket and KeyUpdate, a server KeyUpdate. No post-handshake authentication was offered,
// and no Connection ID negotiated.
//= rfc8446#section-4.6.2
//= type=test
//# A client that receives a CertificateRequest message without having
//# sent the "post_handshake_auth" extension MUST send an
//# "unexpected_message" fatal alert.
TEST_P(ModelTest, AfterTheHandshakeOnlyItsOwnMessagesAreLeft) {
  constexpr HandshakeType kTypes[] = {
      HandshakeType::kNewSessionTicket,   HandshakeType::kKeyUpdate,
      HandshakeType::kKeyUpdate,          HandshakeType::kNewSessionTicket,
      HandshakeType::kKeyUpdate,          HandshakeType::kFinished,
      HandshakeType::kCertificateRequest, HandshakeType::kRequestConnectionId,
      HandshakeType::kNewConnectionId,    HandshakeType::kClientHello,
      HandshakeType::kServerHello,        HandshakeType::kEncryptedExtensions,
      HandshakeType::kCertificate,        kNoSuchType,
  };
  // Lifetime, age_add, a nonce, a ticket and no extensions.
  const std::vector<uint8_t> kTicket = {0, 0, 1, 0, 1, 2, 3, 4, 1, 9, 0, 2, 7, 7, 0, 0};
  const std::vector<uint8_t> kUpdateNotRequested = {0};
  for (uint64_t seed = 0; seed < 400; ++seed) {
    std::mt19937_64 random(seed);
    Judge judge(GetParam());
    judge.Run();
    ASSERT_EQ(judge.side().num_completed, 1);
    PostHandshake post(judge.config(), judge.variant().client_under_test,
                       judge.handshake()->result(), &judge.handshake()->secrets());
    uint64_t epoch = 3;
    for (int i = 0; i < 12; ++i) {
      const HandshakeType type = kTypes[random() % std::size(kTypes)];
      const bool in_newest_epoch = random() % 8 != 0;
      const uint64_t its_epoch = in_newest_epoch ? epoch : random() % (epoch + 3);
      const bool is_ticket = type == HandshakeType::kNewSessionTicket;
      const bool is_update = type == HandshakeType::kKeyUpdate;
      const bool is_allowed =
          its_epoch == epoch && (is_update || (is_ticket && judge.variant().client_under_test));
      const Status status =
          post.HandleMessage(type, is_ticket ? kTicket : kUpdateNotRequested, Epoch{its_epoch});
      while (post.NextAction().has_value()) {
      }
      ASSERT_EQ(status.ok(), is_allowed)
          << "seed " << seed << ": type " << static_cast<int>(type) << " in epoch " << its_epoch;
      if (!is_allowed) {
        EXPECT_EQ(status.alert(), AlertDescription::kUnexpectedMessage);
        break;
      }
      if (is_update) ++epoch;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ModelTest, testing::ValuesIn(kVariants),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace dtls13
