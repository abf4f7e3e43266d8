// SPDX-License-Identifier: Apache-2.0
#include "dtls13/flight/outgoing_flight.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace dtls13 {

bool OutgoingFlight::OutgoingMessage::IsAcked() const {
  return std::ranges::all_of(pieces,
                             [](const Piece& piece) { return piece.state == PieceState::kAcked; });
}

//= rfc9147#section-4.3
//# DTLS messages MAY be fragmented into multiple DTLS records.
void OutgoingFlight::OutgoingMessage::CutAt(uint64_t offset) {
  if (offset == 0 || offset >= body.size()) return;
  const auto piece = std::ranges::lower_bound(pieces, offset, {}, &Piece::end);
  if (piece->end == offset) return;
  Piece first = *piece;
  first.end = static_cast<uint32_t>(offset);
  pieces.insert(piece, first);
}

//= draft-ietf-tls-dtls13-26#section-5.4
//# These ranges MUST NOT be larger than the maximum handshake fragment size
//# and MUST jointly contain the entire handshake message.
bool OutgoingFlight::OutgoingMessage::FitPiece(size_t index, size_t room, bool alone) {
  if (room < kHandshakeHeaderLen) return false;
  room -= kHandshakeHeaderLen;
  const Piece& piece = pieces[index];
  const uint32_t begin = PieceBegin(index);
  if (piece.end - begin <= room) return true;
  // A fragment that went out stays one as long as a record of its own can hold it.
  if (!alone && (piece.state == PieceState::kLost || room < kMinSplitLen)) return false;
  //= rfc8446#section-5.1
  //# MUST NOT send zero-length fragments of Handshake types,
  if (room == 0) return false;
  CutAt(begin + room);
  return true;
}

size_t OutgoingFlight::OutgoingMessage::SendPiece(size_t index, uint32_t record,
                                                  std::span<uint8_t> out, FragmentRef* ref) {
  const uint32_t begin = PieceBegin(index);
  const uint32_t len = pieces[index].end - begin;
  //= rfc9147#section-5.5
  //# Each new message is labeled with the fragment_offset (the
  //# number of bytes contained in previous fragments) and the
  //# fragment_length (the length of this fragment).  The length field in
  //# all messages is the same as the length field of the original message.
  WriteHandshakeHeader({.type = type,
                        .message_len = static_cast<uint32_t>(body.size()),
                        .message_seq = message_seq,
                        .fragment_offset = begin,
                        .fragment_len = len},
                       out.first(kHandshakeHeaderLen));
  std::copy_n(body.begin() + begin, len, out.begin() + kHandshakeHeaderLen);
  pieces[index].last_sent = record;
  pieces[index].state = PieceState::kInFlight;
  *ref = {.message_seq = message_seq, .offset = begin, .len = len, .record = record};
  return kHandshakeHeaderLen + len;
}

void OutgoingFlight::Add(Epoch epoch, HandshakeType type, uint16_t message_seq,
                         std::vector<uint8_t> body) {
  Piece whole;
  whole.end = static_cast<uint32_t>(body.size());
  messages_.push_back({.epoch = epoch,
                       .type = type,
                       .message_seq = message_seq,
                       .body = std::move(body),
                       .pieces = {whole}});
}

void OutgoingFlight::Clear() { messages_ = std::vector<OutgoingMessage>(); }

void OutgoingFlight::ForgetFrom(Epoch epoch) {
  std::erase_if(messages_,
                [epoch](const OutgoingMessage& message) { return message.epoch >= epoch; });
  if (messages_.empty()) Clear();
}

const OutgoingFlight::OutgoingMessage* OutgoingFlight::FirstOwed() const {
  for (const OutgoingMessage& message : messages_) {
    if (std::ranges::any_of(message.pieces, IsOwed)) return &message;
  }
  return nullptr;
}

OutgoingFlight::OutgoingMessage* OutgoingFlight::Find(uint16_t message_seq) {
  const auto message =
      std::ranges::lower_bound(messages_, message_seq, {}, &OutgoingMessage::message_seq);
  if (message == messages_.end() || message->message_seq != message_seq) return nullptr;
  return &*message;
}

bool OutgoingFlight::HasOwed() const { return FirstOwed() != nullptr; }

bool OutgoingFlight::AllAcked() const {
  return std::ranges::all_of(messages_, &OutgoingMessage::IsAcked);
}

bool OutgoingFlight::HoldsOnly(HandshakeType type) const {
  return std::ranges::all_of(
      messages_, [type](const OutgoingMessage& message) { return message.type == type; });
}

bool OutgoingFlight::HasUnsent(HandshakeType type) const {
  return std::ranges::any_of(messages_, [type](const OutgoingMessage& message) {
    return message.type == type && message.pieces.front().state == PieceState::kNew;
  });
}

Epoch OutgoingFlight::next_owed_epoch() const { return FirstOwed()->epoch; }

// Messages leave in order, and so what has never left is behind all that has.
bool OutgoingFlight::NextOwedIsNew() const {
  return std::ranges::find_if(FirstOwed()->pieces, IsOwed)->state == PieceState::kNew;
}

size_t OutgoingFlight::PackRecord(std::span<uint8_t> out, std::span<FragmentRef> refs,
                                  size_t* num_refs) {
  //= rfc9147#section-5.5
  //# Note that as with TLS, multiple handshake messages may be placed in
  //# the same DTLS record, provided that there is room and that they are
  //# part of the same flight.
  const size_t max_refs = std::min(refs.size(), kMaxFragmentsPerRecord);
  *num_refs = 0;
  size_t len = 0;
  std::optional<Epoch> epoch;
  for (OutgoingMessage& message : messages_) {
    for (size_t i = 0; i < message.pieces.size(); ++i) {
      //= rfc9147#section-5.8.1
      //# If the implementation has received one or more ACKs (see Section 7) from
      //# the peer, then it SHOULD omit any messages or message fragments which
      //# have already been acknowledged.
      if (!IsOwed(message.pieces[i])) continue;
      //= rfc8446#section-5.1
      //# Because the ClientHello, EndOfEarlyData, ServerHello, Finished, and
      //# KeyUpdate messages can immediately precede a key change,
      //# implementations MUST send these messages in alignment with a record
      //# boundary.
      if (epoch && message.epoch != *epoch) return len;
      if (*num_refs == max_refs) return len;
      if (!message.FitPiece(i, out.size() - len, /*alone=*/len == 0)) return len;
      epoch = message.epoch;
      if (len == 0) ++num_records_;
      len += message.SendPiece(i, num_records_, out.subspan(len), &refs[*num_refs]);
      ++*num_refs;
    }
  }
  return len;
}

bool OutgoingFlight::OnAcked(const FragmentRef& ref) {
  //= rfc9147#section-7.2
  //# When an implementation receives an ACK, it SHOULD record that the
  //# messages or message fragments sent in the records being ACKed were
  //# received and omit them from any future retransmissions.
  if (Find(ref.message_seq) != nullptr) newest_acked_ = std::max(newest_acked_, ref.record);
  return Mark(ref, PieceState::kAcked);
}

void OutgoingFlight::OnClaimed(const FragmentRef& ref) { Mark(ref, PieceState::kClaimed); }

bool OutgoingFlight::Mark(const FragmentRef& ref, PieceState state) {
  OutgoingMessage* message = Find(ref.message_seq);
  if (message == nullptr || (ref.len == 0 && !message->body.empty())) return false;
  const uint64_t end = uint64_t{ref.offset} + ref.len;
  message->CutAt(ref.offset);
  message->CutAt(end);
  bool is_news = false;
  uint32_t begin = 0;
  for (Piece& piece : message->pieces) {
    const bool is_known = piece.state == PieceState::kAcked || piece.state == state;
    if (begin >= ref.offset && piece.end <= end && !is_known) {
      piece.state = state;
      is_news = true;
    }
    begin = piece.end;
  }
  return is_news;
}

void OutgoingFlight::OweSentSince(uint32_t record) {
  for (OutgoingMessage& message : messages_) {
    for (Piece& piece : message.pieces) {
      if (IsUnderWay(piece) && piece.last_sent >= record) piece.state = PieceState::kLost;
    }
  }
}

void OutgoingFlight::OweUnacked() { OweSentSince(0); }

void OutgoingFlight::OweNewest() {
  uint32_t newest = 0;
  for (const OutgoingMessage& message : messages_) {
    for (const Piece& piece : message.pieces) {
      if (IsUnderWay(piece)) newest = std::max(newest, piece.last_sent);
    }
  }
  OweSentSince(newest);
}

bool OutgoingFlight::OweNewAlone() {
  const auto is_new = [](const Piece& piece) { return piece.state == PieceState::kNew; };
  const bool has_new = std::ranges::any_of(messages_, [&](const OutgoingMessage& message) {
    return std::ranges::any_of(message.pieces, is_new);
  });
  if (!has_new) return false;
  for (OutgoingMessage& message : messages_) {
    for (Piece& piece : message.pieces) {
      if (piece.state == PieceState::kLost) piece.state = PieceState::kInFlight;
    }
  }
  return true;
}

void OutgoingFlight::OweUnclaimed() {
  for (OutgoingMessage& message : messages_) {
    for (Piece& piece : message.pieces) {
      if (piece.state == PieceState::kInFlight) piece.state = PieceState::kLost;
    }
  }
}

void OutgoingFlight::OweOvertaken() {
  for (OutgoingMessage& message : messages_) {
    for (Piece& piece : message.pieces) {
      if (piece.state == PieceState::kInFlight && piece.last_sent < newest_acked_) {
        piece.state = PieceState::kLost;
      }
    }
  }
}

std::optional<OutgoingFlight::AckedMessage> OutgoingFlight::TakeAcked() {
  if (messages_.empty() || !messages_.front().IsAcked()) return std::nullopt;
  const AckedMessage acked{messages_.front().type, messages_.front().message_seq};
  messages_.erase(messages_.begin());
  if (messages_.empty()) Clear();
  return acked;
}

bool OutgoingFlight::IsAcked(uint16_t message_seq) const {
  return std::ranges::all_of(messages_, [=](const OutgoingMessage& message) {
    return message.message_seq != message_seq || message.IsAcked();
  });
}

size_t OutgoingFlight::num_bytes_held() const {
  size_t num_bytes = 0;
  for (const OutgoingMessage& message : messages_) num_bytes += message.body.size();
  return num_bytes;
}

}  // namespace dtls13
