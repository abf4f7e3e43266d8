#include "dtls13/association/paths.h"

#include <vector>

#include "gtest/gtest.h"

namespace dtls13 {
namespace {

using News = Paths::News;
using Type = ReturnRoutabilityCheck::Type;

constexpr size_t kLen = 40;

class Zeros final : public RandomSource {
 public:
  bool Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 0;
    return true;
  }
};

PathId Path(uint8_t name) { return *PathId::Of(std::vector<uint8_t>{name}); }

TEST(PathId, IsItsBytes) {
  EXPECT_TRUE(PathId().empty());
  EXPECT_EQ(*PathId::Of({}), PathId());
  EXPECT_FALSE(*PathId::Of(std::vector<uint8_t>(1)) == PathId());
  EXPECT_TRUE(PathId::Of(std::vector<uint8_t>(PathId::kMaxLen, 1)));
  EXPECT_FALSE(PathId::Of(std::vector<uint8_t>(PathId::kMaxLen + 1, 1)));
  const std::vector<uint8_t> bytes = {1, 2, 3};
  const PathId path = *PathId::Of(bytes);
  EXPECT_EQ(std::vector<uint8_t>(path.bytes().begin(), path.bytes().end()), bytes);
}

class PathsTest : public testing::Test {
 protected:
  explicit PathsTest(bool has_check = true) {
    if (has_check) paths_.EnableCheck();
    paths_.Use(Path(1));
  }
  std::optional<Paths::Outgoing> Next() { return paths_.NextMessage(kLen, &random_); }

  Instant now_{};
  Zeros random_;
  Paths paths_{PathValidatorConfig{}};
};

class PathsWithoutCheckTest : public PathsTest {
 protected:
  PathsWithoutCheckTest() : PathsTest(/*has_check=*/false) {}
};

TEST_F(PathsTest, MovesOnlyOnceProved) {
  EXPECT_EQ(paths_.OnRecord(Path(1), 100, /*is_newest=*/true, now_), News::kNone);
  //= rfc9147#section-11
  //= type=test
  //# DTLS implementations MUST NOT update the address they send to in
  //# response to packets from a different address unless they first
  //# perform some reachability test; no such test is defined in this
  //# specification and a future specification would need to specify a
  //# complete procedure for how and when to update addresses.
  EXPECT_EQ(paths_.OnRecord(Path(2), 100, /*is_newest=*/true, now_), News::kProbing);
  EXPECT_EQ(paths_.active(), Path(1));
  const auto challenge = Next();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->to, Path(2));
  EXPECT_EQ(challenge->message.type, Type::kPathChallenge);
  const ReturnRoutabilityCheck answer = {Type::kPathResponse, challenge->message.cookie};
  EXPECT_EQ(paths_.OnMessage(answer, Path(1), now_), News::kNone);
  EXPECT_EQ(paths_.active(), Path(1));
  EXPECT_EQ(paths_.OnMessage(answer, Path(2), now_), News::kMoved);
  EXPECT_EQ(paths_.active(), Path(2));
}

TEST_F(PathsTest, AReorderedRecordIsNoMove) {
  //= rfc9146#section-6
  //= type=test
  //# When a record with a CID is received that has a source address
  //# different from the one currently associated with the DTLS connection,
  //# the receiver MUST NOT replace the address it uses for sending records
  //# to its peer with the source address specified in the received
  //# datagram, unless the following three conditions are met:
  EXPECT_EQ(paths_.OnRecord(Path(2), 100, /*is_newest=*/false, now_), News::kNone);
  EXPECT_FALSE(Next());
}

TEST_F(PathsTest, AThirdPathWaits) {
  EXPECT_EQ(paths_.OnRecord(Path(2), 100, true, now_), News::kProbing);
  EXPECT_EQ(paths_.OnRecord(Path(3), 100, true, now_), News::kNone);
  EXPECT_EQ(paths_.candidate(), Path(2));
  EXPECT_EQ(paths_.HandleTimeout(now_ + std::chrono::seconds(1)), News::kProbeOver);
  EXPECT_EQ(paths_.active(), Path(1));
  EXPECT_EQ(paths_.OnRecord(Path(3), 100, true, now_ + std::chrono::seconds(2)), News::kProbing);
}

TEST_F(PathsTest, EachChallengeIsAnsweredOnceWhereItCameFrom) {
  const ReturnRoutabilityCheck challenge = {Type::kPathChallenge, {1}};
  paths_.OnMessage(challenge, Path(1), now_);
  paths_.OnMessage({Type::kPathChallenge, {2}}, Path(9), now_);
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //= type=test
  //# The responder MUST send the path_response or the path_drop to the
  //# address from which the corresponding path_challenge was received.

  //= draft-ietf-tls-dtls-rrc#section-5.4
  //= type=test
  //# The responder MUST send exactly one path_response or path_drop
  //# message for each valid path_challenge it received.
  const auto first = Next();
  const auto second = Next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->to, Path(1));
  EXPECT_EQ(first->message, (ReturnRoutabilityCheck{Type::kPathResponse, {1}}));
  EXPECT_EQ(second->to, Path(9));
  EXPECT_EQ(second->message, (ReturnRoutabilityCheck{Type::kPathResponse, {2}}));
  EXPECT_FALSE(Next());
}

TEST_F(PathsTest, AnswersAreBounded) {
  for (uint8_t i = 0; i < 100; ++i) paths_.OnMessage({Type::kPathChallenge, {i}}, Path(1), now_);
  size_t num = 0;
  while (Next()) ++num;
  EXPECT_EQ(num, Paths::kMaxAnswers);
}

TEST_F(PathsTest, WhoMigratedDropsTheOldPath) {
  paths_.Migrate(Path(2));
  EXPECT_EQ(paths_.active(), Path(2));
  paths_.OnMessage({Type::kPathChallenge, {1}}, Path(1), now_);
  paths_.OnMessage({Type::kPathChallenge, {2}}, Path(2), now_);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# *  If the path through which the message was received is no
  //#    longer preferred, a return_routability_check message of type
  //#    path_drop MUST be returned.
  EXPECT_EQ(Next()->message.type, Type::kPathDrop);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# *  If the path through which the message was received is
  //#    preferred, a return_routability_check message of type
  //#    path_response MUST be returned.
  EXPECT_EQ(Next()->message.type, Type::kPathResponse);
  // What the peer still sends there does not bring us back.
  EXPECT_EQ(paths_.OnRecord(Path(1), 100, true, now_), News::kNone);
  EXPECT_FALSE(Next());
  // Back again: the roles of the two are exchanged.
  paths_.Migrate(Path(1));
  paths_.OnMessage({Type::kPathChallenge, {1}}, Path(1), now_);
  paths_.OnMessage({Type::kPathChallenge, {2}}, Path(2), now_);
  EXPECT_EQ(Next()->message.type, Type::kPathResponse);
  EXPECT_EQ(Next()->message.type, Type::kPathDrop);
}

TEST_F(PathsWithoutCheckTest, TheApplicationDecides) {
  EXPECT_EQ(paths_.OnRecord(Path(2), 100, true, now_), News::kCandidate);
  EXPECT_EQ(paths_.candidate(), Path(2));
  EXPECT_EQ(paths_.OnRecord(Path(2), 100, true, now_), News::kNone);  // said once
  EXPECT_EQ(paths_.OnRecord(Path(3), 100, true, now_), News::kCandidate);
  EXPECT_EQ(paths_.active(), Path(1));
  EXPECT_FALSE(Next());
  paths_.Use(Path(3));
  EXPECT_EQ(paths_.active(), Path(3));
  EXPECT_EQ(paths_.OnRecord(Path(3), 100, true, now_), News::kNone);
  EXPECT_EQ(paths_.OnRecord(Path(2), 100, true, now_), News::kCandidate);
}

TEST_F(PathsWithoutCheckTest, ChallengesAreIgnored) {
  //= draft-ietf-tls-dtls-rrc#section-3
  //= type=test
  //# The client and server MUST NOT use RRC unless both sides
  //# have successfully exchanged rrc extensions.
  EXPECT_EQ(paths_.OnMessage({Type::kPathChallenge, {1}}, Path(1), now_), News::kNone);
  EXPECT_FALSE(Next());
}

}  // namespace
}  // namespace dtls13
