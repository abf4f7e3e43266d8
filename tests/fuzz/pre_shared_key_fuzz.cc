// SPDX-License-Identifier: Apache-2.0
// Input: one byte that chooses, then the data of a ClientHello's pre_shared_key, a ServerHello's,
// or psk_key_exchange_modes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/message/pre_shared_key.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

// What parses is written back alike, but for the binders, which are zeros.
void FuzzOfferedPsks(Data data) {
  OfferedPsks psks;
  if (!OfferedPsks::Parse(data, &psks).ok()) return;
  Check(!psks.empty() && psks.binders_len() < data.size());
  std::vector<OfferedPskFields> fields;
  for (size_t i = 0; i < std::min(psks.size(), kMaxPskIdentities); ++i) {
    const auto identity = psks.Identity(i);
    Check(identity.has_value() && Within(identity->identity, data));
    Check(Within(psks.Binder(i), data) && psks.Binder(i).size() >= 32);
    fields.push_back({.identity = {identity->identity.begin(), identity->identity.end()},
                      .obfuscated_ticket_age = identity->obfuscated_ticket_age,
                      .binder_len = psks.Binder(i).size()});
  }
  Check(!psks.Identity(psks.size()).has_value() && psks.Binder(psks.size()).empty());
  if (fields.size() != psks.size()) return;
  std::vector<uint8_t> written;
  ByteWriter writer(&written);
  WriteOfferedPsks(&writer, fields);
  Check(BindersLen(fields) == psks.binders_len());
  Check(written.size() == data.size());
  Check(std::equal(data.begin(), data.end() - static_cast<std::ptrdiff_t>(psks.binders_len()),
                   written.begin()));
}

void FuzzSelectedIdentity(Data data) {
  const auto index = ParseSelectedIdentity(data);
  Check(index.has_value() == (data.size() == 2));
}

void FuzzModes(Data data) {
  const auto modes = PskModeList::Parse(data);
  if (!modes.has_value()) return;
  Check(modes->Contains(PskKeyExchangeMode::kPskDheKe) ==
        (std::find(data.begin() + 1, data.end(), 1) != data.end()));
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13::fuzz;
  return FuzzOneOf({&FuzzOfferedPsks, &FuzzSelectedIdentity, &FuzzModes}, data, size);
}
