// SPDX-License-Identifier: Apache-2.0
// What batches save: RecordLayer::SealBatch and OpenBatch beside as many calls of Seal and
// OpenNext, measured alternately in one run.

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
#include "dtls13/crypto/record_crypto.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/record/record_layer.h"
#include "tools/bench/stopwatch.h"

namespace dtls13::bench {
namespace {

constexpr size_t kSizes[] = {64, 512, 1200, 1350, 16384};
constexpr size_t kBatches[] = {1, 4, 16, 64};
constexpr int kRounds = 400;
// As in tools/bench/record.cc: what a round works on stays in the second-level cache.
constexpr size_t kBytesPerRound = 128 << 10;
constexpr HeaderForm kForm{.has_length = true, .short_number = false};
constexpr Epoch kEpoch = kFirstApplicationEpoch;
// What batches are to take less than single calls at the least size, and at no size more.
constexpr double kAim = 0.10;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "batch: %s\n", what);
  std::exit(1);
}

// Work is one direction's records of one size, sealed and opened again and again.
class Work {
 public:
  Work(const std::shared_ptr<const Algorithms>& algorithms, const CipherSuite& suite, size_t size,
       size_t batch)
      : layer_(algorithms, kRfc9147Profile),
        batch_(batch),
        num_batches_(std::max<size_t>(kBytesPerRound / ((size + 400) * batch), 1)),
        content_(size, 0x5a),
        contents_(batch, content_),
        out_(num_batches_ * batch * (size + kRecordOverhead)),
        records_(num_batches_ * batch),
        opened_(batch) {
    const Secret secret(suite.hash_len);
    if (!layer_.InstallWriteKeys(kEpoch, suite, secret) ||
        !layer_.InstallReadKeys(kEpoch, suite, secret)) {
      Die("no record layer");
    }
  }

  double SealSingly() {
    uint8_t* to = out_.data();
    return Each([&](size_t at) {
      for (size_t i = 0; i < batch_; ++i) {
        RecordNumber number;
        const size_t room = content_.size() + kRecordOverhead;
        const size_t len = layer_.Seal(kEpoch, ContentType::kApplicationData, content_, kForm,
                                       std::span(to, room), &number);
        if (len == 0) Die("Seal failed");
        records_[at + i] = std::span(to, len);
        to += len;
      }
    });
  }
  double SealTogether() {
    uint8_t* to = out_.data();
    const size_t room = batch_ * (content_.size() + kRecordOverhead);
    return Each([&](size_t at) {
      RecordNumber first;
      const std::span<std::span<uint8_t>> records = std::span(records_).subspan(at, batch_);
      if (layer_.SealBatch(kEpoch, ContentType::kApplicationData, contents_, kForm,
                           std::span(to, room), records, &first) != batch_) {
        Die("SealBatch failed");
      }
      to = records.back().data() + records.back().size();
    });
  }
  double OpenSingly() {
    return Each([&](size_t at) {
      for (size_t i = 0; i < batch_; ++i) {
        opened_[i] = layer_.OpenNext(&records_[at + i]);
        if (!opened_[i] || opened_[i]->content.size() != content_.size()) Die("OpenNext failed");
      }
    });
  }
  double OpenTogether() {
    return Each([&](size_t at) {
      layer_.OpenBatch(std::span(records_).subspan(at, batch_), opened_);
      for (const auto& opened : opened_) {
        if (!opened || opened->content.size() != content_.size()) Die("OpenBatch failed");
      }
    });
  }

 private:
  static constexpr size_t kRecordOverhead = 5 + kProtectionLen;

  // Nanoseconds a record.
  template <typename Batch>
  double Each(Batch batch) {
    return NanosecondsEach(num_batches_, [&](size_t i) { batch(i * batch_); }) /
           static_cast<double>(batch_);
  }

  RecordLayer layer_;
  size_t batch_;
  size_t num_batches_;
  std::vector<uint8_t> content_;
  std::vector<std::span<const uint8_t>> contents_;
  std::vector<uint8_t> out_;
  std::vector<std::span<uint8_t>> records_;
  std::vector<std::optional<OpenedRecord>> opened_;
};

void Measure(const std::shared_ptr<const Algorithms>& algorithms, const CipherSuite& suite,
             size_t size, size_t batch) {
  Work work(algorithms, suite, size, batch);
  double seal = 1e18, seal_batch = 1e18, open = 1e18, open_batch = 1e18;
  for (int round = 0; round < kRounds; ++round) {
    seal = std::min(seal, work.SealSingly());
    open = std::min(open, work.OpenSingly());
    seal_batch = std::min(seal_batch, work.SealTogether());
    open_batch = std::min(open_batch, work.OpenTogether());
  }
  std::printf("%-30s %6zu %5zu  %8.1f %8.1f %+6.1f%%  %8.1f %8.1f %+6.1f%%\n", suite.name, size,
              batch, seal, seal_batch, 100 * (seal_batch / seal - 1), open, open_batch,
              100 * (open_batch / open - 1));
}

int Main() {
  std::printf("ns a record, best of %d rounds; aim: %.0f %% less at %zu bytes, never more\n",
              kRounds, 100 * kAim, kSizes[0]);
  for (RecordCrypto record_crypto : {RecordCrypto::kLibcrypto, RecordCrypto::kIpsecMb}) {
    const std::shared_ptr<const Algorithms> algorithms =
        Algorithms::Fetch(nullptr, nullptr, record_crypto);
    if (algorithms == nullptr) Die("libcrypto has no SHA-256");
    const RecordCryptoStatus status = algorithms->record_crypto_status();
    std::printf("\nrecords by %s\n", std::string(Describe(status)).c_str());
    if (record_crypto == RecordCrypto::kIpsecMb && status != RecordCryptoStatus::kIpsecMb) continue;
    std::printf("%-30s %6s %5s  %8s %8s %7s  %8s %8s %7s\n", "suite", "bytes", "batch", "seal",
                "batch", "", "open", "batch", "");
    for (const CipherSuite& suite : kCipherSuites) {
      const bool is_other =
          record_crypto == RecordCrypto::kIpsecMb && !algorithms->ipsec_mb(suite.id);
      if (is_other || !algorithms->Supports(suite.id)) continue;
      for (size_t size : kSizes) {
        for (size_t batch : kBatches) Measure(algorithms, suite, size, batch);
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace dtls13::bench

int main() { return dtls13::bench::Main(); }
