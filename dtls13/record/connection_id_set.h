// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_RECORD_CONNECTION_ID_SET_H_
#define DTLS13_RECORD_CONNECTION_ID_SET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dtls13 {

// ConnectionIdSet holds the Connection IDs that received records may carry: those this side handed
// out and has not taken back, all of one length of 1 to kMaxConnectionIdLen bytes, because a record
// does not say how long its own is (RFC 9146 section 3). Looking one up allocates nothing.
// It does not know who chose them, which is in use, or when one may be forgotten.
class ConnectionIdSet {
 public:
  // kMaxConnectionIds bounds the linear search that each record costs. An association has a few in
  // use, as many that replace them, and those that late records may still carry.
  static constexpr size_t kMaxConnectionIds = 32;

  // Add is false, and nothing is changed, when `id` is empty or too long, differs in length from
  // the first one ever added, or is one too many. Adding one again is no mistake.
  [[nodiscard]] bool Add(std::span<const uint8_t> id);
  // Remove forgets `id`; what is not there is ignored. The length stays what it is.
  void Remove(std::span<const uint8_t> id);

  bool Contains(std::span<const uint8_t> id) const { return Find(id) != bytes_.size(); }
  // len is the length of each, 0 before the first.
  size_t len() const { return len_; }
  // bytes is all of them, one behind the other.
  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  // Find returns where `id` begins in bytes_, or bytes_.size().
  size_t Find(std::span<const uint8_t> id) const;

  size_t len_ = 0;
  std::vector<uint8_t> bytes_;  // one behind the other
};

}  // namespace dtls13

#endif  // DTLS13_RECORD_CONNECTION_ID_SET_H_
