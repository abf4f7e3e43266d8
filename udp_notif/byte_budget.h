// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_BYTE_BUDGET_H_
#define DTLS13_UDP_NOTIF_BYTE_BUDGET_H_

#include <cstddef>
#include <memory>
#include <utility>

namespace dtls13::udp_notif {

// ByteBudget is the one bound on what all publishers together make a receiver keep for messages
// that are not whole. It does not know what is kept, nor whose it is.
class ByteBudget {
 public:
  explicit ByteBudget(size_t max_bytes) : max_bytes_(max_bytes) {}

  size_t used() const { return used_; }

  // Share is a part of the budget that one holder has; its end gives the part back. Movable, and
  // outlived by the budget through a shared pointer.
  class Share {
   public:
    explicit Share(std::shared_ptr<ByteBudget> budget) : budget_(std::move(budget)) {}
    Share(Share&& other) noexcept
        : budget_(std::move(other.budget_)), taken_(std::exchange(other.taken_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(taken_, other.taken_);
      return *this;
    }
    ~Share() {
      if (budget_) budget_->used_ -= taken_;
    }

    size_t taken() const { return taken_; }
    // Resize changes the share to `bytes`; false, and nothing changes, when the rest does not have
    // them.
    [[nodiscard]] bool Resize(size_t bytes) {
      if (bytes > taken_ && bytes - taken_ > budget_->max_bytes_ - budget_->used_) return false;
      budget_->used_ = budget_->used_ - taken_ + bytes;
      taken_ = bytes;
      return true;
    }
    void Clear() {
      budget_->used_ -= taken_;
      taken_ = 0;
    }

   private:
    std::shared_ptr<ByteBudget> budget_;
    size_t taken_ = 0;
  };

 private:
  size_t max_bytes_;
  size_t used_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_BYTE_BUDGET_H_
