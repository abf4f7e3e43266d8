// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_RECORD_CRYPTO_H_
#define DTLS13_CRYPTO_RECORD_CRYPTO_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace dtls13 {

// RecordCrypto is the library whose AES-GCM seals and opens records. All other cryptography is
// libcrypto's whichever it is.
enum class RecordCrypto : uint8_t {
  kLibcrypto,
  // Intel's libipsec-mb, looked for at run time. It serves the AES-GCM suites, and only where
  // RecordCryptoStatus has nothing against it: else libcrypto does.
  kIpsecMb,
};

// RecordCryptoStatus is what came of the choice.
enum class RecordCryptoStatus : uint8_t {
  kLibcrypto,  // chosen, and in use
  kIpsecMb,    // chosen, and in use
  // libipsec-mb was chosen, and libcrypto is in use:
  kNotInstalled,   // there is no such library, or it lacks a function
  kProcessor,      // it has nothing for this processor
  kPropertyQuery,  // algorithms are chosen by a property query
  kProvider,       // fips=yes is in force, or AES is another provider's than the default one
  kAnswers,        // its answers are not libcrypto's
};

// RecordCryptoOfName takes "libcrypto" and "ipsec-mb".
std::optional<RecordCrypto> RecordCryptoOfName(std::string_view name);

// Describe is a few words for a person.
std::string_view Describe(RecordCryptoStatus status);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_RECORD_CRYPTO_H_
