// SPDX-License-Identifier: Apache-2.0
// Input: the first byte is the length of the Connection IDs received, the rest a datagram.
// What parses lies within the datagram, and is written again as it was, by either wire profile.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

void CheckPlaintext(std::span<uint8_t> datagram, const WireProfile& profile) {
  const auto record = ParsePlaintextRecord(datagram, profile);
  if (!record) return;
  Check(record->record_len == kPlaintextHeaderLen + record->fragment.size());
  Check(record->record_len <= datagram.size() && Within(record->fragment, datagram));
  Check(record->fragment.size() == record->header.fragment_len);
  std::vector<uint8_t> written(kPlaintextHeaderLen);
  WritePlaintextHeader(record->header, written, profile);
  Check(std::equal(written.begin(), written.end(), datagram.begin()));
  PlaintextFragmentReader reader(datagram);
  for (PlaintextFragment found; reader.Next(&found);) {
    Check(Within(found.fragment.body, datagram));
  }
  if (const auto hello = FindWholeClientHello(datagram)) {
    Check(hello->fragment.body.size() == hello->fragment.header.message_len);
  }
}

void CheckCiphertext(std::span<uint8_t> datagram, size_t connection_id_len,
                     const WireProfile& profile) {
  const auto record = ParseCiphertextRecord(datagram, connection_id_len, profile);
  if (!record) return;
  Check(record->record_len == record->header_bytes.size() + record->encrypted_record.size());
  Check(record->record_len <= datagram.size() && Within(record->encrypted_record, datagram));
  Check(record->encrypted_record.size() >= kMinCiphertextLen);
  Check(record->encrypted_record.size() <= kMaxCiphertextLen);
  Check(record->header.has_connection_id == HasConnectionId(datagram[0], profile));
  const size_t header_len = CiphertextHeaderLen(record->header, profile);
  Check(header_len == record->header_bytes.size());
  std::vector<uint8_t> written(header_len);
  const size_t number_offset =
      WriteCiphertextHeader(record->header, record->encrypted_record.size(), written, profile);
  Check(number_offset == record->number_offset);
  Check(std::equal(written.begin(), written.end(), datagram.begin()));
}

void CheckDatagram(std::span<uint8_t> datagram, size_t connection_id_len,
                   const WireProfile& profile) {
  const size_t extent = RecordExtent(datagram, connection_id_len, profile);
  Check(extent <= datagram.size());
  if (const auto found = FindConnectionId(datagram, connection_id_len, profile)) {
    Check(found->size() == connection_id_len && Within(*found, datagram));
  }
  switch (ClassifyRecord(datagram[0], profile)) {
    case RecordKind::kPlaintext:
      CheckPlaintext(datagram, profile);
      break;
    case RecordKind::kCiphertext:
      CheckCiphertext(datagram, connection_id_len, profile);
      break;
    case RecordKind::kInvalid:
      break;
  }
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  if (size < 2) return 0;
  const size_t connection_id_len = data[0];
  std::vector<uint8_t> datagram(data + 1, data + size);
  for (const WireProfile& profile : {kRfc9147Profile, kDraft26Profile}) {
    fuzz::CheckDatagram(datagram, connection_id_len, profile);
  }
  return 0;
}
