// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/path_validator.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

using std::chrono::milliseconds;
using Type = ReturnRoutabilityCheck::Type;
using Verdict = PathValidator::Verdict;

constexpr size_t kLen = 40;  // of a challenge's datagram

// Counting is randomness that never repeats, and can fail.
class Counting final : public RandomSource {
 public:
  bool Fill(std::span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 0;
    out[0] = ++next_;
    return !failing;
  }
  bool failing = false;

 private:
  uint8_t next_ = 0;
};

PathId Path(uint8_t name) { return *PathId::Of(std::vector<uint8_t>{name}); }

class PathValidatorTest : public testing::Test {
 protected:
  void UseCheck(PathCheck check) { validator_ = PathValidator({.check = check}); }
  // Start begins a check of path 2 beside path 1, with credit for many challenges.
  bool Start() {
    if (!validator_.Start(Path(1), Path(2), now_)) return false;
    validator_.OnReceived(Path(2), 1000);
    return true;
  }
  std::optional<PathValidator::Challenge> Take(size_t len = kLen) {
    return validator_.TakeChallenge(len, &random_);
  }
  Verdict Answer(Type type, const PathCookie& cookie, const PathId& from) {
    return validator_.OnAnswer({type, cookie}, from, now_);
  }
  // After lets virtual time pass, and the timer expire.
  Verdict After(milliseconds time) {
    now_ += time;
    return validator_.HandleTimeout(now_);
  }

  Instant now_{};
  Counting random_;
  PathValidator validator_{PathValidatorConfig{}};
};

TEST_F(PathValidatorTest, BasicAsksTheNewPath) {
  EXPECT_FALSE(Take());
  EXPECT_FALSE(validator_.deadline());
  ASSERT_TRUE(Start());
  EXPECT_TRUE(validator_.probes_candidate());
  const auto challenge = Take();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->to, Path(2));
  EXPECT_FALSE(Take());
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(2)), Verdict::kValidated);
  EXPECT_FALSE(validator_.running());
  EXPECT_EQ(validator_.stats().num_validated, 1u);
  // Another may follow at once.
  EXPECT_TRUE(Start());
}

TEST_F(PathValidatorTest, NobodyAnswers) {
  ASSERT_TRUE(Start());
  //= draft-ietf-tls-dtls-rrc#section-5.5
  //= type=test
  //# If an implementation has no way to obtain information regarding the
  //# RTT of the active path, T SHOULD be set to 1s.
  EXPECT_EQ(After(milliseconds(999)), Verdict::kNone);
  EXPECT_EQ(validator_.deadline(), Instant(std::chrono::seconds(1)));
  EXPECT_EQ(After(milliseconds(1)), Verdict::kTimedOut);
  EXPECT_FALSE(validator_.running());
  EXPECT_EQ(validator_.stats().num_timed_out, 1u);
  EXPECT_FALSE(Take());
  // Not again at once.
  EXPECT_FALSE(Start());
  After(milliseconds(999));
  EXPECT_FALSE(Start());
  After(milliseconds(1));
  EXPECT_TRUE(Start());
  EXPECT_EQ(validator_.stats().num_started, 2u);
}

TEST_F(PathValidatorTest, OnceNobodyAnsweredTheOldPathIsAskedFirst) {
  ASSERT_TRUE(Start());
  EXPECT_EQ(After(milliseconds(1000)), Verdict::kTimedOut);
  for (int i = 0; i < 3; ++i) {
    After(milliseconds(1000));
    ASSERT_TRUE(Start());
    EXPECT_FALSE(validator_.probes_candidate());
    const auto challenge = Take();
    ASSERT_TRUE(challenge);
    EXPECT_EQ(challenge->to, Path(1));
    EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(1)), Verdict::kRefused);
  }
  // The old path is dead now, and the new one is not.
  After(milliseconds(1000));
  ASSERT_TRUE(Start());
  EXPECT_EQ(After(milliseconds(1000)), Verdict::kProbesCandidate);
  const auto challenge = Take();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(2)), Verdict::kValidated);
  ASSERT_TRUE(Start());
  EXPECT_TRUE(validator_.probes_candidate());
}

TEST_F(PathValidatorTest, ATimeoutOfThreeRoundTrips) {
  //= draft-ietf-tls-dtls-rrc#section-5.5
  //= type=test
  //# In settings where there is external information about the RTT of the
  //# active path (i.e., the old path), implementations SHOULD use T =
  //# 3xRTT.
  //= draft-ietf-tls-dtls-rrc#section-5.5
  //= type=test
  //# Profiles for specific deployment environments -- for example,
  //# constrained networks [I-D.ietf-uta-tls13-iot-profile] -- MAY specify
  //# a different, more suitable value for T.
  validator_ = PathValidator({.timeout = 3 * milliseconds(20)});
  ASSERT_TRUE(Start());
  EXPECT_EQ(After(milliseconds(59)), Verdict::kNone);
  EXPECT_EQ(After(milliseconds(1)), Verdict::kTimedOut);
}

TEST_F(PathValidatorTest, ChallengesArePacedAndDiffer) {
  ASSERT_TRUE(Start());
  std::vector<PathCookie> cookies;
  std::vector<Instant> times;
  while (validator_.running()) {
    //= draft-ietf-tls-dtls-rrc#section-5.3
    //= type=test
    //# The initiator MAY send multiple return_routability_check messages
    //# of type path_challenge to cater for packet loss on the probed
    //# path.
    if (const auto challenge = Take()) {
      cookies.push_back(challenge->cookie);
      times.push_back(now_);
    }
    ASSERT_TRUE(validator_.deadline());
    now_ = *validator_.deadline();
    validator_.HandleTimeout(now_);
  }
  ASSERT_EQ(cookies.size(), PathValidator::kMaxChallenges);
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //= type=test
  //# -  Each path_challenge message MUST contain random data.
  EXPECT_NE(cookies[0], cookies[1]);
  EXPECT_NE(cookies[1], cookies[2]);
  //= draft-ietf-tls-dtls-rrc#section-5.3
  //= type=test
  //# -  The transmission of subsequent path_challenge messages SHOULD
  //#    be paced to decrease the chance of loss.
  EXPECT_GE(times[1] - times[0], milliseconds(333));
  EXPECT_GE(times[2] - times[1], milliseconds(333));
}

TEST_F(PathValidatorTest, AnyOpenChallengeMayBeAnswered) {
  ASSERT_TRUE(Start());
  const auto first = Take();
  After(milliseconds(400));
  const auto second = Take();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(Answer(Type::kPathResponse, first->cookie, Path(2)), Verdict::kValidated);
  // The other's answer comes too late to mean anything.
  EXPECT_EQ(Answer(Type::kPathResponse, second->cookie, Path(2)), Verdict::kNone);
  EXPECT_EQ(validator_.stats().num_unexpected_answers, 1u);
}

TEST_F(PathValidatorTest, InvalidAnswersAreDiscarded) {
  ASSERT_TRUE(Start());
  EXPECT_EQ(Answer(Type::kPathResponse, PathCookie{}, Path(2)), Verdict::kNone);
  const auto challenge = Take();
  ASSERT_TRUE(challenge);
  PathCookie wrong = challenge->cookie;
  wrong[7] ^= 1;
  //= draft-ietf-tls-dtls-rrc#section-5.4
  //= type=test
  //# The initiator MUST silently discard any invalid path_response or
  //# path_drop it receives.
  EXPECT_EQ(Answer(Type::kPathResponse, wrong, Path(2)), Verdict::kNone);
  EXPECT_EQ(Answer(Type::kPathResponse, PathCookie{}, Path(2)), Verdict::kNone);  // never sent
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(1)), Verdict::kNone);
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(3)), Verdict::kNone);
  EXPECT_EQ(Answer(Type::kPathDrop, challenge->cookie, Path(2)), Verdict::kNone);
  EXPECT_EQ(validator_.stats().num_unexpected_answers, 6u);
  EXPECT_TRUE(validator_.running());
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(2)), Verdict::kValidated);
}

TEST_F(PathValidatorTest, NoMoreThanThreeTimesWhatCame) {
  ASSERT_TRUE(validator_.Start(Path(1), Path(2), now_));
  //= draft-ietf-tls-dtls-rrc#section-5
  //= type=test
  //# A receiver that observes the peer's address change MUST stop sending
  //# any buffered application data, or limit the data sent to the
  //# unvalidated address to the anti-amplification limit.
  EXPECT_FALSE(Take(40));
  validator_.OnReceived(Path(2), 13);
  validator_.OnReceived(Path(1), 1000);
  EXPECT_FALSE(Take(40));
  validator_.OnReceived(Path(2), 1);
  EXPECT_TRUE(Take(40));
  After(milliseconds(500));
  EXPECT_FALSE(Take(40));
  validator_.OnReceived(Path(2), 13);
  EXPECT_TRUE(Take(40));
}

TEST_F(PathValidatorTest, EnhancedAsksTheOldPathFirst) {
  UseCheck(PathCheck::kEnhanced);
  ASSERT_TRUE(validator_.Start(Path(1), Path(2), now_));
  EXPECT_FALSE(validator_.probes_candidate());
  const auto challenge = Take();  // the old path is valid: no limit
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->to, Path(1));
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# *  When a return_routability_check message of type path_response
  //#    was received, the initiator MUST continue using the previously
  //#    valid address, i.e., no switch to the new path takes place and
  //#    the peer address binding is not updated.
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(2)), Verdict::kNone);
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(1)), Verdict::kRefused);
  EXPECT_EQ(validator_.stats().num_refused, 1u);
  EXPECT_FALSE(Start());
}

TEST_F(PathValidatorTest, EnhancedGoesOnAfterADrop) {
  UseCheck(PathCheck::kEnhanced);
  ASSERT_TRUE(Start());
  const auto old = Take();
  ASSERT_TRUE(old);
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# *  When a return_routability_check message of type path_drop was
  //#    received, the initiator MUST perform a return routability
  //#    check on the observed new address, as described in
  //#    Section 5.1.
  EXPECT_EQ(Answer(Type::kPathDrop, old->cookie, Path(1)), Verdict::kProbesCandidate);
  const auto challenge = Take();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->to, Path(2));
  // The first step's cookie is spent.
  EXPECT_EQ(Answer(Type::kPathResponse, old->cookie, Path(2)), Verdict::kNone);
  EXPECT_EQ(Answer(Type::kPathResponse, challenge->cookie, Path(2)), Verdict::kValidated);
}

TEST_F(PathValidatorTest, EnhancedGoesOnWhenTheOldPathIsDead) {
  UseCheck(PathCheck::kEnhanced);
  ASSERT_TRUE(Start());
  ASSERT_TRUE(Take());
  //= draft-ietf-tls-dtls-rrc#section-5.2
  //= type=test
  //# In this
  //# case, the initiator MUST perform a return routability check on
  //# the observed new address, as described in Section 5.1.
  EXPECT_EQ(After(milliseconds(1000)), Verdict::kProbesCandidate);
  const auto challenge = Take();
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->to, Path(2));
  EXPECT_EQ(After(milliseconds(1000)), Verdict::kTimedOut);
}

TEST_F(PathValidatorTest, OneCheckAtATime) {
  ASSERT_TRUE(Start());
  EXPECT_FALSE(validator_.Start(Path(1), Path(3), now_));
  EXPECT_EQ(validator_.candidate(), Path(2));
  validator_.Stop();
  EXPECT_TRUE(validator_.Start(Path(1), Path(3), now_));
}

TEST_F(PathValidatorTest, WithoutRandomnessNothingIsAsked) {
  random_.failing = true;
  ASSERT_TRUE(Start());
  EXPECT_FALSE(Take());
  EXPECT_EQ(After(milliseconds(1000)), Verdict::kTimedOut);
}

}  // namespace
}  // namespace dtls13
