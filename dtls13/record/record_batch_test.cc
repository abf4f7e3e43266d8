// SPDX-License-Identifier: Apache-2.0
// SealBatch and OpenBatch do what as many calls of Seal and OpenNext do.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/bytes_test_util.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

constexpr Epoch kEpoch = kFirstApplicationEpoch;
constexpr Epoch kNextEpoch{kEpoch.value + 1};
constexpr ContentType kData = ContentType::kApplicationData;

// The i-th content is of i % 100 bytes.
std::vector<Bytes> Contents(size_t num) {
  std::vector<Bytes> contents;
  for (size_t i = 0; i < num; ++i) contents.emplace_back(i % 100, static_cast<uint8_t>(i));
  return contents;
}

std::vector<std::span<const uint8_t>> Views(const std::vector<Bytes>& contents) {
  return {contents.begin(), contents.end()};
}

// Batch is what one SealBatch gave.
struct Batch {
  size_t num = 0;
  RecordNumber first;
  std::vector<Bytes> records;
};

Batch SealTogether(RecordLayer* layer, Epoch epoch, const std::vector<Bytes>& contents,
                   HeaderForm form = kLongForm, size_t out_len = 100'000) {
  Batch batch;
  Bytes out(out_len);
  std::vector<std::span<uint8_t>> records(contents.size());
  batch.num = layer->SealBatch(epoch, kData, Views(contents), form, out, records, &batch.first);
  const uint8_t* next = out.data();
  for (const std::span<uint8_t> record : std::span(records).first(batch.num)) {
    EXPECT_EQ(record.data(), next);
    next = record.data() + record.size();
    batch.records.emplace_back(record.begin(), record.end());
  }
  return batch;
}

std::vector<Bytes> SealSingly(RecordLayer* layer, Epoch epoch, const std::vector<Bytes>& contents,
                              HeaderForm form = kLongForm) {
  std::vector<Bytes> records;
  for (const Bytes& content : contents) {
    records.push_back(SealBytes(layer, epoch, kData, content, form));
  }
  return records;
}

// What became of a datagram: its first accepted record, and what is left behind that.
struct Outcome {
  std::optional<Accepted> accepted;
  bool is_sealed = false;
  size_t num_left = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome OutcomeOf(const std::optional<OpenedRecord>& opened, std::span<uint8_t> rest) {
  Outcome outcome{
      .accepted = {}, .is_sealed = opened && opened->is_sealed, .num_left = rest.size()};
  if (opened) {
    outcome.accepted = {opened->number, opened->type,
                        Bytes(opened->content.begin(), opened->content.end())};
  }
  return outcome;
}

std::vector<Outcome> OpenTogether(RecordLayer* layer, std::vector<Bytes> datagrams,
                                  Epoch awaited = kPlaintextEpoch) {
  std::vector<std::span<uint8_t>> rests(datagrams.begin(), datagrams.end());
  std::vector<std::optional<OpenedRecord>> opened(rests.size());
  layer->OpenBatch(rests, opened, awaited);
  std::vector<Outcome> outcomes;
  for (size_t i = 0; i < rests.size(); ++i) outcomes.push_back(OutcomeOf(opened[i], rests[i]));
  return outcomes;
}

std::vector<Outcome> OpenSingly(RecordLayer* layer, std::vector<Bytes> datagrams,
                                Epoch awaited = kPlaintextEpoch) {
  std::vector<Outcome> outcomes;
  for (Bytes& datagram : datagrams) {
    std::span<uint8_t> rest(datagram);
    const std::optional<OpenedRecord> opened = layer->OpenNext(&rest, awaited);
    outcomes.push_back(OutcomeOf(opened, rest));
  }
  return outcomes;
}

// Both receivers have the same keys; they come to the same end with the same counts.
void ExpectSameOutcomes(RecordLayer* together, RecordLayer* singly,
                        const std::vector<Bytes>& datagrams, Epoch awaited = kPlaintextEpoch) {
  EXPECT_EQ(OpenTogether(together, datagrams, awaited), OpenSingly(singly, datagrams, awaited));
  for (size_t i = 0; i < static_cast<size_t>(DropReason::kCount); ++i) {
    const auto reason = static_cast<DropReason>(i);
    EXPECT_EQ(together->num_dropped(reason), singly->num_dropped(reason)) << i;
  }
  EXPECT_EQ(together->current_read_epoch(), singly->current_read_epoch());
}

class EveryWire : public testing::TestWithParam<CipherSuite> {};

TEST_P(EveryWire, SealsWhatSingleCallsSeal) {
  for (const WireProfile* profile : {&kRfc9147Profile, &kDraft26Profile}) {
    for (const HeaderForm form : kEveryForm) {
      for (size_t num : {size_t{1}, size_t{2}, size_t{17}, kMaxBatchRecords}) {
        RecordPair together(GetParam(), *profile), singly(GetParam(), *profile);
        for (RecordPair* pair : {&together, &singly}) {
          pair->Install(kEpoch);
          if (profile->has_connection_ids) pair->sender.SetSendConnectionId(Bytes(5, 0xc1));
        }
        const std::vector<Bytes> contents = Contents(num);
        // Numbers above 255, so that the long and the short form are different ones.
        for (int i = 0; i < 300; ++i) {
          SealBytes(&together.sender, kEpoch, kData, {});
          SealBytes(&singly.sender, kEpoch, kData, {});
        }
        const Batch batch = SealTogether(&together.sender, kEpoch, contents, form);
        EXPECT_EQ(batch.num, num);
        EXPECT_EQ(batch.first, (RecordNumber{kEpoch, SequenceNumber{300}}));
        EXPECT_EQ(batch.records, SealSingly(&singly.sender, kEpoch, contents, form));
        EXPECT_EQ(together.sender.NumLeft(kEpoch), singly.sender.NumLeft(kEpoch));
      }
    }
  }
}

TEST_P(EveryWire, OpensWhatSingleCallsOpen) {
  for (const WireProfile* profile : {&kRfc9147Profile, &kDraft26Profile}) {
    for (const HeaderForm form : kEveryForm) {
      RecordPair together(GetParam(), *profile), singly(GetParam(), *profile);
      together.Install(kEpoch);
      singly.Install(kEpoch);
      const std::vector<Bytes> sealed =
          SealTogether(&together.sender, kEpoch, Contents(kMaxBatchRecords), form).records;
      ASSERT_EQ(sealed.size(), kMaxBatchRecords);
      ExpectSameOutcomes(&together.receiver, &singly.receiver, sealed);
      EXPECT_EQ(NumDropped(together.receiver), 0u);
      // The same again: replays all.
      ExpectSameOutcomes(&together.receiver, &singly.receiver, sealed);
      EXPECT_EQ(together.receiver.num_dropped(DropReason::kReplay), kMaxBatchRecords);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Suites, EveryWire, testing::ValuesIn(kCipherSuites),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(RecordBatch, SealsAsManyAsThereIsRoomFor) {
  RecordPair pair;
  pair.Install(kEpoch);
  const std::vector<Bytes> contents(3, Bytes(10));
  const size_t record_len = 10 + pair.sender.Overhead(kEpoch, kLongForm);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, contents, kLongForm, 3 * record_len - 1).num, 2u);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, contents, kLongForm, record_len - 1).num, 0u);
  // A record that finds no room takes no number.
  const Batch last = SealTogether(&pair.sender, kEpoch, contents, kLongForm, 3 * record_len);
  EXPECT_EQ(last.num, 3u);
  EXPECT_EQ(last.first.sequence_number.value, 2u);
}

TEST(RecordBatch, EndsWithTheNumbersOfItsEpoch) {
  RecordPair pair;
  pair.sender.LimitKeys(/*max_records=*/5, UINT64_MAX);
  pair.Install(kEpoch);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, Contents(3)).num, 3u);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, Contents(3)).num, 2u);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, Contents(3)).num, 0u);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, Contents(1)).num, 0u);
}

TEST(RecordBatch, TakesNoMoreThanItHasRoomForOnTheStack) {
  RecordPair pair;
  pair.Install(kEpoch);
  const std::vector<Bytes> contents = Contents(3 * kMaxBatchRecords);
  const Batch batch = SealTogether(&pair.sender, kEpoch, contents);
  EXPECT_EQ(batch.num, kMaxBatchRecords);
  // More datagrams than that are opened all the same.
  std::vector<Bytes> records = SealSingly(&pair.sender, kEpoch, contents);
  std::vector<std::span<uint8_t>> datagrams(records.begin(), records.end());
  std::vector<std::optional<OpenedRecord>> opened(records.size());
  pair.receiver.OpenBatch(datagrams, opened);
  for (size_t i = 0; i < opened.size(); ++i) {
    ASSERT_TRUE(opened[i]) << i;
    EXPECT_TRUE(std::ranges::equal(opened[i]->content, contents[i])) << i;
  }
}

TEST(RecordBatch, IsOfProtectedEpochsAlone) {
  RecordPair pair;
  EXPECT_EQ(SealTogether(&pair.sender, kPlaintextEpoch, Contents(2)).num, 0u);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, Contents(2)).num, 0u);
  pair.Install(kEpoch);
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, {}).num, 0u);
}

TEST(RecordBatch, EndsBeforeAContentThatIsTooLong) {
  RecordPair pair;
  pair.Install(kEpoch);
  const std::vector<Bytes> contents = {Bytes(1), Bytes(kMaxPlaintextLen),
                                       Bytes(kMaxPlaintextLen + 1), Bytes(1)};
  EXPECT_EQ(SealTogether(&pair.sender, kEpoch, contents).num, 2u);
}

// Two receivers with the same keys of two epochs, and datagrams of all kinds.
class MixedBatch : public testing::Test {
 protected:
  MixedBatch() {
    for (RecordPair* pair : {&together_, &singly_}) {
      pair->Install(kHandshakeEpoch);
      pair->Install(kEpoch);
    }
  }
  Bytes Sealed(Epoch epoch, size_t len = 20) {
    return SealBytes(&together_.sender, epoch, kData, Bytes(len, 7));
  }
  void ExpectSame(const std::vector<Bytes>& datagrams, Epoch awaited = kPlaintextEpoch) {
    ExpectSameOutcomes(&together_.receiver, &singly_.receiver, datagrams, awaited);
  }

  RecordPair together_, singly_;
};

TEST_F(MixedBatch, WhatIsForgedIsDroppedByItself) {
  std::vector<Bytes> datagrams;
  for (int i = 0; i < 8; ++i) datagrams.push_back(Sealed(kEpoch));
  datagrams[2].back() ^= 1;  // the tag
  datagrams[3][1] ^= 0x40;   // the number
  datagrams[4][6] ^= 1;      // the sample
  datagrams[5].resize(8);    // too short for a sample
  datagrams[6].clear();
  ExpectSame(datagrams);
  EXPECT_EQ(together_.receiver.num_dropped(DropReason::kAuthentication), 3u);
  EXPECT_EQ(together_.receiver.num_dropped(DropReason::kMalformedHeader), 1u);
}

TEST_F(MixedBatch, RecordsOfSeveralEpochsAndKinds) {
  ExpectSame({Sealed(kHandshakeEpoch), Sealed(kEpoch), Bytes{0xff, 1, 2}, Sealed(kHandshakeEpoch),
              SealBytes(&together_.sender, kPlaintextEpoch, ContentType::kHandshake, Bytes(30)),
              Sealed(kEpoch), Bytes{0x3f, 9, 9, 9}});
  EXPECT_EQ(together_.receiver.current_read_epoch(), kEpoch);
}

TEST_F(MixedBatch, SeveralRecordsOfADatagram) {
  ExpectSame({Concatenate({Sealed(kEpoch), Sealed(kEpoch)}),
              Concatenate({Sealed(kHandshakeEpoch), Sealed(kEpoch)}), Sealed(kEpoch)});
  // One that is dropped is stepped over, and its mask is not the next one's.
  Bytes forged = Sealed(kEpoch);
  forged.back() ^= 1;
  ExpectSame({Concatenate({forged, Sealed(kEpoch)}), Sealed(kEpoch)});
  EXPECT_EQ(together_.receiver.num_dropped(DropReason::kAuthentication), 1u);
}

// The first record of a new epoch, in the middle of the batch, has older ones forgotten.
TEST_F(MixedBatch, AnEpochThatGoesMeanwhile) {
  for (RecordPair* pair : {&together_, &singly_}) {
    ASSERT_TRUE(pair->Send(kEpoch));
    pair->Install(kNextEpoch);
  }
  ExpectSame({Sealed(kHandshakeEpoch), Sealed(kNextEpoch), Sealed(kHandshakeEpoch), Sealed(kEpoch),
              Sealed(kNextEpoch)});
  EXPECT_EQ(together_.receiver.current_read_epoch(), kNextEpoch);
}

TEST_F(MixedBatch, AnEpochThatIsAwaited) {
  RecordPair ahead;
  ahead.Install(kNextEpoch);
  ExpectSame(
      {Sealed(kEpoch), SealBytes(&ahead.sender, kNextEpoch, kData, Bytes(9)), Sealed(kEpoch)},
      kNextEpoch);
}

TEST(RecordBatch, AKeyThatReachesItsLimitOpensNoMore) {
  RecordPair together, singly;
  std::vector<Bytes> datagrams;
  for (RecordPair* pair : {&together, &singly}) {
    pair->receiver.LimitKeys(UINT64_MAX, /*max_failures=*/2);
    pair->Install(kEpoch);
  }
  for (int i = 0; i < 5; ++i) {
    datagrams.push_back(SealBytes(&together.sender, kEpoch, kData, Bytes(9)));
  }
  datagrams[1].back() ^= 1;
  datagrams[2].back() ^= 1;
  ExpectSameOutcomes(&together.receiver, &singly.receiver, datagrams);
  EXPECT_TRUE(together.receiver.IntegrityLimitReached());
  EXPECT_EQ(NumDropped(together.receiver), 4u);
}

TEST(RecordBatch, ConnectionIdsAreJudgedAsEver) {
  const Bytes id(4, 1), other(4, 2);
  RecordPair together, singly;
  for (RecordPair* pair : {&together, &singly}) {
    pair->Install(kEpoch);
    ASSERT_TRUE(pair->receiver.AddReceiveConnectionId(id));
  }
  std::vector<Bytes> datagrams;
  for (const Bytes& used : {id, other, Bytes(), id}) {
    together.sender.SetSendConnectionId(used);
    datagrams.push_back(SealBytes(&together.sender, kEpoch, kData, Bytes(9)));
  }
  ExpectSameOutcomes(&together.receiver, &singly.receiver, datagrams);
  EXPECT_EQ(together.receiver.num_dropped(DropReason::kConnectionId), 2u);
}

}  // namespace
}  // namespace dtls13
