// SPDX-License-Identifier: Apache-2.0
// Two true ends, and somebody without keys who adds plaintext records, and what passes for
// protected ones, before there are keys. Input: a byte chooses the options, then come commands. The
// remainder of each by six says what it is, its highest bit whether the server hears it or the
// client:
//
//     0 TYPE SEQ LEN(2) OFFSET(2) LEN BYTES  a fragment of a message that is never whole
//     1 LEN BYTES                            an ACK of this content
//     2 LEN BYTES                            a datagram that looks protected
//     3 TYPE LEN BYTES                       a record of a type that plaintext never has
//     4 TIME                                 so many milliseconds pass; true datagrams arrive
//     5 NUMBER(6)                            the next plaintext record has this number
//
// Whatever comes, the handshake is done in the end, and so are the messages that follow it.
// Whole messages and alerts are left out: nobody can tell whose they are, and they may end a
// handshake.
#include <algorithm>
#include <array>
#include <vector>

#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"
#include "tests/fuzz/check.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/forge.h"

namespace dtls13::fuzz {
namespace {

using sim::AssociationPair;
using sim::Forge;
using sim::PairOptions;
using sim::Side;

class Fuzzer {
 public:
  explicit Fuzzer(uint8_t options) : pair_(MakeOptions(options)) {}

  bool Step(ByteReader* input) {
    uint8_t command = 0;
    if (!input->ReadU8(&command)) return false;
    Side& target = (command & 0x80) != 0 ? pair_.server() : pair_.client();
    switch (command % 6) {
      case 0:
        return InjectFragment(target, input);
      case 1:
        return InjectRecord(target, ContentType::kAck, input);
      case 2:
        return InjectProtected(target, input);
      case 3: {
        uint8_t type = 0;
        if (!input->ReadU8(&type)) return false;
        return InjectRecord(target, kOtherTypes[type % kOtherTypes.size()], input);
      }
      case 4: {
        uint8_t time = 0;
        if (!input->ReadU8(&time)) return false;
        pair_.RunFor(std::chrono::milliseconds(time));
        return true;
      }
      default: {
        uint16_t high = 0;
        uint32_t low = 0;
        if (!input->ReadU16(&high) || !input->ReadU32(&low)) return false;
        next_number_ = uint64_t{high} << 32 | low;
        return true;
      }
    }
  }

  void Finish() {
    Check(pair_.RunUntilConnected(std::chrono::minutes(10)));
    for (int i = 0; i < kUpdates; ++i) {
      pair_.UpdateKeys(pair_.client(), /*request_peer=*/true);
      pair_.RunFor(std::chrono::seconds(5));
    }
    Check(pair_.DataFlowsBothWays());
    Check(!pair_.spins());
    for (const Side* side : {&pair_.client(), &pair_.server()}) {
      Check(!side->failure && !side->got_data_too_early);
      Check(side->association->facts().records.newest_read_epoch() ==
            Epoch{kFirstApplicationEpoch.value + kUpdates});
    }
  }

 private:
  // More messages than can wait ahead of their turn.
  static constexpr int kUpdates = 10;
  static constexpr std::array<ContentType, 4> kOtherTypes = {
      ContentType::kApplicationData, ContentType::kReturnRoutabilityCheck, ContentType::kInvalid,
      static_cast<ContentType>(20)};

  static PairOptions MakeOptions(uint8_t bits) {
    PairOptions options = sim::DefaultPairOptions();
    options.server.handshake.server.require_cookie = (bits & 1) != 0;
    if ((bits & 2) != 0) {
      options.server.handshake.ask_credential = true;
      options.max_answer_delay = std::chrono::milliseconds(60);
    }
    if ((bits & 4) != 0) {
      options.server.handshake.server.client_authentication = ClientAuthentication::kOptional;
      options.client.handshake.credential =
          sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential();
    }
    if ((bits & 8) != 0) {
      options.client_psks = options.server_psks = {External(1)};
      options.server.handshake.server.ask_psk = true;
    }
    for (AssociationConfig* config : {&options.client, &options.server}) {
      if ((bits & 16) != 0) config->handshake.connection_ids.receive_len = 2;
    }
    return options;
  }

  void Inject(Side& target, ContentType type, std::span<const uint8_t> content) {
    // Plaintext numbers have 48 bits.
    next_number_ &= (uint64_t{1} << 48) - 1;
    pair_.Inject(target, Forge::Plaintext(type, 0, next_number_++, content));
  }

  bool InjectFragment(Side& target, ByteReader* input) {
    uint8_t type = 0, message_seq = 0;
    uint16_t message_len = 0, offset = 0;
    std::span<const uint8_t> body;
    if (!input->ReadU8(&type) || !input->ReadU8(&message_seq) || !input->ReadU16(&message_len) ||
        !input->ReadU16(&offset) || !input->ReadVector8(&body)) {
      return false;
    }
    // The last byte of a message is never there.
    const uint32_t min_len = uint32_t{offset} + static_cast<uint32_t>(body.size()) + 1;
    std::vector<uint8_t> content(kHandshakeHeaderLen);
    WriteHandshakeHeader({.type = static_cast<HandshakeType>(type),
                          .message_len = std::max<uint32_t>(message_len, min_len),
                          .message_seq = message_seq,
                          .fragment_offset = offset,
                          .fragment_len = static_cast<uint32_t>(body.size())},
                         content);
    content.insert(content.end(), body.begin(), body.end());
    Inject(target, ContentType::kHandshake, content);
    return true;
  }

  bool InjectRecord(Side& target, ContentType type, ByteReader* input) {
    std::span<const uint8_t> content;
    if (!input->ReadVector8(&content)) return false;
    Inject(target, type, content);
    return true;
  }

  bool InjectProtected(Side& target, ByteReader* input) {
    std::span<const uint8_t> bytes;
    if (!input->ReadVector8(&bytes) || bytes.empty()) return false;
    std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
    datagram[0] = static_cast<uint8_t>((datagram[0] & 0x1f) | 0x20);
    pair_.Inject(target, datagram);
    return true;
  }

  AssociationPair pair_;
  uint64_t next_number_ = 1000;
};

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  ByteReader input(std::span(data, size));
  uint8_t options = 0;
  if (!input.ReadU8(&options)) return 0;
  fuzz::Fuzzer fuzzer(options);
  while (fuzzer.Step(&input)) {
  }
  fuzzer.Finish();
  return 0;
}
