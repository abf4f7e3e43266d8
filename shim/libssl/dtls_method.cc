// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/dtls_method.h"

#include <array>

#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// The method, where libssl was built with it.
const SSL_METHOD* Call(MethodFunction function) {
  return function != nullptr ? function() : nullptr;
}

const auto& DtlsMethods() {
  const RealLibssl& real = Real();
  static const auto methods = std::to_array<DtlsMethod>({
      {real.DTLS_method(), 0, true, true},
      {real.DTLS_client_method(), 0, true, false},
      {real.DTLS_server_method(), 0, false, true},
      {Call(real.DTLSv1_2_method), DTLS1_2_VERSION, true, true},
      {Call(real.DTLSv1_2_client_method), DTLS1_2_VERSION, true, false},
      {Call(real.DTLSv1_2_server_method), DTLS1_2_VERSION, false, true},
      {Call(real.DTLSv1_method), DTLS1_VERSION, true, true},
      {Call(real.DTLSv1_client_method), DTLS1_VERSION, true, false},
      {Call(real.DTLSv1_server_method), DTLS1_VERSION, false, true},
  });
  return methods;
}

}  // namespace

const DtlsMethod* LookForDtlsMethod(const SSL_METHOD* method) {
  if (method == nullptr) return nullptr;
  for (const DtlsMethod& known : DtlsMethods()) {
    if (known.method == method) return &known;
  }
  last_other_method.store(method, std::memory_order_relaxed);
  return nullptr;
}

bool MayBeDtls13(const SSL_METHOD* method) {
  const DtlsMethod* known = FindDtlsMethod(method);
  if (known == nullptr) return false;
  return known->pinned_version == 0 || CurrentPolicy().ConcernsPinned();
}

}  // namespace dtls13::shim
