// SPDX-License-Identifier: Apache-2.0
// One flight over a bad link: all classes of this package together, in virtual time.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "dtls13/flight/ack_scheduler.h"
#include "dtls13/flight/outgoing_flight.h"
#include "dtls13/flight/reassembler.h"
#include "dtls13/flight/retransmit_timer.h"
#include "dtls13/flight/sent_record_log.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/time.h"

namespace dtls13 {
namespace {

using std::chrono::milliseconds;

constexpr uint32_t kSendRounds = 200;

// Conditions of the link, in percent.
struct Impairment {
  uint32_t loss = 0;
  uint32_t duplication = 0;
  int64_t max_delay_ms = 1;  // delays differ from record to record, so they reorder
  bool shrinking_mtu = false;
};

// Exchange is a sender of one flight, a receiver, and the link between them.
class Exchange {
 public:
  Exchange(uint32_t seed, const Impairment& impairment)
      : random_(seed), impairment_(impairment), received_(100'000), timer_({}) {
    const size_t num_messages = 1 + random_() % 6;
    for (uint16_t seq = 0; seq < num_messages; ++seq) {
      Bytes body(random_() % 4 == 0 ? random_() % 9'000 : random_() % 300);
      for (uint8_t& byte : body) byte = static_cast<uint8_t>(random_());
      bodies_.push_back(body);
      known_.emplace_back(body.size());
      flight_.Add(seq == 0 ? kPlaintextEpoch : kHandshakeEpoch, HandshakeType::kCertificate, seq,
                  body);
    }
  }

  // Run returns true when everything arrived and everything is known to have arrived.
  bool Run() {
    SendOwed();
    timer_.Start(now_);
    while (!flight_.AllAcked()) {
      if (!Step() || timer_.num_expiries() > kSendRounds) return false;
    }
    timer_.OnAcked(now_);
    return num_handed_out_ == bodies_.size() && !timer_.running();
  }

  // num_bytes_resent counts the bytes of message bodies that went out more than once.
  size_t num_bytes_resent() const {
    size_t num = num_bytes_sent_;
    for (const Bytes& body : bodies_) num -= body.size();
    return num;
  }
  uint32_t num_expiries() const { return num_all_expiries_; }

 private:
  struct InTransit {
    Instant at;
    uint64_t order;
    bool is_ack;
    RecordNumber number;                // of a handshake record
    Bytes content;                      // of a handshake record
    std::vector<RecordNumber> numbers;  // of an ACK

    bool operator>(const InTransit& other) const {
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };

  // Step goes to the next thing that happens. False when nothing ever will.
  bool Step() {
    std::optional<Instant> next = timer_.deadline();
    const auto consider = [&](std::optional<Instant> at) {
      if (at && (!next || *at < *next)) next = at;
    };
    consider(acks_.deadline());
    if (!link_.empty()) consider(link_.top().at);
    if (!next) return false;
    now_ = std::max(now_, *next);

    while (!link_.empty() && link_.top().at <= now_) {
      const InTransit arrived = link_.top();
      link_.pop();
      arrived.is_ack ? HandleAck(arrived) : HandleRecord(arrived);
    }
    acks_.HandleTimeout(now_);
    if (acks_.owed()) SendAck();
    if (timer_.HandleTimeout(now_)) {
      ++num_all_expiries_;
      flight_.OweUnacked();
    }
    SendOwed();
    return true;
  }

  void Send(InTransit sent) {
    const uint32_t num_copies =
        (random_() % 100 >= impairment_.loss) + (random_() % 100 < impairment_.duplication);
    for (uint32_t i = 0; i < num_copies; ++i) {
      sent.at = now_ + milliseconds(1 + random_() % impairment_.max_delay_ms);
      sent.order = next_order_++;
      link_.push(sent);
    }
  }

  void SendOwed() {
    const size_t room = impairment_.shrinking_mtu && timer_.num_expiries() > 0 ? 200 : 1200;
    if (flight_.HasOwed()) last_sent_ = now_;
    while (flight_.HasOwed()) {
      const Epoch epoch = flight_.next_owed_epoch();
      Bytes content(room - random_() % 2 * 100);
      std::array<FragmentRef, OutgoingFlight::kMaxFragmentsPerRecord> refs;
      size_t num_refs = 0;
      content.resize(flight_.PackRecord(content, refs, &num_refs));
      ASSERT_FALSE(content.empty());
      for (const FragmentRef& ref : std::span(refs).first(num_refs)) {
        ExpectNotKnown(ref);
        num_bytes_sent_ += ref.len;
      }
      const RecordNumber number = {epoch, {next_number_[epoch.value]++}};
      log_.Record(number, std::span(refs).first(num_refs), now_);
      Send({.at = {},
            .order = 0,
            .is_ack = false,
            .number = number,
            .content = content,
            .numbers = {}});
    }
  }

  // ExpectNotKnown: nothing is sent again that an ACK has named.
  void ExpectNotKnown(const FragmentRef& ref) {
    const auto begin = known_[ref.message_seq].begin() + ref.offset;
    ASSERT_EQ(std::count(begin, begin + ref.len, true), 0);
  }

  void HandleRecord(const InTransit& record) {
    if (!opened_.insert(record.number).second) return;  // the replay window's work
    ByteReader reader(record.content);
    bool is_acknowledgeable = true;
    bool is_disruption = false;
    while (!reader.empty()) {
      const auto fragment = ReadHandshakeFragment(&reader);
      ASSERT_TRUE(fragment);
      bool in_order = false;
      const FragmentVerdict verdict =
          received_.Add(*fragment, record.number.epoch, now_, &in_order);
      ASSERT_NE(verdict, FragmentVerdict::kMismatch);
      ASSERT_NE(verdict, FragmentVerdict::kTooLong);
      if (verdict == FragmentVerdict::kDiscarded) is_acknowledgeable = false;
      if (!in_order) is_disruption = true;
    }
    if (is_acknowledgeable) acks_.OnRecord(record.number);
    while (const auto message = received_.Front()) {
      ASSERT_TRUE(std::ranges::equal(message->body, bodies_[message->message_seq]));
      ++num_handed_out_;
      received_.Pop();
    }
    const bool is_complete = num_handed_out_ == bodies_.size();
    is_disruption || is_complete ? acks_.OweNow() : acks_.OweBy(now_ + milliseconds(250));
  }

  void SendAck() {
    std::vector<RecordNumber> numbers(1 + random_() % AckScheduler::kMaxRecordNumbers);
    numbers.resize(acks_.FillAck(kHandshakeEpoch, numbers));
    for (const RecordNumber number : numbers) ASSERT_TRUE(opened_.contains(number));
    if (acks_.num_unsent() > 0) acks_.OweNow();
    Send({.at = {}, .order = 0, .is_ack = true, .number = {}, .content = {}, .numbers = numbers});
  }

  void HandleAck(const InTransit& ack) {
    bool is_news = false;
    for (const RecordNumber number : ack.numbers) {
      for (const FragmentRef& ref : log_.Find(number)) {
        is_news |= flight_.OnAcked(ref);
        std::fill_n(known_[ref.message_seq].begin() + ref.offset, ref.len, true);
      }
    }
    if (!is_news || flight_.AllAcked()) return;
    //= rfc9147#section-7.2
    //= type=test
    //# Upon receipt
    //# of an ACK that leaves it with only some messages from a flight having
    //# been acknowledged, an implementation SHOULD retransmit the
    //# unacknowledged messages or fragments.
    flight_.OweOvertaken();
    if (!flight_.HasOwed() && now_ - last_sent_ >= timer_.value() / 4) flight_.OweUnacked();
    timer_.Restart(now_);
  }

  std::mt19937 random_;
  const Impairment impairment_;
  Instant now_{};
  std::vector<Bytes> bodies_;

  // The sender's side.
  OutgoingFlight flight_;
  SentRecordLog log_;
  std::array<uint64_t, 3> next_number_ = {};
  std::vector<std::vector<bool>> known_;  // by message and byte: an ACK has named it
  size_t num_bytes_sent_ = 0;
  Instant last_sent_{};
  uint32_t num_all_expiries_ = 0;

  // The receiver's side.
  Reassembler received_;
  RetransmitTimer timer_;
  AckScheduler acks_;
  std::set<RecordNumber> opened_;
  size_t num_handed_out_ = 0;

  std::priority_queue<InTransit, std::vector<InTransit>, std::greater<>> link_;
  uint64_t next_order_ = 0;
};

TEST(Exchange, AGoodLinkNeedsNoRetransmission) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    Exchange exchange(seed, {});
    ASSERT_TRUE(exchange.Run()) << seed;
    EXPECT_EQ(exchange.num_expiries(), 0u) << seed;
    EXPECT_EQ(exchange.num_bytes_resent(), 0u) << seed;
  }
}

TEST(Exchange, ReorderingAloneNeedsNoTimer) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    Exchange exchange(seed, {.duplication = 20, .max_delay_ms = 100});
    ASSERT_TRUE(exchange.Run()) << seed;
    EXPECT_EQ(exchange.num_expiries(), 0u) << seed;
  }
}

TEST(Exchange, CompletesOverALossyLink) {
  for (uint32_t seed = 0; seed < 150; ++seed) {
    Exchange exchange(seed, {.loss = 30, .duplication = 10, .max_delay_ms = 50});
    ASSERT_TRUE(exchange.Run()) << seed;
  }
}

TEST(Exchange, CompletesOverAVeryLossyLinkWithAShrinkingMtu) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    Exchange exchange(seed,
                      {.loss = 60, .duplication = 10, .max_delay_ms = 400, .shrinking_mtu = true});
    ASSERT_TRUE(exchange.Run()) << seed;
  }
}

}  // namespace
}  // namespace dtls13
