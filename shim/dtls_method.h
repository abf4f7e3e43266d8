#ifndef DTLS13_SHIM_DTLS_METHOD_H_
#define DTLS13_SHIM_DTLS_METHOD_H_

#include "shim/openssl_headers.h"

namespace dtls13::shim {

// IsFlexibleDtlsMethod is true for DTLS_method, DTLS_client_method and DTLS_server_method of the
// application's libssl. DTLSv1_method, DTLSv1_2_method and their like are pins.
bool IsFlexibleDtlsMethod(const SSL_METHOD* method);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_DTLS_METHOD_H_
