// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint/output_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr size_t kEnough = 1 << 24;

PathId To(uint8_t name) { return *PathId::Of(Bytes{name}); }

// Put queues a datagram of `len` bytes `content`; false where there is no room.
bool Put(OutputQueue* queue, uint8_t to, size_t len, uint8_t content = 0, AssociationId id = 1) {
  const std::span<uint8_t> room = queue->Reserve(len);
  if (room.empty()) return false;
  EXPECT_GE(room.size(), len);
  std::fill_n(room.begin(), len, content);
  queue->Commit(To(to), len, id);
  return true;
}

// The lengths of the batches that are there.
std::vector<size_t> Lengths(OutputQueue* queue) {
  std::vector<size_t> lengths;
  for (const OutputBatch& batch : queue->Batches()) lengths.push_back(batch.bytes.size());
  return lengths;
}

TEST(OutputQueueTest, EqualDatagramsForOneAddressAreOneBatch) {
  OutputQueue queue(kEnough);
  for (uint8_t i = 0; i < 3; ++i) ASSERT_TRUE(Put(&queue, 'a', 100, i));
  const auto batches = queue.Batches();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].segment_len, 100u);
  EXPECT_EQ(Bytes(batches[0].peer_address.begin(), batches[0].peer_address.end()), Bytes{'a'});
  ASSERT_EQ(batches[0].bytes.size(), 300u);
  for (size_t i = 0; i < 300; ++i) ASSERT_EQ(batches[0].bytes[i], i / 100);
}

TEST(OutputQueueTest, AShorterOneEndsABatchAndALongerOneBeginsAnother) {
  OutputQueue queue(kEnough);
  for (const size_t len : {100, 100, 40, 100, 100, 101}) ASSERT_TRUE(Put(&queue, 'a', len));
  EXPECT_EQ(Lengths(&queue), (std::vector<size_t>{240, 200, 101}));
}

TEST(OutputQueueTest, AnotherAddressBeginsAnotherBatch) {
  OutputQueue queue(kEnough);
  for (const uint8_t to : {'a', 'a', 'b', 'a'}) ASSERT_TRUE(Put(&queue, to, 10));
  EXPECT_EQ(Lengths(&queue), (std::vector<size_t>{20, 10, 10}));
}

// Of what was refused it is to be known whose it was: one address may have two associations.
TEST(OutputQueueTest, AnotherAssociationBeginsAnotherBatch) {
  OutputQueue queue(kEnough);
  for (const AssociationId id : {7, 7, 8, 0}) ASSERT_TRUE(Put(&queue, 'a', 10, 0, id));
  EXPECT_EQ(Lengths(&queue), (std::vector<size_t>{20, 10, 10}));
  const auto batches = queue.Batches();
  EXPECT_EQ(batches[0].id, 7u);
  EXPECT_EQ(batches[1].id, 8u);
  EXPECT_EQ(batches[2].id, 0u);
}

TEST(OutputQueueTest, ABatchIsNoLongerThanOneCallMaySend) {
  OutputQueue queue(kEnough);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Put(&queue, 'a', 1400));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Put(&queue, 'b', 20));
  size_t sum = 0;
  for (const OutputBatch& batch : queue.Batches()) {
    EXPECT_LE(batch.bytes.size(), kMaxBatchLen);
    EXPECT_LE(batch.bytes.size() / batch.segment_len, kMaxBatchDatagrams);
    sum += batch.bytes.size();
  }
  EXPECT_EQ(sum, 100u * 1420);
}

TEST(OutputQueueTest, WhatWasShownIsNotAddedTo) {
  OutputQueue queue(kEnough);
  ASSERT_TRUE(Put(&queue, 'a', 100));
  EXPECT_EQ(Lengths(&queue), (std::vector<size_t>{100}));
  ASSERT_TRUE(Put(&queue, 'a', 100));
  queue.Drop(1);
  EXPECT_EQ(Lengths(&queue), (std::vector<size_t>{100}));
  queue.Drop(1);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.num_bytes(), 0u);
}

TEST(OutputQueueTest, WhatWaitsIsBoundedAndDatagramsThatLeaveMakeRoom) {
  constexpr size_t kBound = 10000;
  OutputQueue queue(kBound);
  size_t num = 0;
  while (Put(&queue, static_cast<uint8_t>('a' + num % 2), 500)) ++num;
  EXPECT_GT(num, 5u);
  EXPECT_LE(queue.num_bytes(), kBound);
  queue.Batches();
  queue.Drop(1);
  EXPECT_TRUE(Put(&queue, 'a', 500));
  EXPECT_FALSE(Put(&queue, 'a', 500));
}

// What is kept of a batch counts, or many small datagrams would be without a bound.
TEST(OutputQueueTest, SmallDatagramsAreBoundedToo) {
  OutputQueue queue(10000);
  size_t num = 0;
  while (Put(&queue, static_cast<uint8_t>(num % 2), 1)) ++num;
  EXPECT_LT(num, 200u);
}

// Blocks are used again and again, whatever the order of filling and emptying.
TEST(OutputQueueTest, ContentsOutliveManyRounds) {
  OutputQueue queue(1 << 20);
  uint8_t next_in = 0;
  uint8_t next_out = 0;
  for (size_t round = 0; round < 300; ++round) {
    for (size_t i = 0; i < 5 + round % 7; ++i) {
      if (Put(&queue, static_cast<uint8_t>(round % 3), 1000 + round % 11, next_in)) ++next_in;
    }
    const auto batches = queue.Batches();
    const size_t num = std::min<size_t>(batches.size(), 1 + round % 3);
    for (const OutputBatch& batch : batches.first(num)) {
      for (size_t at = 0; at < batch.bytes.size(); at += batch.segment_len) {
        ASSERT_EQ(batch.bytes[at], next_out) << round;
        ++next_out;
      }
    }
    queue.Drop(num);
  }
}

}  // namespace
}  // namespace dtls13
