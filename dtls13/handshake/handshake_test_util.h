// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_TEST_UTIL_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_TEST_UTIL_H_

#include <openssl/evp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/session/cookie.h"

namespace dtls13 {

// SeededRandom repeats itself from its seed.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  bool Fill(std::span<uint8_t> out) override;
  // Failing makes every later Fill fail.
  void Fail() { failing_ = true; }

 private:
  uint64_t state_;
  bool failing_ = false;
};

// RawExtension is one extension, to be changed at will.
struct RawExtension {
  uint16_t type = 0;
  std::vector<uint8_t> data;
};

// EditExtensions rewrites the extension block at the end of a ClientHello or ServerHello body
// (`body` must be well formed).
void EditExtensions(HandshakeType type, std::vector<uint8_t>* body,
                    const std::function<void(std::vector<RawExtension>*)>& edit);
// The same for one extension: its data replaced (or the extension appended), or taken out.
void SetExtension(HandshakeType type, std::vector<uint8_t>* body, ExtensionType extension,
                  std::vector<uint8_t> data);
void RemoveExtension(HandshakeType type, std::vector<uint8_t>* body, ExtensionType extension);

// TestKeyKind are the keys a server may show.
enum class TestKeyKind { kEcdsaP256, kEcdsaP384, kRsa, kRsaPss, kEd25519 };

// TestIdentity is a throw-away key with a self-signed certificate. One of a kind for the process.
class TestIdentity {
 public:
  static const TestIdentity& Get(TestKeyKind kind);

  std::shared_ptr<const Credential> credential() const { return credential_; }
  std::vector<uint8_t> PublicKeyInfo() const;  // DER
  std::vector<uint8_t> Sign(SignatureScheme scheme, std::span<const uint8_t> input) const;

 private:
  explicit TestIdentity(TestKeyKind kind);

  OpenSslPtr<EVP_PKEY> key_;
  std::shared_ptr<const Credential> credential_;
};

std::shared_ptr<const Algorithms> TestAlgorithms();

// TestConfig is a config that both roles can use, with cookie keys and an ECDSA P-256 credential.
HandshakeConfig TestConfig();

const ServerParameters& TestServerParameters();

// Dtls12Hello is the body of a ClientHello of DTLS 1.2 with one suite and no extensions.
std::vector<uint8_t> Dtls12Hello(std::span<const uint8_t> random,
                                 std::span<const uint8_t> session_id);

// HandshakePair runs a client and a server against each other in memory.
class HandshakePair {
 public:
  // A message on its way: what `tamper` may change. Clearing `deliver` loses it.
  struct Flying {
    bool from_client = false;
    HandshakeType type{};
    std::vector<uint8_t> body;
    Epoch epoch;
    bool deliver = true;
  };
  struct Keys {
    Epoch epoch;
    CipherSuiteId suite{};
    std::vector<uint8_t> secret;
  };
  // Side is what one side has done.
  struct Side {
    Status status = Status::Ok();
    std::vector<Flying> sent;  // before tampering
    std::vector<Keys> read_keys;
    std::vector<Keys> write_keys;
    std::vector<std::string> key_log;  // labels
    std::vector<std::string> order;    // every action, by name
    int num_peer_is_dtls13 = 0;
    int num_completed = 0;
    int num_stateless = 0;
  };

  HandshakePair(const HandshakeConfig& client_config, const HandshakeConfig& server_config,
                ClientParameters client_parameters = {},
                ServerParameters server_parameters = TestServerParameters());

  // Run goes on until nothing moves. Answers credentials, signatures and verification.
  void Run();
  bool completed() const { return client.num_completed == 1 && server.num_completed == 1; }

  std::function<void(Flying*)> tamper;
  // deliver hands a message to its receiver; null is HandleMessage.
  std::function<Status(Handshake*, const Flying&)> deliver;
  const TestIdentity* identity = &TestIdentity::Get(TestKeyKind::kEcdsaP256);
  // The client's, if it is asked; null is `identity` too.
  const TestIdentity* client_identity = nullptr;
  std::function<Status(Handshake*)> verify;             // null accepts
  std::function<Status(ServerHandshake*)> provide_psk;  // null knows none

  std::unique_ptr<Handshake> client_handshake;
  std::unique_ptr<ServerHandshake> server_handshake;
  Side client;
  Side server;

 private:
  bool Collect(Handshake* handshake, bool from_client, Side* side);
  bool Deliver(Handshake* handshake, std::vector<Flying>* queue, Side* side);
  bool Answer(Handshake* handshake, Side* side);

  std::vector<Flying> to_server_;
  std::vector<Flying> to_client_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_TEST_UTIL_H_
