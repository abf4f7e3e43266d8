// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/epoch_set.h"

#include <algorithm>
#include <utility>

namespace dtls13 {

bool EpochSet::InsertRead(std::unique_ptr<ReadEpoch> epoch) {
  //= rfc9147#section-8
  //# In order to allow this value to be changed later, receiving
  //# implementations MUST NOT enforce this rule.
  if (epoch->epoch <= newest_read_) return false;
  newest_read_ = epoch->epoch;
  read_[EpochBits::Of(newest_read_).value] = std::move(epoch);
  return true;
}

bool EpochSet::InsertWrite(std::unique_ptr<WriteEpoch> epoch) {
  //= rfc9147#section-4.2.1
  //# Implementations MUST NOT allow the epoch to wrap, but instead MUST
  //# establish a new association, terminating the old association.
  //= rfc9147#section-6.1
  //# If a DTLS implementation would need to wrap the epoch value, it MUST
  //# terminate the connection.
  if (epoch->epoch <= newest_write_ || epoch->epoch > kMaxWriteEpoch) return false;
  newest_write_ = epoch->epoch;
  write_[EpochBits::Of(newest_write_).value] = std::move(epoch);
  return true;
}

const ReadEpoch* EpochSet::FindRead(Epoch epoch) const {
  const ReadEpoch* found = read_[EpochBits::Of(epoch).value].get();
  return found != nullptr && found->epoch == epoch ? found : nullptr;
}

const WriteEpoch* EpochSet::FindWrite(Epoch epoch) const {
  const WriteEpoch* found = write_[EpochBits::Of(epoch).value].get();
  return found != nullptr && found->epoch == epoch ? found : nullptr;
}

void EpochSet::ForgetRead(Epoch epoch) {
  if (FindRead(epoch) != nullptr) read_[EpochBits::Of(epoch).value].reset();
}

void EpochSet::ForgetWrite(Epoch epoch) {
  if (FindWrite(epoch) != nullptr) write_[EpochBits::Of(epoch).value].reset();
}

void EpochSet::MakeReadCurrent(Epoch epoch) {
  //= rfc9147#section-4.2.1
  //# Implementations
  //# SHOULD discard records from earlier epochs but MAY choose to retain
  //# keying material from previous epochs for up to the default MSL
  //# specified for TCP [RFC0793] to allow for packet reordering.
  ForgetReadBefore(current_read_);
  current_read_ = epoch;
}

void EpochSet::ForgetReadBefore(Epoch epoch) {
  for (auto& slot : read_) {
    if (slot != nullptr && slot->epoch < epoch) slot.reset();
  }
}

std::vector<const ReadEpoch*> EpochSet::ReadEpochs() const {
  std::vector<const ReadEpoch*> epochs;
  for (const auto& slot : read_) {
    if (slot != nullptr) epochs.push_back(slot.get());
  }
  std::sort(epochs.begin(), epochs.end(),
            [](const ReadEpoch* a, const ReadEpoch* b) { return a->epoch < b->epoch; });
  return epochs;
}

Epoch EpochSet::highest_write() const {
  Epoch highest;
  for (const auto& slot : write_) {
    if (slot != nullptr) highest = std::max(highest, slot->epoch);
  }
  return highest;
}

}  // namespace dtls13
