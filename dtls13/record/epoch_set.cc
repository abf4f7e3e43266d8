// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/epoch_set.h"

#include <algorithm>
#include <utility>

namespace dtls13 {

bool EpochSet::InsertRead(std::unique_ptr<ReadEpoch> epoch) {
  //= rfc9147#section-8
  //# In order to allow this value to be changed later, receiving
  //# implementations MUST NOT enforce this rule.
  if (epoch->epoch <= newest_read_ || epoch->epoch > profile_->max_read_epoch) return false;
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
  if (epoch->epoch <= newest_write_ || epoch->epoch > profile_->max_write_epoch) return false;
  newest_write_ = epoch->epoch;
  write_[EpochBits::Of(newest_write_).value] = std::move(epoch);
  return true;
}

//= draft-ietf-tls-dtls13-26#section-4.1.2
//# After the handshake is complete, if the epoch bits do not match those from the
//# current epoch implementations SHOULD use the most recent past epoch
//# which has matching bits, and then reconstruct the sequence number as
//# described above.
// Of two the newer is meant: keys of ours that are not in use yet are what the peer may use next.
ReadEpoch* EpochSet::FindReadByOneBit(EpochBits bit) {
  ReadEpoch* newest = nullptr;
  for (const auto& slot : read_) {
    if (slot == nullptr || slot->epoch < kFirstApplicationEpoch || !bit.Match(slot->epoch))
      continue;
    if (newest == nullptr || slot->epoch > newest->epoch) newest = slot.get();
  }
  return newest;
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
  //= draft-ietf-tls-dtls13-26#section-4.1
  //# Until the handshake has completed, implementations MUST accept
  //# packets from the old epoch.
  // A client's EndOfEarlyData is sent again with the rest of its last flight.
  const bool keeps_early = profile_->has_end_of_early_data && epoch == kFirstApplicationEpoch;
  if (!keeps_early) ForgetReadBefore(current_read_);
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

Epoch EpochSet::FindHighestWrite() const {
  Epoch highest;
  for (const auto& slot : write_) {
    if (slot != nullptr) highest = std::max(highest, slot->epoch);
  }
  return highest;
}

}  // namespace dtls13
