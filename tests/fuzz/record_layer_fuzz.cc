// SPDX-License-Identifier: Apache-2.0
// Input: a datagram, given to a layer of either wire profile that can read epochs 0, 2 and 3. The
// corpus has records that open under the fixed keys of RFC 9147's. Whatever arrives, every byte is
// used up and no record opens twice.
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

void CheckDatagram(const std::vector<uint8_t>& datagram, const WireProfile& profile) {
  RecordPair pair(TestSuite(), profile);
  for (const Epoch epoch : {kHandshakeEpoch, kFirstApplicationEpoch}) {
    Check(pair.receiver.InstallReadKeys(epoch, pair.suite, TestSecret(pair.suite, epoch)));
  }
  std::set<RecordNumber> seen;
  OpenAll(datagram, &pair.receiver, &seen);
  Check(datagram.empty() || !seen.empty() || NumDropped(pair.receiver) > 0);
  OpenAll(datagram, &pair.receiver, &seen);

  // The same bytes as what another process exported.
  ByteReader state(datagram);
  RecordLayer restored(DefaultAlgorithms(), profile);
  if (restored.ReadState(&state, pair.suite, /*num_skipped=*/1)) {
    Check(restored.write_epoch() >= kFirstApplicationEpoch);
    seen.clear();
    OpenAll(datagram, &restored, &seen);
  }
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::vector<uint8_t> datagram(data, data + size);
  for (const WireProfile* profile : {&kRfc9147Profile, &kDraft26Profile}) {
    fuzz::CheckDatagram(datagram, *profile);
  }
  return 0;
}
