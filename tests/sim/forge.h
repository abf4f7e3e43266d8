// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_FORGE_H_
#define DTLS13_TESTS_SIM_FORGE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/record/record_layer.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {

// ForgeableOptions are DefaultPairOptions with the key logs that Forge reads.
PairOptions ForgeableOptions(uint64_t seed = 1);

// Forge writes records in a side's name: it takes that side's secrets from the key log, as only a
// faulty or hostile peer could write them. Its record numbers start at `kFirstNumber`, beyond the
// true side's.
class Forge {
 public:
  static constexpr uint64_t kFirstNumber = 40;

  // Both of the pair's configs must have key_log set, and `writer` must have its keys already.
  Forge(AssociationPair& pair, const Side& writer);

  std::vector<uint8_t> Protected(Epoch epoch, ContentType type, std::span<const uint8_t> content);

  // UpdateKeys makes the keys of the next epoch of application data, as if a KeyUpdate had been
  // acknowledged, and returns that epoch. Its record numbers start at 0.
  Epoch UpdateKeys();

  // Plaintext writes a record of any epoch field and number.
  static std::vector<uint8_t> Plaintext(ContentType type, uint16_t epoch, uint64_t number,
                                        std::span<const uint8_t> content);
  // Fragment writes the first fragment of a handshake message, `message_len` bytes of body long, a
  // record's content.
  static std::vector<uint8_t> Fragment(HandshakeType type, uint16_t message_seq,
                                       uint32_t message_len, std::span<const uint8_t> body);

 private:
  std::shared_ptr<const Algorithms> algorithms_;
  RecordLayer records_;
  const CipherSuite& suite_;
  Epoch epoch_ = kFirstApplicationEpoch;
  Secret secret_;  // of epoch_
};

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_FORGE_H_
