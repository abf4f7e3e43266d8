// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_SELF_TESTS_H_
#define DTLS13_PROVIDER_SELF_TESTS_H_

#include "provider/provider_context.h"

namespace dtls13::provider {

// kSelfTestKey is the key in the provider's section of openssl.cnf.
inline constexpr char kSelfTestKey[] = "self-test";

// RunSelfTest holds every algorithm against its known answers, by the functions that libcrypto
// calls. It tells the application's OSSL_SELF_TEST callback of each, which may corrupt an answer to
// see the test fail. What the library context has no ciphers for cannot be used, and is left out.
// False, with an error on the queue for each algorithm that is wrong; the provider then does
// nothing more until a test passes.
bool RunSelfTest(ProviderContext* provider);

// SelfTestOnLoad is RunSelfTest where the provider's section of openssl.cnf has `self-test = yes`.
// False also where it has neither yes nor no.
bool SelfTestOnLoad(ProviderContext* provider);

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_SELF_TESTS_H_
