// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/association_pair.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/session/cookie.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::sim {

bool SeededRandom::Fill(std::span<uint8_t> out) {
  for (uint8_t& byte : out) byte = static_cast<uint8_t>(random_());
  return true;
}

// Longer than a client goes on that must lose many datagrams and may.
constexpr seconds kCookieLifetime = std::chrono::hours(24);

std::string ProfileName(const WireProfile& profile) {
  return profile == kDraft26Profile ? "Draft26" : "Rfc9147";
}

PairOptions DefaultPairOptions(uint64_t seed, const WireProfile& profile) {
  PairOptions options;
  options.seed = seed;
  for (AssociationConfig* config : {&options.client, &options.server}) {
    if (profile == kDraft26Profile) SpeakDraft26(config);
    config->handshake.algorithms = DefaultAlgorithms();
    config->handshake.random = std::make_shared<SeededRandom>(seed++);
    // Tests count deadlines, and keep facts in hand; those of going cold say so.
    config->cold_after = Duration::zero();
  }
  options.server.handshake.server.cookie_keys =
      CookieKeyring::Create(DefaultAlgorithms(), options.server.handshake.random,
                            {.lifetime = kCookieLifetime, .rotation = kCookieLifetime});
  // The shortest exchange there is; what needs a cookie asks for it.
  options.server.handshake.server.require_cookie = false;
  return options;
}

AssociationPair::AssociationPair(PairOptions options)
    : options_(std::move(options)),
      link_(options_.impairment, options_.seed),
      random_(~options_.seed) {
  link_.SetFilter(options_.drop);
  link_.SetCorruptible(options_.corruptible);
  if (options_.identity == nullptr) options_.identity = &TestIdentity::Get(options_.key);
  if (!options_.server.handshake.ask_credential && options_.server_has_certificate) {
    options_.server.handshake.credential = options_.identity->credential();
  }
  ClientParameters client_parameters;
  client_parameters.server_name = options_.server_name;
  client_parameters.psks = options_.client_psks;
  client_parameters.early_data = options_.client_early_data;
  client_parameters.now = kStartOfTime + options_.age;
  client().association = Association::NewClient(
      std::make_shared<AssociationConfig>(options_.client), std::move(client_parameters));
  ServerParameters server_parameters;
  server_parameters.peer_address = ToBytes("192.0.2.1:1234");
  server_parameters.now = kStartOfTime + options_.age;
  server().association = Association::NewServer(
      std::make_shared<AssociationConfig>(options_.server), std::move(server_parameters));
  Flush(client());
  for (const std::string& text : options_.early_texts) SendEarly(text);
}

Direction AssociationPair::DirectionFrom(const Side& side) const {
  return &side == &sides_[0] ? Direction::kClientToServer : Direction::kServerToClient;
}

void AssociationPair::Carry(Side& side, std::span<const uint8_t> bytes, const PathId& to) {
  std::optional<PathId> path = to;
  if (options_.paths && &side == &client()) path = options_.paths->Outward(to);
  if (path) link_.Send(DirectionFrom(side), bytes, now_, *path);
}

void AssociationPair::Flush(Side& side) {
  std::array<uint8_t, 65536> buffer;
  PathId to;
  bool more = true;
  while (more) {
    more = false;
    while (const size_t len = side.association->PollTransmit(buffer, now_, &to)) {
      Carry(side, std::span(buffer).first(len), to);
    }
    while (std::optional<Event> event = side.association->PollEvent()) {
      HandleEvent(side, *event);
      more = true;
    }
  }
}

// The server takes the first key that it has, in the client's order.
void AssociationPair::AnswerPskWanted(Association& association) {
  const std::vector<OfferedIdentity>& offered = association.facts().client_hello.psk_identities;
  for (size_t i = 0; i < offered.size(); ++i) {
    for (const Psk& psk : options_.server_psks) {
      const std::span<const uint8_t> ours = psk.identity();
      if (std::equal(ours.begin(), ours.end(), offered[i].identity.begin(),
                     offered[i].identity.end())) {
        association.ProvidePsk(i, psk, now_);
        return;
      }
    }
  }
  association.ProvidePsk(0, Psk(), now_);
}

void AssociationPair::Answer(Side& side, EventType event) {
  Association& association = *side.association;
  const bool is_client =
      association.facts().role == Role::kClient && options_.client_identity != nullptr;
  const TestIdentity& identity = is_client ? *options_.client_identity : *options_.identity;
  switch (event) {
    case EventType::kPskWanted:
      AnswerPskWanted(association);
      return;
    case EventType::kCredentialWanted:
      association.ProvideCredential(identity.credential(), now_);
      return;
    case EventType::kSignatureWanted: {
      const SignatureRequest& request = association.facts().signature_request;
      association.ProvideSignature(identity.Sign(request.scheme, request.input), now_);
      return;
    }
    case EventType::kVerifyPeer:
      side.was_asked_to_verify = true;
      association.ProvideVerification(association.facts().role == Role::kClient
                                          ? options_.verify_ok
                                          : options_.verify_client_ok,
                                      AlertDescription::kUnknownCa, now_);
      return;
    default:
      return;
  }
}

void AssociationPair::AnswerInTime(Side& side, EventType event) {
  if (options_.max_answer_delay == Duration()) {
    Answer(side, event);
    return;
  }
  late_answers_.push_back({.at = now_ + RandomDuration(Duration(), options_.max_answer_delay),
                           .side = static_cast<size_t>(&side - sides_),
                           .event = event});
}

void AssociationPair::AnswerDue() {
  for (size_t i = 0; i < late_answers_.size();) {
    if (late_answers_[i].at > now_) {
      ++i;
      continue;
    }
    const LateAnswer answer = late_answers_[i];
    late_answers_.erase(late_answers_.begin() + static_cast<ptrdiff_t>(i));
    Answer(sides_[answer.side], answer.event);
    Flush(sides_[answer.side]);
  }
}

Duration AssociationPair::RandomDuration(Duration min, Duration max) {
  return Duration(std::uniform_int_distribution<Duration::rep>(min.count(), max.count())(random_));
}

void AssociationPair::HandleEvent(Side& side, const Event& event) {
  switch (event.type) {
    case EventType::kPskWanted:
    case EventType::kCredentialWanted:
    case EventType::kSignatureWanted:
    case EventType::kVerifyPeer:
      AnswerInTime(side, event.type);
      return;
    case EventType::kKeyLog:
      side.key_log.emplace_back(event.data.begin(), event.data.end());
      return;
    case EventType::kTrace:
      if (event.trace.outgoing && event.trace.content_type == ContentType::kHandshake) {
        side.sent_messages.push_back(
            {.type = static_cast<HandshakeType>(event.data[0]),
             .message_seq = static_cast<uint16_t>(event.data[4] << 8 | event.data[5])});
      }
      return;
    case EventType::kConnected:
      side.connected = true;
      return;
    case EventType::kApplicationData:
      if (!side.connected) side.got_data_too_early = true;
      side.received.emplace_back(event.data.begin(), event.data.end());
      side.received_numbers.push_back(event.number);
      return;
    case EventType::kConnectionIdAdded:
      side.connection_ids.emplace_back(event.data.begin(), event.data.end());
      return;
    case EventType::kConnectionIdRetired:
      std::erase(side.connection_ids, ToBytes(event.data));
      return;
    case EventType::kPeerMoved:
      side.moves.push_back(*PathId::Of(event.data));
      return;
    case EventType::kPeerAddressCandidate:
      side.candidates.push_back(*PathId::Of(event.data));
      return;
    case EventType::kClientAuthenticated:
      ++side.num_authenticated;
      return;
    case EventType::kClientDeclined:
      ++side.num_declined;
      return;
    case EventType::kEarlyData:
      side.received_early.emplace_back(event.data.begin(), event.data.end());
      return;
    case EventType::kEarlyDataAccepted:
    case EventType::kEarlyDataRejected:
      side.early_data_answers.push_back(event.type);
      return;
    case EventType::kTicket:
      side.sessions.push_back(event.session);
      return;
    case EventType::kHandshakeAcked:
      side.handshake_acked = true;
      return;
    case EventType::kPeerClosed:
      side.peer_closed = true;
      return;
    case EventType::kFailed:
      side.failure = event.status;
      side.failure_from_peer = event.from_peer;
      return;
  }
}

void AssociationPair::Inject(Side& side, std::span<const uint8_t> bytes) {
  std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  side.association->HandleDatagram(copy, now_);
  Flush(side);
}

void AssociationPair::InjectFrom(Side& side, std::span<const uint8_t> bytes, const PathId& path) {
  std::optional<PathId> from = path;
  if (options_.paths && &side == &client()) from = options_.paths->Inward(path);
  if (!from) return;
  std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  side.association->HandleDatagram(copy, *from, now_);
  Flush(side);
}

void AssociationPair::SetWakes() {
  const Duration error = options_.max_timer_error;
  for (size_t i = 0; i < 2; ++i) {
    const std::optional<Instant> deadline = sides_[i].association->NextTimeout();
    std::optional<Wake>& wake = wakes_[i];
    if (!deadline) {
      wake.reset();
    } else if (!wake || wake->deadline != *deadline) {
      wake = {.deadline = *deadline, .at = *deadline + RandomDuration(-error, error)};
    } else if (wake->at <= now_) {
      // It was handled too early, and is still to come.
      wake->at = std::max(*deadline, now_) + RandomDuration(Duration(), error);
    }
  }
}

void AssociationPair::HandleTimeoutsDue() {
  for (size_t i = 0; i < 2; ++i) {
    if (!wakes_[i] || wakes_[i]->at > now_) continue;
    sides_[i].association->HandleTimeout(now_);
    Flush(sides_[i]);
  }
}

std::optional<Instant> AssociationPair::NextStep() const {
  std::optional<Instant> next = link_.NextDelivery();
  const auto or_at = [&next](Instant at) {
    if (!next || at < *next) next = at;
  };
  for (const LateAnswer& answer : late_answers_) or_at(answer.at);
  for (const std::optional<Wake>& wake : wakes_) {
    if (wake) or_at(wake->at);
  }
  return next;
}

bool AssociationPair::Step(Instant until) {
  SetWakes();
  const std::optional<Instant> next = NextStep();
  if (!next || *next > until || spins()) return false;
  num_steps_at_once_ = *next > now_ ? 0 : num_steps_at_once_ + 1;
  now_ = std::max(now_, *next);
  while (std::optional<VirtualLink::Delivery> delivery = link_.Receive(now_)) {
    InjectFrom(delivery->direction == Direction::kClientToServer ? server() : client(),
               delivery->bytes, delivery->path);
  }
  AnswerDue();
  HandleTimeoutsDue();
  return true;
}

void AssociationPair::RunFor(Duration duration) {
  const Instant until = now_ + duration;
  while (Step(until)) {
  }
  now_ = until;
}

void AssociationPair::UpdateKeys(Side& side, bool request_peer) {
  side.association->RequestKeyUpdate(request_peer, now_);
  Flush(side);
}

bool AssociationPair::RunUntilConnected(Duration limit) {
  const Instant until = now_ + limit;
  while (!(client().connected && server().connected) && !client().failure && !server().failure) {
    if (!Step(until)) break;
  }
  return client().connected && server().connected;
}

void AssociationPair::RunUntilQuiet(Duration limit) {
  const Instant until = now_ + limit;
  while (Step(until)) {
  }
}

SendResult AssociationPair::SendEarly(std::string_view text) {
  std::array<uint8_t, 65536> buffer;
  size_t len = 0;
  const SendResult result = client().association->SealEarly(ToBytes(text), buffer, &len);
  if (result == SendResult::kSealed) {
    link_.Send(DirectionFrom(client()), std::span(buffer).first(len), now_);
  }
  return result;
}

bool AssociationPair::Send(Side& side, std::string_view text) {
  std::array<uint8_t, 65536> buffer;
  size_t len = 0;
  const Bytes plaintext = ToBytes(text);
  if (side.association->Seal(plaintext, buffer, &len) != SendResult::kSealed) return false;
  Carry(side, std::span(buffer).first(len), side.association->facts().active_path);
  return true;
}

bool AssociationPair::HasReceived(const Side& side, std::string_view text) {
  return std::find(side.received.begin(), side.received.end(), ToBytes(text)) !=
         side.received.end();
}

bool AssociationPair::DataFlowsBothWays() {
  // Data is not retransmitted; over a lossy link this many tries make a false alarm unlikely.
  constexpr int kTries = 60;
  for (int i = 0; i < kTries; ++i) {
    if (HasReceived(server(), "to the server") && HasReceived(client(), "to the client"))
      return true;
    if (!Send(client(), "to the server") || !Send(server(), "to the client")) return false;
    RunFor(milliseconds(500));
  }
  return false;
}

}  // namespace dtls13::sim
