// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_CONTEXT_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_CONTEXT_H_

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/key_schedule.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/handshake_action.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/handshake_result.h"
#include "dtls13/handshake/handshake_secrets.h"
#include "dtls13/handshake/local_authentication.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// HandshakeContext is what client and server have in common: the transcript, the key schedule, the
// owed actions, the result and the secrets it leaves. Its operations follow RFC 8446 section 7.1's
// ladder and fail with internal_error when libcrypto does, except where noted. It does not know
// states or which message comes next.
class HandshakeContext {
 public:
  explicit HandshakeContext(std::shared_ptr<const HandshakeConfig> config);

  const HandshakeConfig& config() const { return *config_; }
  const Algorithms& algorithms() const { return *config_->algorithms; }
  Transcript& transcript() { return transcript_; }
  HandshakeResult& result() { return result_; }
  const HandshakeResult& result() const { return result_; }
  HandshakeSecrets& secrets() { return secrets_; }
  const Secret& client_handshake_secret() const { return client_handshake_secret_; }
  const Secret& server_handshake_secret() const { return server_handshake_secret_; }
  // The ClientHello's random names the secrets in the key log. Exactly 32 bytes.
  void SetClientRandom(std::span<const uint8_t> random);

  // --- the key schedule's beginning

  // StartWithPsk begins it with the selected key, and notes in the result what was selected.
  // Without it DeriveHandshakeSecrets begins it without a PSK.
  Status StartWithPsk(const PskSelection& selection);
  // Null before it has begun.
  KeySchedule* schedule() { return schedule_.has_value() ? &*schedule_ : nullptr; }

  // --- actions

  void Queue(HandshakeAction action) { actions_.push_back(std::move(action)); }
  std::optional<HandshakeAction> NextAction();
  // Send adds a message to the transcript and queues it. An empty body is a serializer's failure,
  // but in EndOfEarlyData.
  Status Send(Epoch epoch, HandshakeType type, std::vector<uint8_t> body);
  // Receive adds a peer's message to the transcript.
  Status Receive(HandshakeType type, std::span<const uint8_t> body);

  // SendAuthentication queues a message that the transcript has already, in kHandshakeEpoch.
  void SendAuthentication(AuthenticationMessage message);

  // LogKey queues a key log line if config wants it.
  void LogKey(const char* label, const Secret& secret);

  // --- the ladder

  // SetSuite fixes the suite; the transcript's hash is the caller's to select.
  void SetSuite(const CipherSuite& suite) { result_.suite = &suite; }
  // DeriveHandshakeSecrets: the transcript ends with the ServerHello.
  Status DeriveHandshakeSecrets(std::span<const uint8_t> shared_secret);
  // DeriveApplicationSecrets: the transcript ends with the server's Finished. Fills secrets().
  Status DeriveApplicationSecrets();
  // DeriveResumptionSecret: the transcript ends with the client's Finished.
  Status DeriveResumptionSecret();
  // KeepTranscript hands it to secrets(): the last thing that is done with it.
  void KeepTranscript() {
    secrets_.transcript = std::make_unique<Transcript>(std::move(transcript_));
  }
  // UseConnectionIds keeps the agreement and has records carry what it says. Comes before the keys.
  void UseConnectionIds(ConnectionIdAgreement agreement);
  void InstallReadKeys(Epoch epoch, const Secret& traffic_secret);
  void InstallWriteKeys(Epoch epoch, const Secret& traffic_secret);

  // --- Finished

  // SendFinished makes ours over the transcript so far.
  Status SendFinished(const Secret& base_secret);
  // ReceiveFinished verifies the peer's: decode_error for a wrong length, decrypt_error for a wrong
  // MAC.
  Status ReceiveFinished(std::span<const uint8_t> body, const Secret& base_secret);

 private:
  std::shared_ptr<const HandshakeConfig> config_;
  Transcript transcript_;
  std::optional<KeySchedule> schedule_;
  std::deque<HandshakeAction> actions_;
  std::array<uint8_t, 32> client_random_{};
  Secret client_handshake_secret_;
  Secret server_handshake_secret_;
  HandshakeResult result_;
  HandshakeSecrets secrets_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_CONTEXT_H_
