// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_IPSEC_MB_H_
#define DTLS13_CRYPTO_IPSEC_MB_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/record_crypto.h"

namespace dtls13 {

// Room for a prepared key of the longest layout, that of version 2 with AVX-512.
inline constexpr size_t kIpsecMbKeyLen = 1280;
// Room for what one message needs, in every version.
inline constexpr size_t kIpsecMbScratchLen = 96;

// IpsecMbGcm is libipsec-mb's AES-GCM with keys of one length, for one kind of processor: functions
// that it exports with the same shape in its versions 1 and 2.
struct IpsecMbGcm {
  // `prepared` has kIpsecMbKeyLen bytes, aligned to 64.
  using Prepare = void (*)(const void* key, void* prepared);
  // A nonce has 12 bytes; `out` may be `in`. To open is to decrypt and to compute the tag; nothing
  // is compared.
  using Crypt = void (*)(const void* prepared, void* scratch, uint8_t* out, const uint8_t* in,
                         uint64_t len, const uint8_t* nonce, const uint8_t* aad, uint64_t aad_len,
                         uint8_t* tag, uint64_t tag_len);

  size_t key_len = 0;
  Prepare prepare = nullptr;
  Crypt seal = nullptr;
  Crypt open = nullptr;
};

// IpsecMb is libipsec-mb as it was found: kIpsecMb and its functions, or what is in the way.
struct IpsecMb {
  RecordCryptoStatus status = RecordCryptoStatus::kNotInstalled;
  IpsecMbGcm aes128;
  IpsecMbGcm aes256;
};

// FindIpsecMb takes the functions for this processor out of a library; `symbol` is null for what
// the library has not.
IpsecMb FindIpsecMb(const std::function<void*(const std::string& name)>& symbol);

// LoadIpsecMb loads the first of `files` that is there, and leaves it loaded.
IpsecMb LoadIpsecMb(std::span<const char* const> files);

// InstalledIpsecMb is the system's, looked for once a process.
const IpsecMb& InstalledIpsecMb();

// IpsecMbKey is one key of AES-GCM, prepared, and wiped with it. Not thread-safe. It does not know
// record numbers: the caller gives each nonce once. It lives on the heap: the stack that GCC 12's
// AddressSanitizer makes up knows no alignment above 32.
class IpsecMbKey {
 public:
  // `key` has functions.key_len bytes.
  IpsecMbKey(const IpsecMbGcm& functions, std::span<const uint8_t> key);
  IpsecMbKey(const IpsecMbKey&) = delete;
  IpsecMbKey& operator=(const IpsecMbKey&) = delete;
  ~IpsecMbKey();

  // Both work in place.
  void Seal(std::span<const uint8_t, kAeadIvLen> nonce, std::span<const uint8_t> aad,
            std::span<uint8_t> in_out, std::span<uint8_t, kAeadTagLen> tag);
  // False when `tag` is another; `in_out` is then undefined.
  [[nodiscard]] bool Open(std::span<const uint8_t, kAeadIvLen> nonce, std::span<const uint8_t> aad,
                          std::span<uint8_t> in_out, std::span<const uint8_t, kAeadTagLen> tag);

 private:
  alignas(64) std::array<uint8_t, kIpsecMbKeyLen> prepared_;
  alignas(16) std::array<uint8_t, kIpsecMbScratchLen> scratch_;
  const IpsecMbGcm& functions_;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_IPSEC_MB_H_
