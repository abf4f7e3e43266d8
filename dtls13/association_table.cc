// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/wire/plaintext_handshake.h"

namespace dtls13 {
namespace {

std::shared_ptr<const AssociationConfig> WithSource(AssociationConfig config,
                                                    std::shared_ptr<ConnectionIdSource> source) {
  config.handshake.connection_ids.source = std::move(source);
  return std::make_shared<const AssociationConfig>(std::move(config));
}

}  // namespace

AssociationTable::AssociationTable(std::shared_ptr<const AssociationConfig> config,
                                   AssociationTableOptions options)
    : connection_ids_(std::make_shared<IssuedConnectionIds>(config->handshake.connection_ids.source,
                                                            config->handshake.random)),
      config_(WithSource(*config, connection_ids_)),
      options_(options),
      listener_(HandshakeConfigOf(config_), HelloListenerOptions()) {}

// --- Datagrams

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
    Deliver(connection_ids_->Find(*connection_id), address, datagram);
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
  //= rfc9147#section-5.11
  //# In cases where a server believes it has an existing association on a
  //# given host/port quartet and it receives an epoch=0 ClientHello, it
  //# SHOULD proceed with a new handshake but MUST NOT destroy the existing
  //# association until the client has demonstrated reachability either by
  //# completing a cookie exchange or by completing a complete handshake
  //# including delivering a verifiable Finished message.
  std::array<AssociationId, 2> ids;
  std::array<ClientRandom, 2> randoms;
  size_t num_known = 0;
  for (const AssociationId id : {at.living, at.challenger}) {
    const Entry* entry = Find(id);
    if (entry == nullptr) continue;
    ids[num_known] = id;
    randoms[num_known++] = entry->hello_random;
  }
  HelloReport report =
      listener_.Handle(datagram, address, wall_now, std::span(randoms).first(num_known));
  switch (report.verdict) {
    case HelloVerdict::kRepeated:
      // The flight of the association that it was made for is the answer.
      Deliver(ids[report.repeated_index], address, datagram);
      return;
    case HelloVerdict::kRetry:
    case HelloVerdict::kRefuse:
      reply_ = std::move(report.answer);
      reply_address_ = address;
      return;
    case HelloVerdict::kAccept:
      Accept(address, std::move(report), wall_now);
      return;
    case HelloVerdict::kIgnore:
    case HelloVerdict::kCookieWanted:  // not with these options
    case HelloVerdict::kNotDtls13:
      return;
  }
}

void AssociationTable::Deliver(AssociationId id, const Address& address,
                               std::span<uint8_t> datagram) {
  Entry* const entry = Find(id);
  const std::optional<PathId> path = PathId::Of(address);
  if (entry == nullptr || !path) return;
  entry->association->HandleDatagram(datagram, *path, now_);
  Wake(id, entry);
}

void AssociationTable::Accept(const Address& address, HelloReport report, WallTime wall_now) {
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
  std::ranges::copy((*report.hello)->random, entry.hello_random.begin());
  entry.made_at = now_;
  entry.association = Association::NewServer(config_, {.peer_address = address, .now = wall_now});
  half_open_.insert(id);
  Place& place = places_[address];
  (place.living == 0 ? place.living : place.challenger) = id;
  notices_.push_back({.type = TableEventType::kAccepted, .id = id});
  const std::optional<PathId> path = PathId::Of(address);
  if (!path) return;
  entry.association->HandleClientHello(std::move(report.hello), report.rest, *path, now_);
  Wake(id, &entry);
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
  if (connection_ids_->Add(connection_id, id)) {
    entry->connection_ids.push_back(connection_id);
    return;
  }
  // Its peer's records would go to another association. Only a source that makes an identifier
  // again after many others brings this.
  entry->association->Abort(AlertDescription::kInternalError);
}

void AssociationTable::RemoveConnectionId(Entry* entry, const ConnectionId& connection_id) {
  if (std::erase(entry->connection_ids, connection_id) > 0) connection_ids_->Remove(connection_id);
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
  const bool is_over = association.facts().failed ||
                       (association.facts().close_sent && association.facts().peer_closed);
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
    connection_ids_->Remove(connection_id);
  }
  SetDeadline(id, entry, std::nullopt);
  half_open_.erase(id);
  over_.erase(id);
  entries_.erase(id);
}

}  // namespace dtls13
