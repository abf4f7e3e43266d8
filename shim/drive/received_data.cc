// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/received_data.h"

#include <algorithm>
#include <functional>

#include "dtls13/crypto/secret.h"

namespace dtls13::shim {
namespace {

bool IsWithin(std::span<const uint8_t> part, std::span<const uint8_t> whole) {
  // std::less orders pointers of different objects too.
  return !std::less<>()(part.data(), whole.data()) &&
         !std::less<>()(whole.data() + whole.size(), part.data() + part.size());
}

}  // namespace

std::span<uint8_t> ReceivedData::Borrow() {
  Keep();
  return buffer_.emplace().bytes();
}

void ReceivedData::Add(std::span<const uint8_t> content) {
  Record& record = records_.emplace_back();
  if (buffer_ && IsWithin(content, buffer_->bytes())) {
    record.rest = content;
  } else {
    record.copy.assign(content.begin(), content.end());
    record.rest = record.copy;
  }
}

void ReceivedData::Keep() {
  if (!buffer_) return;
  for (Record& record : std::span(records_).subspan(first_)) {
    if (!record.copy.empty()) continue;
    record.copy.assign(record.rest.begin(), record.rest.end());
    Wipe(record.rest);
    record.rest = record.copy;
  }
  buffer_.reset();
}

void ReceivedData::Wipe(std::span<const uint8_t> content) {
  if (!cleanses_) return;
  // Both are ours, and a view of them is const only to its readers.
  Cleanse({const_cast<uint8_t*>(content.data()), content.size()});
}

size_t ReceivedData::len() const {
  size_t len = 0;
  for (const Record& record : std::span(records_).subspan(first_)) len += record.rest.size();
  return len;
}

size_t ReceivedData::Take(std::span<uint8_t> out, bool consumes) {
  Record& record = records_[first_];
  const size_t len = std::min(out.size(), record.rest.size());
  std::copy_n(record.rest.data(), len, out.data());
  if (!consumes) return len;
  Wipe(record.rest.first(len));
  record.rest = record.rest.subspan(len);
  if (record.rest.empty()) {
    std::vector<uint8_t>().swap(record.copy);
    ++first_;
  }
  if (empty()) {
    records_.clear();
    first_ = 0;
    // shrink_to_fit does nothing without exceptions.
    if (records_.capacity() > kKeptCapacity) std::vector<Record>().swap(records_);
  }
  return len;
}

}  // namespace dtls13::shim
