// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/sending_bound.h"

#include <algorithm>

namespace dtls13 {

void SendingBound::Reset() {
  const bool was_imposed = is_imposed_;
  *this = SendingBound();
  is_imposed_ = was_imposed;
}

void SendingBound::OnReceived(size_t len) {
  if (!is_imposed_) return;
  left_ += kMaxAmplification * len;
  present_ = left_;
}

void SendingBound::OnRefused(size_t len) {
  if (!is_imposed_) return;
  left_ += len;
  present_ += len;
}

size_t SendingBound::Room(bool is_new) const {
  if (!is_imposed_ || (is_new && num_free_ > 0)) return SIZE_MAX;
  return present_ >= kMinRoom ? present_ : 0;
}

void SendingBound::OnSent(size_t len, bool is_new) {
  if (is_new && num_free_ > 0) {
    --num_free_;
    return;
  }
  left_ -= std::min(left_, len);
  present_ -= std::min(present_, len);
}

}  // namespace dtls13
