// SPDX-License-Identifier: Apache-2.0
// Input: one byte that chooses suite, kind of retry, whether there is a PSK and whether the client
// shows a certificate, then edits of four bytes: which message, how, where, with what. Two sides
// shake hands while the edits are made on the way. A handshake of which any byte was changed never
// completes on both sides, whatever the change.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/handshake/psk_test_util.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

constexpr size_t kEditLen = 4;
constexpr size_t kMaxEdits = 16;

// Edit changes `body` as the three bytes say; at most 255 bytes in, where the structure is.
void Edit(uint8_t how, uint8_t where, uint8_t with, std::vector<uint8_t>* body) {
  const size_t at = body->empty() ? 0 : where % body->size();
  switch (body->empty() ? 1 : how % 4) {
    case 0:
      (*body)[at] ^= with;
      break;
    case 1:
      body->insert(body->begin() + static_cast<ptrdiff_t>(at), with);
      break;
    case 2:
      body->erase(body->begin() + static_cast<ptrdiff_t>(at));
      break;
    default:
      body->resize(at);
      break;
  }
}

const HandshakeConfig& Config(uint8_t choice) {
  static const std::vector<HandshakeConfig>* const kConfigs = [] {
    auto* configs = new std::vector<HandshakeConfig>();
    for (const CipherSuiteId suite :
         {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384}) {
      for (int retry = 0; retry < 3; ++retry) {
        HandshakeConfig config = TestConfig();
        config.cipher_suites = {suite};
        config.server.require_cookie = retry == 1;
        if (retry == 2) config.groups = {NamedGroup::kSecp256r1};
        configs->push_back(config);
      }
    }
    return configs;
  }();
  return (*kConfigs)[choice % kConfigs->size()];
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  if (size == 0) return 0;
  static const HandshakeConfig* const kClientConfig = new HandshakeConfig(TestConfig());
  const bool has_psk = (data[0] & 0x80) != 0;
  HandshakeConfig server_config = fuzz::Config(data[0] & 0x3f);
  server_config.server.ask_psk = has_psk;
  if (data[0] & 0x40) server_config.server.client_authentication = ClientAuthentication::kOptional;
  // One key for each suite there may be.
  const std::vector<Psk> psks = {External(1), External(2, HashId::kSha384)};
  HandshakePair pair(*kClientConfig, server_config, Offering(has_psk ? psks : std::vector<Psk>()));
  pair.provide_psk = Knowing(psks);
  const std::span<const uint8_t> edits(data + 1, size - 1);
  const size_t num_edits = std::min(edits.size() / fuzz::kEditLen, fuzz::kMaxEdits);
  size_t index = 0;
  bool changed = false;
  pair.tamper = [&](HandshakePair::Flying* flying) {
    const std::vector<uint8_t> before = flying->body;
    for (size_t i = 0; i < num_edits; ++i) {
      const auto edit = edits.subspan(i * fuzz::kEditLen, fuzz::kEditLen);
      if (edit[0] % 12 == index) fuzz::Edit(edit[1], edit[2], edit[3], &flying->body);
    }
    changed |= flying->body != before;
    ++index;
  };
  pair.Run();
  fuzz::Check(pair.completed() == !changed);
  return 0;
}
