// SPDX-License-Identifier: Apache-2.0
// What this package keeps on the heap: nothing when idle, and never more than what arrived allows.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/flight/ack_scheduler.h"
#include "dtls13/flight/outgoing_flight.h"
#include "dtls13/flight/reassembler.h"
#include "dtls13/flight/retransmit_timer.h"
#include "dtls13/flight/sent_record_log.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13 {
namespace {

// Probe counts the bytes that came to the heap since its construction.
class Probe {
 public:
  size_t num_bytes() const { return static_cast<size_t>(Live() - before_); }

 private:
  static int64_t Live() { return bench::CountAllocations().live_bytes; }

  int64_t before_ = Live();
};

constexpr Instant kNow{};

HandshakeFragment Fragment(uint16_t message_seq, uint32_t message_len, uint32_t offset,
                           std::span<const uint8_t> body) {
  return {.header = {.type = HandshakeType::kCertificate,
                     .message_len = message_len,
                     .message_seq = message_seq,
                     .fragment_offset = offset,
                     .fragment_len = static_cast<uint32_t>(body.size())},
          .body = body};
}

TEST(Memory, IdleObjectsAreSmall) {
  const Probe probe;
  const Reassembler reassembler(100'000);
  const OutgoingFlight flight;
  const SentRecordLog log;
  const AckScheduler acks;
  const RetransmitTimer timer({});
  EXPECT_EQ(probe.num_bytes(), 0u);
  EXPECT_LE(sizeof(reassembler) + sizeof(flight) + sizeof(log) + sizeof(acks) + sizeof(timer),
            256u);
}

TEST(Memory, AReassemblerThatGaveOutAllHoldsNothing) {
  const Probe probe;
  Reassembler reassembler(100'000);
  const std::vector<uint8_t> body(1'000);
  const size_t ours = probe.num_bytes();
  bool in_order = false;
  for (uint16_t seq = 4; seq-- > 0;) {
    reassembler.Add(Fragment(seq, 1'000, 500, std::span(body).first(500)), {2}, kNow, &in_order);
    reassembler.Add(Fragment(seq, 1'000, 0, std::span(body).first(500)), {2}, kNow, &in_order);
  }
  size_t held = probe.num_bytes();
  for (int i = 0; i < 4; ++i) {
    EXPECT_GE(held, ours + reassembler.num_bytes_held());
    reassembler.Pop();
    EXPECT_LE(probe.num_bytes() + 1'000, held) << "each message is freed as it is taken";
    held = probe.num_bytes();
  }
  EXPECT_EQ(probe.num_bytes(), ours);
  reassembler.Add(Fragment(5, 1'000, 500, std::span(body).first(500)), {2}, kNow, &in_order);
  EXPECT_GT(probe.num_bytes(), ours);
  reassembler.StartAt(7);
  EXPECT_EQ(probe.num_bytes(), ours);
}

TEST(Memory, AWholeMessageKeepsNoBookkeepingOfItsFragments) {
  constexpr uint32_t kLen = 200;
  const uint8_t byte = 7;
  const Probe probe;
  Reassembler reassembler(kLen);
  bool in_order = false;
  for (uint32_t offset = kLen; offset-- > 0;) {
    reassembler.Add(Fragment(0, kLen, offset, {&byte, 1}), {2}, kNow, &in_order);
  }
  ASSERT_TRUE(reassembler.Front());
  EXPECT_LE(probe.num_bytes(), 2 * kLen + 200);
}

// F27 (CVE-2014-3506): the greatest length that can be declared, one byte sent, at either end.
TEST(Memory, F27ADeclaredLengthAllocatesNothing) {
  constexpr uint32_t kHuge = 0xffffff;
  for (const uint32_t offset : {0u, kHuge / 2, kHuge - 1}) {
    const Probe probe;
    Reassembler reassembler(kHuge);
    const uint8_t byte = 7;
    bool in_order = false;
    for (uint16_t seq = 0; seq <= Reassembler::kMaxMessagesAhead; ++seq) {
      EXPECT_EQ(reassembler.Add(Fragment(seq, kHuge, offset, {&byte, 1}), {2}, kNow, &in_order),
                FragmentVerdict::kBuffered);
    }
    EXPECT_LE(probe.num_bytes(), (Reassembler::kMaxMessagesAhead + 1) * 256u) << offset;
  }
}

// F27: as many separate bytes as are taken, over all messages.
TEST(Memory, F27HostileOneByteFragmentsCostLittle) {
  constexpr uint32_t kLen = 100'000;
  const Probe probe;
  Reassembler reassembler(kLen);
  const uint8_t byte = 7;
  bool in_order = false;
  for (uint16_t seq = 0; seq <= Reassembler::kMaxMessagesAhead; ++seq) {
    for (uint32_t offset = kLen - 1; offset > kLen / 2; offset -= 2) {
      reassembler.Add(Fragment(seq, kLen, offset, {&byte, 1}), {2}, kNow, &in_order);
    }
  }
  EXPECT_LE(probe.num_bytes(), 32'000u);
}

// F27: the most that can be held for one association.
TEST(Memory, F27TheBoundOverAllMessages) {
  constexpr uint32_t kLen = 10'000;
  const std::vector<uint8_t> body(kLen / 2);
  const Probe probe;
  Reassembler reassembler(kLen);
  bool in_order = false;
  for (uint16_t seq = 0; seq <= Reassembler::kMaxMessagesAhead; ++seq) {
    reassembler.Add(Fragment(seq, kLen, kLen / 2, body), {2}, kNow, &in_order);
    reassembler.Add(Fragment(seq, kLen, 1, std::span(body).first(kLen / 2 - 1)), {2}, kNow,
                    &in_order);
  }
  EXPECT_EQ(reassembler.num_bytes_held(), 2 * (kLen - 1)) << "the next message, and one ahead";
  EXPECT_LE(probe.num_bytes(), 2 * kLen + 2'000);
}

TEST(Memory, AnAcknowledgedFlightHoldsNothing) {
  const Probe probe;
  OutgoingFlight flight;
  SentRecordLog log;
  for (uint16_t seq = 0; seq < 3; ++seq) {
    flight.Add({2}, HandshakeType::kCertificate, seq, std::vector<uint8_t>(500));
  }
  std::vector<uint8_t> record(300);
  std::vector<FragmentRef> refs(OutgoingFlight::kMaxFragmentsPerRecord);
  size_t num_refs = 0;
  for (uint64_t number = 0; flight.HasOwed(); ++number) {
    flight.PackRecord(record, refs, &num_refs);
    log.Record({{2}, {number}}, std::span(refs).first(num_refs), Instant());
  }
  record = {};
  record.shrink_to_fit();
  for (uint16_t seq = 0; seq < 3; ++seq) flight.OnAcked({seq, 0, 500});
  while (flight.TakeAcked().has_value()) {
  }
  log.Clear();
  refs = std::vector<FragmentRef>();
  EXPECT_EQ(probe.num_bytes(), 0u);

  flight.Add({2}, HandshakeType::kCertificate, 3, std::vector<uint8_t>(500));
  EXPECT_GT(probe.num_bytes(), 500u);
  flight.Clear();
  EXPECT_EQ(probe.num_bytes(), 0u);
}

TEST(Memory, AFullSentRecordLogKeepsItsBound) {
  const Probe probe;
  SentRecordLog log;
  for (uint64_t number = 0; number < 10 * SentRecordLog::kMaxRecords; ++number) {
    log.Record({{2}, {number}}, {}, Instant());
  }
  EXPECT_LE(probe.num_bytes(), 32'000u);
  log.Clear();
  EXPECT_EQ(probe.num_bytes(), 0u);
}

TEST(Memory, AckSchedulerHoldsNothingBetweenFlightsAndAfterTheHandshake) {
  std::vector<RecordNumber> numbers(AckScheduler::kMaxRecordNumbers);
  const Probe probe;
  AckScheduler acks;
  for (uint64_t i = 0; i < 1'000; ++i) acks.OnRecord({{2}, {i}});
  EXPECT_LE(probe.num_bytes(), 1'000u);
  acks.OnFlightStarted();
  EXPECT_EQ(probe.num_bytes(), 0u);
  acks.OnRecord({{2}, {1'000}});
  acks.FillAck({2}, numbers);
  acks.OnRecord({{3}, {0}});
  EXPECT_GT(probe.num_bytes(), 0u);
  acks.FillAck({3}, numbers);
  EXPECT_EQ(probe.num_bytes(), 0u);
}

}  // namespace
}  // namespace dtls13
