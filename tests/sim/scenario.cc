#include "tests/sim/scenario.h"

#include <memory>
#include <utility>
#include <vector>

namespace dtls13::sim {
namespace {

// Longer than every deadline there is, the lifetime of superseded keys included.
constexpr Duration kRest = std::chrono::hours(4);

void AskForCookie(PairOptions* options) { options->server.handshake.require_cookie = true; }

void AskForGroup(PairOptions* options) {
  options->client.handshake.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
  options->server.handshake.groups = {NamedGroup::kSecp256r1};
}

void AskForClientCertificate(PairOptions* options) {
  options->server.handshake.client_authentication = ClientAuthentication::kRequired;
  options->client.handshake.ask_credential = true;
  options->client_identity = &TestIdentity::Get(KeyType::kEd25519);
}

std::string FaultOfClientCertificate(AssociationPair* pair) {
  if (pair->server().association->result().peer_signature_scheme != SignatureScheme::kEd25519) {
    return "the server did not verify the client's signature";
  }
  return "";
}

// Both sides hold `psk`, and the server has nothing else to show.
void ShareKey(PairOptions* options, const Psk& psk) {
  options->client_psks = {psk};
  options->server_psks = {psk};
  options->server.handshake.ask_psk = true;
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
  session->suite = CipherSuiteId::kAes256GcmSha384;
  session->psk = Secret::CopyOf(std::vector<uint8_t>(48, 0xa5));
  session->ticket = std::vector<uint8_t>(500, 0x77);
  session->lifetime_s = 7200;
  session->issued_at = kStartOfTime - std::chrono::seconds(60);
  session->server_name = options.server_name;
  return Psk(std::move(session));
}

std::string FaultOfPsk(AssociationPair* pair, bool resumed) {
  for (Side* side : {&pair->client(), &pair->server()}) {
    const HandshakeResult& result = side->association->result();
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
  const PeerIdentity& identity = pair->server().association->peer_identity();
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
  if (pair->client().association->records().write_epoch() != client) {
    return "the client writes under another epoch than it should";
  }
  if (pair->server().association->records().write_epoch() != server) {
    return "the server writes under another epoch than it should";
  }
  return "";
}

constexpr Epoch kSecondApplicationEpoch{4};

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
           options->max_answer_delay = std::chrono::seconds(3);
         }},
    {.name = "client_certificate",
     .configure = AskForClientCertificate,
     .fault = FaultOfClientCertificate},
    {.name = "late_client_certificate",
     .configure =
         [](PairOptions* options) {
           AskForClientCertificate(options);
           options->max_answer_delay = std::chrono::seconds(3);
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
     .fault = [](AssociationPair* pair) { return FaultOfAuthentications(pair, 1); }},
    {.name = "late_authentication_under_key_update",
     .configure =
         [](PairOptions* options) {
           AllowAuthenticationLater(options);
           options->max_answer_delay = std::chrono::seconds(2);
         },
     .start =
         [](AssociationPair* pair) {
           RequestClientCertificate(pair);
           RequestKeyUpdate(pair, &pair->client(), /*request_peer=*/false);
         },
     .fault = [](AssociationPair* pair) { return FaultOfAuthentications(pair, 1); }},
    {.name = "key_update",
     .configure = [](PairOptions*) {},
     .start = [](AssociationPair* pair) { RequestKeyUpdate(pair, &pair->client(), false); },
     .fault =
         [](AssociationPair* pair) {
           return FaultOfEpochs(pair, kSecondApplicationEpoch, kFirstApplicationEpoch);
         }},
    {.name = "key_update_of_both",
     .configure = [](PairOptions*) {},
     .start = [](AssociationPair* pair) { RequestKeyUpdate(pair, &pair->server(), true); },
     .fault =
         [](AssociationPair* pair) {
           return FaultOfEpochs(pair, kSecondApplicationEpoch, kSecondApplicationEpoch);
         }},
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
         }},
};

}  // namespace

std::span<const Scenario> Scenarios() { return kScenarios; }

std::string FaultAtEnd(const Scenario& scenario, AssociationPair* pair) {
  if (!pair->RunUntilConnected(kRest)) return "the two are not connected";
  pair->RunUntilQuiet(kRest);
  if (!pair->IsQuiet()) return "a timer never ends";
  if (!pair->client().handshake_acked) return "the client's final flight is not acknowledged";
  for (Side* side : {&pair->client(), &pair->server()}) {
    if (side->failure) return "a side failed after the handshake";
    if (side->association->HasUnacked()) return "a side still waits for an acknowledgement";
  }
  if (!pair->DataFlowsBothWays()) return "data does not flow both ways";
  return scenario.fault != nullptr ? scenario.fault(pair) : "";
}

}  // namespace dtls13::sim
