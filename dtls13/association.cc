#include "dtls13/association.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/handshake/post_handshake.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13 {
namespace {

//= rfc9147#section-5.8.3
//# DTLS stacks SHOULD NOT send more than 10 records in a single
//# transmission.
// Only after the timer expired do bursts grow: a peer need not acknowledge parts of a flight, and
// one that does not must get the whole of a long one in the end.
constexpr uint32_t kMaxBurstRecords = 10;

// kAckEvery: an incomplete flight is acknowledged at once after this many new records, so that a
// sender who keeps to bursts of ten need not wait for our ACK delay between them.
constexpr size_t kAckEvery = 8;

// After this many retransmissions without an answer the path is taken to carry less than the MTU we
// were told, RFC 9147 section 4.4 ("2-3 seems appropriate").
constexpr uint32_t kSendsBeforeSmallFragments = 2;

// kMaxProvoked bounds what repeated hellos and empty ACKs, which anyone can forge, may have sent
// again between two signs of progress.
constexpr uint32_t kMaxProvoked = 16;

// kGiveUpAfter: how long a peer that acknowledged our flight may take to answer it.
constexpr Duration kGiveUpAfter = std::chrono::minutes(5);

// Repeated hellos and empty ACKs can be forged. They bring a flight again no more often than this,
// which is also the shortest timer a peer of ours is known to use.
constexpr Duration kMinRetransmitInterval = std::chrono::milliseconds(50);

// What was sent last and is not acknowledged may be lost or under way; it is given a quarter more
// of the time that the acknowledged part took, and at least this.
constexpr int kTailDelayDivisor = 4;
constexpr Duration kMinTailDelay = std::chrono::milliseconds(10);

// kAckDelayDivisor: RFC 9147 section 7.1 suggests 1/4 of the retransmit timer.
constexpr int kAckDelayDivisor = 4;

constexpr uint16_t kMaxMessageSeq = 0xffff;

}  // namespace

Association::Association(std::shared_ptr<const AssociationConfig> config, Role role)
    : config_(std::move(config)),
      role_(role),
      mtu_(std::max(config_->mtu, kMinMtu)),
      records_(config_->handshake.algorithms, config_->handshake.label_prefix),
      reassembler_(config_->handshake.max_message_len),
      timer_(config_->retransmit) {}

Association::~Association() = default;

std::unique_ptr<Association> Association::NewClient(std::shared_ptr<const AssociationConfig> config,
                                                    ClientParameters parameters) {
  auto association =
      std::unique_ptr<Association>(new Association(std::move(config), Role::kClient));
  // The config lives as long as the association, and so may be shared as one of its parts.
  std::shared_ptr<const HandshakeConfig> handshake_config(association->config_,
                                                          &association->config_->handshake);
  association->handshake_ = NewClientHandshake(std::move(handshake_config), std::move(parameters));
  if (association->handshake_ == nullptr) {
    association->EndQuietly(Status::Fatal(Reason::kInternal, AlertDescription::kInternalError),
                            /*from_peer=*/false);
  }
  return association;
}

std::unique_ptr<Association> Association::NewServer(std::shared_ptr<const AssociationConfig> config,
                                                    ServerParameters parameters) {
  auto association =
      std::unique_ptr<Association>(new Association(std::move(config), Role::kServer));
  std::shared_ptr<const HandshakeConfig> handshake_config(association->config_,
                                                          &association->config_->handshake);
  auto handshake = NewServerHandshake(std::move(handshake_config), std::move(parameters));
  association->server_handshake_ = handshake.get();
  association->handshake_ = std::move(handshake);
  return association;
}

// --- Incoming datagrams

void Association::HandleDatagram(std::span<uint8_t> datagram, Instant now) {
  if (failed()) {
    if (alert_repeats_ > 0) {
      //= rfc9147#section-5.10
      //# However, a DTLS implementation
      //# which would ordinarily issue an alert SHOULD generate a new alert
      //# message if the offending record is received again (e.g., as a
      //# retransmitted handshake message).
      --alert_repeats_;
      alert_owed_ = true;
    }
    return;
  }
  if (forget_old_keys_at_ && now >= *forget_old_keys_at_) {
    records_.ForgetReadEpoch(kHandshakeEpoch);
    forget_old_keys_at_.reset();
  }
  const uint64_t unreadable_before = records_.num_dropped(DropReason::kUnknownEpoch);
  bool heard = false;
  while (!failed()) {
    std::optional<OpenedRecord> record = records_.OpenNext(&datagram);
    if (!record) break;
    heard = true;
    HandleRecord(*record, now);
  }
  if (failed()) return;
  // The peer lives, and may still miss what was given up after many retransmissions.
  if (heard && connected_ && !flight_.empty() && !timer_.running()) Retransmit(now);
  if (records_.IntegrityLimitReached()) {
    FailLocally(Reason::kIntegrityLimit, AlertDescription::kBadRecordMac);
    return;
  }
  ScheduleAcks(now, records_.num_dropped(DropReason::kUnknownEpoch) != unreadable_before);
}

bool Association::IsAfterPeerClose(RecordNumber number) const {
  return peer_close_ && number > *peer_close_;
}

void Association::HandleRecord(const OpenedRecord& record, Instant now) {
  //= rfc9147#section-5.10
  //# Any data received with an epoch/sequence number pair after that of a
  //# valid received closure alert MUST be ignored.
  // A peer that has closed its side goes on acknowledging ours.
  if (IsAfterPeerClose(record.number) && record.type != ContentType::kAck) return;
  if (record.number.epoch > kPlaintextEpoch) peer_sent_protected_ = true;
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
      // Under epoch 2 no one may send data; epoch 3 keys exist only once the peer's Finished is
      // verified, so data that overtakes it is dropped below us.
      if (record.number.epoch < kFirstApplicationEpoch) {
        FailLocally(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
        return;
      }
      events_.Push(
          {.type = EventType::kApplicationData, .data = record.content, .number = record.number});
      return;
    default:
      return;  // the record layer admits no other
  }
}

bool Association::IsTooLateInPlaintext(const HandshakeFragment& fragment) const {
  // Once there are keys nothing new comes without their protection; only what was said before may
  // be repeated. A forger's plaintext must not end what has got this far.
  return records_.write_epoch() > kPlaintextEpoch &&
         fragment.header.message_seq >= reassembler_.next_receive_seq();
}

void Association::PrepareForClientHello(const HandshakeFragment& fragment, RecordNumber number) {
  // A server that has not answered keeps no state worth defending: it meets a new client at
  // message_seq 0, or at 1 when a HelloRetryRequest of ours (which we have forgotten) went before.
  // Its own numbers mirror the client's, so they never repeat those of that HelloRetryRequest.
  if (fragment.header.type != HandshakeType::kClientHello || fragment.header.message_seq > 1) {
    return;
  }
  if (reassembler_.next_receive_seq() != fragment.header.message_seq) {
    reassembler_.StartAt(fragment.header.message_seq);
  }
  next_message_seq_ = fragment.header.message_seq;
  records_.SetNextPlaintextNumber(number.sequence_number);
}

void Association::HandleHandshakeRecord(const OpenedRecord& record, Instant now) {
  const bool is_protected = record.number.epoch > kPlaintextEpoch;
  ByteReader reader(record.content);
  bool acknowledgeable = !reader.empty();
  bool repeated = false;
  bool out_of_order = false;
  while (!reader.empty()) {
    std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&reader);
    if (!fragment) {
      // Anyone can write a plaintext record; only the peer a protected one.
      if (is_protected) FailLocally(Reason::kDecodeError, AlertDescription::kDecodeError);
      return;
    }
    if (!is_protected && IsTooLateInPlaintext(*fragment)) {
      acknowledgeable = false;
      continue;
    }
    if (role_ == Role::kServer && !peer_is_dtls13_ &&
        handshake_->wait() == HandshakeWait::kMessage) {
      PrepareForClientHello(*fragment, record.number);
    }
    bool in_order = true;
    switch (reassembler_.Add(*fragment, record.number.epoch, &in_order)) {
      case FragmentVerdict::kBuffered:
        //= rfc9147#section-7.2
        //# As noted
        //# above, the receipt of any record responding to a given flight MUST be
        //# taken as an implicit acknowledgement for the entire flight to which
        //# it is responding.
        // A plaintext record may be forged, and acknowledges only once its message is accepted.
        if (!connected_ && is_protected) OnFlightAcked(now);
        if (!in_order) out_of_order = true;
        break;
      case FragmentVerdict::kAlreadyHeld:
        if (fragment->header.message_seq < reassembler_.next_receive_seq()) repeated = true;
        break;
      case FragmentVerdict::kDiscarded:
        acknowledgeable = false;
        break;
      case FragmentVerdict::kMismatch:
        //= rfc9147#section-5.5
        //# Receivers
        //# MAY check that retransmitted bytes are identical and SHOULD abort the
        //# handshake with an "illegal_parameter" alert if the value of a byte
        //# changes.
        FailLocally(Reason::kFragmentMismatch, AlertDescription::kIllegalParameter);
        return;
      case FragmentVerdict::kTooLong:
        FailLocally(Reason::kExcessiveMessageSize, AlertDescription::kIllegalParameter);
        return;
    }
  }
  if (record.content.empty() && is_protected) {
    // RFC 8446 section 5.1 forbids zero-length handshake fragments.
    FailLocally(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
    return;
  }
  // What our outstanding flight answers is acknowledged by that flight.
  const bool is_answered = repeated && !connected_ && !flight_.empty();
  if (acknowledgeable && !is_answered) acks_.OnRecord(record.number);
  if (repeated) OnRepeatedMessage(record.number.epoch, now);
  if (out_of_order && peer_is_dtls13_) acks_.OweNow();
  DrainMessages(now);
}

void Association::OnRepeatedMessage(Epoch epoch, Instant now) {
  if (connected_ && !flight_.empty() && epoch == kHandshakeEpoch && role_ == Role::kClient) {
    // The server repeats its flight: our Finished was lost.
    Retransmit(now);
    return;
  }
  if (connected_ || epoch > kPlaintextEpoch) {
    //= rfc9147#section-5.8.1
    //# In addition, for at least twice the default MSL defined for
    //# [RFC0793], when in the FINISHED state, the server MUST respond to
    //# retransmission of the client's final flight with a retransmit of its
    //# ACK.
    //= rfc9147#section-7
    //# This includes records
    //# containing messages which are discarded because a previous copy has
    //# been received.
    acks_.OweNow();
    return;
  }
  //= rfc9147#section-5.8.1
  //# The implementation reads a retransmitted flight from the peer when
  //# none of the messages that it sent in response to that flight have
  //# been acknowledged: the implementation transitions to the SENDING
  //# state, where it retransmits the flight, adjusts and re-arms the
  //# retransmit timer (see Section 5.8.2), and returns to the WAITING
  //# state.
  if (!flight_.empty()) Retransmit(now);
}

void Association::DrainMessages(Instant now) {
  while (!failed()) {
    if (handshake_ != nullptr && !connected_ && handshake_->wait() != HandshakeWait::kMessage)
      return;
    std::optional<Message> message = reassembler_.Front();
    if (!message) return;
    TraceMessage(/*outgoing=*/false, message->type, message->message_seq, message->epoch,
                 message->body);
    if (connected_) {
      HandlePostHandshakeMessage(*message, now);
      if (!failed()) reassembler_.Pop();
      continue;
    }
    peer_spoke_since_flight_ = true;
    const Status status = handshake_->HandleMessage(message->type, message->body, message->epoch);
    const bool was_last_seq = message->message_seq == kMaxMessageSeq;
    reassembler_.Pop();
    if (status.ok()) OnFlightAcked(now);
    RunActions(now);
    if (!status.ok()) {
      Fail(status);
    } else if (was_last_seq) {
      FailLocally(Reason::kMessageSequenceLimit, AlertDescription::kInternalError);
    }
    AnnounceWait();
  }
}

void Association::ScheduleAcks(Instant now, bool saw_unreadable) {
  if (!peer_is_dtls13_) return;
  if (connected_) {
    // Post-handshake messages and the client's final flight have no answer to acknowledge them.
    if (acks_.num_unsent() > 0) acks_.OweNow();
    return;
  }
  const Duration delay = timer_.value() / kAckDelayDivisor;
  if (acks_.num_unsent() >= kAckEvery) {
    acks_.OweNow();
  } else if (acks_.num_unsent() > 0 || saw_unreadable) {
    // Records of an epoch we cannot read yet show that something before them is missing. They can
    // be forged, so they hasten nothing beyond the delay of a partial flight.
    acks_.OweBy(now + delay);
  }
}

// --- ACKs and alerts

void Association::HandleAck(const OpenedRecord& record, Instant now) {
  const bool is_protected = record.number.epoch > kPlaintextEpoch;
  if (!peer_is_dtls13_) return;  // RFC 9147bis section 7: ignored until DTLS 1.3 is selected
  if (!is_protected && (peer_sent_protected_ || role_ == Role::kServer)) {
    // A client that acknowledges in plaintext has no keys, so it lacks the ServerHello. Anyone
    // could have written the list; that something is missing is all it is taken for.
    if (!peer_sent_protected_) Retransmit(now);
    return;
  }
  std::optional<AckReader> ack = AckReader::Parse(record.content);
  if (!ack) {
    if (is_protected) FailLocally(Reason::kBadAck, AlertDescription::kDecodeError);
    return;
  }
  Trace(/*outgoing=*/false, ContentType::kAck, record.number.epoch, record.content);
  bool progress = false;
  const bool is_empty = ack->num_remaining() == 0;
  while (std::optional<RecordNumber> number = ack->Next()) {
    // RFC 9147bis section 7.2 (erratum 8108) for the handshake. After it, section 7 has the peer
    // use its own highest epoch, which may well be behind ours; but no one can have what we never
    // sent.
    const bool is_impossible = record.number.epoch < kFirstApplicationEpoch
                                   ? number->epoch > record.number.epoch
                                   : number->epoch > records_.write_epoch();
    if (is_impossible) {
      // A plaintext ACK may be forged and is only ignored.
      if (is_protected) FailLocally(Reason::kBadAck, AlertDescription::kIllegalParameter);
      return;
    }
    for (const FragmentRef& ref : sent_records_.Find(*number)) {
      if (flight_.OnAcked(ref)) progress = true;
    }
  }
  if (flight_.empty()) return;
  if (flight_.AllAcked()) {
    OnFlightAcked(now);
    return;
  }
  if (connected_) flight_.DropAcked();
  //= rfc9147#section-7.2
  //# Upon receipt
  //# of an ACK that leaves it with only some messages from a flight having
  //# been acknowledged, an implementation SHOULD retransmit the
  //# unacknowledged messages or fragments.
  if (progress) {
    flight_.OweOvertaken();
    OnProgress();
    timer_.Restart(now);
    tail_due_.reset();
    if (!flight_.HasOwed()) ExpectTail(now);
  } else if (is_protected || is_empty) {
    Retransmit(now);
  }
}

void Association::HandleAlert(const OpenedRecord& record) {
  const bool is_protected = record.number.epoch > kPlaintextEpoch;
  if (!is_protected && peer_sent_protected_) return;
  std::optional<Alert> alert = ParseAlert(record.content);
  if (!alert) {
    if (is_protected) FailLocally(Reason::kBadAlert, AlertDescription::kDecodeError);
    return;
  }
  Trace(/*outgoing=*/false, ContentType::kAlert, record.number.epoch, record.content);
  if (alert->description == AlertDescription::kUserCanceled) return;  // close_notify follows
  if (alert->description != AlertDescription::kCloseNotify) {
    // RFC 8446 section 6: whatever the level says, an error alert is fatal.
    EndQuietly(Status::Fatal(Reason::kPeerAlert, alert->description), /*from_peer=*/true);
    return;
  }
  peer_close_ = record.number;
  events_.Push({.type = EventType::kPeerClosed, .number = record.number});
  if (!connected_) {
    EndQuietly(Status::Fatal(Reason::kPeerAlert, AlertDescription::kCloseNotify), true);
  }
}

// --- Handshake glue

void Association::RunActions(Instant now) {
  while (handshake_ != nullptr) {
    std::optional<HandshakeAction> action = handshake_->NextAction();
    if (!action) return;
    std::visit([&](auto&& value) { Apply(std::forward<decltype(value)>(value), now); },
               std::move(*action));
  }
}

void Association::Apply(SendMessage action, Instant now) {
  AddToFlight(action.epoch, action.type, std::move(action.body), now);
}

void Association::Apply(SendStateless action, Instant) {
  stateless_reply_ = std::move(action.body);
  stateless_reply_seq_ = next_message_seq_;
  TraceMessage(/*outgoing=*/true, action.type, stateless_reply_seq_, kPlaintextEpoch,
               stateless_reply_);
  acks_.OnFlightStarted();
}

void Association::Apply(InstallReadKeys action, Instant) {
  if (!records_.InstallReadKeys(action.epoch, *action.suite, action.traffic_secret)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  newest_read_epoch_ = action.epoch;
  if (action.epoch >= kFirstApplicationEpoch) read_secret_ = std::move(action.traffic_secret);
}

void Association::Apply(InstallWriteKeys action, Instant) {
  if (!records_.InstallWriteKeys(action.epoch, *action.suite, action.traffic_secret)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  if (action.epoch >= kFirstApplicationEpoch) write_secret_ = std::move(action.traffic_secret);
}

void Association::Apply(PeerIsDtls13, Instant) { peer_is_dtls13_ = true; }

void Association::Apply(KeyLogLine action, Instant) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::vector<uint8_t> line;
  const auto append_hex = [&line](std::span<const uint8_t> bytes) {
    for (uint8_t byte : bytes) {
      line.push_back(kHex[byte >> 4]);
      line.push_back(kHex[byte & 15]);
    }
  };
  const std::string_view label(action.label);
  line.reserve(label.size() + 2 * (action.client_random.size() + action.secret.size()) + 2);
  line.insert(line.end(), label.begin(), label.end());
  line.push_back(' ');
  append_hex(action.client_random);
  line.push_back(' ');
  append_hex(action.secret.bytes());
  events_.PushOwned({.type = EventType::kKeyLog}, std::move(line));
}

void Association::Apply(Completed, Instant now) {
  result_ = handshake_->TakeResult();
  // Later generations must not be derivable from what stays in memory, RFC 8446 section 7.2.
  result_.client_application_secret = Secret();
  result_.server_application_secret = Secret();
  connected_ = true;
  give_up_at_.reset();
  // From here on epoch 0 brings nothing that belongs to this association.
  records_.ForgetReadEpoch(kPlaintextEpoch);
  if (role_ == Role::kServer) {
    handshake_acked_ = true;
    records_.ForgetWriteEpoch(kHandshakeEpoch);
    forget_old_keys_at_ = now + config_->old_keys_lifetime;
  }
  events_.Push({.type = EventType::kConnected});
}

void Association::AnnounceWait() {
  if (handshake_ == nullptr || failed()) return;
  const HandshakeWait wait = handshake_->wait();
  if (wait == announced_wait_) return;
  announced_wait_ = wait;
  switch (wait) {
    case HandshakeWait::kCredential:
      events_.Push({.type = EventType::kCredentialWanted});
      return;
    case HandshakeWait::kSignature:
      events_.Push({.type = EventType::kSignatureWanted});
      return;
    case HandshakeWait::kVerification:
      events_.Push({.type = EventType::kVerifyPeer});
      return;
    case HandshakeWait::kMessage:
    case HandshakeWait::kNothing:
      return;
  }
}

void Association::OnProvided(Status status, Instant now) {
  RunActions(now);
  if (!status.ok()) Fail(status);
  announced_wait_ = HandshakeWait::kMessage;
  AnnounceWait();
  DrainMessages(now);
  ScheduleAcks(now, /*saw_unreadable=*/false);
}

void Association::ProvideCredential(std::shared_ptr<const Credential> credential, Instant now) {
  if (failed() || handshake_ == nullptr || handshake_->wait() != HandshakeWait::kCredential) return;
  OnProvided(handshake_->ProvideCredential(std::move(credential)), now);
}

void Association::ProvideSignature(std::span<const uint8_t> signature, Instant now) {
  if (failed() || handshake_ == nullptr || handshake_->wait() != HandshakeWait::kSignature) return;
  OnProvided(handshake_->ProvideSignature(signature), now);
}

void Association::ProvideVerification(bool ok, AlertDescription alert, Instant now) {
  if (failed() || handshake_ == nullptr || handshake_->wait() != HandshakeWait::kVerification) {
    return;
  }
  OnProvided(handshake_->ProvideVerification(ok, alert), now);
}

// --- After the handshake

void Association::HandlePostHandshakeMessage(const Message& message, Instant now) {
  // A message of an epoch that a KeyUpdate has ended, or of the handshake's own: RFC 9147bis
  // section 8.
  if (message.epoch != newest_read_epoch_ || message.message_seq == kMaxMessageSeq) {
    FailLocally(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
    return;
  }
  if (message.type == HandshakeType::kKeyUpdate) {
    HandleKeyUpdate(message, now);
    return;
  }
  if (message.type == HandshakeType::kNewSessionTicket && role_ == Role::kClient) {
    if (!ParseNewSessionTicket(message.body)) {
      FailLocally(Reason::kDecodeError, AlertDescription::kDecodeError);
    }
    return;
  }
  //= rfc9147#section-9
  //# If an implementation receives these messages when
  //# CIDs were not negotiated, it MUST abort the connection with an
  //# "unexpected_message" alert.
  FailLocally(Reason::kUnexpectedMessage, AlertDescription::kUnexpectedMessage);
}

void Association::HandleKeyUpdate(const Message& message, Instant now) {
  bool illegal = false;
  std::optional<KeyUpdate> update = ParseKeyUpdate(message.body, &illegal);
  if (!update) {
    FailLocally(Reason::kBadKeyUpdate,
                illegal ? AlertDescription::kIllegalParameter : AlertDescription::kDecodeError);
    return;
  }
  Secret next = NextTrafficSecret(*config_->handshake.algorithms, *result_.suite,
                                  config_->handshake.label_prefix, read_secret_.bytes());
  const Epoch epoch = newest_read_epoch_.Next();
  if (next.empty() || !records_.InstallReadKeys(epoch, *result_.suite, next)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  newest_read_epoch_ = epoch;
  read_secret_ = std::move(next);
  if (update->update_requested) StartKeyUpdate(/*request_peer=*/false, now);
}

void Association::RequestKeyUpdate(bool request_peer, Instant now) {
  if (!failed() && connected_) StartKeyUpdate(request_peer, now);
}

void Association::StartKeyUpdate(bool request_peer, Instant now) {
  //= rfc9147#section-5.8.4
  //# In contrast,
  //# implementations MUST NOT send KeyUpdate, NewConnectionId, or
  //# RequestConnectionId messages if an earlier message of the same type
  //# has not yet been acknowledged.
  if (close_queued_) return;
  if (key_update_pending_) {
    // One that was given up is sent again, now that it is wanted again.
    if (!timer_.running()) Retransmit(now);
    return;
  }
  //= rfc9147#section-8
  //# If a sending implementation receives a KeyUpdate with
  //# request_update set to "update_requested", it MUST NOT send its own
  //# KeyUpdate if that would cause it to exceed these limits and SHOULD
  //# instead ignore the "update_requested" flag.
  if (records_.write_epoch() >= EpochSet::kMaxWriteEpoch || next_message_seq_ == kMaxMessageSeq) {
    return;
  }
  AddToFlight(records_.write_epoch(), HandshakeType::kKeyUpdate,
              SerializeKeyUpdate({.update_requested = request_peer}), now);
  key_update_pending_ = true;
}

void Association::AdvanceWriteEpoch() {
  const Epoch old = records_.write_epoch();
  Secret next = NextTrafficSecret(*config_->handshake.algorithms, *result_.suite,
                                  config_->handshake.label_prefix, write_secret_.bytes());
  if (next.empty() || !records_.InstallWriteKeys(old.Next(), *result_.suite, next)) {
    FailLocally(Reason::kCrypto, AlertDescription::kInternalError);
    return;
  }
  write_secret_ = std::move(next);
  records_.ForgetWriteEpoch(old);
  key_update_pending_ = false;
}

// --- Flights

void Association::AddToFlight(Epoch epoch, HandshakeType type, std::vector<uint8_t> body,
                              Instant now) {
  if (!connected_ && peer_spoke_since_flight_) {
    flight_.Clear();
    sent_records_.Clear();
    tail_due_.reset();
    acks_.OnFlightStarted();
    flight_was_sent_ = false;
    peer_spoke_since_flight_ = false;
    OnProgress();
    give_up_at_.reset();
  } else if (connected_ && flight_.empty()) {
    OnProgress();
    flight_was_sent_ = false;
  }
  if (next_message_seq_ == kMaxMessageSeq) {
    // The last number is never used, so the counter cannot wrap (erratum 8048).
    FailLocally(Reason::kMessageSequenceLimit, AlertDescription::kInternalError);
    return;
  }
  TraceMessage(/*outgoing=*/true, type, next_message_seq_, epoch, body);
  flight_.Add(epoch, type, next_message_seq_, std::move(body));
  ++next_message_seq_;
  if (flight_was_sent_ && !timer_.running()) timer_.Start(now);
}

bool Association::MayProvokeRetransmission(Instant now) const {
  if (!flight_was_sent_ || flight_.empty() || num_provoked_ >= kMaxProvoked) return false;
  return !last_flight_sent_ || now - *last_flight_sent_ >= kMinRetransmitInterval;
}

void Association::OnProgress() {
  num_provoked_ = 0;
  burst_left_ = kMaxBurstRecords;
}

void Association::Retransmit(Instant now) {
  if (!MayProvokeRetransmission(now)) return;
  ++num_provoked_;
  if (num_provoked_ >= kSendsBeforeSmallFragments) small_fragments_ = true;
  flight_.OweUnacked();
  burst_left_ = kMaxBurstRecords;
  timer_.Postpone(now);
  last_flight_sent_ = now;
}

void Association::ExpectTail(Instant now) {
  if (!last_flight_sent_) return;
  const Duration elapsed = now - *last_flight_sent_;
  tail_due_ = now + std::max(elapsed / kTailDelayDivisor, kMinTailDelay);
}

void Association::OnFlightAcked(Instant now) {
  if (flight_.empty()) return;
  tail_due_.reset();
  //= rfc9147#section-7.2
  //# Once all the messages in a flight have been acknowledged, the
  //# implementation MUST cancel all retransmissions of that flight.
  flight_.Clear();
  sent_records_.Clear();
  timer_.OnAcked(now);
  OnProgress();
  if (!connected_) {
    give_up_at_ = now + kGiveUpAfter;
    return;
  }
  if (!handshake_acked_) {
    handshake_acked_ = true;
    records_.ForgetWriteEpoch(kHandshakeEpoch);
    records_.ForgetReadEpoch(kHandshakeEpoch);
    events_.Push({.type = EventType::kHandshakeAcked});
  }
  //= rfc9147#section-8
  //# implementations MUST NOT send records with the new
  //# keys or send a new KeyUpdate until the previous KeyUpdate has been
  //# acknowledged (this avoids having too many epochs in active use).
  if (key_update_pending_) AdvanceWriteEpoch();
}

void Association::HandleTimeout(Instant now) {
  if (failed()) return;
  acks_.HandleTimeout(now);
  if (tail_due_ && now >= *tail_due_) {
    tail_due_.reset();
    flight_.OweUnacked();
    burst_left_ = kMaxBurstRecords;
    timer_.Restart(now);
    return;
  }
  if (give_up_at_ && now >= *give_up_at_) {
    EndQuietly(Status::Fatal(Reason::kHandshakeTimeout, AlertDescription::kInternalError), false);
    return;
  }
  if (!timer_.HandleTimeout(now)) return;
  tail_due_.reset();
  if (timer_.Exhausted()) {
    timer_.Stop();
    // After the handshake nothing of ours is worth the association: it is given up quietly, and
    // still sent again if the peer shows that it misses it.
    if (!connected_) {
      EndQuietly(Status::Fatal(Reason::kHandshakeTimeout, AlertDescription::kInternalError), false);
    }
    return;
  }
  if (timer_.num_expiries() >= kSendsBeforeSmallFragments) small_fragments_ = true;
  flight_.OweUnacked();
  // A peer that does not acknowledge parts must still get the whole in the end: larger bursts.
  burst_left_ = kMaxBurstRecords << std::min<uint32_t>(timer_.num_expiries(), 8);
  last_flight_sent_ = now;
}

std::optional<Instant> Association::NextTimeout() const {
  if (failed()) return std::nullopt;
  const std::optional<Instant> ack = acks_.deadline();
  const std::optional<Instant> retransmit = timer_.deadline();
  std::optional<Instant> next = tail_due_;
  for (const std::optional<Instant>& deadline : {ack, retransmit, give_up_at_}) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

std::optional<Event> Association::PollEvent() {
  if (std::optional<Event> event = events_.Pop()) return event;
  // Accessors of the handshake's data stay valid until the events that speak of them are polled.
  if (handshake_ != nullptr && (connected_ || failed())) {
    server_handshake_ = nullptr;
    handshake_.reset();
  }
  return std::nullopt;
}

}  // namespace dtls13
