// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_TRANSCRIPT_PROVIDER_H_
#define DTLS13_SHIM_LIBSSL_TRANSCRIPT_PROVIDER_H_

#include <openssl/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// A server without DTLS 1.3 that asks for no cookie answers our ClientHello at once, and its
// Finished covers that ClientHello. libssl, which goes on with the handshake, has written another
// one and would hash that. So the DTLS contexts of clients hash with digests of ours: libcrypto's
// own, but that they take the ClientHello that was sent for the one that libssl wrote, where a
// TranscriptCorrection says so. They are a libcrypto provider inside this library, reached by a
// property that only those contexts ask for.
//
// They are not to be had where the application insists on a provider (FIPS): then libssl's hash is
// libcrypto's, and such a server cannot be gone on with.

// TranscriptDigests keeps these digests in a library context as long as it lives: no longer than
// the library context. Move-only.
class TranscriptDigests {
 public:
  TranscriptDigests() = default;
  // For an SSL_CTX of `library_context` (null: the default one) that is to be made with
  // `property_query` (may be null).
  TranscriptDigests(OSSL_LIB_CTX* library_context, const char* property_query);
  ~TranscriptDigests();
  TranscriptDigests(TranscriptDigests&& other) noexcept;
  TranscriptDigests& operator=(TranscriptDigests&& other) noexcept;

  // available is false where the digests are not to be had.
  bool available() const { return provider_ != nullptr; }
  // The property query that gets an SSL_CTX the digests: the one given and our wish.
  const std::string& property_query() const { return property_query_; }

 private:
  OSSL_PROVIDER* provider_ = nullptr;
  std::string property_query_;
};

// TranscriptCorrection says, while it lives, that a transcript that begins with `written` is to
// begin with `sent`. Both are whole handshake messages with their DTLS headers; `written` has to be
// a ClientHello, whose random makes sure that no other data is meant. Thread-safe.
class TranscriptCorrection {
 public:
  TranscriptCorrection(std::vector<uint8_t> written, std::vector<uint8_t> sent);
  ~TranscriptCorrection();
  TranscriptCorrection(const TranscriptCorrection&) = delete;
  TranscriptCorrection& operator=(const TranscriptCorrection&) = delete;

  const std::vector<uint8_t>& written() const { return written_; }
  const std::vector<uint8_t>& sent() const { return sent_; }

 private:
  const std::vector<uint8_t> written_;
  const std::vector<uint8_t> sent_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_TRANSCRIPT_PROVIDER_H_
