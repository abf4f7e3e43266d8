// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_KEY_SCHEDULE_H_
#define DTLS13_CRYPTO_KEY_SCHEDULE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/hkdf_label.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/transcript.h"

namespace dtls13 {

// KeySchedule is RFC 8446 section 7.1's ladder with RFC 9147's label prefix:
//
//     StartEarly(psk)            Early Secret      -> binder keys, early traffic, early exporter
//     EnterHandshake(shared)     Handshake Secret  -> handshake traffic secrets
//     EnterMaster()              Master Secret     -> application traffic, exporter, resumption
//
// in this order, each once; one secret of the ladder exists at a time. A derivation asked for on
// the wrong rung, or that libcrypto fails, gives an empty Secret; a step out of order gives false.
// It does not know messages: transcript hashes are arguments, named by their last message.
class KeySchedule {
 public:
  // PskKind is where a PSK comes from, which decides its binder key's label: kImported is RFC 9258
  // section 5.2's.
  enum class PskKind : uint8_t { kExternal, kResumption, kImported };

  KeySchedule(std::shared_ptr<const Algorithms> algorithms, HashId hash, LabelPrefix prefix);

  // An empty `psk` stands for hash_len zero bytes: no PSK. There are then no binder keys and no
  // early secrets.
  [[nodiscard]] bool StartEarly(std::span<const uint8_t> psk);
  Secret BinderKey(PskKind kind);
  Secret ClientEarlyTrafficSecret(const TranscriptHash& client_hello);
  Secret EarlyExporterSecret(const TranscriptHash& client_hello);

  // An empty `shared_secret` stands for hash_len zero bytes: PSK without key exchange.
  [[nodiscard]] bool EnterHandshake(std::span<const uint8_t> shared_secret);
  Secret ClientHandshakeTrafficSecret(const TranscriptHash& server_hello);
  Secret ServerHandshakeTrafficSecret(const TranscriptHash& server_hello);

  [[nodiscard]] bool EnterMaster();
  Secret ClientApplicationTrafficSecret(const TranscriptHash& server_finished);
  Secret ServerApplicationTrafficSecret(const TranscriptHash& server_finished);
  Secret ExporterSecret(const TranscriptHash& server_finished);
  Secret ResumptionSecret(const TranscriptHash& client_finished);

  // FinishedMac is a Finished message's verify_data (or a PSK binder), RFC 8446 section 4.4.4:
  // `base_secret` is the sender's handshake traffic secret, or the binder key. On any rung.
  std::optional<HashValue> FinishedMac(const Secret& base_secret, const TranscriptHash& transcript);

  HashId hash() const { return hash_; }

 private:
  enum class Rung : uint8_t { kNone, kEarlyWithoutPsk, kEarly, kHandshake, kMaster };

  Secret Derive(Rung rung, std::string_view label, const TranscriptHash& transcript);
  // "derived" of the present rung: the salt of the next.
  Secret NextSalt();
  // Extracts the next rung's secret.
  bool Advance(Rung to, std::span<const uint8_t> input);

  std::shared_ptr<const Algorithms> algorithms_;
  HashId hash_;
  LabelPrefix prefix_;
  Rung rung_ = Rung::kNone;
  std::optional<Hkdf> ladder_;    // holds the rung's secret
  std::optional<Hkdf> finished_;  // Finished keys come while a rung's secret is still wanted
};

// ExportKeyingMaterial fills `out`, RFC 8446 section 7.5. TLS 1.3 has no difference between no
// context and an empty one. False when the label is too long or libcrypto fails.
[[nodiscard]] bool ExportKeyingMaterial(const Algorithms& algorithms, HashId hash,
                                        LabelPrefix prefix, const Secret& exporter_secret,
                                        std::string_view label, std::span<const uint8_t> context,
                                        std::span<uint8_t> out);

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_KEY_SCHEDULE_H_
