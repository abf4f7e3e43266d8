// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/psk_test_util.h"

#include <gtest/gtest.h>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {}  // namespace

WallTime Now() { return TestServerParameters().now; }

Psk External(uint8_t identity, HashId hash, bool imported) {
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity = {'i', identity};
  psk->key = Secret::CopyOf(Bytes(32, identity));
  psk->hash = hash;
  psk->imported = imported;
  return Psk(std::move(psk));
}

std::shared_ptr<Session> NewSession(uint8_t ticket, CipherSuiteId suite) {
  auto session = std::make_shared<Session>();
  session->suite = suite;
  session->psk = Secret::CopyOf(Bytes(HashLen(FindCipherSuite(suite)->hash), ticket));
  session->ticket = {'t', ticket};
  session->lifetime_s = 3600;
  session->age_add = 0xffffff00;
  session->issued_at = Now() - std::chrono::seconds(10);
  session->server_name = "server.test";
  session->peer_certificates = {{ticket, 1}, {ticket, 2}};
  return session;
}

ClientParameters Offering(std::vector<Psk> psks) {
  ClientParameters parameters;
  parameters.server_name = "server.test";
  parameters.psks = std::move(psks);
  parameters.now = Now();
  return parameters;
}

HandshakeConfig AskingServer() {
  HandshakeConfig config = TestConfig();
  config.server.ask_psk = true;
  return config;
}

HandshakeConfig WithoutCertificate(HandshakeConfig config) {
  config.credential = nullptr;
  return config;
}

std::function<Status(ServerHandshake*)> Knowing(std::vector<Psk> known) {
  return [known = std::move(known)](ServerHandshake* server) {
    const auto& offered = server->client_hello().psk_identities;
    for (size_t i = 0; i < offered.size(); ++i) {
      for (const Psk& psk : known) {
        const Bytes identity(psk.identity().begin(), psk.identity().end());
        if (identity == offered[i].identity) return server->ProvidePsk(i, psk);
      }
    }
    return server->ProvidePsk(0, Psk());
  };
}

void ExpectFatal(const Status& status, AlertDescription alert, Reason reason) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.alert(), alert) << "alert " << static_cast<int>(status.alert());
  EXPECT_EQ(status.reason(), reason) << "reason " << static_cast<int>(status.reason());
}

void ExpectCompleted(const HandshakePair& pair) {
  ASSERT_TRUE(pair.client.status.ok()) << static_cast<int>(pair.client.status.reason());
  ASSERT_TRUE(pair.server.status.ok()) << static_cast<int>(pair.server.status.reason());
  ASSERT_TRUE(pair.completed());
  const HandshakeResult& at_client = pair.client_handshake->result();
  const HandshakeResult& at_server = pair.server_handshake->result();
  EXPECT_EQ(at_client.psk_index, at_server.psk_index);
  EXPECT_EQ(at_client.psk_mode, at_server.psk_mode);
  EXPECT_EQ(at_client.resumed, at_server.resumed);
  EXPECT_EQ(at_client.group, at_server.group);
  EXPECT_EQ(at_client.suite, at_server.suite);
  const HandshakeSecrets& clients = pair.client_handshake->secrets();
  const HandshakeSecrets& servers = pair.server_handshake->secrets();
  EXPECT_TRUE(clients.exporter_secret.EqualsConstantTime(servers.exporter_secret.bytes()));
  EXPECT_TRUE(clients.resumption_secret.EqualsConstantTime(servers.resumption_secret.bytes()));
}

}  // namespace dtls13
