// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_CHAIN_SIGNATURES_H_
#define DTLS13_CRYPTO_CHAIN_SIGNATURES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "dtls13/wire/code_points.h"

namespace dtls13 {

// ChainSignatures is what a peer's list of schemes says of the signatures in a chain.
enum class ChainSignatures : uint8_t {
  kListed,
  kUnlisted,      // the peer may not be able to verify one of them
  kUnlistedSha1,  // nor may the certificate be shown: one is of SHA-1 or MD5
};

// JudgeChainSignatures holds the signatures of X.509 certificates (DER) against `schemes`, which a
// peer takes in certificates. Self-issued certificates, and those whose signature TLS 1.3 has no
// name for or that cannot be read, are not judged.
ChainSignatures JudgeChainSignatures(std::span<const std::vector<uint8_t>> chain,
                                     std::span<const SignatureScheme> schemes);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_CHAIN_SIGNATURES_H_
