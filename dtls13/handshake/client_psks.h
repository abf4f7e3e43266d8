// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_CLIENT_PSKS_H_
#define DTLS13_HANDSHAKE_CLIENT_PSKS_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// ClientPsks are the keys one client offers, RFC 8446 section 4.2.11, and its part of choosing one.
// It does not know the rest of the handshake: what it needs of it are arguments.
class ClientPsks {
 public:
  // Keep takes those of `psks`, in their order, that this connection can use: a session that is
  // over, was with another name, or has no suite in `hello` any more is left out, as is all beyond
  // kMaxPskIdentities. Suites that fit the first one move to the front of `hello`'s.
  void Keep(std::vector<Psk> psks, std::string_view server_name, WallTime now,
            ClientHelloFields* hello);
  // OnHelloRetryRequest leaves only those that fit the suite the server has chosen.
  void OnHelloRetryRequest(const CipherSuite& suite);

  bool empty() const { return psks_.empty(); }
  const std::vector<Psk>& psks() const { return psks_; }

  // Fields are what the ClientHello is to carry.
  std::vector<OfferedPskFields> Fields(WallTime now) const;
  // WriteBinders replaces the zeros at the end of a ClientHello that Fields() went into.
  // `transcript` is what went before it. False when libcrypto fails.
  [[nodiscard]] bool WriteBinders(const HandshakeConfig& config, const Transcript& transcript,
                                  std::vector<uint8_t>* client_hello_body) const;

  // ReadSelection reads the server's choice: nothing in `*out` if it took none. illegal_parameter
  // for a choice that contradicts the offer.
  Status ReadSelection(const ServerHelloView& server_hello, const CipherSuite& suite,
                       const ClientHelloFields& hello, std::optional<PskSelection>* out) const;

 private:
  std::vector<Psk> psks_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_CLIENT_PSKS_H_
