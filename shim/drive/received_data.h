// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_DRIVE_RECEIVED_DATA_H_
#define DTLS13_SHIM_DRIVE_RECEIVED_DATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shim/bio/scratch_buffer.h"

namespace dtls13::shim {

// ReceivedData is the content of records that SSL_read has not returned yet, oldest first. While
// the call that received them lasts, they lie in the datagram's own buffer, where they were
// decrypted; only what is left at its end is copied. It knows neither records' headers nor BIOs.
class ReceivedData {
 public:
  ReceivedData() = default;
  ReceivedData(const ReceivedData&) = delete;
  ReceivedData& operator=(const ReceivedData&) = delete;

  // CleanseTaken has what is taken wiped where it lay (SSL_OP_CLEANSE_PLAINTEXT).
  void CleanseTaken(bool cleanses) { cleanses_ = cleanses; }
  // Borrow returns the buffer of kScratchLen bytes for the next datagram, lent until Keep. What
  // lies in an earlier one is kept first.
  std::span<uint8_t> Borrow();
  // Add appends the content of one record, of at least one byte: as a view where it lies in the
  // borrowed buffer, else as a copy.
  void Add(std::span<const uint8_t> content);
  // Keep gives the buffer back, and copies what was not taken from it. Costs next to nothing where
  // nothing was left.
  void Keep();

  bool empty() const { return first_ == records_.size(); }
  // len is the bytes of all records.
  size_t len() const;
  // Take moves what fits of the oldest record's rest to `out`, or copies it unless `consumes`, and
  // returns its length. There must be a record.
  size_t Take(std::span<uint8_t> out, bool consumes);

 private:
  // kKeptCapacity: a usual datagram carries one record. What one with many small records needed is
  // freed with them.
  static constexpr size_t kKeptCapacity = 4;

  struct Record {
    std::span<const uint8_t> rest;  // of `copy`, or of the borrowed buffer
    std::vector<uint8_t> copy;
  };

  // Wipe is for content that lies in a record's copy or in the borrowed buffer.
  void Wipe(std::span<const uint8_t> content);

  bool cleanses_ = false;
  std::optional<ScratchBuffer> buffer_;
  std::vector<Record> records_;
  size_t first_ = 0;  // of those that are not taken
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DRIVE_RECEIVED_DATA_H_
