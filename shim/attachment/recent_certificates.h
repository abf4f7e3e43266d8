// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_RECENT_CERTIFICATES_H_
#define DTLS13_SHIM_ATTACHMENT_RECENT_CERTIFICATES_H_

#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"

namespace dtls13::shim {

// RecentCertificates is the certificates that an SSL_CTX's peers have shown of late, as libcrypto's
// objects. libcrypto 3 takes longer to decode the key of one than for all public-key operations of
// a handshake, and whoever comes back to a server is shown the same again; the connections have
// its object in common then, as in libssl those of one session have. Thread-safe. It does not know
// who showed a certificate, nor whether it was verified: each connection verifies for itself.
class RecentCertificates {
 public:
  // kMaxCertificates has room for a chain. Whoever shows more makes those that were shown longest
  // ago be parsed again, which is what happens without this memory.
  static constexpr size_t kMaxCertificates = 4;
  // kMaxLen bounds the memory, by more than usual certificates have.
  static constexpr size_t kMaxLen = 4096;

  // Find returns a reference to the certificate that is `der`, byte for byte; null where none is.
  // One that the application has altered is none.
  OpenSslPtr<X509> Find(std::span<const uint8_t> der);
  // Keep takes a reference of its own. A certificate without a key that libcrypto could decode is
  // not kept: the provider for it may yet be loaded.
  void Keep(X509* certificate);

 private:
  std::mutex mutex_;
  std::vector<OpenSslPtr<X509>> certificates_;  // the one shown last is first
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_RECENT_CERTIFICATES_H_
