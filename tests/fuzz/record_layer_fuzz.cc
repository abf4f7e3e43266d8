// SPDX-License-Identifier: Apache-2.0
// Input: a datagram, given to a layer that can read epochs 0, 2 and 3. The corpus has records that
// open under the fixed keys. Whatever arrives, every byte is used up and no record opens twice.
#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/byte_reader.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

void OpenAll(std::vector<uint8_t> datagram, RecordLayer* layer, std::set<RecordNumber>* seen) {
  const std::span<uint8_t> whole(datagram);
  std::span<uint8_t> rest = whole;
  while (true) {
    const size_t before = rest.size();
    const auto record = layer->OpenNext(&rest);
    if (!record) break;
    Check(rest.size() < before);
    Check(Within(record->content, whole) && record->content.size() <= kMaxPlaintextLen);
    Check(layer->CanRead(record->number.epoch));
    Check(seen->insert(record->number).second);
    if (record->number.epoch == kPlaintextEpoch) {
      layer->AcceptPlaintext(record->number.sequence_number);
    }
  }
  Check(rest.empty());
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  RecordPair pair;
  for (const Epoch epoch : {kHandshakeEpoch, kFirstApplicationEpoch}) {
    fuzz::Check(pair.receiver.InstallReadKeys(epoch, pair.suite, TestSecret(pair.suite, epoch)));
  }
  std::set<RecordNumber> seen;
  const std::vector<uint8_t> datagram(data, data + size);
  fuzz::OpenAll(datagram, &pair.receiver, &seen);
  fuzz::Check(size == 0 || !seen.empty() || NumDropped(pair.receiver) > 0);
  fuzz::OpenAll(datagram, &pair.receiver, &seen);

  // The same bytes as what another process exported.
  ByteReader state(datagram);
  RecordLayer restored(DefaultAlgorithms(), kRfc9147Profile);
  if (restored.ReadState(&state, pair.suite, /*num_skipped=*/1)) {
    fuzz::Check(restored.write_epoch() >= kFirstApplicationEpoch);
    seen.clear();
    fuzz::OpenAll(datagram, &restored, &seen);
  }
  return 0;
}
