// SPDX-License-Identifier: Apache-2.0
// Cost of a record: RecordLayer::Seal and OpenNext beside the raw EVP calls that no implementation
// over libcrypto can do without (the AEAD and the block that masks the number), measured
// alternately in one run; and the same over libipsec-mb, where it is installed.

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/record_crypto.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/record/record_layer.h"
#include "tools/bench/allocation_counter.h"
#include "tools/bench/raw_cipher.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

constexpr size_t kSizes[] = {64, 512, 1200, 1350, 16384};
constexpr int kRounds = 400;
// What a round works on stays in the second-level cache for both: larger, whichever of the two came
// to it later would pay for the other's misses.
constexpr size_t kBytesPerRound = 128 << 10;
// How much faster libipsec-mb is to make a record, sealed and opened, of this size.
constexpr size_t kAimSize = 1200;
constexpr double kAim = 3;
constexpr HeaderForm kForm{.has_length = true, .short_number = false};

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "record: %s\n", what);
  std::exit(1);
}

struct Result {
  double ours_ns = 1e18;
  double raw_ns = 1e18;
  double allocations = 0;  // per record, in the last round
};

void Print(const char* what, const CipherSuite& suite, size_t size, const Result& result) {
  std::printf("%-30s %-4s %6zu  %9.1f  %9.1f  %9.1f  %6.3f\n", suite.name, what, size,
              result.ours_ns, result.raw_ns, result.ours_ns - result.raw_ns, result.allocations);
}

// Returns what sealing and opening take together.
double Measure(const std::shared_ptr<const Algorithms>& algorithms, const CipherSuite& suite,
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
  RecordLayer layer(algorithms, kRfc9147Profile);
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
  return seal.ours_ns + open.ours_ns;
}

std::map<std::string, double> MeasureAll(const std::shared_ptr<const Algorithms>& algorithms) {
  std::printf("\nrecords by %s\n",
              std::string(Describe(algorithms->record_crypto_status())).c_str());
  std::printf("%-30s %-4s %6s  %9s  %9s  %9s  %6s\n", "suite", "", "bytes", "ours", "raw EVP",
              "difference", "allocs");
  std::map<std::string, double> at_aim;
  for (const CipherSuite& suite : kCipherSuites) {
    if (!algorithms->Supports(suite.id)) continue;
    const bool by_libcrypto = algorithms->ipsec_mb(suite.id) == nullptr;
    if (algorithms->record_crypto_status() == RecordCryptoStatus::kIpsecMb && by_libcrypto)
      continue;
    for (size_t size : kSizes) {
      const double ns = Measure(algorithms, suite, size);
      if (size == kAimSize) at_aim[suite.name] = ns;
    }
  }
  return at_aim;
}

int Main() {
  InstallAllocationCounter();
  std::shared_ptr<const Algorithms> libcrypto = Algorithms::Fetch(nullptr, nullptr);
  std::shared_ptr<const Algorithms> ipsec_mb =
      Algorithms::Fetch(nullptr, nullptr, RecordCrypto::kIpsecMb);
  if (libcrypto == nullptr || ipsec_mb == nullptr) Die("libcrypto has no SHA-256");
  std::printf("ns per record, best of %d rounds; allocations per record\n", kRounds);
  std::map<std::string, double> ns_by_libcrypto = MeasureAll(libcrypto);
  if (ipsec_mb->record_crypto_status() != RecordCryptoStatus::kIpsecMb) {
    std::printf("\nnot over libipsec-mb: %s\n",
                std::string(Describe(ipsec_mb->record_crypto_status())).c_str());
    return 0;
  }
  const std::map<std::string, double> ns_by_ipsec_mb = MeasureAll(ipsec_mb);
  std::printf("\n%zu bytes sealed and opened, libcrypto's time over libipsec-mb's (aim: %.0f)\n",
              kAimSize, kAim);
  for (const auto& [suite, ns] : ns_by_ipsec_mb) {
    std::printf("%-30s %.2f\n", suite.c_str(), ns_by_libcrypto[suite] / ns);
  }
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main() { return dtls13::bench::Main(); }
