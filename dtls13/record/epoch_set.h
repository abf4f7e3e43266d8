// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_EPOCH_SET_H_
#define DTLS13_RECORD_EPOCH_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dtls13/record/read_epoch.h"
#include "dtls13/record/replay_window.h"
#include "dtls13/record/write_epoch.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// PlaintextRead is epoch 0 of the peer's records: no keys, but a replay window of its own.
struct PlaintextRead {
  bool is_open = true;
  ReplayWindow window;
};

// PlaintextWrite is epoch 0 of our own records.
struct PlaintextWrite {
  // The first number that does not fit a DTLSPlaintext header's 48 bits.
  static constexpr uint64_t kNumberLimit = uint64_t{1} << 48;

  bool is_open = true;
  WriteNumbers numbers{kNumberLimit};
};

// EpochSet owns the epochs of both directions. A protected epoch lives in the slot that its two low
// bits name, so the two bits of a received header choose at most one epoch: installing one
// displaces an older one of the same bits. An idle association pays only for the epochs it has. It
// does not know records.
class EpochSet {
 public:
  // `profile` outlives it.
  explicit EpochSet(const WireProfile& profile = kRfc9147Profile) : profile_(&profile) {}

  const WireProfile& profile() const { return *profile_; }

  // InsertRead and InsertWrite are false unless the epoch is above every one inserted before: a
  // second life of an epoch would forget the numbers that were used in its first. Nor is one above
  // what the profile allows inserted.
  [[nodiscard]] bool InsertRead(std::unique_ptr<ReadEpoch> epoch);
  [[nodiscard]] bool InsertWrite(std::unique_ptr<WriteEpoch> epoch);

  // Find returns null when there are no keys. One bit finds only epochs of application data.
  ReadEpoch* FindRead(EpochBits bits) {
    return bits.is_one() ? FindReadByOneBit(bits) : read_[bits.value].get();
  }
  const ReadEpoch* FindRead(Epoch epoch) const {
    const ReadEpoch* found = read_[EpochBits::Of(epoch).value].get();
    return found != nullptr && found->epoch == epoch ? found : nullptr;
  }
  const WriteEpoch* FindWrite(Epoch epoch) const {
    const WriteEpoch* found = write_[EpochBits::Of(epoch).value].get();
    return found != nullptr && found->epoch == epoch ? found : nullptr;
  }
  WriteEpoch* FindWrite(Epoch epoch) {
    WriteEpoch* found = write_[EpochBits::Of(epoch).value].get();
    return found != nullptr && found->epoch == epoch ? found : nullptr;
  }

  void ForgetRead(Epoch epoch);
  void ForgetWrite(Epoch epoch);
  void ForgetReadBefore(Epoch epoch);
  void ForgetAllRead() { read_ = {}; }
  void ForgetAllWrite() { write_ = {}; }

  // ReadOpened says that a record was accepted in `epoch`. If it is newer than the current read
  // epoch, it becomes current; the one that was current is kept, those before it are forgotten.
  //= rfc9147#section-8
  //# They SHOULD attempt to process those records with that epoch (see
  //# Section 4.2.2 for information on determining the correct epoch) but MAY
  //# opt to discard such out-of-epoch records.
  //= rfc9147#section-8
  //# Due to the possibility of an ACK message for a KeyUpdate being lost and
  //# thereby preventing the sender of the KeyUpdate from updating its keying
  //# material, receivers MUST retain the pre-update keying material until
  //# receipt and successful decryption of a message using the new keys.
  void ReadOpened(Epoch epoch) {
    if (epoch > current_read_) MakeReadCurrent(epoch);
  }
  // RestoreCurrentRead sets current_read, and forgets nothing.
  void RestoreCurrentRead(Epoch epoch) { current_read_ = epoch; }
  // current_read is the newest epoch in which a protected record was accepted, 0 before the first.
  Epoch current_read() const { return current_read_; }
  // newest_read is the newest epoch inserted, null when it was forgotten.
  const ReadEpoch* newest_read() const { return FindRead(newest_read_); }
  // highest_write is the highest epoch with write keys, 0 without.
  Epoch highest_write() const {
    return FindWrite(newest_write_) != nullptr ? newest_write_ : FindHighestWrite();
  }

  // AnyRead says whether `predicate` holds for any protected read epoch.
  template <typename Predicate>
  bool AnyRead(Predicate predicate) const {
    for (const auto& epoch : read_) {
      if (epoch != nullptr && predicate(*epoch)) return true;
    }
    return false;
  }

  // ReadEpochs lists the protected read epochs, oldest first.
  std::vector<const ReadEpoch*> ReadEpochs() const;

  PlaintextRead plaintext_read;
  PlaintextWrite plaintext_write;

 private:
  static constexpr size_t kNumSlots = 4;  // one for each value of EpochBits

  void MakeReadCurrent(Epoch epoch);
  ReadEpoch* FindReadByOneBit(EpochBits bit);
  Epoch FindHighestWrite() const;

  std::array<std::unique_ptr<ReadEpoch>, kNumSlots> read_;
  std::array<std::unique_ptr<WriteEpoch>, kNumSlots> write_;
  const WireProfile* profile_;
  Epoch current_read_;
  Epoch newest_read_;   // ever inserted
  Epoch newest_write_;  // ever inserted
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_EPOCH_SET_H_
