// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/ipsec_mb.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace dtls13 {
namespace {

// What a kind of functions takes of the processor and the system, which saves the registers.
enum Feature : unsigned { kAesAvx2 = 1, kVaes = 2, kAvx512 = 4 };

// The library asks no less of a processor before it uses them itself.
unsigned Features() {
  unsigned features = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") &&
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
    features |= kAesAvx2;
  }
  // Compilers of today do not all know the name of this one.
  constexpr unsigned kVaesBit = 1u << 9;
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool has_vaes = __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (c & kVaesBit) != 0;
  if (has_vaes && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("gfni")) {
    features |= kVaes;
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512ifma")) {
    features |= kAvx512;
  }
#endif
  return features;
}

// The fastest first. The second is new with version 2; what is older than the last is no faster
// than libcrypto's.
constexpr struct {
  const char* suffix;
  unsigned features;
} kKinds[] = {{"_vaes_avx512", kAesAvx2 | kVaes | kAvx512},
              {"_vaes_avx2", kAesAvx2 | kVaes},
              {"_avx_gen4", kAesAvx2}};

template <typename Function>
bool Take(void* symbol, Function* function) {
  *function = reinterpret_cast<Function>(symbol);
  return symbol != nullptr;
}

bool TakeGcm(const std::function<void*(const std::string& name)>& symbol, const std::string& kind,
             size_t key_len, IpsecMbGcm* gcm) {
  gcm->key_len = key_len;
  const std::string ending = "_" + std::to_string(key_len * 8) + kind;
  return Take(symbol("aes_gcm_pre" + ending), &gcm->prepare) &&
         Take(symbol("aes_gcm_enc" + ending), &gcm->seal) &&
         Take(symbol("aes_gcm_dec" + ending), &gcm->open);
}

}  // namespace

IpsecMb FindIpsecMb(const std::function<void*(const std::string& name)>& symbol) {
  const unsigned features = Features();
  IpsecMb found{.status = RecordCryptoStatus::kProcessor, .aes128 = {}, .aes256 = {}};
  for (const auto& kind : kKinds) {
    if ((features & kind.features) != kind.features) continue;
    found.status = RecordCryptoStatus::kNotInstalled;
    if (!TakeGcm(symbol, kind.suffix, 16, &found.aes128) ||
        !TakeGcm(symbol, kind.suffix, 32, &found.aes256)) {
      continue;
    }
    found.status = RecordCryptoStatus::kIpsecMb;
    break;
  }
  return found;
}

IpsecMb LoadIpsecMb(std::span<const char* const> files) {
  for (const char* file : files) {
    void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) continue;
    return FindIpsecMb([library](const std::string& name) { return dlsym(library, name.c_str()); });
  }
  return IpsecMb();
}

const IpsecMb& InstalledIpsecMb() {
  // Debian 13's and Debian 12's.
  static constexpr const char* kFiles[] = {"libIPSec_MB.so.2", "libIPSec_MB.so.1"};
  // Never destroyed: keys may outlive static destructors.
  static const IpsecMb& installed = *new IpsecMb(LoadIpsecMb(kFiles));
  return installed;
}

IpsecMbKey::IpsecMbKey(const IpsecMbGcm& functions, std::span<const uint8_t> key)
    : functions_(functions) {
  functions_.prepare(key.data(), prepared_.data());
}

IpsecMbKey::~IpsecMbKey() {
  OPENSSL_cleanse(prepared_.data(), prepared_.size());
  OPENSSL_cleanse(scratch_.data(), scratch_.size());
}

void IpsecMbKey::Seal(std::span<const uint8_t, kAeadIvLen> nonce, std::span<const uint8_t> aad,
                      std::span<uint8_t> in_out, std::span<uint8_t, kAeadTagLen> tag) {
  functions_.seal(prepared_.data(), scratch_.data(), in_out.data(), in_out.data(), in_out.size(),
                  nonce.data(), aad.data(), aad.size(), tag.data(), tag.size());
}

bool IpsecMbKey::Open(std::span<const uint8_t, kAeadIvLen> nonce, std::span<const uint8_t> aad,
                      std::span<uint8_t> in_out, std::span<const uint8_t, kAeadTagLen> tag) {
  std::array<uint8_t, kAeadTagLen> expected;
  functions_.open(prepared_.data(), scratch_.data(), in_out.data(), in_out.data(), in_out.size(),
                  nonce.data(), aad.data(), aad.size(), expected.data(), expected.size());
  return CRYPTO_memcmp(expected.data(), tag.data(), expected.size()) == 0;
}

}  // namespace dtls13
