// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dtls13/endpoint/endpoint_impl.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/signer.h"

namespace dtls13 {
namespace {

// Their Connection IDs are of one length, as a datagram does not say whose it is otherwise.
std::shared_ptr<const AssociationConfig> WithSource(AssociationConfig config, size_t receive_len,
                                                    std::shared_ptr<ConnectionIdSource> source) {
  config.handshake.connection_ids.receive_len = receive_len;
  config.handshake.connection_ids.source = std::move(source);
  return std::make_shared<const AssociationConfig>(std::move(config));
}

SendOutcome OutcomeOf(SendResult result) {
  switch (result) {
    case SendResult::kSealed:
      return SendOutcome::kQueued;
    case SendResult::kNotConnected:
      return SendOutcome::kNotConnected;
    case SendResult::kClosed:
      return SendOutcome::kClosed;
    case SendResult::kTooLarge:
      return SendOutcome::kTooLarge;
    case SendResult::kExhausted:
      return SendOutcome::kExhausted;
    case SendResult::kTransmitFirst:
      return SendOutcome::kBlocked;
  }
  return SendOutcome::kClosed;
}

}  // namespace

const char* InputCountName(InputCount count) {
  static constexpr std::array<const char*, kNumInputCounts> kNames = {"delivered",
                                                                      "retried",
                                                                      "accepted",
                                                                      "refused",
                                                                      "not_whole",
                                                                      "unknown_address",
                                                                      "unknown_connection_id",
                                                                      "hello_rate",
                                                                      "not_accepting",
                                                                      "address_in_use",
                                                                      "no_room",
                                                                      "no_room_to_answer",
                                                                      "bad_address"};
  return kNames[static_cast<size_t>(count)];
}

std::unique_ptr<Endpoint> Endpoint::Create(EndpointOptions options) {
  std::array<uint8_t, sizeof(uint64_t)> random;
  if (!options.config->handshake.random->Fill(random)) return nullptr;
  uint64_t seed = 0;
  std::memcpy(&seed, random.data(), sizeof(seed));
  return std::make_unique<EndpointImpl>(std::move(options), seed);
}

EndpointImpl::EndpointImpl(EndpointOptions options, uint64_t hash_seed)
    : options_(std::move(options)),
      connection_ids_(std::make_shared<IssuedConnectionIds>(
          options_.config->handshake.connection_ids.source, options_.config->handshake.random)),
      config_(WithSource(*options_.config, options_.config->handshake.connection_ids.receive_len,
                         connection_ids_)),
      listener_(HandshakeConfigOf(config_), HelloListenerOptions()),
      hello_rate_(options_.max_hellos_per_host, options_.max_hellos, hash_seed),
      places_(hash_seed),
      half_open_(options_.max_half_open, options_.max_half_open_per_host, hash_seed),
      output_(options_.max_queued_bytes) {}

std::shared_ptr<const AssociationConfig> EndpointImpl::ClientConfig(
    std::shared_ptr<const AssociationConfig> config) {
  if (config == nullptr) return config_;
  if (config != given_client_config_) {
    client_config_ =
        WithSource(*config, config_->handshake.connection_ids.receive_len, connection_ids_);
    given_client_config_ = std::move(config);
  }
  return client_config_;
}

// --- Events

std::optional<EndpointEvent> EndpointImpl::PollEvent() {
  // One for all returns, as a processor waits for what it is to copy right after it was put
  // together; and a copy of an empty one, as GCC clears a new one of this size by rep stos.
  std::optional<EndpointEvent> happened(no_event_);
  while (true) {
    if (!notices_.empty()) {
      *happened = std::move(notices_.front());
      notices_.pop_front();
      return happened;
    }
    if (PollAssociations(&*happened)) return happened;
    // What answers datagrams waits until all are taken: one ACK may answer many.
    if (const std::optional<DatagramCursor::Datagram> datagram = received_.Next()) {
      TakeDatagram(*datagram);
    } else if (std::exchange(timers_are_due_, false)) {
      RunTimers();
    } else if (!TransmitAll()) {
      happened.reset();
      return happened;
    }
  }
}

bool EndpointImpl::PollAssociations(EndpointEvent* happened) {
  while (!to_poll_.empty()) {
    Entry* const entry = Find(to_poll_.front());
    if (entry != nullptr) {
      if (std::optional<Event> event = entry->association->PollEvent()) {
        WakeToTransmit(entry);
        if (Answer(entry, *event)) continue;
        Note(entry, *event);
        happened->type = EndpointEventType::kEvent;
        happened->id = entry->id;
        happened->event = *std::move(event);
        return true;
      }
      entry->may_have_events = false;
      if (!entry->may_transmit) Settle(entry);
    }
    to_poll_.pop_front();
  }
  return false;
}

bool EndpointImpl::Answer(Entry* entry, const Event& event) {
  Association& association = *entry->association;
  if (event.type == EventType::kSignatureWanted && options_.signer != nullptr) {
    const SignatureRequest& request = association.facts().signature_request;
    const std::optional<std::vector<uint8_t>> signature =
        options_.signer->Sign(request.scheme, request.input);
    association.ProvideSignature(signature.value_or(std::vector<uint8_t>()), now_);
    Wake(entry);
    return true;
  }
  if (event.type == EventType::kVerifyPeer) {
    const PeerVerifier* const verifier =
        (entry->is_client ? options_.server_verifier : options_.client_verifier).get();
    const PeerIdentity& identity = association.facts().peer_identity;
    // A verifier of certificates says nothing of raw public keys.
    if (verifier == nullptr || identity.type != CertificateType::kX509) return false;
    const std::string server_name =
        entry->is_client ? association.facts().result.server_name : std::string();
    const PeerVerifier::Result result = verifier->Verify(identity.chain, server_name, wall_now_);
    association.ProvideVerification(result.ok, result.alert, now_);
    Wake(entry);
    return true;
  }
  return false;
}

// Note takes what concerns the endpoint out of an event.
void EndpointImpl::Note(Entry* entry, const Event& event) {
  switch (event.type) {
    case EventType::kApplicationData:
      entry->active_at = now_;
      return;
    case EventType::kConnected:
      return OnConnected(entry);
    case EventType::kConnectionIdAdded:
      return AddConnectionId(entry, event.data);
    case EventType::kConnectionIdRetired:
      return RemoveConnectionId(entry, event.data);
    case EventType::kPeerMoved:
      return FollowPath(entry);
    default:
      return;
  }
}

void EndpointImpl::AddConnectionId(Entry* entry, std::span<const uint8_t> connection_id) {
  if (connection_ids_->Add(connection_id, entry->id)) {
    entry->connection_ids.insert(entry->connection_ids.end(), connection_id.begin(),
                                 connection_id.end());
    return;
  }
  // Its peer's records would go to another association. Only a source that makes an identifier
  // again after many others brings this.
  entry->association->Abort(AlertDescription::kInternalError);
  Wake(entry);
}

void EndpointImpl::RemoveConnectionId(Entry* entry, std::span<const uint8_t> connection_id) {
  std::vector<uint8_t>& ids = entry->connection_ids;
  const auto len = static_cast<std::ptrdiff_t>(connection_id.size());
  for (auto at = ids.begin(); at != ids.end(); at += len) {
    if (!std::equal(connection_id.begin(), connection_id.end(), at)) continue;
    ids.erase(at, at + len);
    connection_ids_->Remove(connection_id);
    return;
  }
}

// FollowPath takes note of where the association has moved to, by a path check or because its owner
// said so.
void EndpointImpl::FollowPath(Entry* entry) {
  const PathId& path = entry->association->standing().active_path;
  if (path.empty() || path == entry->address) return;
  places_.Leave(entry);
  entry->address = path;
  // Where another association lives, this one is found by its Connection ID alone.
  places_.EnterIfFree(entry);
}

void EndpointImpl::OnConnected(Entry* entry) {
  ++counters_.connected;
  entry->active_at = now_;
  half_open_.Remove(entry->id);
  //= rfc9147#section-5.11
  //# After a correct Finished message is received, the server MUST abandon
  //# the previous association to avoid confusion between two valid
  //# associations with overlapping epochs.
  End(places_.Promote(entry), GoneReason::kReplaced, entry->id);
}

// --- Output

std::span<const OutputBatch> EndpointImpl::PollTransmit(Instant now) {
  now_ = now;
  TransmitAll();
  return output_.Batches();
}

void EndpointImpl::OnTransmitted(size_t count) { output_.Drop(count); }

void EndpointImpl::OnDatagramTooLarge(AssociationId id, size_t len, Instant now) {
  now_ = now;
  Entry* const entry = Find(id);
  if (entry == nullptr) return;
  entry->association->OnDatagramTooLarge(len, /*known_mtu=*/0, now);
  Wake(entry);
}

// Transmit queues what the association owes.
EndpointImpl::Transmitted EndpointImpl::Transmit(Entry* entry) {
  FollowPath(entry);
  Transmitted transmitted = Transmitted::kNothing;
  while (true) {
    const std::span<uint8_t> room = output_.Reserve(entry->mtu);
    if (room.empty()) return Transmitted::kBlocked;
    PathId to;
    const size_t len = entry->association->PollTransmit(room, now_, &to);
    if (len == 0) break;
    Queue(to.empty() ? entry->address : to, len, entry->id);
    transmitted = Transmitted::kSomething;
  }
  entry->owes = false;
  return transmitted;
}

bool EndpointImpl::TransmitAll() {
  bool has_sent = false;
  while (!to_transmit_.empty()) {
    if (Entry* const entry = Find(to_transmit_.front())) {
      const Transmitted transmitted = Transmit(entry);
      if (transmitted == Transmitted::kBlocked) break;
      entry->may_transmit = false;
      if (transmitted == Transmitted::kSomething) {
        has_sent = true;
        WakeToPoll(entry);
      }
      if (!entry->may_have_events) Settle(entry);
    }
    to_transmit_.pop_front();
  }
  return has_sent;
}

void EndpointImpl::Queue(const PathId& to, size_t len, AssociationId id) {
  output_.Commit(to, len, id);
  ++counters_.datagrams_out;
  counters_.bytes_out += len;
}

template <typename Seal>
SendOutcome EndpointImpl::SendBy(AssociationId id, Seal seal) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return SendOutcome::kNoAssociation;
  // A peer that has not seen our Finished drops what comes behind it.
  if (entry->owes && Transmit(entry) == Transmitted::kBlocked) return SendOutcome::kBlocked;
  const std::span<uint8_t> room = output_.Reserve(entry->mtu);
  if (room.empty()) return SendOutcome::kBlocked;
  size_t len = 0;
  const SendResult result = seal(*entry->association, room, &len);
  if (result == SendResult::kSealed) {
    Queue(entry->address, len, entry->id);
    entry->active_at = now_;
    WakeToTransmit(entry);
  }
  return OutcomeOf(result);
}

SendOutcome EndpointImpl::Send(AssociationId id, std::span<const uint8_t> plaintext) {
  return SendBy(id, [&](Association& association, std::span<uint8_t> room, size_t* len) {
    return association.Seal(plaintext, room, len);
  });
}

SendOutcome EndpointImpl::SendEarly(AssociationId id, std::span<const uint8_t> plaintext) {
  return SendBy(id, [&](Association& association, std::span<uint8_t> room, size_t* len) {
    return association.SealEarly(plaintext, room, len);
  });
}

size_t EndpointImpl::MaxPlaintext(AssociationId id) const {
  const Entry* const entry = Find(id);
  return entry == nullptr ? 0 : entry->association->MaxPlaintext();
}

// --- Time

void EndpointImpl::HandleTimeout(Instant now) {
  now_ = now;
  timers_are_due_ = true;
}

void EndpointImpl::RunTimers() {
  while (TimerWheel::Timer* const timer = timers_.PopDue(now_)) {
    auto* const entry = static_cast<Entry*>(timer);
    if (entry->remove_at && *entry->remove_at <= now_) {
      End(entry->id, entry->gone);
      continue;
    }
    GiveUpIfIdle(entry);
    entry->association->HandleTimeout(now_);
    Wake(entry);  // and it gets its next deadline when it settles
  }
}

std::optional<Instant> EndpointImpl::NextTimeout() const {
  if (!notices_.empty() || !to_poll_.empty()) return now_;
  return timers_.NextTimeout();
}

// IdleLimit is how long no application data may come or go; zero: for ever.
Duration EndpointImpl::IdleLimit(const AssociationStanding& standing) const {
  if (!standing.connected) return Duration::zero();  // its handshake has its own bounds
  const bool is_half_closed = standing.close_sent && !standing.peer_closed;
  const Duration limit = options_.idle_timeout;
  if (!is_half_closed) return limit;
  return limit == Duration::zero() ? options_.half_closed_timeout
                                   : std::min(limit, options_.half_closed_timeout);
}

void EndpointImpl::GiveUpIfIdle(Entry* entry) {
  const Duration limit = IdleLimit(entry->association->standing());
  if (entry->remove_at || limit == Duration::zero() || now_ - entry->active_at < limit) return;
  entry->association->Close();
  EndLater(entry, GoneReason::kIdle);
}

void EndpointImpl::EndLater(Entry* entry, GoneReason reason) {
  entry->remove_at = now_ + options_.linger;
  entry->gone = reason;
  half_open_.Remove(entry->id);
  over_.emplace(*entry->remove_at, entry->id);
}

// Settle is called when both polls found nothing: the association rests until its next deadline.
void EndpointImpl::Settle(Entry* entry) {
  const Association& association = *entry->association;
  const AssociationStanding standing = association.standing();
  entry->SetMtu(standing.mtu);
  const bool is_over = standing.failed || (standing.close_sent && standing.peer_closed);
  if (is_over && !entry->remove_at) {
    EndLater(entry, standing.failed ? GoneReason::kFailed : GoneReason::kClosed);
  }
  std::optional<Instant> next = association.NextTimeout();
  const auto consider = [&next](Instant deadline) {
    if (!next || deadline < *next) next = deadline;
  };
  const Duration idle_limit = IdleLimit(standing);
  if (entry->remove_at) {
    consider(*entry->remove_at);
  } else if (idle_limit > Duration::zero()) {
    consider(entry->active_at + idle_limit);
  }
  if (next) {
    timers_.Set(entry, *next);
  } else {
    timers_.Stop(entry);
  }
}

// --- Entries

EndpointImpl::Entry* EndpointImpl::Find(AssociationId id) const {
  if (found_ != nullptr && found_->id == id) return found_;
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  found_ = found->second.get();
  return found_;
}

EndpointImpl::Entry* EndpointImpl::Insert(const PathId& address,
                                          std::unique_ptr<Association> association) {
  auto entry = std::make_unique<Entry>();
  entry->id = next_id_++;
  entry->address = address;
  entry->association = std::move(association);
  entry->made_at = now_;
  entry->active_at = now_;
  entry->SetMtu(entry->association->standing().mtu);
  places_.Enter(entry.get());
  return entries_.emplace(entry->id, std::move(entry)).first->second.get();
}

AssociationId EndpointImpl::Connect(std::span<const uint8_t> peer_address,
                                    ClientParameters parameters, Instant now,
                                    std::shared_ptr<const AssociationConfig> config) {
  now_ = now;
  const std::optional<PathId> to = PathId::Of(peer_address);
  if (!to || !options_.connects) return 0;
  // What only lingers is nobody's any more.
  const Entry* const before = Find(places_.Find(*to).living);
  if (before != nullptr && before->remove_at) End(before->id, before->gone);
  if (places_.Find(*to).living != 0) return 0;
  ForgetLingering();
  if (entries_.size() >= options_.max_associations) return 0;
  Entry* const entry =
      Insert(*to, Association::NewClient(ClientConfig(std::move(config)), std::move(parameters)));
  entry->is_client = true;
  Wake(entry);
  return entry->id;
}

void EndpointImpl::Close(AssociationId id) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return;
  entry->association->Close();
  Wake(entry);
  Transmit(entry);  // behind what was sent, and before it is removed
}

Association* EndpointImpl::Use(AssociationId id) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return nullptr;
  Wake(entry);
  return entry->association.get();
}

std::span<const uint8_t> EndpointImpl::peer_address(AssociationId id) const {
  const Entry* const entry = Find(id);
  if (entry == nullptr) return {};
  return entry->address.bytes();
}

// Wake has the association polled.
void EndpointImpl::Wake(Entry* entry) {
  entry->owes = true;
  WakeToTransmit(entry);
  WakeToPoll(entry);
}

void EndpointImpl::WakeToTransmit(Entry* entry) {
  if (!std::exchange(entry->may_transmit, true)) to_transmit_.push_back(entry->id);
}

void EndpointImpl::WakeToPoll(Entry* entry) {
  if (!std::exchange(entry->may_have_events, true)) to_poll_.push_back(entry->id);
}

void EndpointImpl::End(AssociationId id, GoneReason reason, AssociationId successor) {
  if (Find(id) == nullptr) return;
  Remove(id);
  notices_.push_back(
      {.type = EndpointEventType::kGone, .id = id, .gone = reason, .successor = successor});
}

void EndpointImpl::Remove(AssociationId id) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return;
  places_.Leave(entry);
  std::span<const uint8_t> ids = entry->connection_ids;
  for (; !ids.empty(); ids = ids.subspan(connection_id_len())) {
    connection_ids_->Remove(ids.first(connection_id_len()));
  }
  timers_.Stop(entry);
  half_open_.Remove(id);
  if (entry->remove_at) over_.erase({*entry->remove_at, id});
  found_ = nullptr;
  entries_.erase(id);
}

}  // namespace dtls13
