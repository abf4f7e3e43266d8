#include "shim/drive/received_data.h"

#include <algorithm>

namespace dtls13::shim {

void ReceivedData::Add(std::span<const uint8_t> content) {
  Record& record = records_.emplace_back();
  record.copy.assign(content.begin(), content.end());
  record.rest = record.copy;
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
