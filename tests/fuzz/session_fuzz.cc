// SPDX-License-Identifier: Apache-2.0
// Input: one byte that chooses, then a stored session, an identity of RFC 9258, or a ticket as a
// client might send it back.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/session/psk_importer.h"
#include "dtls13/session/session.h"
#include "dtls13/session/ticket_keyring.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'000'000)};

void FuzzSession(Data data) {
  const auto session = ParseSession(data);
  if (!session.has_value()) return;
  Check(Same(SerializeSession(*session), data));
  // What one side adds to the age, the other takes off.
  const uint32_t age = AgeFromObfuscated(*session, ObfuscatedAge(*session, kNow));
  Check(age == static_cast<uint32_t>(SessionAgeMs(*session, kNow)));
}

void FuzzImportedIdentity(Data data) {
  const auto identity = ParseImportedIdentity(data);
  if (identity.has_value()) Check(Same(SerializeImportedIdentity(*identity), data));
}

void FuzzTicket(Data data) {
  static const auto* const kKeyring = new std::shared_ptr<TicketKeyring>(
      TicketKeyring::Create(TestAlgorithms(), std::make_shared<SeededRandom>(1), {}));
  static const std::vector<uint8_t>* const kSealed = [] {
    Session session;
    session.suite = CipherSuiteId::kAes128GcmSha256;
    session.psk = Secret::CopyOf(std::vector<uint8_t>(32, 1));
    session.lifetime_s = 100;
    session.issued_at = kNow;
    return new std::vector<uint8_t>((*kKeyring)->Seal(session, kNow));
  }();
  Check((*kKeyring)->Open(data, kNow).has_value() == Same(data, *kSealed));
  std::vector<uint8_t> changed = *kSealed;
  for (size_t i = 0; i + 1 < data.size(); i += 2) changed[data[i] % changed.size()] ^= data[i + 1];
  Check((*kKeyring)->Open(changed, kNow).has_value() == (changed == *kSealed));
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13::fuzz;
  return FuzzOneOf({&FuzzSession, &FuzzImportedIdentity, &FuzzTicket}, data, size);
}
