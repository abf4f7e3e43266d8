// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_CALLBACK_H_
#define DTLS13_SHIM_ATTACHMENT_CALLBACK_H_

#include <utility>

namespace dtls13::shim {

// Callback is a callback of an application's and the argument that it takes last, as one value.
// `Function` is a pointer to a function. A Callback owns nothing.
template <typename Function>
struct Callback {
  Function function = nullptr;
  void* arg = nullptr;

  // False where the application has set none: then there is nothing to call.
  explicit operator bool() const { return function != nullptr; }

  template <typename... Args>
  auto operator()(Args&&... args) const {
    return function(std::forward<Args>(args)..., arg);
  }
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_CALLBACK_H_
