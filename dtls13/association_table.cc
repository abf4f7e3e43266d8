#include "dtls13/association_table.h"

#include <algorithm>

#include "dtls13/wire/plaintext_handshake.h"

namespace dtls13 {
namespace {

// kMaxReplyLen: a HelloRetryRequest has a cookie of some hundred bytes.
constexpr size_t kMaxReplyLen = 1024;

// Where a ClientHello has its random: behind legacy_version.
constexpr size_t kRandomOffset = 2;

}  // namespace

AssociationTable::AssociationTable(std::shared_ptr<const AssociationConfig> config,
                                   AssociationTableOptions options)
    : config_(std::move(config)), options_(options), listener_(HandshakeConfigOf(config_)) {}

// --- Datagrams

// RandomOf is nothing for a body that is too short for one.
std::optional<AssociationTable::HelloRandom> AssociationTable::RandomOf(
    std::span<const uint8_t> hello) {
  HelloRandom random;
  if (hello.size() < kRandomOffset + random.size()) return std::nullopt;
  std::copy_n(hello.begin() + kRandomOffset, random.size(), random.begin());
  return random;
}

void AssociationTable::HandleDatagram(std::span<const uint8_t> peer_address,
                                      std::span<uint8_t> datagram, Instant now, WallTime wall_now) {
  now_ = now;
  const Address address(peer_address.begin(), peer_address.end());
  const auto place = places_.find(address);
  const Place at = place == places_.end() ? Place() : place->second;
  if (FindClientHello(datagram)) {
    HandleClientHello(address, at, datagram, wall_now);
    return;
  }
  const auto connection_id =
      FindConnectionId(datagram, config_->handshake.connection_ids.receive_len);
  if (connection_id) {
    const auto found =
        connection_ids_.find(ConnectionId(connection_id->begin(), connection_id->end()));
    if (found != connection_ids_.end()) Deliver(found->second, address, datagram);
    return;
  }
  // Whose keys fit is not to be seen from outside, and the wrong one's do not open it.
  if (at.challenger != 0 && at.living != 0) {
    copy_.assign(datagram.begin(), datagram.end());
    Deliver(at.challenger, address, copy_);
  }
  Deliver(at.living != 0 ? at.living : at.challenger, address, datagram);
}

void AssociationTable::HandleClientHello(const Address& address, Place at,
                                         std::span<uint8_t> datagram, WallTime wall_now) {
  Gathered gathered;
  std::optional<PlaintextFragment> hello = FindWholeClientHello(datagram);
  if (!hello) {
    gathered = gatherer_.Add(datagram, address, listener_, wall_now);
    if (gathered.verdict == GatherVerdict::kBadCookie) {
      Refuse(address, datagram, AlertDescription::kIllegalParameter);
    }
    if (gathered.verdict != GatherVerdict::kWhole) return;
    datagram = gathered.datagram;
    hello = FindWholeClientHello(datagram);
  }
  const std::optional<HelloRandom> random = RandomOf(hello->fragment.body);
  if (!random) return;
  //= rfc9147#section-5.11
  //# In cases where a server believes it has an existing association on a
  //# given host/port quartet and it receives an epoch=0 ClientHello, it
  //# SHOULD proceed with a new handshake but MUST NOT destroy the existing
  //# association until the client has demonstrated reachability either by
  //# completing a cookie exchange or by completing a complete handshake
  //# including delivering a verifiable Finished message.
  for (const AssociationId id : {at.living, at.challenger}) {
    const Entry* entry = Find(id);
    // The hello that it was made for is said again: that one's flight is the answer.
    if (entry != nullptr && *random == entry->hello_random) {
      Deliver(id, address, datagram);
      return;
    }
  }
  Listen(address, datagram, *random, wall_now);
}

void AssociationTable::Deliver(AssociationId id, const Address& address,
                               std::span<uint8_t> datagram) {
  Entry* const entry = Find(id);
  const std::optional<PathId> path = PathId::Of(address);
  if (entry == nullptr || !path) return;
  entry->association->HandleDatagram(datagram, *path, now_);
  Wake(id, entry);
}

void AssociationTable::Listen(const Address& address, std::span<uint8_t> datagram,
                              const HelloRandom& random, WallTime wall_now) {
  switch (listener_.Inspect(datagram, address, wall_now).verdict) {
    case ListenVerdict::kIgnore:
      return;
    case ListenVerdict::kNotDtls13:
      Refuse(address, datagram, AlertDescription::kProtocolVersion);
      return;
    case ListenVerdict::kBadCookie:
      Refuse(address, datagram, AlertDescription::kIllegalParameter);
      return;
    case ListenVerdict::kNeedsRetry:
      reply_.resize(kMaxReplyLen);
      reply_.resize(listener_.WriteRetry(datagram, address, {}, wall_now, reply_));
      reply_address_ = address;
      if (reply_.empty()) Refuse(address, datagram, AlertDescription::kHandshakeFailure);
      return;
    case ListenVerdict::kAccept:
      Accept(address, datagram, random, wall_now);
      return;
  }
}

void AssociationTable::Refuse(const Address& address, std::span<const uint8_t> datagram,
                              AlertDescription alert) {
  reply_.resize(kMaxReplyLen);
  reply_.resize(CookieListener::WriteAlert(datagram, alert, reply_));
  reply_address_ = address;
}

void AssociationTable::Accept(const Address& address, std::span<uint8_t> datagram,
                              const HelloRandom& random, WallTime wall_now) {
  // The client's own earlier attempt makes room for this one.
  if (const auto place = places_.find(address); place != places_.end()) {
    End(place->second.challenger, 0);
  }
  if (!MakeRoom()) {
    ++num_refused_;
    return;
  }
  const AssociationId id = next_id_++;
  Entry& entry = entries_[id];
  entry.address = address;
  entry.hello_random = random;
  entry.made_at = now_;
  entry.association = Association::NewServer(config_, {.peer_address = address, .now = wall_now});
  half_open_.insert(id);
  Place& place = places_[address];
  (place.living == 0 ? place.living : place.challenger) = id;
  notices_.push_back({.type = TableEventType::kAccepted, .id = id});
  Deliver(id, address, datagram);
}

// MakeRoom is false when there is no room for one more and nobody may be displaced.
bool AssociationTable::MakeRoom() {
  if (entries_.size() >= options_.max_associations && !over_.empty()) End(*over_.begin(), 0);
  if (entries_.size() < options_.max_associations && half_open_.size() < options_.max_half_open) {
    return true;
  }
  if (half_open_.empty()) return false;
  const AssociationId oldest = *half_open_.begin();
  if (now_ - Find(oldest)->made_at < options_.min_half_open_age) return false;
  End(oldest, 0);
  return true;
}

// --- Polls

std::optional<TableDatagram> AssociationTable::PollTransmit(std::span<uint8_t> out, Instant now) {
  now_ = now;
  if (!reply_.empty()) {
    const size_t len = reply_.size();
    if (out.size() >= len) std::copy(reply_.begin(), reply_.end(), out.begin());
    reply_.clear();
    if (out.size() >= len) return TableDatagram{reply_address_, len};
  }
  while (!to_transmit_.empty()) {
    const AssociationId id = to_transmit_.front();
    Entry* const entry = Find(id);
    if (entry != nullptr) {
      const size_t len = entry->association->PollTransmit(out, now, &path_);
      if (len > 0) return TableDatagram{path_.bytes(), len};
      entry->may_transmit = false;
      Settle(id, entry);
    }
    to_transmit_.pop_front();
  }
  return std::nullopt;
}

std::optional<TableEvent> AssociationTable::PollEvent() {
  if (!notices_.empty()) {
    const TableEvent notice = notices_.front();
    notices_.pop_front();
    return notice;
  }
  while (!to_poll_.empty()) {
    const AssociationId id = to_poll_.front();
    Entry* const entry = Find(id);
    if (entry != nullptr) {
      if (const std::optional<Event> event = entry->association->PollEvent()) {
        Wake(id, entry);
        OnEvent(id, entry, *event);
        return TableEvent{.type = TableEventType::kEvent, .id = id, .event = *event};
      }
      entry->may_have_events = false;
      Settle(id, entry);
    }
    to_poll_.pop_front();
  }
  return std::nullopt;
}

void AssociationTable::OnEvent(AssociationId id, Entry* entry, const Event& event) {
  const std::vector<uint8_t> data(event.data.begin(), event.data.end());
  switch (event.type) {
    case EventType::kConnected:
      return OnConnected(id, *entry);
    case EventType::kConnectionIdAdded:
      return AddConnectionId(id, entry, data);
    case EventType::kConnectionIdRetired:
      return RemoveConnectionId(entry, data);
    case EventType::kPeerMoved:
      return Move(id, entry, data);
    default:
      return;
  }
}

void AssociationTable::AddConnectionId(AssociationId id, Entry* entry,
                                       const ConnectionId& connection_id) {
  // One that another association has stays there: what carries it does not open here.
  if (!connection_ids_.try_emplace(connection_id, id).second) return;
  entry->connection_ids.push_back(connection_id);
}

void AssociationTable::RemoveConnectionId(Entry* entry, const ConnectionId& connection_id) {
  if (std::erase(entry->connection_ids, connection_id) > 0) connection_ids_.erase(connection_id);
}

void AssociationTable::Move(AssociationId id, Entry* entry, const Address& address) {
  LeavePlace(id, entry->address);
  entry->address = address;
  // Where another association lives, this one is found by its Connection ID alone.
  Place& place = places_[address];
  if (place.living == 0) place.living = id;
}

void AssociationTable::OnConnected(AssociationId id, const Entry& entry) {
  half_open_.erase(id);
  const Place at = places_[entry.address];
  if (at.challenger != id) return;
  //= rfc9147#section-5.11
  //# After a correct Finished message is received, the server MUST abandon
  //# the previous association to avoid confusion between two valid
  //# associations with overlapping epochs.
  places_[entry.address] = {.living = id, .challenger = at.living};
  End(at.living, id);
}

// --- Time

void AssociationTable::HandleTimeout(Instant now) {
  now_ = now;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const AssociationId id = deadlines_.begin()->second;
    Entry* const entry = Find(id);
    if (entry->remove_at && *entry->remove_at <= now) {
      End(id, 0);
      continue;
    }
    SetDeadline(id, entry, std::nullopt);  // until it settles
    entry->association->HandleTimeout(now);
    Wake(id, entry);
  }
}

std::optional<Instant> AssociationTable::NextTimeout() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

void AssociationTable::SetDeadline(AssociationId id, Entry* entry,
                                   std::optional<Instant> deadline) {
  if (entry->deadline == deadline) return;
  if (entry->deadline) deadlines_.erase({*entry->deadline, id});
  entry->deadline = deadline;
  if (deadline) deadlines_.insert({*deadline, id});
}

// --- Entries

AssociationTable::Entry* AssociationTable::Find(AssociationId id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

Association* AssociationTable::Use(AssociationId id) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return nullptr;
  Wake(id, entry);
  return entry->association.get();
}

std::span<const uint8_t> AssociationTable::peer_address(AssociationId id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return {};
  return found->second.address;
}

// Wake has the association polled.
void AssociationTable::Wake(AssociationId id, Entry* entry) {
  if (!std::exchange(entry->may_transmit, true)) to_transmit_.push_back(id);
  if (!std::exchange(entry->may_have_events, true)) to_poll_.push_back(id);
}

// Settle is called when one of the polls found nothing; when both did, the association rests.
void AssociationTable::Settle(AssociationId id, Entry* entry) {
  if (entry->may_transmit || entry->may_have_events) return;
  const Association& association = *entry->association;
  const bool is_over =
      association.failed() || (association.close_sent() && association.peer_closed());
  if (is_over && !entry->remove_at) {
    entry->remove_at = now_ + options_.linger;
    half_open_.erase(id);
    over_.insert(id);
  }
  std::optional<Instant> deadline = association.NextTimeout();
  if (entry->remove_at && (!deadline || *entry->remove_at < *deadline)) deadline = entry->remove_at;
  SetDeadline(id, entry, deadline);
}

void AssociationTable::End(AssociationId id, AssociationId successor) {
  if (Find(id) == nullptr) return;
  Remove(id);
  notices_.push_back({.type = TableEventType::kGone, .id = id, .successor = successor});
}

void AssociationTable::LeavePlace(AssociationId id, const Address& address) {
  const auto place = places_.find(address);
  if (place == places_.end()) return;
  if (place->second.living == id) {
    place->second.living = std::exchange(place->second.challenger, 0);
  } else if (place->second.challenger == id) {
    place->second.challenger = 0;
  }
  if (place->second.living == 0) places_.erase(place);
}

void AssociationTable::Remove(AssociationId id) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return;
  LeavePlace(id, entry->address);
  for (const ConnectionId& connection_id : entry->connection_ids) {
    connection_ids_.erase(connection_id);
  }
  SetDeadline(id, entry, std::nullopt);
  half_open_.erase(id);
  over_.erase(id);
  entries_.erase(id);
}

}  // namespace dtls13
