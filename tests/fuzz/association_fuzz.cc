// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/association_fuzz.h"

#include <optional>
#include <vector>

#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/wire/byte_reader.h"
#include "tests/fuzz/check.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::fuzz {
namespace {

using sim::AssociationPair;
using sim::Forge;
using sim::PairOptions;
using sim::Side;

// More than any input of the usual length can cause; an association that talks on without end
// would exceed it.
constexpr size_t kMaxDatagrams = 4000;

class Fuzzer {
 public:
  Fuzzer(Role role, uint8_t options)
      : pair_(MakeOptions(options)),
        target_(role == Role::kClient ? pair_.client() : pair_.server()),
        peer_(role == Role::kClient ? pair_.server() : pair_.client()) {}

  bool Step(ByteReader* input) {
    uint8_t command = 0;
    if (!input->ReadU8(&command)) return false;
    switch (command % 5) {
      case 0: {
        std::span<const uint8_t> bytes;
        if (!input->ReadVector8(&bytes)) return false;
        pair_.Inject(target_, bytes);
        break;
      }
      case 1:
      case 2:
      case 3: {
        uint8_t type = 0;
        std::span<const uint8_t> content;
        if (!input->ReadU8(&type) || !input->ReadVector8(&content)) return false;
        InjectRecord(command % 5, static_cast<ContentType>(type), content);
        break;
      }
      case 4: {
        uint8_t time = 0;
        if (!input->ReadU8(&time)) return false;
        pair_.RunFor(std::chrono::milliseconds(10 * time));
        break;
      }
    }
    CheckInvariants();
    return true;
  }

  void Finish() {
    pair_.RunFor(std::chrono::minutes(2));
    CheckInvariants();
  }

 private:
  static PairOptions MakeOptions(uint8_t bits) {
    PairOptions options = sim::DefaultPairOptions();
    for (AssociationConfig* config : {&options.client, &options.server}) {
      config->handshake.key_log = true;
      if (bits & 1) config->mtu = kMinMtu;
      config->trace = (bits & 4) != 0;
    }
    options.server.handshake.server.require_cookie = (bits & 2) != 0;
    if (bits & 8) {
      options.client_psks = options.server_psks = {External(1), External(2, HashId::kSha384)};
      options.server.handshake.server.ask_psk = true;
    }
    if (bits & 16) {
      options.server.handshake.server.client_authentication = ClientAuthentication::kOptional;
      options.client.handshake.credential =
          sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential();
      options.client.handshake.post_handshake_auth = true;
      options.server.handshake.post_handshake_auth = true;
    }
    return options;
  }

  void InjectRecord(int how, ContentType type, std::span<const uint8_t> content) {
    if (how == 1) {
      pair_.Inject(target_, Forge::Plaintext(type, 0, next_plaintext_number_++, content));
      return;
    }
    // No handshake keys yet, or none any more.
    if (pair_.server().key_log.size() < 2 || pair_.server().failure) return;
    if (!forge_ || forged_with_ != pair_.server().key_log.size()) {
      forge_.emplace(pair_, peer_);
      forged_with_ = pair_.server().key_log.size();
    }
    const Epoch epoch = how == 2 ? kHandshakeEpoch : kFirstApplicationEpoch;
    if (how == 3 && forged_with_ < 4) return;
    pair_.Inject(target_, forge_->Protected(epoch, type, content));
  }

  void CheckInvariants() {
    Check(target_.received.empty() || target_.connected);
    Check(pair_.link().log().size() < kMaxDatagrams);
  }

  AssociationPair pair_;
  Side& target_;
  Side& peer_;
  std::optional<Forge> forge_;
  size_t forged_with_ = 0;
  uint64_t next_plaintext_number_ = 1000;
};

}  // namespace

void FuzzAssociation(Role role, const uint8_t* data, size_t size) {
  ByteReader input(std::span(data, size));
  uint8_t options = 0;
  if (!input.ReadU8(&options)) return;
  Fuzzer fuzzer(role, options);
  while (fuzzer.Step(&input)) {
  }
  fuzzer.Finish();
}

}  // namespace dtls13::fuzz
