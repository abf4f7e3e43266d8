// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/connection_id_set.h"

#include <algorithm>

#include "dtls13/wire/record_header.h"

namespace dtls13 {

bool ConnectionIdSet::Add(std::span<const uint8_t> id) {
  if (id.empty() || id.size() > kMaxConnectionIdLen || (len_ != 0 && id.size() != len_)) {
    return false;
  }
  if (Contains(id)) return true;
  if (bytes_.size() >= kMaxConnectionIds * id.size()) return false;
  len_ = id.size();
  const size_t at = bytes_.size();
  bytes_.resize(at + len_);
  std::copy(id.begin(), id.end(), bytes_.begin() + static_cast<ptrdiff_t>(at));
  return true;
}

void ConnectionIdSet::Remove(std::span<const uint8_t> id) {
  const size_t at = Find(id);
  if (at == bytes_.size()) return;
  const auto begin = bytes_.begin() + static_cast<ptrdiff_t>(at);
  bytes_.erase(begin, begin + static_cast<ptrdiff_t>(len_));
}

size_t ConnectionIdSet::Find(std::span<const uint8_t> id) const {
  if (len_ == 0 || id.size() != len_) return bytes_.size();
  size_t at = 0;
  while (at < bytes_.size() &&
         !std::equal(id.begin(), id.end(), bytes_.begin() + static_cast<ptrdiff_t>(at))) {
    at += len_;
  }
  return at;
}

}  // namespace dtls13
