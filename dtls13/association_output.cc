// The half of Association that writes: datagrams, application records, closing, and what is known.

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/association.h"
#include "dtls13/crypto/key_schedule.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13 {
namespace {

// The datagrams of a path that seems not to carry our MTU: what IPv4 always carries, less headers.
constexpr size_t kSmallFragmentMtu = 548;

// kMaxAlertRepeats: how often a failed association answers further datagrams with its alert. More
// would let a forger of datagrams use it as a reflector.
constexpr uint8_t kMaxAlertRepeats = 3;

// kReservedRecords: the record numbers of an epoch that application data may not use up.
constexpr uint64_t kReservedRecords = 1000;

// Handshake, ACK and alert records share datagrams, so they carry their length.
constexpr HeaderForm kFullForm{.has_length = true, .short_number = false};

// A handshake record with less room than this is not worth its header.
constexpr size_t kMinFragmentRoom = kHandshakeHeaderLen + 16;

// WholeMessage is a handshake message as one fragment that is all of it.
std::vector<uint8_t> WholeMessage(HandshakeType type, uint16_t message_seq,
                                  std::span<const uint8_t> body) {
  const auto len = static_cast<uint32_t>(body.size());
  std::vector<uint8_t> message(kHandshakeHeaderLen + body.size());
  WriteHandshakeHeader({.type = type,
                        .message_len = len,
                        .message_seq = message_seq,
                        .fragment_offset = 0,
                        .fragment_len = len},
                       message);
  std::copy(body.begin(), body.end(), message.begin() + kHandshakeHeaderLen);
  return message;
}

const ClientHelloInfo& NoClientHello() {
  static const ClientHelloInfo kNone;
  return kNone;
}

const SignatureRequest& NoSignatureRequest() {
  static const SignatureRequest kNone{};
  return kNone;
}

const std::vector<std::vector<uint8_t>>& NoCertificates() {
  static const std::vector<std::vector<uint8_t>> kNone;
  return kNone;
}

}  // namespace

// --- Datagrams

size_t Association::PollTransmit(std::span<uint8_t> out, Instant now) {
  if (!failed() && handshake_ != nullptr) RunActions(now);
  if (!failed() && connected_ && !key_update_pending_ &&
      records_.NearConfidentialityLimit(records_.write_epoch())) {
    //= rfc9147#section-4.5.3
    //# Implementations SHOULD initiate a key update before
    //# reaching this limit.
    StartKeyUpdate(/*request_peer=*/false, now);
  }
  out = out.first(std::min(out.size(), mtu_));
  if (failed()) return PackAlert(out);
  if (!stateless_reply_.empty()) return PackStatelessReply(out);

  size_t len = PackHandshakeRecords(out.first(std::min(out.size(), handshake_mtu())), now);
  if (acks_.owed()) len += PackAck(out.subspan(len));
  if (alert_owed_ && !flight_.HasOwed()) len += PackAlert(out.subspan(len));
  return len;
}

size_t Association::handshake_mtu() const {
  return small_fragments_ ? std::min(mtu_, kSmallFragmentMtu) : mtu_;
}

bool Association::FlightIsInTheMaking() const {
  return !flight_was_sent_ && !events_.empty() && handshake_ != nullptr &&
         handshake_->wait() == HandshakeWait::kSignature;
}

size_t Association::PackHandshakeRecords(std::span<uint8_t> out, Instant now) {
  // A caller that answers SignatureWanted at once gets the whole flight in as few datagrams as
  // possible; one that takes its time has polled the event by now, and the first half leaves.
  if (FlightIsInTheMaking()) return 0;
  size_t len = 0;
  std::array<uint8_t, kMaxPlaintextLen> content;
  while (flight_.HasOwed() && burst_left_ > 0) {
    const Epoch epoch = flight_.next_owed_epoch();
    const size_t overhead = records_.Overhead(epoch, kFullForm);
    const size_t room = out.size() - len;
    if (room < overhead + kMinFragmentRoom) break;
    std::array<FragmentRef, OutgoingFlight::kMaxFragmentsPerRecord> refs;
    size_t num_refs = 0;
    const size_t content_len = flight_.PackRecord(
        std::span(content).first(std::min(room - overhead, content.size())), refs, &num_refs);
    if (content_len == 0) break;
    RecordNumber number;
    const size_t record_len =
        records_.Seal(epoch, ContentType::kHandshake, std::span(content).first(content_len),
                      kFullForm, out.subspan(len), &number);
    if (record_len == 0) {
      FailLocally(Reason::kRecordLimit, AlertDescription::kInternalError);
      return 0;
    }
    sent_records_.Record(number, std::span(refs).first(num_refs));
    len += record_len;
    --burst_left_;
  }
  if (len > 0) {
    last_flight_sent_ = now;
    if (!flight_was_sent_) {
      flight_was_sent_ = true;
      timer_.Start(now);
      // The flight answers what it answers; a separate ACK would only repeat it.
      if (!connected_) acks_.CancelPending();
    }
  }
  return len;
}

size_t Association::PackOne(ContentType type, std::span<const uint8_t> content, Epoch epoch,
                            std::span<uint8_t> out) {
  if (out.size() < records_.Overhead(epoch, kFullForm) + content.size()) return 0;
  RecordNumber number;
  const size_t len = records_.Seal(epoch, type, content, kFullForm, out, &number);
  if (len > 0) Trace(/*outgoing=*/true, type, epoch, content);
  return len;
}

size_t Association::PackAck(std::span<uint8_t> out) {
  //= rfc9147#section-7
  //# After the handshake,
  //# implementations MUST use the highest available sending epoch.
  const Epoch epoch = records_.write_epoch();
  const size_t fixed = records_.Overhead(epoch, kFullForm) + kAckHeaderLen;
  std::array<RecordNumber, AckScheduler::kMaxRecordNumbers> numbers;
  if (out.size() < fixed + kAckRecordNumberLen) return 0;  // the next datagram has room
  const size_t max_numbers = std::min((out.size() - fixed) / kAckRecordNumberLen, numbers.size());
  //= rfc9147#section-7
  //# During the handshake, ACK records MUST be sent with an epoch which is
  //# equal to or higher than the record which is being acknowledged.
  const Epoch max_epoch = connected_ ? newest_read_epoch_ : epoch;
  const size_t num = acks_.Take(max_epoch, std::span(numbers).first(max_numbers));
  std::array<uint8_t, kAckHeaderLen + AckScheduler::kMaxRecordNumbers * kAckRecordNumberLen>
      content;
  const size_t content_len = WriteAck(std::span(numbers).first(num), content);
  return PackOne(ContentType::kAck, std::span(content).first(content_len), epoch, out);
}

Epoch Association::alert_epoch() const {
  // A peer that was sent no ServerHello can read only plaintext.
  if (role_ == Role::kServer && !connected_ && !flight_was_sent_) return kPlaintextEpoch;
  // One that has not answered our Finished may not have the keys behind it. A close_notify stands
  // in the order of the data, and so in their epoch.
  const bool peer_may_lack_keys = !connected_ || !handshake_acked_;
  if (failed() && peer_may_lack_keys && records_.CanWrite(kHandshakeEpoch)) return kHandshakeEpoch;
  return records_.write_epoch();
}

size_t Association::PackAlert(std::span<uint8_t> out) {
  if (!alert_owed_) return 0;
  const bool fatal = owed_alert_ != AlertDescription::kCloseNotify;
  const auto content = SerializeAlert(
      {.level = fatal ? AlertLevel::kFatal : AlertLevel::kWarning, .description = owed_alert_});
  const size_t len = PackOne(ContentType::kAlert, content, alert_epoch(), out);
  if (len > 0) alert_owed_ = false;
  return len;
}

size_t Association::PackStatelessReply(std::span<uint8_t> out) {
  const std::vector<uint8_t> body = std::exchange(stateless_reply_, {});
  const std::vector<uint8_t> message =
      WholeMessage(HandshakeType::kServerHello, stateless_reply_seq_, body);
  RecordNumber number;
  return records_.Seal(kPlaintextEpoch, ContentType::kHandshake, message, kFullForm, out, &number);
}

void Association::SetMtu(size_t mtu) { mtu_ = std::max(mtu, kMinMtu); }

// --- Application data

HeaderForm Association::data_form() const {
  return {.has_length = !(config_->omit_length && handshake_acked_),
          .short_number = config_->short_numbers && handshake_acked_};
}

SendResult Association::Seal(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                             size_t* out_len) {
  if (failed() || close_queued_) return SendResult::kClosed;
  if (!connected_) return SendResult::kNotConnected;
  const Epoch epoch = records_.write_epoch();
  const HeaderForm form = data_form();
  if (plaintext.size() > kMaxPlaintextLen ||
      out.size() < plaintext.size() + records_.Overhead(epoch, form)) {
    return SendResult::kTooLarge;
  }
  // What is left is for the KeyUpdate that renews the keys, its retransmissions and an alert.
  if (records_.NumLeft(epoch) <= kReservedRecords) return SendResult::kExhausted;
  RecordNumber number;
  const size_t len =
      records_.Seal(epoch, ContentType::kApplicationData, plaintext, form, out, &number);
  if (len == 0) return SendResult::kExhausted;
  *out_len = len;
  return SendResult::kSealed;
}

size_t Association::SealOverhead() const {
  return records_.Overhead(records_.write_epoch(), data_form());
}

// --- Ends

void Association::Close() {
  if (failed() || close_queued_) return;
  close_queued_ = true;
  alert_owed_ = true;
  owed_alert_ = AlertDescription::kCloseNotify;
}

void Association::Abort(AlertDescription alert) { FailLocally(Reason::kInternal, alert); }

void Association::Fail(Status status) {
  if (failed()) return;
  EndQuietly(status, /*from_peer=*/false);
  alert_owed_ = true;
  owed_alert_ = status.alert();
  alert_repeats_ = kMaxAlertRepeats;
}

void Association::EndQuietly(Status status, bool from_peer) {
  if (failed()) return;
  failure_ = status;
  alert_owed_ = false;
  timer_.Stop();
  acks_.CancelPending();
  stateless_reply_.clear();
  events_.Push({.type = EventType::kFailed, .status = status, .from_peer = from_peer});
}

// --- Tracing

void Association::Trace(bool outgoing, ContentType type, Epoch epoch,
                        std::span<const uint8_t> bytes) {
  if (!config_->trace) return;
  events_.PushOwned({.type = EventType::kTrace,
                     .trace = {.outgoing = outgoing, .content_type = type, .epoch = epoch}},
                    std::vector<uint8_t>(bytes.begin(), bytes.end()));
}

void Association::TraceMessage(bool outgoing, HandshakeType type, uint16_t message_seq, Epoch epoch,
                               std::span<const uint8_t> body) {
  if (!config_->trace) return;
  events_.PushOwned(
      {.type = EventType::kTrace,
       .trace = {.outgoing = outgoing, .content_type = ContentType::kHandshake, .epoch = epoch}},
      WholeMessage(type, message_seq, body));
}

// --- What is known

bool Association::HasUnacked() const { return !flight_.empty(); }

const ClientHelloInfo& Association::client_hello() const {
  return server_handshake_ != nullptr ? server_handshake_->client_hello() : NoClientHello();
}

const SignatureRequest& Association::signature_request() const {
  return handshake_ != nullptr ? handshake_->signature_request() : NoSignatureRequest();
}

const std::vector<std::vector<uint8_t>>& Association::peer_certificates() const {
  return handshake_ != nullptr ? handshake_->peer_certificates() : NoCertificates();
}

const HandshakeResult& Association::result() const {
  return connected_ || handshake_ == nullptr ? result_ : handshake_->result();
}

bool Association::ExportKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                                       std::span<uint8_t> out) const {
  if (!connected_) return false;
  return dtls13::ExportKeyingMaterial(*config_->handshake.algorithms, result_.suite->hash,
                                      config_->handshake.label_prefix, result_.exporter_secret,
                                      label, context, out);
}

}  // namespace dtls13
