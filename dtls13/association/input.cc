// SPDX-License-Identifier: Apache-2.0
// The half of AssociationImpl that hears: datagrams, records, ACKs and alerts.

#include <algorithm>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_header.h"

namespace dtls13 {

// DatagramNews is what the records of one datagram turn out to be.
struct AssociationImpl::DatagramNews {
  bool heard = false;           // one could be read
  bool saw_unreadable = false;  // one is of an epoch that cannot be read yet
};

// RecordNews is what the fragments of one record turn out to be.
struct AssociationImpl::RecordNews {
  bool acknowledgeable = true;
  bool repeated = false;
  bool out_of_order = false;
  uint16_t newest_seq = 0;
};

// --- Incoming datagrams

void AssociationImpl::HandleDatagram(std::span<uint8_t> datagram, const PathId& from, Instant now) {
  wall_clock_.OnCall(now);
  heard_ = false;
  if (failed()) {
    ending_.OnDatagramWhenFailed();
    return;
  }
  latest_now_ = now;
  ForgetOld(now);
  mobility_.OnDatagram(from, datagram.size(), AwaitsClientHello());
  HoldForServerHello(datagram);
  const DatagramNews news = HandleRecords(datagram, from, now);
  heard_ = news.heard;
  HandleHeldDatagrams(now);
  if (failed()) return;
  if (news.heard) keys_.OnHeard(records_, now);
  // The peer lives, and may still miss what was given up after many retransmissions.
  if (news.heard && phases_.connected()) retransmission_.Revive(now);
  //= rfc9147#section-4.5.3
  //# If the number of packets that fail authentication exceeds a limit that
  //# is specific to the AEAD in use, an implementation SHOULD immediately
  //# close the connection.
  if (records_.IntegrityLimitReached()) {
    FailLocally(Reason::kIntegrityLimit, AlertDescription::kBadRecordMac);
    return;
  }
  acks_.OnDatagram(news.saw_unreadable, retransmission_.ack_timer(), now);
}

void AssociationImpl::HandleClientHello(std::shared_ptr<const ReceivedHello> hello,
                                        std::span<uint8_t> rest, const PathId& from, Instant now) {
  if (failed() || !AwaitsClientHello()) return;
  wall_clock_.OnCall(now);
  latest_now_ = now;
  const uint16_t message_seq = hello->message_seq();
  const SequenceNumber record_number = hello->record_number();
  const std::span<const uint8_t> body = (*hello)->body;
  mobility_.OnDatagram(from, kPlaintextHeaderLen + kHandshakeHeaderLen + body.size(),
                       AwaitsClientHello());
  BeginWith(message_seq, record_number);
  if (body.size() > config_->handshake.max_message_len) {
    FailLocally(Reason::kExcessiveMessageSize, AlertDescription::kIllegalParameter);
    return;
  }
  reassembler_.StartAt(message_seq + 1);
  acks_.OnRecord({kPlaintextEpoch, record_number});
  events_.TraceMessage(/*outgoing=*/false, HandshakeType::kClientHello, message_seq,
                       kPlaintextEpoch, body);
  peer_spoke_since_flight_ = true;
  phases_.server_handshake()->SetTime(wall_clock_.At(now));
  const Status status = phases_.server_handshake()->HandleClientHello(std::move(hello));
  RunActions(now);
  if (!status.ok()) Fail(status);
  AnnounceWait();
  if (peer_is_dtls13_) records_.AcceptPlaintext(record_number);
  if (failed()) return;
  acks_.OnDatagram(/*saw_unreadable=*/false, retransmission_.ack_timer(), now);
  if (!rest.empty()) HandleDatagram(rest, from, now);
}

AssociationImpl::DatagramNews AssociationImpl::HandleRecords(std::span<uint8_t> datagram,
                                                             const PathId& from, Instant now) {
  DatagramNews news;
  const uint64_t unreadable_before = records_.num_dropped(DropReason::kUnknownEpoch);
  while (!failed()) {
    // Early data behind a ClientHello has its keys once the caller has chosen the session.
    if (phases_.server_handshake() != nullptr &&
        phases_.server_handshake()->wait() == HandshakeWait::kPsk) {
      if (!datagram.empty()) buffers_.Hold(kHandshakeEpoch, datagram);
      break;
    }
    std::optional<OpenedRecord> record = records_.OpenNext(&datagram, AwaitedEpoch());
    if (!record) break;
    if (record->is_sealed) {
      buffers_.Hold(record->number.epoch, record->content);
      news.saw_unreadable = true;
      continue;
    }
    news.heard = true;
    OnRecordFrom(from, *record, now);
    HandleRecord(*record, now);
  }
  if (records_.num_dropped(DropReason::kUnknownEpoch) != unreadable_before) {
    news.saw_unreadable = true;
  }
  return news;
}

Epoch AssociationImpl::AwaitedEpoch() const {
  //= rfc9147#section-5.8.1
  //# Implementations MUST either discard or buffer all application data
  //# records for epoch 3 and above until they have received the Finished
  //# message from the peer.
  // They are buffered as they came: there are no keys that could open one of them too early.
  return !phases_.connected() && records_.CanRead(kHandshakeEpoch) ? kFirstApplicationEpoch
                                                                   : kPlaintextEpoch;
}

void AssociationImpl::HoldForServerHello(std::span<const uint8_t> datagram) {
  //= rfc9147#section-4.2.1
  //# Conversely, it is possible for records that are protected with the
  //# new epoch to be received prior to the completion of a handshake.  For
  //# instance, the server may send its Finished message and then start
  //# transmitting data.
  if (role_ != Role::kClient || phases_.connected() || records_.CanRead(kHandshakeEpoch)) return;
  if (datagram.empty() ||
      ClassifyRecord(datagram.front(), records_.profile()) != RecordKind::kCiphertext)
    return;
  buffers_.Hold(kHandshakeEpoch, datagram);
  // Records of a handshake that no ServerHello preceded show that one was sent. An ACK says it
  // shorter, but a server that has not spoken yet may know none.
  if (acks_.is_allowed()) {
    acks_.OweBy(retransmission_.BeginningDue(latest_now_));
  } else {
    retransmission_.Hasten(latest_now_);
  }
}

void AssociationImpl::HandleHeldDatagrams(Instant now) {
  bool took_any = false;
  while (!failed()) {
    const auto taken = buffers_.TakeUpTo(records_.newest_read_epoch());
    if (taken.empty()) break;
    took_any = true;
    // They came during the handshake, which stays on its path.
    for (const std::span<uint8_t> datagram : taken) {
      HandleRecords(datagram, PathId(mobility_.active()), now);
    }
  }
  // What comes in front of the rest so late was lost once, and so may more be.
  if (took_any && role_ == Role::kClient && !phases_.connected()) acks_.OnDisruption();
}

void AssociationImpl::ForgetOld(Instant now) {
  keys_.ForgetSpentReadKeys(&records_, now);
  // A handshake comes to an end before its fragments are old.
  if (!phases_.connected() || !reassembler_.HasPartial()) return;
  if (reassembler_.ForgetOld(now)) acks_.ForgetHeld();
}

void AssociationImpl::HandleRecord(const OpenedRecord& record, Instant now) {
  //= rfc9147#section-5.10
  //# Any data received with an epoch/sequence number pair after that of a
  //# valid received closure alert MUST be ignored.
  //= rfc8446#section-6.1
  //# Any data received after a closure alert has been received MUST be
  //# ignored.
  // A peer that has closed its side goes on acknowledging ours.
  if (ending_.IsAfterPeerClose(record.number) && record.type != ContentType::kAck) return;
  // Early data may be a copy, and a client that has sent it may have no more keys to speak with.
  if (record.number.epoch > kEarlyDataEpoch) {
    peer_sent_protected_ = true;
    mobility_.bound().Lift();
  }
  //= rfc8449#section-4
  //# a DTLS endpoint that
  //# receives a record larger than its advertised limit MAY either
  //# generate a fatal "record_overflow" alert or discard the record.
  // Early data was sealed by what an earlier connection agreed on.
  if (record.number.epoch > kEarlyDataEpoch &&
      record.inner_len > phases_.result().connection.max_receive_inner_len) {
    FailLocally(Reason::kRecordOverflow, AlertDescription::kRecordOverflow);
    return;
  }
  switch (record.type) {
    case ContentType::kHandshake:
      HandleHandshakeRecord(record, now);
      return;
    case ContentType::kAck:
      HandleAck(record, now);
      return;
    case ContentType::kAlert:
      HandleAlert(record);
      return;
    case ContentType::kApplicationData:
      if (record.number.epoch == kEarlyDataEpoch) {
        HandleEarlyData(record);
        return;
      }
      // Under epoch 2 no one may send data; epoch 3 keys exist only once the peer's Finished is
      // verified, and what overtakes it waits for them.
      if (record.number.epoch < kFirstApplicationEpoch) {
        FailLocally(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
        return;
      }
      if (!record.content.empty()) keys_.OnPeerData();
      events_.PushData(record.content, record.number);
      return;
    default:
      return;  // the record layer admits no other
  }
}

//= rfc9147#section-5.6
//# Servers
//# SHOULD NOT accept records from epoch 1 indefinitely once they are
//# able to process records from epoch 3.
// The record layer forgets epoch 1 when the first record of epoch 3 opens.
void AssociationImpl::HandleEarlyData(const OpenedRecord& record) {
  //= rfc8446#section-4.6.1
  //# A server receiving more than
  //# max_early_data_size bytes of 0-RTT data SHOULD terminate the
  //# connection with an "unexpected_message" alert.
  if (record.content.size() > early_data_left_) {
    FailLocally(Reason::kTooMuchEarlyData, AlertDescription::kUnexpectedMessage);
    return;
  }
  early_data_left_ -= static_cast<uint32_t>(record.content.size());
  events_.Push({.type = EventType::kEarlyData, .data = record.content, .number = record.number});
}

bool AssociationImpl::MayComeInPlaintext(const HandshakeFragment& fragment) const {
  const HandshakeHeader& header = fragment.header;
  // A server that has not answered keeps no state worth defending: it meets a new client at
  // message_seq 0, or at 1 when a HelloRetryRequest of ours (which we have forgotten) went before.
  // It has nothing to ask of anybody but a ClientHello.
  if (AwaitsClientHello()) {
    return header.type == HandshakeType::kClientHello && header.message_seq <= 1;
  }
  // What was said before may be repeated.
  if (header.message_seq < reassembler_.next_receive_seq()) return true;
  // Once there are keys nothing new comes without their protection, and before a client has them
  // nothing comes behind the ServerHello, or before the answer to its next ClientHello: a fragment
  // of what is to come later is a forger's, and would stand there for the true one to differ from.
  return role_ == Role::kClient && control_epoch() == kPlaintextEpoch &&
         header.message_seq == reassembler_.next_receive_seq();
}

bool AssociationImpl::AwaitsClientHello() const {
  return role_ == Role::kServer && !peer_is_dtls13_ &&
         phases_.handshake()->wait() == HandshakeWait::kMessage;
}

void AssociationImpl::BeginWith(uint16_t message_seq, SequenceNumber record_number) {
  // A server's record numbers mirror those of the hello it answers, so they never repeat those of a
  // HelloRetryRequest that it has forgotten.
  if (reassembler_.next_receive_seq() != message_seq) reassembler_.StartAt(message_seq);
  next_message_seq_ = message_seq;
  records_.MirrorPlaintextNumber(record_number);
}

void AssociationImpl::LimitMessages() {
  if (phases_.connected()) {
    const size_t max_len = phases_.post_handshake()->max_message_len();
    reassembler_.Limit(max_len, max_len);
  } else if (role_ == Role::kServer) {
    // Anybody who has an address begins a handshake. Behind a long Certificate a client has no more
    // than its signature and its Finished.
    reassembler_.Limit(phases_.server_handshake()->max_message_len(),
                       ServerHandshake::kMaxShortMessageLen);
  }
}

bool AssociationImpl::AddFragment(const HandshakeFragment& fragment, RecordNumber number,
                                  RecordNews* news, Instant now) {
  const bool is_protected = number.epoch > kPlaintextEpoch;
  if (AwaitsClientHello()) BeginWith(fragment.header.message_seq, number.sequence_number);
  LimitMessages();
  news->newest_seq = std::max(news->newest_seq, fragment.header.message_seq);
  bool in_order = true;
  FragmentVerdict verdict = reassembler_.Add(fragment, number.epoch, now, &in_order);
  if (!is_protected && verdict == FragmentVerdict::kMismatch) {
    // Of two peers, or of a peer and a forger, the later one is as good as the other.
    reassembler_.StartAt(fragment.header.message_seq);
    verdict = reassembler_.Add(fragment, number.epoch, now, &in_order);
  }
  if (!is_protected && verdict == FragmentVerdict::kTooLong) verdict = FragmentVerdict::kDiscarded;
  switch (verdict) {
    case FragmentVerdict::kBuffered:
      //= rfc9147#section-7.2
      //# As noted
      //# above, the receipt of any record responding to a given flight MUST be
      //# taken as an implicit acknowledgement for the entire flight to which
      //# it is responding.
      // A plaintext record may be forged, and acknowledges only once its message is accepted.
      if (!phases_.connected() && is_protected) OnFlightAnswered(now);
      if (role_ == Role::kClient && !is_protected && fragment.header.fragment_offset == 0) {
        retransmission_.OnAnswerBegins(number.sequence_number, now);
      }
      if (!in_order) news->out_of_order = true;
      return true;
    case FragmentVerdict::kAlreadyHeld:
      if (fragment.header.message_seq < reassembler_.next_receive_seq()) news->repeated = true;
      return true;
    case FragmentVerdict::kDiscarded:
      //= rfc9147#section-7
      //# Implementations MUST NOT acknowledge records containing handshake
      //# messages or fragments which have not been processed or buffered.
      //= rfc9147#section-7
      //# As an example, implementations MUST NOT send ACKs for handshake messages
      //# which they discard because they are not the next expected message.
      news->acknowledgeable = false;
      return true;
    case FragmentVerdict::kMismatch:
      //= rfc9147#section-5.5
      //# Receivers
      //# MAY check that retransmitted bytes are identical and SHOULD abort the
      //# handshake with an "illegal_parameter" alert if the value of a byte
      //# changes.
      FailLocally(Reason::kFragmentMismatch, AlertDescription::kIllegalParameter);
      return false;
    case FragmentVerdict::kTooLong:
      FailLocally(Reason::kExcessiveMessageSize, AlertDescription::kIllegalParameter);
      return false;
  }
  return false;
}

void AssociationImpl::HandleHandshakeRecord(const OpenedRecord& record, Instant now) {
  const bool is_protected = record.number.epoch > kPlaintextEpoch;
  //= rfc8446#section-5.4
  //# if such a message is received, the receiving implementation MUST
  //# terminate the connection with an "unexpected_message" alert.
  if (record.content.empty() && is_protected) {
    // RFC 8446 section 5.1 forbids zero-length handshake fragments.
    FailLocally(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
    return;
  }
  ByteReader reader(record.content);
  RecordNews news{.acknowledgeable = !reader.empty()};
  while (!reader.empty()) {
    std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&reader);
    if (!fragment) {
      // Anyone can write a plaintext record; only the peer a protected one.
      if (is_protected) FailLocally(Reason::kDecodeError, AlertDescription::kDecodeError);
      return;
    }
    if (!is_protected && !MayComeInPlaintext(*fragment)) {
      news.acknowledgeable = false;
      continue;
    }
    if (!AddFragment(*fragment, record.number, &news, now)) return;
  }
  // What our outstanding flight answers is acknowledged by that flight.
  const bool is_answered = news.repeated && !phases_.connected() && !retransmission_.empty();
  //= rfc9147#section-7.1
  //# ACKs MUST NOT be sent for records of any content type other than
  //# handshake or for records which cannot be deprotected.
  // A plaintext record is anybody's until its message is whole: a forged one may have the number of
  // one that was lost, or push the true one's bytes out.
  const bool may_name = is_protected || news.repeated || reassembler_.Front().has_value();
  if (news.acknowledgeable && may_name && !is_answered) {
    acks_.OnRecord(record.number, news.newest_seq, reassembler_.first_incomplete());
  }
  if (news.repeated) {
    if (!acks_.OnRepeated(record.number.epoch, !retransmission_.empty())) {
      //= rfc9147#section-5.8.1
      //# The implementation reads a retransmitted flight from the peer
      //# when none of the messages that it sent in response to that flight
      //# have been acknowledged: the implementation transitions to the
      //# SENDING state, where it retransmits the flight, adjusts and re-
      //# arms the retransmit timer, and returns to the WAITING state.
      retransmission_.Provoke(now);
    } else if (record.number.epoch == kHandshakeEpoch) {
      keys_.OnHandshakeRepeated(now);
    }
  }
  if (news.out_of_order) acks_.OnDisruption();
  const uint32_t seq_before = reassembler_.next_receive_seq();
  DrainMessages(now);
  acks_.Release(reassembler_.first_incomplete());
  // A server that answered statelessly has committed itself to nothing, nor to any number.
  if (!is_protected && peer_is_dtls13_ && reassembler_.next_receive_seq() != seq_before) {
    records_.AcceptPlaintext(record.number.sequence_number);
  }
}

// --- ACKs and alerts

void AssociationImpl::HandleAck(const OpenedRecord& record, Instant now) {
  if (!peer_is_dtls13_) return;  // RFC 9147bis section 7: ignored until DTLS 1.3 is selected
  const bool is_protected = record.number.epoch > kPlaintextEpoch;
  if (!is_protected && peer_sent_protected_) return;
  // A peer that acknowledges in plaintext has no keys yet, and one without keys lacks the
  // ServerHello, whatever else it may have.
  if (!is_protected && role_ == Role::kServer) {
    retransmission_.Provoke(now);
    return;
  }
  const std::optional<AckReader> ack = AckReader::Parse(record.content, records_.profile());
  if (!ack) {
    if (is_protected) FailLocally(Reason::kBadAck, AlertDescription::kDecodeError);
    return;
  }
  events_.Trace(/*outgoing=*/false, ContentType::kAck, record.number.epoch, record.content);
  if (!is_protected) {
    retransmission_.OnClaim(*ack, now);
    return;
  }
  // RFC 9147bis section 7.2 (erratum 8108) for the handshake. After it, section 7 has the peer
  // use its own highest epoch, which may well be behind ours; but no one can have what we never
  // sent.
  const Epoch max_epoch =
      record.number.epoch < kFirstApplicationEpoch ? record.number.epoch : records_.write_epoch();
  const Retransmission::AckNews news = retransmission_.OnAck(*ack, max_epoch, now);
  if (news == Retransmission::AckNews::kImpossible) {
    FailLocally(Reason::kBadAck, AlertDescription::kIllegalParameter);
    return;
  }
  if (phases_.connected()) {
    OnMessagesAcked(now);
  } else if (retransmission_.AllAcked()) {
    OnFlightAnswered(now);
  }
  if (retransmission_.empty()) return;
  if (news == Retransmission::AckNews::kProgress) {
    retransmission_.OnProgress(now);
  } else {
    retransmission_.Provoke(now);
  }
}

void AssociationImpl::HandleAlert(const OpenedRecord& record) {
  const bool is_protected = record.number.epoch > kPlaintextEpoch;
  if (!is_protected && peer_sent_protected_) return;
  std::optional<Alert> alert = ParseAlert(record.content);
  if (!alert) {
    if (is_protected) {
      FailLocally(Reason::kBadAlert, record.content.empty() ? AlertDescription::kUnexpectedMessage
                                                            : AlertDescription::kDecodeError);
    }
    return;
  }
  //= rfc8446#section-6.2
  //# The implementation SHOULD provide a way to facilitate logging the
  //# sending and receiving of alerts.
  events_.Trace(/*outgoing=*/false, ContentType::kAlert, record.number.epoch, record.content);
  switch (ending_.OnPeerAlert(alert->description, record.number)) {
    case Ending::PeerAlert::kIgnored:
      return;
    case Ending::PeerAlert::kFatal:
      EndQuietly(Status::Fatal(Reason::kPeerAlert, alert->description), /*from_peer=*/true);
      return;
    case Ending::PeerAlert::kClosed:
      break;
  }
  //= rfc8446#section-6
  //# Upon receiving such an alert, the TLS implementation SHOULD
  //# indicate end-of-data to the application.

  //= rfc8446#section-6.1
  //# If the application protocol using TLS provides that any data may be
  //# carried over the underlying transport after the TLS connection is
  //# closed, the TLS implementation MUST receive a "close_notify" alert
  //# before indicating end-of-data to the application layer.
  // Nothing else brings kPeerClosed; every other end is kFailed.
  events_.Push({.type = EventType::kPeerClosed, .number = record.number});
  if (!phases_.connected()) {
    EndQuietly(Status::Fatal(Reason::kPeerAlert, AlertDescription::kCloseNotify), true);
  }
}

}  // namespace dtls13
