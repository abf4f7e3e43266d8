// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/scenario.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "tests/sim/pair_paths.h"

namespace dtls13::sim {
namespace {

// Longer than every deadline there is, the lifetime of superseded keys included.
constexpr Duration kRest = std::chrono::hours(4);

void AskForCookie(PairOptions* options) { options->server.handshake.server.require_cookie = true; }

void AskForGroup(PairOptions* options) {
  options->client.handshake.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
  options->server.handshake.groups = {NamedGroup::kSecp256r1};
}

void AskForClientCertificate(PairOptions* options) {
  options->server.handshake.server.client_authentication = ClientAuthentication::kRequired;
  options->client.handshake.ask_credential = true;
  options->client_identity = &TestIdentity::Get(KeyType::kEd25519);
}

std::string FaultOfClientCertificate(AssociationPair* pair) {
  if (pair->server().association->facts().result.peer_signature_scheme !=
      SignatureScheme::kEd25519) {
    return "the server did not verify the client's signature";
  }
  return "";
}

// Both sides' callers take up to `delay` for each answer, and neither repeats itself much
// meanwhile.
void AnswerLate(PairOptions* options, Duration delay) {
  options->max_answer_delay = delay;
  for (AssociationConfig* config : {&options->client, &options->server}) {
    config->retransmit.initial = seconds(1);
  }
}

// Both sides hold `psk`, and the server has nothing else to show.
void ShareKey(PairOptions* options, const Psk& psk) {
  options->client_psks = {psk};
  options->server_psks = {psk};
  options->server.handshake.server.ask_psk = true;
  options->server_has_certificate = false;
}

Psk ExternalKey() {
  auto psk = std::make_shared<ExternalPsk>();
  psk->identity = {'k', 'e', 'y'};
  psk->key = Secret::CopyOf(std::vector<uint8_t>(32, 0x5a));
  return Psk(std::move(psk));
}

Psk EarlierSession(const PairOptions& options) {
  auto session = std::make_shared<Session>();
  session->version = options.client.handshake.wire_profile.version;
  session->suite = CipherSuiteId::kAes256GcmSha384;
  session->psk = Secret::CopyOf(std::vector<uint8_t>(48, 0xa5));
  session->ticket = std::vector<uint8_t>(500, 0x77);
  session->lifetime_s = 7200;
  session->issued_at = kStartOfTime - seconds(60);
  session->server_name = options.server_name;
  return Psk(std::move(session));
}

std::string FaultOfPsk(AssociationPair* pair, bool resumed) {
  for (Side* side : {&pair->client(), &pair->server()}) {
    const HandshakeResult& result = side->association->facts().result;
    if (result.psk_index != 0 || result.resumed != resumed) return "the key was not used";
  }
  return "";
}

void AllowAuthenticationLater(PairOptions* options) {
  for (AssociationConfig* config : {&options->client, &options->server}) {
    config->handshake.post_handshake_auth = true;
  }
  options->client.handshake.ask_credential = true;
  options->client_identity = &TestIdentity::Get(KeyType::kEd25519);
}

void RequestClientCertificate(AssociationPair* pair) {
  (void)pair->server().association->RequestClientCertificate(pair->now());
  pair->Flush(pair->server());
}

std::string FaultOfAuthentications(AssociationPair* pair, size_t num) {
  if (pair->server().num_authenticated != num) {
    return "the client was not authenticated as often as it was asked";
  }
  const PeerIdentity& identity = pair->server().association->facts().peer_identity;
  return identity.chain == TestIdentity::Get(KeyType::kEd25519).credential()->chain
             ? ""
             : "the client is not who it should be";
}

void RequestKeyUpdate(AssociationPair* pair, Side* side, bool request_peer) {
  side->association->RequestKeyUpdate(request_peer, pair->now());
  pair->Flush(*side);
}

// F2: each side's keys advance once for each KeyUpdate, whatever is lost.
std::string FaultOfEpochs(AssociationPair* pair, Epoch client, Epoch server) {
  if (pair->client().association->facts().records.write_epoch() != client) {
    return "the client writes under another epoch than it should";
  }
  if (pair->server().association->facts().records.write_epoch() != server) {
    return "the server writes under another epoch than it should";
  }
  return "";
}

constexpr Epoch kSecondApplicationEpoch{4};

void IssueTickets(PairOptions* options) {
  HandshakeConfig& server = options->server.handshake;
  server.server.ticket_keys = TicketKeyring::Create(server.algorithms, server.random, {});
}

std::string FaultOfTickets(AssociationPair* pair, size_t num) {
  return pair->client().sessions.size() == num ? "" : "the client has not the tickets it was sent";
}

// HaveTickets gives the client those of a first connection, which nothing disturbs.
void HaveTickets(PairOptions* options) {
  IssueTickets(options);
  PairOptions first = *options;
  first.impairment = {};
  first.drop = nullptr;
  AssociationPair pair(std::move(first));
  (void)pair.RunUntilConnected();
  pair.RunUntilQuiet();
  for (const auto& session : pair.client().sessions) options->client_psks.emplace_back(session);
  options->age = seconds(100);
}

// Who came by a ticket has used one up, and gets one.
std::string FaultOfResumption(AssociationPair* pair) {
  const std::string fault = FaultOfPsk(pair, /*resumed=*/true);
  return fault.empty() ? FaultOfTickets(pair, 1) : fault;
}

void SendEarlyData(PairOptions* options) {
  options->server.handshake.server.max_early_data_len = 1000;
  options->server.handshake.server.replay_guard = std::make_shared<RecentClaims>(kStartOfTime);
  HaveTickets(options);
  options->client_early_data = true;
  options->early_texts = {"early one", "early two", "early three"};
}

// Any of it may be lost, but none is repeated, made up, or taken for data that came later.
std::string FaultOfEarlyData(AssociationPair* pair) {
  std::vector<std::string> left = {"early one", "early two", "early three"};
  for (const std::vector<uint8_t>& data : pair->server().received_early) {
    const auto found = std::find(left.begin(), left.end(), std::string(data.begin(), data.end()));
    if (found == left.end()) return "early data was delivered twice, or changed";
    left.erase(found);
  }
  for (const std::vector<uint8_t>& data : pair->server().received) {
    if (std::string(data.begin(), data.end()).starts_with("early")) {
      return "early data was taken for application data";
    }
  }
  if (pair->client().early_data_answers.size() != 1) return "the client has no answer, or two";
  // A server that answered with a HelloRetryRequest has not seen any offer.
  const auto accepted = [](const Side& side) {
    return side.association->facts().result.early_data == EarlyDataOutcome::kAccepted;
  };
  if (accepted(pair->client()) != accepted(pair->server())) {
    return "the two do not agree about early data";
  }
  return FaultOfResumption(pair);
}

// A ticket's age is wrong when the hello that states it was lost for long.
std::string FaultOfAcceptedEarlyData(AssociationPair* pair) {
  const auto& log = pair->link().log();
  const bool any_lost =
      std::any_of(log.begin(), log.end(), [](const SentDatagram& sent) { return sent.dropped; });
  const bool accepted =
      pair->client().association->facts().result.early_data == EarlyDataOutcome::kAccepted;
  if (!accepted && !any_lost) return "early data was rejected although nothing was lost";
  if (!accepted && !pair->server().received_early.empty()) return "rejected data was delivered";
  return FaultOfEarlyData(pair);
}

std::string FaultOfRejectedEarlyData(AssociationPair* pair) {
  if (pair->client().association->facts().result.early_data != EarlyDataOutcome::kRejected) {
    return "early data was not rejected";
  }
  if (!pair->server().received_early.empty()) return "rejected data was delivered";
  return FaultOfEarlyData(pair);
}

void UseConnectionIds(PairOptions* options, PathCheck check) {
  for (AssociationConfig* config : {&options->client, &options->server}) {
    config->handshake.connection_ids.receive_len = 8;
    config->handshake.connection_ids.min_spares = 2;
    config->path_validation.check = check;
  }
  options->paths.emplace();
  options->paths->Open("A", "A");
}

// The NAT gives the client another address; the old one is dead.
void Rebind(AssociationPair* pair) {
  pair->paths().Open("A", "B");
  pair->paths().Close("A");
  pair->Send(pair->client(), "to the server from B");
}

// The client goes to another address itself, and the old one lives on.
void Migrate(AssociationPair* pair) {
  pair->paths().Open("C", "C");
  pair->client().association->MigrateTo(NamedPath("C"), pair->now());
  pair->Send(pair->client(), "to the server from C");
}

// A server cannot find a client whose address changed and who is silent, nor can its messages: the
// client speaks until it is found. A check in vain is begun anew as long as it does.
void SpeakUntilFound(AssociationPair* pair, std::string_view outside) {
  for (int i = 0; i < 60; ++i) {
    if (pair->server().association->facts().active_path == NamedPath(outside)) return;
    pair->Send(pair->client(), "to the server again");
    pair->RunFor(milliseconds(500));
  }
}

std::string FaultOfMove(AssociationPair* pair, std::string_view outside) {
  const PathId path = NamedPath(outside);
  if (pair->server().association->facts().active_path != path) return "the server has not moved";
  if (pair->server().moves != std::vector<PathId>{path}) return "the server moved more than once";
  return pair->client().moves.empty() ? "" : "the client moved although the server did not";
}

void UpdateKeysAmongTickets(AssociationPair* pair) {
  pair->server().association->SendTicket(pair->now());
  RequestKeyUpdate(pair, &pair->client(), false);
  RequestKeyUpdate(pair, &pair->server(), false);
  pair->server().association->SendTicket(pair->now());
  pair->Flush(pair->server());
}

constexpr Scenario kScenarios[] = {
    {.name = "full", .configure = [](PairOptions*) {}},
    {.name = "cookie", .configure = AskForCookie},
    {.name = "group", .configure = AskForGroup},
    {.name = "cookie_and_group",
     .configure =
         [](PairOptions* options) {
           AskForCookie(options);
           AskForGroup(options);
         }},
    {.name = "late_answers",
     .configure =
         [](PairOptions* options) {
           options->server.handshake.ask_credential = true;
           AnswerLate(options, seconds(3));
         }},
    {.name = "client_certificate",
     .configure = AskForClientCertificate,
     .fault = FaultOfClientCertificate},
    {.name = "late_client_certificate",
     .configure =
         [](PairOptions* options) {
           AskForClientCertificate(options);
           AnswerLate(options, seconds(3));
         },
     .fault = FaultOfClientCertificate},
    {.name = "psk_alone",
     .configure =
         [](PairOptions* options) {
           ShareKey(options, ExternalKey());
           options->client.handshake.psk_modes = {PskKeyExchangeMode::kPskKe};
           options->server.handshake.psk_modes = {PskKeyExchangeMode::kPskKe};
         },
     .fault = [](AssociationPair* pair) { return FaultOfPsk(pair, /*resumed=*/false); }},
    {.name = "resumption_with_cookie_and_group",
     .configure =
         [](PairOptions* options) {
           ShareKey(options, EarlierSession(*options));
           AskForCookie(options);
           AskForGroup(options);
         },
     .fault = [](AssociationPair* pair) { return FaultOfPsk(pair, /*resumed=*/true); }},
    {.name = "authentication_later",
     .configure = AllowAuthenticationLater,
     .start = RequestClientCertificate,
     .fault = [](AssociationPair* pair) { return FaultOfAuthentications(pair, 1); },
     .needs_post_handshake_auth = true},
    {.name = "late_authentication_under_key_update",
     .configure =
         [](PairOptions* options) {
           AllowAuthenticationLater(options);
           AnswerLate(options, seconds(2));
         },
     .start =
         [](AssociationPair* pair) {
           RequestClientCertificate(pair);
           RequestKeyUpdate(pair, &pair->client(), /*request_peer=*/false);
         },
     .fault = [](AssociationPair* pair) { return FaultOfAuthentications(pair, 1); },
     .needs_post_handshake_auth = true},
    {.name = "key_update",
     .configure = [](PairOptions*) {},
     .start = [](AssociationPair* pair) { RequestKeyUpdate(pair, &pair->client(), false); },
     .fault =
         [](AssociationPair* pair) {
           return FaultOfEpochs(pair, kSecondApplicationEpoch, kFirstApplicationEpoch);
         },
     .counts_key_updates = true},
    {.name = "key_update_of_both",
     .configure = [](PairOptions*) {},
     .start = [](AssociationPair* pair) { RequestKeyUpdate(pair, &pair->server(), true); },
     .fault =
         [](AssociationPair* pair) {
           return FaultOfEpochs(pair, kSecondApplicationEpoch, kSecondApplicationEpoch);
         },
     .counts_key_updates = true},
    {.name = "key_updates_crossing",
     .configure = [](PairOptions*) {},
     .start =
         [](AssociationPair* pair) {
           RequestKeyUpdate(pair, &pair->client(), false);
           RequestKeyUpdate(pair, &pair->server(), false);
         },
     .fault =
         [](AssociationPair* pair) {
           return FaultOfEpochs(pair, kSecondApplicationEpoch, kSecondApplicationEpoch);
         },
     .counts_key_updates = true},
    {.name = "tickets",
     .configure = IssueTickets,
     .fault = [](AssociationPair* pair) { return FaultOfTickets(pair, 2); }},
    {.name = "resumption",
     .configure =
         [](PairOptions* options) {
           HaveTickets(options);
           options->server_has_certificate = false;
         },
     .fault = FaultOfResumption},
    {.name = "early_data", .configure = SendEarlyData, .fault = FaultOfAcceptedEarlyData},
    {.name = "early_data_rejected",
     .configure =
         [](PairOptions* options) {
           SendEarlyData(options);
           options->server.handshake.server.max_early_data_len = 0;
         },
     .fault = FaultOfRejectedEarlyData},
    {.name = "early_data_and_cookie",
     .configure =
         [](PairOptions* options) {
           SendEarlyData(options);
           AskForCookie(options);
         },
     .fault = FaultOfRejectedEarlyData},
    {.name = "new_address",
     .configure = [](PairOptions* options) { UseConnectionIds(options, PathCheck::kBasic); },
     .start = Rebind,
     .settle = [](AssociationPair* pair) { SpeakUntilFound(pair, "B"); },
     .fault = [](AssociationPair* pair) { return FaultOfMove(pair, "B"); },
     .needs_connection_ids = true},
    {.name = "new_address_checked_twice",
     .configure = [](PairOptions* options) { UseConnectionIds(options, PathCheck::kEnhanced); },
     .start = Rebind,
     .settle = [](AssociationPair* pair) { SpeakUntilFound(pair, "B"); },
     .fault = [](AssociationPair* pair) { return FaultOfMove(pair, "B"); },
     .needs_connection_ids = true},
    {.name = "migration_under_key_update",
     .configure = [](PairOptions* options) { UseConnectionIds(options, PathCheck::kEnhanced); },
     .start =
         [](AssociationPair* pair) {
           Migrate(pair);
           RequestKeyUpdate(pair, &pair->client(), /*request_peer=*/true);
         },
     .settle = [](AssociationPair* pair) { SpeakUntilFound(pair, "C"); },
     .fault = [](AssociationPair* pair) { return FaultOfMove(pair, "C"); },
     .needs_connection_ids = true},
    {.name = "key_updates_crossing_tickets",
     .configure = IssueTickets,
     .start = UpdateKeysAmongTickets,
     .fault =
         [](AssociationPair* pair) {
           const std::string fault =
               FaultOfEpochs(pair, kSecondApplicationEpoch, kSecondApplicationEpoch);
           return fault.empty() ? FaultOfTickets(pair, 4) : fault;
         },
     .counts_key_updates = true},
};

// Tickets that were lost time after time are given up. A client that is heard after long over a
// good link is sent them once more.
void BringTickets(AssociationPair* pair) {
  pair->link().SetImpairment({});
  pair->RunFor(minutes(10));
  pair->Send(pair->client(), "to the server after long");
  pair->RunUntilQuiet(kRest);
}

}  // namespace

std::span<const Scenario> Scenarios() { return kScenarios; }

std::vector<Scenario> ScenariosOf(const WireProfile& profile) {
  std::vector<Scenario> scenarios;
  std::copy_if(std::begin(kScenarios), std::end(kScenarios), std::back_inserter(scenarios),
               [&](const Scenario& scenario) {
                 return (profile.has_connection_ids || !scenario.needs_connection_ids) &&
                        (profile.has_post_handshake_auth || !scenario.needs_post_handshake_auth);
               });
  return scenarios;
}

std::string FaultAtEnd(const Scenario& scenario, AssociationPair* pair) {
  if (!pair->RunUntilConnected(kRest)) return "the two are not connected";
  if (scenario.settle != nullptr) scenario.settle(pair);
  pair->RunUntilQuiet(kRest);
  if (!pair->IsQuiet()) return "a timer never ends";
  if (!pair->client().handshake_acked) return "the client's final flight is not acknowledged";
  for (Side* side : {&pair->client(), &pair->server()}) {
    if (side->failure) return "a side failed after the handshake";
    if (side->association->facts().has_unacked) return "a side still waits for an acknowledgement";
  }
  if (!pair->DataFlowsBothWays()) return "data does not flow both ways";
  BringTickets(pair);
  return scenario.fault != nullptr ? scenario.fault(pair) : "";
}

}  // namespace dtls13::sim
