// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_RESULT_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/connection_result.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// EarlyDataOutcome is what became of a client's early data.
enum class EarlyDataOutcome : uint8_t {
  kNone,     // none was offered
  kOffered,  // client: the server has not answered yet
  kAccepted,
  kRejected,  // whatever was sent is lost; the application may send it again
};

// HandshakeResult is what was agreed on, and survives the handshake object. It has no secrets.
struct HandshakeResult {
  const CipherSuite* suite = nullptr;
  NamedGroup group = NamedGroup::kX25519;  // 0 after PskKeyExchangeMode::kPskKe
  // The scheme of the peer's newest CertificateVerify, and of ours in the handshake; 0 where there
  // was none.
  SignatureScheme peer_signature_scheme{};
  SignatureScheme local_signature_scheme{};
  bool used_hello_retry_request = false;
  // The index of the client's PSK that authenticated both sides; nothing where certificates did.
  std::optional<uint16_t> psk_index;
  PskKeyExchangeMode psk_mode = PskKeyExchangeMode::kPskDheKe;  // if psk_index
  // psk_index is a session's: peer_certificates() are those of the connection it came from.
  bool resumed = false;
  // resumed: the session's authenticated_at.
  std::optional<WallTime> authenticated_at;
  EarlyDataOutcome early_data = EarlyDataOutcome::kNone;
  const CipherSuite* early_suite = nullptr;  // of early data's keys
  // Server: the client can use tickets, in a mode that we allow.
  bool takes_tickets = false;
  std::string server_name;
  ConnectionResult connection;
  ConnectionIdAgreement connection_ids;
  CertificateType client_certificate_type = CertificateType::kX509;

  // WriteState and ReadState carry it to another process, with the secrets of exporters. Requires a
  // suite. False when it is no such state.
  void WriteState(ByteWriter* writer, const Secret& exporter_secret,
                  const Secret& early_exporter_secret) const;
  [[nodiscard]] bool ReadState(ByteReader* reader, Secret* exporter_secret,
                               Secret* early_exporter_secret);
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_RESULT_H_
