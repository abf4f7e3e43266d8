// SPDX-License-Identifier: Apache-2.0
#include "tools/query/pending_queries.h"

#include <gtest/gtest.h>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::query {
namespace {

constexpr AssociationId kClient = 1;
constexpr AssociationId kOther = 2;
constexpr Instant kNow{std::chrono::seconds(100)};

class PendingQueriesTest : public testing::Test {
 protected:
  static Bytes Query(uint16_t id, const char* name = "example.test") {
    return BuildQuery(
        id, {.name = *ParseDnsName(name), .type = DnsType::kA, .question_class = DnsClass::kIn},
        1232);
  }
  // Each client is on a host of its own where a test does not say another.
  std::optional<Bytes> Add(AssociationId client, const Bytes& query, Instant now = kNow) {
    return AddFrom({static_cast<uint8_t>(client >> 8), static_cast<uint8_t>(client)}, client, query,
                   now);
  }
  std::optional<Bytes> AddFrom(const PendingQueries::Host& host, AssociationId client,
                               const Bytes& query, Instant now = kNow) {
    return pending_.Add(client, host, *ParseDnsMessage(query), now);
  }
  std::optional<PendingQueries::Query> Answer(const Bytes& asked) {
    const Bytes answer = BuildAnswer(*ParseDnsMessage(asked), DnsResponseCode::kNoError, false);
    return pending_.TakeAnswered(*ParseDnsMessage(answer));
  }

  const std::shared_ptr<SeededRandom> random_ = std::make_shared<SeededRandom>(1);
  PendingQueries pending_{random_};
};

TEST_F(PendingQueriesTest, EachHasAnIdOfItsOwn) {
  const auto first = Add(kClient, Query(7));
  const auto second = Add(kOther, Query(7));
  ASSERT_TRUE(first && second);
  EXPECT_NE(*first, *second);
  const auto answered = Answer(*second);
  ASSERT_TRUE(answered.has_value());
  EXPECT_EQ(answered->client, kOther);
  EXPECT_EQ(answered->message, Query(7)) << "as it came";
  EXPECT_FALSE(Answer(*second)) << "once";
  EXPECT_EQ(pending_.size(), 1u);
  EXPECT_EQ(pending_.NumOf(kOther), 0u);
}

TEST_F(PendingQueriesTest, AnotherQuestionIsNotAnswered) {
  Bytes asked = *Add(kClient, Query(7));
  Bytes other = Query(0, "other.test");
  std::copy_n(asked.begin(), 2, other.begin());
  EXPECT_FALSE(Answer(other));
  EXPECT_TRUE(Answer(asked));
}

TEST_F(PendingQueriesTest, PatienceEnds) {
  Add(kClient, Query(7));
  const auto later = Add(kOther, Query(8), kNow + std::chrono::seconds(1));
  EXPECT_EQ(pending_.next_expiry(), kNow + PendingQueries::kPatience);
  EXPECT_FALSE(pending_.TakeExpired(kNow + PendingQueries::kPatience - Duration(1)));
  const auto expired = pending_.TakeExpired(kNow + PendingQueries::kPatience);
  ASSERT_TRUE(expired.has_value());
  EXPECT_EQ(expired->client, kClient);
  EXPECT_TRUE(Answer(*later));
  EXPECT_FALSE(pending_.TakeExpired(kNow + std::chrono::hours(1)));
  EXPECT_FALSE(pending_.next_expiry().has_value());
}

TEST_F(PendingQueriesTest, OneClientTakesNoOthersRoom) {
  for (size_t i = 0; i < PendingQueries::kMaxPerClient; ++i) {
    EXPECT_TRUE(Add(kClient, Query(static_cast<uint16_t>(i))));
  }
  EXPECT_FALSE(Add(kClient, Query(1)));
  EXPECT_TRUE(Add(kOther, Query(1)));
  pending_.Forget(kClient);
  EXPECT_EQ(pending_.size(), 1u);
  EXPECT_TRUE(Add(kClient, Query(1)));
}

TEST_F(PendingQueriesTest, OneHostTakesNoOthersRoomByManyClients) {
  const PendingQueries::Host host = {192, 0, 2, 1};
  AssociationId client = 1;
  while (pending_.size() < PendingQueries::kMaxPerHost) {
    ASSERT_TRUE(AddFrom(host, client++, Query(1)));
  }
  EXPECT_FALSE(AddFrom(host, client, Query(1)));
  EXPECT_TRUE(AddFrom({192, 0, 2, 2}, client, Query(1)));
  // It has room again with each that is answered, expires or is forgotten.
  pending_.Forget(1);
  EXPECT_TRUE(AddFrom(host, 1, Query(1)));
  EXPECT_FALSE(AddFrom(host, 1, Query(1)));
  while (pending_.TakeExpired(kNow + PendingQueries::kPatience)) {
  }
  const auto asked = AddFrom(host, 1, Query(1));
  ASSERT_TRUE(asked);
  EXPECT_TRUE(Answer(*asked));
}

TEST_F(PendingQueriesTest, AllOfThemAreBounded) {
  for (AssociationId client = 1; pending_.size() < PendingQueries::kMaxPending; ++client) {
    ASSERT_TRUE(Add(client, Query(1)));
  }
  EXPECT_FALSE(Add(kClient + PendingQueries::kMaxPending, Query(1)));
}

TEST_F(PendingQueriesTest, WithoutRandomnessNobodyIsAsked) {
  random_->Fail();
  EXPECT_FALSE(Add(kClient, Query(1)));
  EXPECT_EQ(pending_.size(), 0u);
}

}  // namespace
}  // namespace dtls13::query
