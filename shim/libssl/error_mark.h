// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_ERROR_MARK_H_
#define DTLS13_SHIM_LIBSSL_ERROR_MARK_H_

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// ErrorMark takes what libcrypto puts on the thread's error queue in its scope off again: a record
// that does not open is no error of the application's.
class ErrorMark {
 public:
  ErrorMark() { ERR_set_mark(); }
  ~ErrorMark() { ERR_pop_to_mark(); }
  ErrorMark(const ErrorMark&) = delete;
  ErrorMark& operator=(const ErrorMark&) = delete;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_ERROR_MARK_H_
