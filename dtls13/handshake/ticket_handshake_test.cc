// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr std::chrono::seconds kLifetime(600);

std::shared_ptr<TicketKeyring> NewKeyring(uint64_t seed) {
  return TicketKeyring::Create(TestAlgorithms(), std::make_shared<SeededRandom>(seed),
                               {.lifetime = kLifetime});
}

// Server is one that gave tickets, and kept nothing but its keys.
struct Server {
  HandshakeConfig config = TestConfig();
  std::shared_ptr<TicketKeyring> keyring;

  explicit Server(uint64_t seed = 1) : keyring(NewKeyring(seed)) {
    config.server.ticket_keys = keyring;
  }

  // Issue returns what the client keeps; `change` is done to what the server seals.
  Psk Issue(uint8_t seed, CipherSuiteId suite = kSha256Suite,
            const std::function<void(Session*)>& change = nullptr) const {
    const auto sealed = NewSession(seed, suite);
    sealed->issued_at = Now();
    sealed->lifetime_s = keyring->lifetime_s();
    if (change) change(sealed.get());
    const auto kept = NewSession(seed, suite);
    kept->ticket = keyring->Seal(*sealed, Now());
    EXPECT_FALSE(kept->ticket.empty());
    return Psk(kept);
  }
};

// With is `psk` with another ticket.
Psk With(const Psk& psk, const std::function<void(Bytes*)>& change) {
  const auto changed = NewSession(1, psk.session()->suite);
  changed->psk = Secret::CopyOf(psk.session()->psk.bytes());
  changed->ticket = psk.session()->ticket;
  change(&changed->ticket);
  return Psk(changed);
}

//= rfc8446#section-4.6.1
//= type=test
//# On resumption, if reporting an SNI value to the calling application,
//# implementations MUST use the value sent in the resumption ClientHello
//# rather than the value sent in the previous session.
TEST(TicketHandshakeTest, ResumesByTheTicketAlone) {
  const Server server;
  for (const CipherSuiteId suite : {kSha256Suite, kSha384Suite}) {
    for (const bool require_cookie : {false, true}) {
      HandshakeConfig config = server.config;
      config.server.require_cookie = require_cookie;
      HandshakePair pair(TestConfig(), WithoutCertificate(config),
                         Offering({server.Issue(1, suite)}));
      pair.Run();
      ExpectCompleted(pair);
      EXPECT_TRUE(pair.client_handshake->result().resumed);
      EXPECT_EQ(FindCipherSuite(suite)->hash, pair.client_handshake->result().suite->hash);
      EXPECT_EQ(pair.server_handshake->peer_identity().chain, NewSession(1)->peer_certificates);
      EXPECT_EQ(pair.server_handshake->result().server_name, "server.test");
    }
  }
}

//= rfc6066#section-3
//= type=test
//# When resuming a session, the server MUST NOT include a
//# server_name extension in the server hello.
TEST(TicketHandshakeTest, TheNameIsAcknowledgedUnlessASessionIsResumed) {
  const Server server;
  const std::pair<const char*, Psk> kOffers[] = {
      {"session", server.Issue(1)},
      {"unknown ticket", Server(2).Issue(1)},
      {"external", External(1)},
  };
  for (const auto& [what, psk] : kOffers) {
    SCOPED_TRACE(what);
    HandshakeConfig config = server.config;
    config.server.ask_psk = true;
    HandshakePair pair(TestConfig(), config, Offering({psk}));
    pair.provide_psk = Knowing({External(1)});
    pair.Run();
    ExpectCompleted(pair);
    const HandshakeResult& result = pair.client_handshake->result();
    EXPECT_EQ(result.resumed, std::string(what) == "session");
    EXPECT_EQ(result.connection.server_name_acknowledged, !result.resumed);
    // The application is told of it all the same.
    EXPECT_EQ(pair.server_handshake->result().server_name, "server.test");
  }
}

TEST(TicketHandshakeTest, ANameOfNoUseIsNotAcknowledged) {
  HandshakePair pair(TestConfig(), AskingServer(), Offering({External(1)}));
  pair.provide_psk = [](ServerHandshake* server) {
    server->IgnoreServerName();
    return server->ProvidePsk(0, Psk());
  };
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_FALSE(pair.client_handshake->result().connection.server_name_acknowledged);
  EXPECT_EQ(pair.server_handshake->result().server_name, "server.test");
}

//= rfc8446#section-4.2.11
//= type=test
//# Any unknown PSKs (e.g., ones
//# not in the PSK database or encrypted with an unknown key) SHOULD
//# simply be ignored.
//= rfc8446#section-4.2.11
//= type=test
//# If no acceptable PSKs are found, the server
//# SHOULD perform a non-PSK handshake if possible.
TEST(TicketHandshakeTest, WhatIsNoTicketOfOursIsIgnored) {
  const Server server;
  const Psk good = server.Issue(1);
  const std::pair<const char*, Psk> kBad[] = {
      {"forged", With(good, [](Bytes* ticket) { ticket->back() ^= 1; })},
      {"another key's name", With(good, [](Bytes* ticket) { ticket->front() ^= 1; })},
      {"cut", With(good, [](Bytes* ticket) { ticket->pop_back(); })},
      {"longer", With(good, [](Bytes* ticket) { ticket->push_back(0); })},
      {"one byte", With(good, [](Bytes* ticket) { ticket->resize(1); })},
      {"another server's", Server(2).Issue(1)},
      {"another name's",
       server.Issue(1, kSha256Suite, [](Session* s) { s->server_name = "other.test"; })},
      {"external", External(1)},
  };
  for (const auto& [what, bad] : kBad) {
    for (const bool good_follows : {false, true}) {
      SCOPED_TRACE(what);
      HandshakePair pair(
          TestConfig(), server.config,
          Offering(good_follows ? std::vector<Psk>{bad, good} : std::vector<Psk>{bad}));
      pair.Run();
      ExpectCompleted(pair);
      const HandshakeResult& result = pair.client_handshake->result();
      EXPECT_EQ(result.resumed, good_follows);
      if (good_follows) {
        EXPECT_EQ(result.psk_index, 1);
      }
    }
  }
}

// The client's clock may go wrong: the server's own reckoning counts.
TEST(TicketHandshakeTest, StaleTicketsAreIgnored) {
  const Server server;
  for (const auto age : {kLifetime - std::chrono::seconds(1), kLifetime}) {
    ServerParameters later = TestServerParameters();
    later.now += age;
    HandshakePair pair(TestConfig(), server.config, Offering({server.Issue(1)}), later);
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.client_handshake->result().resumed, age < kLifetime);
  }
}

// A key that differs from the ticket's shows in the binder.
TEST(TicketHandshakeTest, TicketWithAnotherKeyIsTheEnd) {
  const Server server;
  const auto stolen = NewSession(2);
  stolen->ticket = server.Issue(1).session()->ticket;
  HandshakePair pair(TestConfig(), server.config, Offering({Psk(stolen)}));
  pair.Run();
  ExpectFatal(pair.server.status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
}

//= rfc8446#section-4.6.1
//= type=test
//# Any ticket MUST only be resumed with a cipher suite that has the same
//# KDF hash algorithm as that used to establish the original connection.
TEST(TicketHandshakeTest, HashOfTheTicketIsKept) {
  Server server;
  server.config.server.server_preference = true;
  // The ticket's hash comes before the server's preference.
  server.config.cipher_suites = {kSha384Suite, kSha256Suite};
  HandshakePair preferred(TestConfig(), server.config, Offering({server.Issue(1)}));
  preferred.Run();
  ExpectCompleted(preferred);
  EXPECT_TRUE(preferred.client_handshake->result().resumed);
  EXPECT_EQ(preferred.client_handshake->result().suite->hash, HashId::kSha256);

  // No suite has it any more.
  server.config.cipher_suites = {kSha384Suite};
  HandshakePair none(TestConfig(), server.config,
                     Offering({server.Issue(1), server.Issue(2, kSha384Suite)}));
  none.Run();
  ExpectCompleted(none);
  EXPECT_EQ(none.client_handshake->result().psk_index, 1);
}

// The suite of a HelloRetryRequest is made for the ticket too, though nothing is kept of it.
TEST(TicketHandshakeTest, RetryForTheTicket) {
  Server server;
  server.config.server.require_cookie = true;
  server.config.server.server_preference = true;
  server.config.cipher_suites = {kSha384Suite, kSha256Suite};
  HandshakePair pair(TestConfig(), server.config, Offering({server.Issue(1)}));
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_TRUE(pair.client_handshake->result().resumed);
  EXPECT_TRUE(pair.client_handshake->result().used_hello_retry_request);
}

TEST(TicketHandshakeTest, CallerIsAskedOnlyWithoutATicket) {
  Server server;
  server.config.server.ask_psk = true;
  int num_asked = 0;
  const auto run = [&](std::vector<Psk> psks) {
    HandshakePair pair(TestConfig(), server.config, Offering(std::move(psks)));
    pair.provide_psk = [&](ServerHandshake* handshake) {
      ++num_asked;
      return handshake->ProvidePsk(0, External(1));
    };
    pair.Run();
    ExpectCompleted(pair);
    return pair.client_handshake->result().psk_index;
  };
  EXPECT_EQ(run({External(1), server.Issue(1)}), 1);
  EXPECT_EQ(num_asked, 0);
  EXPECT_EQ(run({External(1), External(2)}), 0);
  EXPECT_EQ(num_asked, 1);
}

TEST(TicketHandshakeTest, CallerMayBeAskedWhetherToResume) {
  Server server;
  server.config.server.ask_ticket = true;
  int num_asked = 0;
  const auto run = [&](std::vector<Psk> psks, bool resumes) {
    HandshakePair pair(TestConfig(), server.config, Offering(std::move(psks)));
    pair.provide_psk = [&](ServerHandshake* handshake) {
      ++num_asked;
      const auto& info = handshake->client_hello();
      EXPECT_EQ(info.server_name, "server.test");
      const auto session = info.ticket_session;
      EXPECT_NE(session, nullptr);
      return handshake->ProvidePsk(resumes ? info.ticket_index : 0, resumes ? Psk(session) : Psk());
    };
    pair.Run();
    ExpectCompleted(pair);
    return pair.client_handshake->result().psk_index;
  };
  EXPECT_EQ(run({External(1), server.Issue(1)}, true), 1);
  EXPECT_EQ(num_asked, 1);
  EXPECT_EQ(run({External(1), server.Issue(1)}, false), std::nullopt);
  EXPECT_EQ(num_asked, 2);
  // There is no ticket to be asked about.
  EXPECT_EQ(run({External(1)}, true), std::nullopt);
  EXPECT_EQ(run({}, true), std::nullopt);
  EXPECT_EQ(num_asked, 2);
}

TEST(TicketHandshakeTest, CallerMayChooseTheProtocolOfAResumedConnection) {
  Server server;
  server.config.server.ask_ticket = true;
  HandshakeConfig client_config = TestConfig();
  client_config.connection.alpn = {"one", "two"};
  for (const std::string protocol : {"two", "", "three"}) {
    HandshakePair pair(client_config, server.config, Offering({server.Issue(1)}));
    pair.provide_psk = [&](ServerHandshake* handshake) {
      const Status status = handshake->ChooseProtocol(protocol);
      if (!status.ok()) return status;
      const auto& info = handshake->client_hello();
      return handshake->ProvidePsk(info.ticket_index, Psk(info.ticket_session));
    };
    pair.Run();
    if (protocol == "three") {
      ExpectFatal(pair.server.status, AlertDescription::kInternalError, Reason::kInternal);
      continue;
    }
    ExpectCompleted(pair);
    EXPECT_TRUE(pair.client_handshake->result().resumed);
    EXPECT_EQ(pair.client_handshake->result().connection.alpn, protocol);
  }
}

// With both questions there is one answer.
TEST(TicketHandshakeTest, AnotherKeyMayBeTheAnswerToATicket) {
  Server server;
  server.config.server.ask_ticket = true;
  server.config.server.ask_psk = true;
  HandshakePair pair(TestConfig(), WithoutCertificate(server.config),
                     Offering({server.Issue(1), External(1)}));
  pair.provide_psk = [](ServerHandshake* handshake) {
    EXPECT_NE(handshake->client_hello().ticket_session, nullptr);
    return handshake->ProvidePsk(1, External(1));
  };
  pair.Run();
  ExpectCompleted(pair);
  EXPECT_EQ(pair.client_handshake->result().psk_index, 1);
  EXPECT_FALSE(pair.client_handshake->result().resumed);
}

TEST(TicketHandshakeTest, ClientsThatTakeNoTickets) {
  for (const bool takes : {false, true}) {
    HandshakeConfig client_config = TestConfig();
    if (!takes) client_config.psk_modes = {PskKeyExchangeMode::kPskKe};
    HandshakePair pair(client_config, TestConfig());
    pair.Run();
    ExpectCompleted(pair);
    EXPECT_EQ(pair.server_handshake->result().takes_tickets, takes);
  }
}

}  // namespace
}  // namespace dtls13
