// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_RECORD_DECODER_H_
#define DTLS13_TOOLS_DTLS13_CLI_RECORD_DECODER_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/record/record_layer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_header.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"
#include "tools/dtls13_cli/capture.h"
#include "tools/dtls13_cli/key_log.h"

namespace dtls13::cli {

// DecodedRecord is one record of a captured datagram, opened if the keys are known.
struct DecodedRecord {
  size_t wire_len = 0;  // header and all
  // With a protected record's header of DTLS 1.3: what it says, but for the Connection ID itself.
  // Nothing for DTLSPlaintext, and for DTLS 1.2.
  std::optional<CiphertextHeader> unified;
  // The number in full; of a protected record only when it was opened.
  std::optional<RecordNumber> number;
  // Of an opened or plaintext record. `content` of a DTLS 1.2 ciphertext stays empty.
  ContentType type = ContentType::kInvalid;
  bool opened = false;
  std::vector<uint8_t> content;
};

// RecordDecoder takes the datagrams of one association in the order they were captured. It learns
// client random and cipher suite from the hellos, the keys from the key log, and later ones from
// the KeyUpdates, and from the hellos too how long Connection IDs are. It does not know loss: a
// datagram that the relay dropped decodes as well as any.
class RecordDecoder {
 public:
  // `profile` outlives it.
  explicit RecordDecoder(std::optional<KeyLog> key_log,
                         const WireProfile& profile = kRfc9147Profile);

  // SetConnectionIdLen is for datagrams whose hellos are missing or out of order; hellos that
  // negotiate Connection IDs replace it.
  void SetConnectionIdLen(Direction sender, size_t len) {
    connection_id_lens_[static_cast<size_t>(sender)] = len;
  }

  std::vector<DecodedRecord> Decode(const CapturedDatagram& datagram);

 private:
  using EpochKey = std::pair<Direction, uint64_t>;

  // Each takes one record off the front of `*rest`; false when what is there is no record.
  bool DecodePlaintext(std::span<uint8_t>* rest, DecodedRecord* record) const;
  bool DecodeCiphertext(Direction direction, std::span<uint8_t>* rest, DecodedRecord* record);
  void Open(Direction direction, std::span<uint8_t> bytes, DecodedRecord* record);
  static bool OpenWith(RecordLayer* layer, std::span<uint8_t> bytes, DecodedRecord* record);
  // OpenEarly tries each suite that the secret fits: the key's own is on the wire nowhere.
  void OpenEarly(std::span<uint8_t> bytes, DecodedRecord* record);
  void LearnFromHello(const DecodedRecord& record);
  void LearnFromClientHello(const HandshakeFragment& fragment);
  void LearnFromServerHello(const HandshakeFragment& fragment);
  void InstallKeys();
  void LearnFromKeyUpdate(Direction sender, const DecodedRecord& record);
  void Install(Direction sender, Epoch epoch, const CipherSuite& suite, const Secret& secret);

  std::optional<KeyLog> key_log_;
  const WireProfile* profile_;
  std::shared_ptr<const Algorithms> algorithms_;
  std::vector<uint8_t> client_random_;
  std::vector<uint8_t> client_hello_;  // the newest, as far as its fragments have come in order
  const CipherSuite* suite_ = nullptr;
  std::array<size_t, kNumDirections> connection_id_lens_ = {};  // that each sender writes
  // A layer for each direction and epoch: here nothing is ever superseded.
  std::map<EpochKey, std::unique_ptr<RecordLayer>> layers_;
  // Each direction's newest epoch of application data, and its secret.
  std::array<Epoch, kNumDirections> newest_epochs_;
  std::array<Secret, kNumDirections> newest_secrets_;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_RECORD_DECODER_H_
