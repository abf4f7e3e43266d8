// SPDX-License-Identifier: Apache-2.0
// Cost of a record: RecordLayer::Seal and OpenNext beside the raw EVP calls that no implementation
// can do without (the AEAD and the block that masks the number), measured alternately in one run.

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/record/record_layer.h"
#include "tools/bench/allocation_counter.h"

namespace dtls13::bench {
namespace {

constexpr size_t kSizes[] = {64, 512, 1200, 1350, 16384};
constexpr int kRounds = 400;
// What a round works on stays in the second-level cache for both: larger, whichever of the two came
// to it later would pay for the other's misses.
constexpr size_t kBytesPerRound = 128 << 10;
constexpr HeaderForm kForm{.has_length = true, .short_number = false};

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "record: %s\n", what);
  std::exit(1);
}

template <typename Body>
double NanosecondsEach(size_t num, Body body) {
  const auto start = Clock::now();
  for (size_t i = 0; i < num; ++i) body(i);
  const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
  return elapsed.count() / static_cast<double>(num);
}

// RawCipher is the least that sealing or opening one record takes of EVP.
class RawCipher {
 public:
  RawCipher(const Algorithms& algorithms, const CipherSuite& suite, const TrafficKeys& keys,
            bool seal)
      : seal_(seal), chacha_(suite.id == CipherSuiteId::kChaCha20Poly1305Sha256) {
    std::copy(keys.iv.bytes().begin(), keys.iv.bytes().end(), iv_.begin());
    aead_.reset(EVP_CIPHER_CTX_new());
    mask_.reset(EVP_CIPHER_CTX_new());
    if (EVP_CipherInit_ex2(aead_.get(), algorithms.aead_cipher(suite.id), keys.key.bytes().data(),
                           nullptr, seal, nullptr) != 1 ||
        EVP_EncryptInit_ex2(mask_.get(), algorithms.record_number_cipher(suite.id),
                            keys.sn_key.bytes().data(), nullptr, nullptr) != 1) {
      Die("EVP_CipherInit_ex2 failed");
    }
    EVP_CIPHER_CTX_set_padding(mask_.get(), 0);
  }

  void Run(uint64_t number, std::span<const uint8_t> aad, std::span<uint8_t> data, uint8_t* tag) {
    std::array<uint8_t, 12> nonce = iv_;
    for (int i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(number >> (8 * i));
    int len = 0;
    bool ok = EVP_CipherInit_ex2(aead_.get(), nullptr, nullptr, nonce.data(), -1, nullptr) == 1;
    if (!seal_) ok &= EVP_CIPHER_CTX_ctrl(aead_.get(), EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1;
    ok &=
        EVP_CipherUpdate(aead_.get(), nullptr, &len, aad.data(), static_cast<int>(aad.size())) == 1;
    ok &= EVP_CipherUpdate(aead_.get(), data.data(), &len, data.data(),
                           static_cast<int>(data.size())) == 1;
    ok &= EVP_CipherFinal_ex(aead_.get(), data.data(), &len) == 1;
    if (seal_) ok &= EVP_CIPHER_CTX_ctrl(aead_.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
    if (!ok) Die("the raw AEAD failed");
    Mask(data.data());
  }

 private:
  void Mask(const uint8_t* sample) {
    std::array<uint8_t, 16> block{};
    int len = 0;
    bool ok = true;
    if (chacha_) {
      ok = EVP_EncryptInit_ex2(mask_.get(), nullptr, nullptr, sample, nullptr) == 1;
      ok &= EVP_EncryptUpdate(mask_.get(), block.data(), &len, block.data(), 2) == 1;
    } else {
      ok = EVP_EncryptUpdate(mask_.get(), block.data(), &len, sample, 16) == 1;
    }
    if (!ok) Die("the raw mask failed");
  }

  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  bool seal_;
  bool chacha_;
  std::array<uint8_t, 12> iv_{};
  std::unique_ptr<EVP_CIPHER_CTX, Free> aead_;
  std::unique_ptr<EVP_CIPHER_CTX, Free> mask_;
};

struct Result {
  double ours_ns = 1e18;
  double raw_ns = 1e18;
  double allocations = 0;  // per record, in the last round
};

void Print(const char* what, const CipherSuite& suite, size_t size, const Result& result) {
  std::printf("%-30s %-4s %6zu  %9.1f  %9.1f  %9.1f  %6.3f\n", suite.name, what, size,
              result.ours_ns, result.raw_ns, result.ours_ns - result.raw_ns, result.allocations);
}

void Measure(const std::shared_ptr<const Algorithms>& algorithms, const CipherSuite& suite,
             size_t size) {
  const Secret secret(suite.hash_len);
  std::optional<TrafficKeys> keys =
      DeriveTrafficKeys(*algorithms, suite, LabelPrefix::kDtls13, secret.bytes());
  if (!keys) Die("no keys");
  RawCipher raw_seal(*algorithms, suite, *keys, true);
  RawCipher raw_open(*algorithms, suite, *keys, false);
  const size_t num = std::max<size_t>(kBytesPerRound / (size + 400), 16);
  const std::vector<uint8_t> plaintext(size, 0x5a);
  const size_t stride = size + 64;
  std::vector<uint8_t> ours(num * stride), raw(num * stride), tags(num * 16);
  std::vector<size_t> lens(num);
  const std::array<uint8_t, 5> aad{};
  Result seal, open;
  RecordLayer layer(algorithms, LabelPrefix::kDtls13);
  if (!layer.InstallWriteKeys(kFirstApplicationEpoch, suite, secret) ||
      !layer.InstallReadKeys(kFirstApplicationEpoch, suite, secret)) {
    Die("no record layer");
  }
  for (int round = 0; round < kRounds; ++round) {
    AllocationCount before = CountAllocations();
    seal.ours_ns = std::min(seal.ours_ns, NanosecondsEach(num, [&](size_t i) {
                              RecordNumber number;
                              lens[i] = layer.Seal(
                                  kFirstApplicationEpoch, ContentType::kApplicationData, plaintext,
                                  kForm, std::span(ours).subspan(i * stride, stride), &number);
                              if (lens[i] == 0) Die("Seal failed");
                            }));
    seal.allocations =
        static_cast<double>(CountAllocations().num_allocations - before.num_allocations) /
        static_cast<double>(num);
    std::fill(raw.begin(), raw.end(), 0x5a);
    seal.raw_ns = std::min(seal.raw_ns, NanosecondsEach(num, [&](size_t i) {
                             raw_seal.Run(i, aad, std::span(raw).subspan(i * stride, size + 1),
                                          &tags[i * 16]);
                           }));
    before = CountAllocations();
    open.ours_ns = std::min(open.ours_ns, NanosecondsEach(num, [&](size_t i) {
                              std::span<uint8_t> datagram =
                                  std::span(ours).subspan(i * stride, lens[i]);
                              std::optional<OpenedRecord> record = layer.OpenNext(&datagram);
                              if (!record || record->content.size() != size) Die("OpenNext failed");
                            }));
    open.allocations =
        static_cast<double>(CountAllocations().num_allocations - before.num_allocations) /
        static_cast<double>(num);
    open.raw_ns = std::min(open.raw_ns, NanosecondsEach(num, [&](size_t i) {
                             raw_open.Run(i, aad, std::span(raw).subspan(i * stride, size + 1),
                                          &tags[i * 16]);
                           }));
  }
  Print("seal", suite, size, seal);
  Print("open", suite, size, open);
}

int Main() {
  InstallAllocationCounter();
  std::shared_ptr<const Algorithms> algorithms = Algorithms::Fetch(nullptr, nullptr);
  if (algorithms == nullptr) Die("libcrypto has no SHA-256");
  std::printf("ns per record, best of %d rounds; allocations per record\n", kRounds);
  std::printf("%-30s %-4s %6s  %9s  %9s  %9s  %6s\n", "suite", "", "bytes", "ours", "raw EVP",
              "difference", "allocs");
  for (const CipherSuite& suite : kCipherSuites) {
    if (!algorithms->Supports(suite.id)) continue;
    for (size_t size : kSizes) Measure(algorithms, suite, size);
  }
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main() { return dtls13::bench::Main(); }
