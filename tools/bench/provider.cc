// SPDX-License-Identifier: Apache-2.0
// Cost of a record by the provider's ciphers, one EVP call, beside the EVP calls that it stands for
// (nonce, AEAD, mask) and beside the core's own RecordLayer, measured alternately in one run.

#include <openssl/core.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/record/record_layer.h"
#include "tools/bench/allocation_counter.h"
#include "tools/bench/raw_cipher.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

constexpr size_t kSizes[] = {64, 256, 512, 1200, 4096, 16384};
constexpr int kRounds = 300;
// As in record.cc: what a round works on stays in the second-level cache for all three.
constexpr size_t kBytesPerRound = 96 << 10;
constexpr size_t kHeaderLen = 5;
constexpr HeaderForm kForm{.has_length = true, .short_number = false};

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "provider: %s\n", what);
  std::exit(1);
}

const char* CipherName(CipherSuiteId suite) {
  switch (suite) {
    case CipherSuiteId::kAes128GcmSha256:
      return "DTLS13-AES-128-GCM";
    case CipherSuiteId::kAes256GcmSha384:
      return "DTLS13-AES-256-GCM";
    case CipherSuiteId::kChaCha20Poly1305Sha256:
      return "DTLS13-CHACHA20-POLY1305";
  }
  return nullptr;
}

OpenSslPtr<EVP_CIPHER_CTX> NewCipher(OSSL_LIB_CTX* context, const CipherSuite& suite,
                                     const TrafficKeys& keys, bool seal) {
  const OpenSslPtr<EVP_CIPHER> cipher(EVP_CIPHER_fetch(context, CipherName(suite.id), nullptr));
  OpenSslPtr<EVP_CIPHER_CTX> made(EVP_CIPHER_CTX_new());
  std::vector<uint8_t> key(keys.key.bytes().begin(), keys.key.bytes().end());
  key.insert(key.end(), keys.sn_key.bytes().begin(), keys.sn_key.bytes().end());
  if (cipher == nullptr || EVP_CipherInit_ex2(made.get(), cipher.get(), key.data(),
                                              keys.iv.bytes().data(), seal, nullptr) != 1) {
    Die("no cipher");
  }
  return made;
}

// Records are the same ones in a row: before they are sealed, with room for the tag.
class Records {
 public:
  Records(size_t content_len, size_t num)
      : num_(num), len_(kHeaderLen + content_len + 1 + kAeadTagLen), bytes_(num * len_) {}

  void Fill() {
    const size_t encrypted_len = len_ - kHeaderLen;
    for (size_t i = 0; i < num_; ++i) {
      const std::span<uint8_t> record = (*this)[i];
      std::fill(record.begin(), record.end(), 0x17);
      record[0] = 0x2f;
      record[3] = static_cast<uint8_t>(encrypted_len >> 8);
      record[4] = static_cast<uint8_t>(encrypted_len);
    }
  }
  std::span<uint8_t> operator[](size_t i) { return std::span(bytes_).subspan(i * len_, len_); }

 private:
  size_t num_;
  size_t len_;
  std::vector<uint8_t> bytes_;
};

struct Result {
  double provider_ns = 1e18;
  double evp_ns = 1e18;
  double core_ns = 1e18;
  double allocations = 0;  // per record of the provider's, in the last round

  void Print(const char* what, const CipherSuite& suite, size_t size) const {
    std::printf("%-30s %-4s %6zu  %9.1f  %9.1f  %9.1f  %8.3f  %8.3f  %6.3f\n", suite.name, what,
                size, provider_ns, evp_ns, core_ns, provider_ns / evp_ns, provider_ns / core_ns,
                allocations);
  }
};

// Best keeps the shorter time.
template <typename Body>
void Best(double* best_ns, size_t num, Body body) {
  *best_ns = std::min(*best_ns, NanosecondsEach(num, body));
}

// Contestants are the three ways, each with both directions of one epoch.
class Contestants {
 public:
  Contestants(OSSL_LIB_CTX* context, const std::shared_ptr<const Algorithms>& algorithms,
              const CipherSuite& suite, const TrafficKeys& keys, const Secret& secret)
      : sealer_(NewCipher(context, suite, keys, true)),
        opener_(NewCipher(context, suite, keys, false)),
        evp_sealer_(*algorithms, suite, keys, true),
        evp_opener_(*algorithms, suite, keys, false),
        layer_(algorithms, kRfc9147Profile) {
    if (!layer_.InstallWriteKeys(kFirstApplicationEpoch, suite, secret) ||
        !layer_.InstallReadKeys(kFirstApplicationEpoch, suite, secret)) {
      Die("no record layer");
    }
  }

  void SealRound(size_t num, Records* records, Records* evp, Records* core, Result* result) {
    for (Records* all : {records, evp, core}) all->Fill();
    const AllocationCount before = CountAllocations();
    Best(&result->provider_ns, num,
         [&](size_t i) { RunProvider(sealer_.get(), (*records)[i], 0); });
    result->allocations = Allocations(before, num);
    Best(&result->evp_ns, num, [&](size_t i) { RunEvp(&evp_sealer_, i, (*evp)[i]); });
    Best(&result->core_ns, num, [&](size_t i) {
      const std::span<uint8_t> out = (*core)[i];
      RecordNumber number;
      // The content lies where it will be, as it does for the other two.
      const auto content = out.subspan(kHeaderLen, out.size() - kHeaderLen - 1 - kAeadTagLen);
      if (layer_.Seal(kFirstApplicationEpoch, ContentType::kApplicationData, content, kForm, out,
                      &number) != out.size()) {
        Die("RecordLayer::Seal failed");
      }
    });
  }

  void OpenRound(size_t num, Records* records, Records* evp, Records* core, Result* result) {
    const AllocationCount before = CountAllocations();
    Best(&result->provider_ns, num,
         [&](size_t i) { RunProvider(opener_.get(), (*records)[i], kAeadTagLen); });
    result->allocations = Allocations(before, num);
    Best(&result->evp_ns, num, [&](size_t i) { RunEvp(&evp_opener_, i, (*evp)[i]); });
    Best(&result->core_ns, num, [&](size_t i) {
      std::span<uint8_t> datagram = (*core)[i];
      if (!layer_.OpenNext(&datagram)) Die("RecordLayer::OpenNext failed");
    });
  }

 private:
  static double Allocations(const AllocationCount& before, size_t num) {
    return static_cast<double>(CountAllocations().num_allocations - before.num_allocations) /
           static_cast<double>(num);
  }

  static void RunProvider(EVP_CIPHER_CTX* cipher, std::span<uint8_t> record, size_t num_less) {
    int len = 0;
    if (EVP_CipherUpdate(cipher, record.data(), &len, record.data(),
                         static_cast<int>(record.size())) != 1 ||
        static_cast<size_t>(len) != record.size() - num_less) {
      Die("EVP_CipherUpdate failed");
    }
  }

  static void RunEvp(RawCipher* cipher, size_t i, std::span<uint8_t> record) {
    const std::span<uint8_t> text =
        record.subspan(kHeaderLen, record.size() - kHeaderLen - kAeadTagLen);
    cipher->Run(i, record.first(kHeaderLen), text, text.data() + text.size());
  }

  OpenSslPtr<EVP_CIPHER_CTX> sealer_;
  OpenSslPtr<EVP_CIPHER_CTX> opener_;
  RawCipher evp_sealer_;
  RawCipher evp_opener_;
  RecordLayer layer_;
};

void Measure(OSSL_LIB_CTX* context, const std::shared_ptr<const Algorithms>& algorithms,
             const CipherSuite& suite, size_t size) {
  const Secret secret(suite.hash_len);
  const std::optional<TrafficKeys> keys =
      DeriveTrafficKeys(*algorithms, suite, LabelPrefix::kDtls13, secret.bytes());
  if (!keys) Die("no keys");
  Contestants contestants(context, algorithms, suite, *keys, secret);
  const size_t num = std::max<size_t>(kBytesPerRound / (size + 400), 8);
  Records records(size, num), evp(size, num), core(size, num);
  Result seal, open;
  for (int round = 0; round < kRounds; ++round) {
    contestants.SealRound(num, &records, &evp, &core, &seal);
    contestants.OpenRound(num, &records, &evp, &core, &open);
  }
  seal.Print("seal", suite, size);
  open.Print("open", suite, size);
}

int Main() {
  InstallAllocationCounter();
  const std::shared_ptr<const Algorithms> algorithms = Algorithms::Fetch(nullptr, nullptr);
  OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
  if (algorithms == nullptr ||
      OSSL_PROVIDER_add_builtin(context, "dtls13", OSSL_provider_init) != 1 ||
      OSSL_PROVIDER_load(context, "default") == nullptr ||
      OSSL_PROVIDER_load(context, "dtls13") == nullptr) {
    Die("no providers");
  }
  std::printf("ns per record, best of %d rounds; allocations per record of the provider's\n",
              kRounds);
  std::printf("%-30s %-4s %6s  %9s  %9s  %9s  %8s  %8s  %6s\n", "suite", "", "bytes", "provider",
              "EVP apart", "core", "to EVP", "to core", "allocs");
  for (const CipherSuite& suite : kCipherSuites) {
    if (!algorithms->Supports(suite.id)) continue;
    for (const size_t size : kSizes) Measure(context, algorithms, suite, size);
  }
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main() { return dtls13::bench::Main(); }
