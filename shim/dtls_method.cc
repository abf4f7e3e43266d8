#include "shim/dtls_method.h"

#include "shim/real_libssl.h"

namespace dtls13::shim {

bool IsFlexibleDtlsMethod(const SSL_METHOD* method) {
  const RealLibssl& real = Real();
  return method == real.DTLS_method() || method == real.DTLS_client_method() ||
         method == real.DTLS_server_method();
}

}  // namespace dtls13::shim
