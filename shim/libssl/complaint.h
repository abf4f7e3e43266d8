// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_COMPLAINT_H_
#define DTLS13_SHIM_LIBSSL_COMPLAINT_H_

#include <string_view>

namespace dtls13::shim {

// Complain writes `sentence` to stderr behind the library's name, for whoever runs the program: it
// is about what libssl's interface has no error for.
void Complain(std::string_view sentence);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_COMPLAINT_H_
