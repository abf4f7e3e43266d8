// SPDX-License-Identifier: Apache-2.0
// The half of EndpointImpl that listens: which association a datagram is for, and what begins with
// it.

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/endpoint/endpoint_impl.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {

void EndpointImpl::HandleDatagrams(std::span<const ReceivedDatagrams> received, Instant now,
                                   WallTime wall_now) {
  now_ = now;
  wall_now_ = wall_now;
  received_.Begin(received);
}

void EndpointImpl::TakeDatagram(const DatagramCursor::Datagram& datagram) {
  counters_.bytes_in += datagram.bytes.size();
  if (datagram.from == nullptr) return Count(InputCount::kBadAddress);
  const PathId& from = *datagram.from;
  if (const std::optional<PlaintextFragment> hello = FindClientHello(datagram.bytes)) {
    // A client's second ClientHello is its second message.
    return TakeClientHello(datagram, from, hello->fragment.header.message_seq > 0);
  }
  const auto connection_id =
      FindConnectionId(datagram.bytes, config_->handshake.connection_ids.receive_len,
                       config_->handshake.wire_profile);
  if (connection_id) {
    const AssociationId id = connection_ids_->Find(*connection_id);
    if (id != 0) return Deliver(id, from, datagram.bytes);
  }
  const Place at = places_.Find(from);
  if (connection_id && !AwaitsConnectionId(at.living)) {
    return Count(InputCount::kUnknownConnectionId);
  }
  if (at.living == 0) return Count(InputCount::kUnknownAddress);
  //= draft-ietf-tls-dtls13-26#section-5.9
  //# In these cases, trial decryption MAY be necessary, though
  //# implementations could also use some sort of connection identifier,
  // Whose keys fit is not to be seen from outside, and the wrong one's do not open it.
  if (at.challenger != 0) {
    copy_.assign(datagram.bytes.begin(), datagram.bytes.end());
    Deliver(at.living, from, copy_);
    return Deliver(at.challenger, from, datagram.bytes);
  }
  Deliver(at.living, from, datagram.bytes);
}

// AwaitsConnectionId: a client's is agreed on by the ServerHello, which the first record that has
// it shares a datagram with, or overtakes.
bool EndpointImpl::AwaitsConnectionId(AssociationId id) const {
  const Entry* const entry = Find(id);
  return entry != nullptr && entry->is_client && entry->connection_ids.empty();
}

void EndpointImpl::Deliver(AssociationId id, const PathId& from, std::span<uint8_t> datagram) {
  Entry* const entry = Find(id);
  if (entry == nullptr) return;
  Count(InputCount::kDelivered);
  entry->association->HandleDatagram(datagram, from, now_);
  Wake(entry);
}

void EndpointImpl::TakeClientHello(const DatagramCursor::Datagram& datagram, const PathId& from,
                                   bool may_have_cookie) {
  if (!options_.accepts) return Count(InputCount::kNotAccepting);
  if (!hello_rate_.TryTake(datagram.host, may_have_cookie, now_)) {
    return Count(InputCount::kHelloRate);
  }
  //= rfc9147#section-5.11
  //# In cases where a server believes it has an existing association on a
  //# given host/port quartet and it receives an epoch=0 ClientHello, it
  //# SHOULD proceed with a new handshake but MUST NOT destroy the existing
  //# association until the client has demonstrated reachability either by
  //# completing a cookie exchange or by completing a complete handshake
  //# including delivering a verifiable Finished message.
  const Place at = places_.Find(from);
  std::array<AssociationId, 2> ids;
  std::array<ClientRandom, 2> randoms;
  size_t num_known = 0;
  for (const AssociationId id : {at.living, at.challenger}) {
    const Entry* const entry = Find(id);
    if (entry == nullptr) continue;
    // Our server is no client of ours, and one address has one peer.
    if (entry->is_client) return Count(InputCount::kAddressInUse);
    ids[num_known] = id;
    randoms[num_known++] = entry->hello_random;
  }
  HelloReport report = listener_.Handle(datagram.bytes, from.bytes(), wall_now_,
                                        std::span(randoms).first(num_known));
  switch (report.verdict) {
    case HelloVerdict::kRepeated:
      // The flight of the association that it was made for is the answer.
      return Deliver(ids[report.repeated_index], from, datagram.bytes);
    case HelloVerdict::kRetry:
      return Reply(from, report.answer, InputCount::kRetried);
    case HelloVerdict::kRefuse:
      return Reply(from, report.answer, InputCount::kRefused);
    case HelloVerdict::kAccept:
      return Accept(from, datagram.host, std::move(report));
    case HelloVerdict::kIgnore:
    case HelloVerdict::kCookieWanted:  // not with these options
    case HelloVerdict::kNotDtls13:
      return Count(InputCount::kNotWhole);
  }
}

void EndpointImpl::Reply(const PathId& to, std::span<const uint8_t> answer, InputCount what) {
  const std::span<uint8_t> room = output_.Reserve(answer.size());
  if (room.empty()) return Count(InputCount::kNoRoomToAnswer);
  std::ranges::copy(answer, room.begin());
  Queue(to, answer.size(), /*id=*/0);
  Count(what);
}

void EndpointImpl::Accept(const PathId& from, std::span<const uint8_t> host, HelloReport report) {
  // The client's own earlier attempt makes room for this one.
  End(places_.Find(from).challenger, GoneReason::kDisplaced);
  if (!MakeRoom(host)) return Count(InputCount::kNoRoom);
  Count(InputCount::kAccepted);
  const std::span<const uint8_t> address = from.bytes();
  Entry* const entry = Insert(
      from, Association::NewServer(
                config_, {.peer_address = {address.begin(), address.end()}, .now = wall_now_}));
  std::ranges::copy((*report.hello)->random, entry->hello_random.begin());
  half_open_.Add(entry->id, host);
  notices_.push_back({.type = EndpointEventType::kAccepted, .id = entry->id});
  entry->association->HandleClientHello(std::move(report.hello), report.rest, from, now_);
  Wake(entry);
}

void EndpointImpl::ForgetLingering() {
  if (entries_.size() < options_.max_associations || over_.empty()) return;
  const AssociationId first = over_.begin()->second;
  End(first, Find(first)->gone);
}

// MakeRoom is false when there is no room for one more of `host` and nobody may be displaced.
bool EndpointImpl::MakeRoom(std::span<const uint8_t> host) {
  ForgetLingering();
  AssociationId in_the_way = half_open_.InTheWay(host);
  if (in_the_way == 0) {
    if (entries_.size() < options_.max_associations) return true;
    in_the_way = half_open_.oldest();
  }
  const Entry* const entry = Find(in_the_way);
  if (entry == nullptr || now_ - entry->made_at < options_.min_half_open_age) return false;
  End(in_the_way, GoneReason::kDisplaced);
  return true;
}

}  // namespace dtls13
