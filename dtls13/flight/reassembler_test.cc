// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/reassembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <ranges>
#include <utility>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using enum FragmentVerdict;

constexpr size_t kMaxLen = 1000;
constexpr uint16_t kLastAhead = Reassembler::kMaxMessagesAhead;

// Body is the body of message `message_seq` in all tests; no two offsets or messages near each
// other have the same byte.
Bytes Body(uint16_t message_seq, size_t len) {
  Bytes body(len);
  for (size_t i = 0; i < len; ++i) body[i] = static_cast<uint8_t>(message_seq * 101 + i * 7 + 1);
  return body;
}

// Given is a fragment that owns its bytes.
struct Given {
  HandshakeHeader header;
  Bytes body;
  Epoch epoch = kHandshakeEpoch;
  Instant at{};
};

// Piece is the range [offset, offset + len) of message `message_seq`, of `message_len` bytes.
Given Piece(uint16_t message_seq, size_t message_len, uint32_t offset, uint32_t len) {
  const Bytes body = Body(message_seq, message_len);
  return {.header = {.type = HandshakeType::kCertificate,
                     .message_len = static_cast<uint32_t>(message_len),
                     .message_seq = message_seq,
                     .fragment_offset = offset,
                     .fragment_len = len},
          .body = Bytes(body.begin() + offset, body.begin() + offset + len)};
}

Given Whole(uint16_t message_seq, size_t message_len) {
  return Piece(message_seq, message_len, 0, static_cast<uint32_t>(message_len));
}

FragmentVerdict Add(Reassembler& reassembler, const Given& given, bool* in_order = nullptr) {
  bool ignored = false;
  return reassembler.Add({.header = given.header, .body = given.body}, given.epoch, given.at,
                         in_order == nullptr ? &ignored : in_order);
}

// AddExpecting asserts verdict and order.
void AddExpecting(Reassembler& reassembler, const Given& given, FragmentVerdict verdict,
                  bool in_order, int line) {
  bool was_in_order = !in_order;
  EXPECT_EQ(Add(reassembler, given, &was_in_order), verdict) << "line " << line;
  EXPECT_EQ(was_in_order, in_order) << "line " << line;
}
#define ADD(given, verdict, in_order) AddExpecting(r, given, verdict, in_order, __LINE__)

// ExpectPops asserts that the next messages are whole and right, and takes them out.
void ExpectPops(Reassembler& reassembler, std::vector<std::pair<uint16_t, size_t>> messages) {
  for (const auto& [message_seq, len] : messages) {
    ASSERT_EQ(reassembler.next_receive_seq(), message_seq);
    const auto message = reassembler.Front();
    ASSERT_TRUE(message) << message_seq;
    EXPECT_EQ(message->message_seq, message_seq);
    EXPECT_EQ(message->type, HandshakeType::kCertificate);
    EXPECT_EQ(Bytes(message->body.begin(), message->body.end()), Body(message_seq, len));
    reassembler.Pop();
  }
}

TEST(Reassembler, StartsEmpty) {
  Reassembler r(kMaxLen);
  EXPECT_EQ(r.next_receive_seq(), 0u);
  EXPECT_FALSE(r.Front());
  EXPECT_FALSE(r.HasPartial());
  EXPECT_EQ(r.num_bytes_held(), 0u);
  r.Pop();
  EXPECT_EQ(r.next_receive_seq(), 0u) << "there was nothing to pop";
}

TEST(Reassembler, AnUnfragmentedMessageIsWholeAtOnce) {
  Reassembler r(kMaxLen);
  //= rfc9147#section-5.5
  //= type=test
  //# An unfragmented message is a degenerate case with fragment_offset=0
  //# and fragment_length=length.
  ADD(Whole(0, 100), kBuffered, true);
  EXPECT_TRUE(r.HasPartial());
  EXPECT_EQ(r.num_bytes_held(), 100u);
  EXPECT_EQ(r.Front()->epoch, kHandshakeEpoch);
  ExpectPops(r, {{0, 100}});
  EXPECT_FALSE(r.HasPartial());
  EXPECT_EQ(r.num_bytes_held(), 0u);
}

TEST(Reassembler, FragmentsInOrder) {
  Reassembler r(kMaxLen);
  ADD(Piece(0, 100, 0, 40), kBuffered, true);
  ADD(Piece(0, 100, 40, 1), kBuffered, true);
  EXPECT_FALSE(r.Front());
  ADD(Piece(0, 100, 41, 59), kBuffered, true);
  ExpectPops(r, {{0, 100}});
}

//= rfc9147#section-5.5
//= type=test
//# When a DTLS implementation receives a handshake message fragment
//# corresponding to the next expected handshake message sequence number, it
//# MUST process it, either by buffering it until it has the entire
//# handshake message or by processing any in-order portions of the message.
TEST(Reassembler, FragmentsInAnyOrder) {
  std::vector<int> order = {0, 1, 2, 3, 4};
  do {
    Reassembler r(kMaxLen);
    int expected = 0;
    std::vector<bool> held(5);
    for (const int i : order) {
      ADD(Piece(0, 50, i * 10, 10), kBuffered, i == expected);
      held[i] = true;
      while (expected < 5 && held[expected]) ++expected;
      EXPECT_EQ(r.Front().has_value(), expected == 5);
    }
    ExpectPops(r, {{0, 50}});
  } while (std::ranges::next_permutation(order).found);
}

TEST(Reassembler, AZeroLengthMessageIsWholeAtOnce) {
  Reassembler r(kMaxLen);
  ADD(Whole(1, 0), kBuffered, false);
  ADD(Whole(1, 0), kAlreadyHeld, false);
  ADD(Whole(0, 0), kBuffered, true);
  ADD(Whole(2, 5), kBuffered, true);
  EXPECT_TRUE(r.HasPartial());
  ExpectPops(r, {{0, 0}, {1, 0}, {2, 5}});
  EXPECT_FALSE(r.HasPartial());
}

TEST(Reassembler, AnEmptyFragmentOfAMessageBringsNothing) {
  Reassembler r(kMaxLen);
  ADD(Piece(0, 10, 0, 0), kAlreadyHeld, false);
  ADD(Piece(0, 10, 10, 0), kAlreadyHeld, false);
  EXPECT_FALSE(r.HasPartial());
  ADD(Piece(0, 10, 3, 4), kBuffered, false);
  for (uint32_t offset = 0; offset <= 10; ++offset) {
    ADD(Piece(0, 10, offset, 0), kAlreadyHeld, false);
  }
  EXPECT_EQ(r.num_bytes_held(), 4u);
}

TEST(Reassembler, AMessageHandedOutIsHeldForEver) {
  Reassembler r(kMaxLen);
  ADD(Whole(0, 20), kBuffered, true);
  ADD(Whole(1, 20), kBuffered, true);
  ExpectPops(r, {{0, 20}, {1, 20}});
  //= rfc9147#section-5.2
  //= type=test
  //# If the sequence number is less than
  //# next_receive_seq, the message MUST be discarded.
  ADD(Whole(0, 20), kAlreadyHeld, false);
  ADD(Piece(1, 20, 5, 5), kAlreadyHeld, false);
  // Whatever it says: it is not looked at.
  Given strange = Whole(0, 20);
  strange.header.message_len = 0xffffff;
  strange.epoch = {9};
  ADD(strange, kAlreadyHeld, false);
  EXPECT_FALSE(r.HasPartial());
}

TEST(Reassembler, MessagesAheadAreQueuedToABound) {
  Reassembler r(kMaxLen);
  //= rfc9147#section-5.2
  //= type=test
  //# If the sequence
  //# number is greater than next_receive_seq, the implementation SHOULD
  //# queue the message but MAY discard it.
  for (uint16_t seq = kLastAhead; seq > 0; --seq) ADD(Whole(seq, 10), kBuffered, false);
  ADD(Whole(kLastAhead + 1, 10), kDiscarded, false);
  ADD(Whole(0xffff, 10), kDiscarded, false);
  EXPECT_FALSE(r.Front());
  ADD(Whole(0, 10), kBuffered, true);
  for (uint16_t seq = 0; seq <= kLastAhead; ++seq) ExpectPops(r, {{seq, 10}});
  ADD(Whole(kLastAhead + 1, 10), kBuffered, true);
}

TEST(Reassembler, OrderGoesOnBehindWholeMessagesNotYetTaken) {
  Reassembler r(kMaxLen);
  ADD(Whole(0, 10), kBuffered, true);
  ADD(Whole(2, 10), kBuffered, false);
  ADD(Piece(1, 10, 0, 5), kBuffered, true);
  ADD(Piece(1, 10, 5, 5), kBuffered, true);
  ADD(Piece(3, 10, 5, 5), kBuffered, false);
  ADD(Piece(3, 10, 0, 5), kBuffered, true);
  ADD(Whole(5, 10), kBuffered, false);
  ExpectPops(r, {{0, 10}, {1, 10}, {2, 10}, {3, 10}});
}

TEST(Reassembler, ForgetsWhatIsOldAndIncomplete) {
  Reassembler r(kMaxLen);
  EXPECT_FALSE(r.forget_at());
  const Instant start{std::chrono::seconds(50)};
  Given first = Piece(0, 50, 0, 20);
  first.at = start + std::chrono::seconds(30);
  ADD(first, kBuffered, true);
  Given ahead = Piece(2, 40, 0, 20);
  ahead.at = start;
  ADD(ahead, kBuffered, false);
  Given whole = Whole(3, 30);
  whole.at = start;
  ADD(whole, kBuffered, false);
  EXPECT_EQ(r.first_incomplete(), 0u);
  // More of a message does not make it younger.
  Given more = Piece(0, 50, 30, 5);
  more.at = start + std::chrono::seconds(90);
  ADD(more, kBuffered, false);
  EXPECT_EQ(r.forget_at(), start + Reassembler::kHoldTime);
  EXPECT_FALSE(r.ForgetOld(start + Reassembler::kHoldTime - Duration(1)));
  EXPECT_TRUE(r.ForgetOld(start + Reassembler::kHoldTime));
  EXPECT_EQ(r.num_bytes_held(), 25u + 30u);
  EXPECT_EQ(r.forget_at(), first.at + Reassembler::kHoldTime);
  EXPECT_TRUE(r.ForgetOld(first.at + Reassembler::kHoldTime));
  EXPECT_FALSE(r.forget_at());
  EXPECT_EQ(r.first_incomplete(), Reassembler::kAllWhole);
  EXPECT_FALSE(r.ForgetOld(start + std::chrono::hours(1)));
  // All of it can come again, and what is whole was kept.
  for (uint16_t seq : {2, 1, 0}) ADD(Whole(seq, 40), kBuffered, seq == 0);
  ExpectPops(r, {{0, 40}, {1, 40}, {2, 40}, {3, 30}});
}

TEST(Reassembler, ALowerLimitHoldsForWhatComes) {
  Reassembler r(kMaxLen);
  ADD(Piece(0, kMaxLen, 0, 500), kBuffered, true);
  r.Limit(100, 100);
  ADD(Piece(0, kMaxLen, 500, 10), kTooLong, false);
  ADD(Whole(1, 101), kTooLong, false);
  ADD(Whole(1, 100), kBuffered, false);
  ADD(Whole(2, 10), kDiscarded, false);
}

TEST(Reassembler, WhatIsAheadHasABoundOfItsOwn) {
  Reassembler r(kMaxLen);
  r.Limit(kMaxLen, 100);
  ADD(Whole(1, 60), kBuffered, false);
  ADD(Whole(2, 41), kDiscarded, false);
  ADD(Whole(2, 40), kBuffered, false);
  ADD(Whole(0, kMaxLen), kBuffered, true);
}

TEST(Reassembler, ForgetDropsAnEpochsMessagesAndNoOthers) {
  Reassembler r(kMaxLen);
  Given forged = Piece(1, 50, 10, 5);
  forged.epoch = kPlaintextEpoch;
  ADD(forged, kBuffered, false);
  ADD(Piece(0, 50, 0, 20), kBuffered, true);
  r.Forget(kPlaintextEpoch);
  EXPECT_EQ(r.num_bytes_held(), 20u);
  EXPECT_EQ(r.next_receive_seq(), 0u);
  ADD(Whole(1, 60), kBuffered, false);
  ADD(Piece(0, 50, 20, 30), kBuffered, true);
  ExpectPops(r, {{0, 50}, {1, 60}});
}

TEST(Reassembler, StartAtSetsTheNextMessageAndForgets) {
  Reassembler r(kMaxLen);
  ADD(Piece(0, 10, 0, 5), kBuffered, true);
  ADD(Whole(1, 10), kBuffered, false);
  r.StartAt(1);
  EXPECT_EQ(r.next_receive_seq(), 1u);
  EXPECT_FALSE(r.HasPartial());
  ADD(Whole(0, 10), kAlreadyHeld, false);
  ADD(Whole(1, 10), kBuffered, true);
  ExpectPops(r, {{1, 10}});
}

// RFC 9147bis section 5.2: message_seq must not wrap.
TEST(Reassembler, TheLastMessageNumberIsUsedOnce) {
  Reassembler r(kMaxLen);
  r.StartAt(0xfffe);
  ADD(Whole(0xffff, 10), kBuffered, false);
  ADD(Whole(0, 10), kAlreadyHeld, false);
  ADD(Whole(0xfffe, 10), kBuffered, true);
  ExpectPops(r, {{0xfffe, 10}, {0xffff, 10}});
  EXPECT_EQ(r.next_receive_seq(), 0x10000u);
  for (const uint16_t seq : {0, 1, 0xffff}) ADD(Whole(seq, 10), kAlreadyHeld, false);
  EXPECT_FALSE(r.HasPartial());
}

// F25
TEST(Reassembler, F25OverlapsOfEveryKind) {
  // Two runs, [10, 20) and [30, 40), of 50 bytes; then every possible range.
  for (uint32_t begin = 0; begin <= 50; ++begin) {
    for (uint32_t end = begin + 1; end <= 50; ++end) {
      Reassembler r(kMaxLen);
      ADD(Piece(0, 50, 10, 10), kBuffered, false);
      ADD(Piece(0, 50, 30, 10), kBuffered, false);
      size_t num_new = 0;
      for (uint32_t i = begin; i < end; ++i) num_new += i < 10 || (i >= 20 && i < 30) || i >= 40;
      //= rfc9147#section-5.5
      //= type=test
      //# DTLS implementations MUST be able to handle overlapping fragment
      //# ranges.
      ADD(Piece(0, 50, begin, end - begin), num_new > 0 ? kBuffered : kAlreadyHeld, begin == 0);
      ASSERT_EQ(r.num_bytes_held(), 20 + num_new) << begin << " to " << end;
      ADD(Piece(0, 50, begin, end - begin), kAlreadyHeld, false);
      ADD(Whole(0, 50), num_new < 30 ? kBuffered : kAlreadyHeld, num_new < 30);
      ASSERT_EQ(r.num_bytes_held(), 50u);
      ExpectPops(r, {{0, 50}});
    }
  }
}

// F25
TEST(Reassembler, F25AChangedByteIsAMismatch) {
  for (uint32_t changed = 0; changed < 30; ++changed) {
    Reassembler r(kMaxLen);
    ADD(Piece(0, 30, 5, 5), kBuffered, false);
    ADD(Piece(0, 30, 10, 5), kBuffered, false);
    ADD(Piece(0, 30, 20, 5), kBuffered, false);
    Given given = Whole(0, 30);
    given.body[changed] ^= 1;
    const bool is_held = (changed >= 5 && changed < 15) || (changed >= 20 && changed < 25);
    //= rfc9147#section-5.5
    //= type=test
    //# Receivers
    //# MAY check that retransmitted bytes are identical and SHOULD abort the
    //# handshake with an "illegal_parameter" alert if the value of a byte
    //# changes.
    ADD(given, is_held ? kMismatch : kBuffered, !is_held);
    if (!is_held) continue;
    EXPECT_EQ(r.num_bytes_held(), 15u) << "nothing of it was kept";
    ADD(Whole(0, 30), kBuffered, true);
    ExpectPops(r, {{0, 30}});
  }
}

TEST(Reassembler, AChangedHeaderIsAMismatch) {
  for (const bool is_whole : {false, true}) {
    Reassembler r(kMaxLen);
    ADD(Piece(0, 30, 0, is_whole ? 30 : 10), kBuffered, true);
    Given type = Whole(0, 30);
    type.header.type = HandshakeType::kFinished;
    ADD(type, kMismatch, false);
    Given len = Whole(0, 30);
    len.header.message_len = 31;
    ADD(len, kMismatch, false);
    Given empty = Piece(0, 30, 0, 0);
    empty.header.message_len = 0;
    ADD(empty, kMismatch, false);
    ADD(Whole(0, 30), is_whole ? kAlreadyHeld : kBuffered, !is_whole);
    ExpectPops(r, {{0, 30}});
  }
}

//= rfc8446#section-5.1
//= type=test
//# Handshake messages MUST NOT span key changes.
TEST(Reassembler, OneMessageInTwoEpochsIsAMismatch) {
  Reassembler r(kMaxLen);
  Given plaintext = Piece(0, 30, 0, 10);
  plaintext.epoch = kPlaintextEpoch;
  ADD(plaintext, kBuffered, true);
  ADD(Piece(0, 30, 10, 20), kMismatch, false);
  ADD(Piece(0, 30, 0, 10), kMismatch, false);
  Given rest = Piece(0, 30, 10, 20);
  rest.epoch = kPlaintextEpoch;
  ADD(rest, kBuffered, true);
  EXPECT_EQ(r.Front()->epoch, kPlaintextEpoch);
  ExpectPops(r, {{0, 30}});
  ADD(Whole(1, 30), kBuffered, true);
  EXPECT_EQ(r.Front()->epoch, kHandshakeEpoch) << "the next message may come in another";
}

// F26
TEST(Reassembler, F26FragmentsOfSeveralMessagesInterleave) {
  Reassembler r(kMaxLen);
  ADD(Piece(2, 30, 20, 10), kBuffered, false);
  ADD(Piece(1, 30, 0, 15), kBuffered, false);
  ADD(Piece(0, 30, 15, 15), kBuffered, false);
  ADD(Piece(2, 30, 0, 20), kBuffered, false);
  ADD(Piece(0, 30, 0, 15), kBuffered, true);
  ExpectPops(r, {{0, 30}});
  EXPECT_FALSE(r.Front());
  ADD(Piece(1, 30, 15, 15), kBuffered, true);
  ExpectPops(r, {{1, 30}, {2, 30}});
  EXPECT_FALSE(r.HasPartial());
}

// F26: what is wrong with one fragment costs nothing of the others.
TEST(Reassembler, F26AMalformedFragmentLeavesGoodOnesAlone) {
  Reassembler r(kMaxLen);
  ADD(Piece(0, 30, 0, 10), kBuffered, true);
  ADD(Piece(1, 30, 20, 10), kBuffered, false);
  std::vector<std::pair<Given, FragmentVerdict>> bad(6, {Piece(0, 30, 5, 10), kDiscarded});
  bad[0].first.header.fragment_offset = 21;  // past the end of the message
  bad[1].first.header.fragment_offset = 31;
  bad[2].first.header.fragment_offset = 0xffffff;
  bad[3] = {bad[3].first, kTooLong};
  bad[3].first.header.message_len = kMaxLen + 1;
  bad[4] = {bad[4].first, kMismatch};
  bad[4].first.body[0] ^= 0x80;
  bad[5].first.header.message_seq = kLastAhead + 1;
  for (const auto& [given, verdict] : bad) ADD(given, verdict, false);
  EXPECT_EQ(r.num_bytes_held(), 20u);
  ADD(Piece(0, 30, 10, 20), kBuffered, true);
  ADD(Piece(1, 30, 0, 20), kBuffered, true);
  ExpectPops(r, {{0, 30}, {1, 30}});
}

// F27
TEST(Reassembler, F27ALengthBeyondTheBoundIsTooLong) {
  Reassembler r(kMaxLen);
  for (const uint16_t seq : {uint16_t{0}, uint16_t{1}, kLastAhead}) {
    Given given = Piece(seq, kMaxLen + 1, 0, 1);
    ADD(given, kTooLong, false);
    given.header.message_len = 0xffffff;
    ADD(given, kTooLong, false);
  }
  EXPECT_FALSE(r.HasPartial());
  ADD(Whole(0, kMaxLen), kBuffered, true);
  ExpectPops(r, {{0, kMaxLen}});
}

// F27: all messages ahead share one allowance, and never take the next one's.
TEST(Reassembler, F27BytesOverAllMessagesHaveABound) {
  Reassembler r(kMaxLen);
  ADD(Whole(1, 600), kBuffered, false);
  ADD(Whole(2, 400), kBuffered, false);
  ADD(Piece(3, 600, 0, 1), kDiscarded, false);
  ADD(Whole(4, 0), kBuffered, false);
  EXPECT_EQ(r.num_bytes_held(), kMaxLen);
  ADD(Piece(0, kMaxLen, 500, 500), kBuffered, false);
  ADD(Piece(0, kMaxLen, 0, 500), kBuffered, true);
  EXPECT_EQ(r.num_bytes_held(), 2 * kMaxLen);
  ExpectPops(r, {{0, kMaxLen}});
  ADD(Whole(3, 600), kBuffered, true);
  ExpectPops(r, {{1, 600}, {2, 400}, {3, 600}, {4, 0}});
}

// F27: hostile one-byte fragments with gaps. Bookkeeping stops growing, and what is really next is
// taken all the same.
TEST(Reassembler, F27OneByteFragmentsHaveABound) {
  Reassembler r(kMaxLen);
  size_t num_kept = 0;
  for (uint16_t seq = 1; seq < 3; ++seq) {
    for (uint32_t offset = 1; offset < kMaxLen; offset += 2) {
      const FragmentVerdict verdict = Add(r, Piece(seq, kMaxLen, offset, 1));
      if (verdict == kBuffered) ++num_kept;
      EXPECT_EQ(verdict, num_kept < Reassembler::kMaxFragmentsHeld || verdict == kBuffered
                             ? kBuffered
                             : kDiscarded);
    }
  }
  EXPECT_EQ(num_kept, Reassembler::kMaxFragmentsHeld);
  EXPECT_EQ(r.num_bytes_held(), Reassembler::kMaxFragmentsHeld);
  // Out of order: no. Extending a run: yes. The next bytes expected: yes.
  ADD(Piece(0, kMaxLen, 1, 10), kDiscarded, false);
  ADD(Piece(1, kMaxLen, 1, 2), kBuffered, false);
  for (uint16_t seq = 0; seq < 3; ++seq) {
    for (uint32_t offset = 0; offset < kMaxLen; offset += 10) {
      EXPECT_NE(Add(r, Piece(seq, kMaxLen, offset, 10)), kDiscarded) << seq << " " << offset;
    }
    ExpectPops(r, {{seq, kMaxLen}});
  }
}

// A naive Reassembler: a byte map for each message.
class Model {
 public:
  struct Held {
    HandshakeHeader header;
    Epoch epoch;
    std::map<uint32_t, uint8_t> bytes;
  };

  FragmentVerdict Add(const Given& given, bool* in_order) {
    *in_order = false;
    const HandshakeHeader& header = given.header;
    if (header.message_seq < next_) return kAlreadyHeld;
    if (header.message_seq > next_ + kLastAhead) return kDiscarded;
    if (header.message_len > kMaxModelLen) return kTooLong;
    const bool is_held = held_.contains(header.message_seq);
    if (is_held && Differs(held_[header.message_seq], given)) return kMismatch;
    size_t num_new = given.body.size();
    if (is_held) {
      for (uint32_t i = 0; i < given.body.size(); ++i) {
        num_new -= held_[header.message_seq].bytes.contains(header.fragment_offset + i);
      }
    }
    if (num_new == 0 && (is_held || header.message_len > 0)) return kAlreadyHeld;
    size_t num_ahead = 0;
    for (const auto& [seq, held] : held_) num_ahead += seq == next_ ? 0 : held.bytes.size();
    if (header.message_seq != next_ && num_ahead + num_new > kMaxModelLen) return kDiscarded;
    *in_order = IsNext(header.message_seq, header.fragment_offset, given.body.size());
    Held& held = held_[header.message_seq];
    held.header = header;
    held.epoch = given.epoch;
    for (uint32_t i = 0; i < given.body.size(); ++i) {
      held.bytes[header.fragment_offset + i] = given.body[i];
    }
    return kBuffered;
  }

  const Held* Front() const {
    const auto held = held_.find(next_);
    return held != held_.end() && IsWhole(held->second) ? &held->second : nullptr;
  }
  void Pop() { held_.erase(next_++); }
  size_t num_bytes() const {
    size_t num = 0;
    for (const auto& [seq, held] : held_) num += held.bytes.size();
    return num;
  }
  uint32_t next() const { return next_; }

  static constexpr size_t kMaxModelLen = 40;

 private:
  static bool IsWhole(const Held& held) { return held.bytes.size() == held.header.message_len; }
  static bool Differs(const Held& held, const Given& given) {
    if (held.header.type != given.header.type || held.epoch != given.epoch ||
        held.header.message_len != given.header.message_len) {
      return true;
    }
    for (uint32_t i = 0; i < given.body.size(); ++i) {
      const auto byte = held.bytes.find(given.header.fragment_offset + i);
      if (byte != held.bytes.end() && byte->second != given.body[i]) return true;
    }
    return false;
  }
  bool IsNext(uint16_t message_seq, uint32_t offset, size_t len) const {
    uint32_t seq = next_;
    while (held_.contains(seq) && IsWhole(held_.at(seq))) ++seq;
    uint32_t missing = 0;
    while (held_.contains(seq) && held_.at(seq).bytes.contains(missing)) ++missing;
    return message_seq == seq && offset <= missing && (missing < offset + len || len == 0);
  }

  uint32_t next_ = 0;
  std::map<uint32_t, Held> held_;
};

// RandomGiven is mostly a true fragment, near the next message, of a message whose length depends
// on its number alone; sometimes something about it is wrong.
Given RandomGiven(std::mt19937& random, uint32_t next) {
  const auto seq = static_cast<uint16_t>(
      std::max(0, static_cast<int>(next) - 2 + static_cast<int>(random() % (kLastAhead + 5))));
  const size_t len = seq * 17 % (Model::kMaxModelLen + 1);
  const uint32_t offset = random() % (len + 1);
  Given given = Piece(seq, len, offset, random() % (len - offset + 1));
  if (random() % 40 != 0) return given;
  switch (random() % 4) {
    case 0:
      given.header.message_len += 1 + random() % 40;
      break;
    case 1:
      given.epoch = kPlaintextEpoch;
      break;
    case 2:
      given.header.type = HandshakeType::kFinished;
      break;
    default:
      if (!given.body.empty()) given.body[random() % given.body.size()] ^= 1 << random() % 8;
  }
  return given;
}

// F25, F26, F27: random fragments, right and wrong, against the naive model.
TEST(Reassembler, AgreesWithANaiveModel) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    Reassembler r(Model::kMaxModelLen);
    Model model;
    for (int step = 0; step < 400; ++step) {
      const Given given = RandomGiven(random, model.next());
      bool in_order = false;
      bool expected_in_order = false;
      const FragmentVerdict expected = model.Add(given, &expected_in_order);
      ASSERT_EQ(Add(r, given, &in_order), expected) << seed << " step " << step;
      ASSERT_EQ(in_order, expected_in_order) << seed << " step " << step;
      ASSERT_EQ(r.num_bytes_held(), model.num_bytes()) << seed << " step " << step;
      while (random() % 4 == 0) {
        const Model::Held* held = model.Front();
        const auto message = r.Front();
        ASSERT_EQ(message.has_value(), held != nullptr) << seed << " step " << step;
        if (held == nullptr) break;
        ASSERT_EQ(message->type, held->header.type);
        ASSERT_EQ(message->epoch, held->epoch);
        ASSERT_EQ(message->message_seq, held->header.message_seq);
        ASSERT_TRUE(std::ranges::equal(message->body, held->bytes | std::views::values)) << seed;
        model.Pop();
        r.Pop();
        ASSERT_EQ(r.next_receive_seq(), model.next());
      }
    }
  }
}

}  // namespace
}  // namespace dtls13
