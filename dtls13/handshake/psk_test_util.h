// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_PSK_TEST_UTIL_H_
#define DTLS13_HANDSHAKE_PSK_TEST_UTIL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/session/psk.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

using Modes = std::vector<PskKeyExchangeMode>;

inline constexpr auto kCH = HandshakeType::kClientHello;
inline constexpr auto kSH = HandshakeType::kServerHello;
inline constexpr auto kKe = PskKeyExchangeMode::kPskKe;
inline constexpr auto kDheKe = PskKeyExchangeMode::kPskDheKe;
inline constexpr CipherSuiteId kSha256Suite = CipherSuiteId::kAes128GcmSha256;
inline constexpr CipherSuiteId kSha384Suite = CipherSuiteId::kAes256GcmSha384;

// The time of TestServerParameters.
WallTime Now();

// External is a key named and made of one byte.
Psk External(uint8_t identity, HashId hash = HashId::kSha256, bool imported = false);

// NewSession is a session with "server.test" as each side would have it, ten seconds old, named and
// made of one byte.
std::shared_ptr<Session> NewSession(uint8_t ticket, CipherSuiteId suite = kSha256Suite);

// Offering is a client of "server.test" with these keys.
ClientParameters Offering(std::vector<Psk> psks);

// AskingServer is TestConfig, where the server asks for keys.
HandshakeConfig AskingServer();
HandshakeConfig WithoutCertificate(HandshakeConfig config);

// Knowing answers with the first offered identity that is among `known`.
std::function<Status(ServerHandshake*)> Knowing(std::vector<Psk> known);

void ExpectFatal(const Status& status, AlertDescription alert, Reason reason);
// ExpectCompleted also holds both sides' results against each other.
void ExpectCompleted(const HandshakePair& pair);

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_PSK_TEST_UTIL_H_
