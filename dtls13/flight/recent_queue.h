// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_FLIGHT_RECENT_QUEUE_H_
#define DTLS13_FLIGHT_RECENT_QUEUE_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace dtls13 {

// RecentQueue keeps the last kMaxItems items pushed and forgets the oldest first. Nothing is on the
// heap while it is empty, and what is there grows with the items held. It does not know what the
// items are.
template <typename T, size_t kMaxItems>
class RecentQueue {
 public:
  static_assert(kMaxItems > 0);

  void Push(T item) {
    if (items_.size() < kMaxItems) {
      items_.push_back(std::move(item));
      return;
    }
    items_[oldest_] = std::move(item);
    oldest_ = (oldest_ + 1) % kMaxItems;
  }

  // Clear also gives the memory back.
  void Clear() {
    items_ = std::vector<T>();
    oldest_ = 0;
  }

  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  // recent returns the item pushed `age` pushes before the last one. `age` must be below size().
  const T& recent(size_t age) const { return items_[IndexOf(age)]; }
  T& recent(size_t age) { return items_[IndexOf(age)]; }

 private:
  size_t IndexOf(size_t age) const {
    const size_t newest = oldest_ + items_.size() - 1;
    return (newest - age) % items_.size();
  }

  std::vector<T> items_;
  size_t oldest_ = 0;  // 0 until the queue is full
};

}  // namespace dtls13

#endif  // DTLS13_FLIGHT_RECENT_QUEUE_H_
