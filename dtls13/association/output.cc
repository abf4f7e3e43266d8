// SPDX-License-Identifier: Apache-2.0
// The half of AssociationImpl that speaks: datagrams and application records.

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/message/connection_config.h"
#include "dtls13/record_sizing.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13 {
namespace {

// The datagrams of a path that seems not to carry our MTU: what IPv4 always carries, less headers.
constexpr size_t kSmallFragmentMtu = 548;

// Payloads that many paths carry: Ethernet with IPv4 and with IPv6, what every IPv6 path carries,
// the default, and what every IPv4 host takes.
constexpr std::array<size_t, 5> kCommonMtus = {1472, 1452, 1232, kDefaultMtu, kSmallFragmentMtu};

// A handshake record with less room than this is not worth its header.
constexpr size_t kMinFragmentRoom = kHandshakeHeaderLen + 16;

}  // namespace

// --- Datagrams

//= rfc9147#section-4
//# Sending implementations MUST NOT mix records from multiple DTLS
//# associations in the same datagram.
size_t AssociationImpl::PollTransmit(std::span<uint8_t> out, Instant now, PathId* to) {
  if (const size_t len = PackPathMessage(out, to)) return len;
  *to = mobility_.active();
  latest_now_ = now;
  wall_clock_.OnCall(now);
  if (!HasOutput()) return 0;
  if (!failed()) RunActions(now);
  StartDueKeyUpdate(now);
  //= rfc9147#section-4.3
  //# In order to avoid IP fragmentation, clients of the DTLS record layer
  //# SHOULD attempt to size records so that they fit within any Path MTU
  //# (PMTU) estimates obtained from the record layer.
  out = out.first(std::min(out.size(), mtu_));
  if (failed()) return PackAlert(out);
  if (buffers_.owes()) return PackStatelessReply(out);

  // An ACK is short and spares the peer a retransmission; tickets are long and nobody waits for
  // them. The flight that ends a client's handshake brings the keys to read its ACK with, and goes
  // first.
  const bool ack_leads = phases_.connected() && retransmission_.HasOwed() &&
                         retransmission_.next_owed_epoch() >= kFirstApplicationEpoch;
  //= rfc9147#section-4.3
  //# Multiple DTLS records MAY be placed in a single datagram.
  size_t len = ack_leads ? PackAcks(out) : 0;
  const size_t room = std::min(out.size(), handshake_mtu());
  len += PackHandshakeRecords(out.subspan(len, room - std::min(room, len)), now);
  len += PackAcks(out.subspan(len));
  if (ending_.alert_owed() && !retransmission_.HasOwed()) len += PackAlert(out.subspan(len));
  return len;
}

bool AssociationImpl::HasOutput() const {
  return MayOweOutput() || DueKeyUpdate() != KeyLifetime::Update::kNone;
}

// During a handshake, and at the end, PollTransmit itself finds out.
bool AssociationImpl::MayOweOutput() const {
  if (!phases_.connected() || failed() || phases_.handshake() != nullptr) return true;
  return retransmission_.HasOwed() || acks_.owed() || ending_.alert_owed() || buffers_.owes() ||
         phases_.post_handshake()->HasAction() || mobility_.may_send();
}

// It is asked for around each record, so no deadline is looked for where there is none. Mobility
// has one only where it may have something to send.
bool AssociationImpl::IsIdle() const {
  return !MayOweOutput() && events_.empty() && !retransmission_.has_deadline() &&
         !acks_.deadline() && !WaitsForPeer() && DueKeyUpdate() == KeyLifetime::Update::kNone;
}

size_t AssociationImpl::handshake_mtu() const {
  return retransmission_.wants_small_fragments() ? std::min(mtu_, kSmallFragmentMtu) : mtu_;
}

bool AssociationImpl::FlightIsInTheMaking() const {
  return !retransmission_.was_sent() && !events_.empty() && phases_.handshake() != nullptr &&
         phases_.handshake()->wait() == HandshakeWait::kSignature;
}

size_t AssociationImpl::PackHandshakeRecords(std::span<uint8_t> out, Instant now) {
  // A caller that answers SignatureWanted at once gets the whole flight in as few datagrams as
  // possible; one that takes its time has polled the event by now, and the first half leaves.
  if (FlightIsInTheMaking()) return 0;
  size_t len = 0;
  std::array<uint8_t, kMaxPlaintextLen> content;
  while (retransmission_.MaySend()) {
    const Epoch epoch = retransmission_.next_owed_epoch();
    const size_t overhead = records_.Overhead(epoch, kFullForm);
    const bool is_new = retransmission_.NextOwedIsNew();
    const size_t room = std::min(out.size() - len, mobility_.bound().Room(is_new));
    if (room < overhead + kMinFragmentRoom) break;
    const Retransmission::Packed packed = retransmission_.PackRecord(
        std::span(content).first(std::min(room - overhead, max_content_len(epoch))));
    if (packed.len == 0) break;
    RecordNumber number;
    //= rfc9147#section-4.3
    //# Each DTLS record MUST fit within a single datagram.
    //= rfc9147#section-4.3
    //# The first byte of the datagram payload MUST be the beginning of a
    //# record.
    //= rfc9147#section-4.3
    //# Records MUST NOT span datagrams.
    //= rfc9147#section-5.5
    //# Each handshake message fragment that is placed into a record MUST be
    //# delivered in a single UDP datagram.
    const size_t record_len =
        SealRecord(epoch, ContentType::kHandshake, std::span(content).first(packed.len), kFullForm,
                   out.subspan(len, room), &number);
    if (record_len == 0) {
      FailLocally(Reason::kRecordLimit, AlertDescription::kInternalError);
      return 0;
    }
    retransmission_.OnRecordSent(number, packed, now);
    mobility_.bound().OnSent(record_len, is_new);
    len += record_len;
  }
  if (retransmission_.OnDatagramSent(now)) acks_.OnFlightSent();
  return len;
}

size_t AssociationImpl::PackOne(ContentType type, std::span<const uint8_t> content, Epoch epoch,
                                std::span<uint8_t> out) {
  const size_t least_len = records_.Overhead(epoch, kFullForm) + content.size();
  if (out.size() < least_len) return 0;
  // Padding is no reason to go beyond the bound on what is sent.
  const size_t room = std::max(least_len, mobility_.bound().Room(/*is_new=*/false));
  RecordNumber number;
  const size_t len =
      SealRecord(epoch, type, content, kFullForm, out.first(std::min(out.size(), room)), &number);
  mobility_.bound().OnSent(len, /*is_new=*/false);
  if (len > 0) events_.Trace(/*outgoing=*/true, type, epoch, content);
  return len;
}

size_t AssociationImpl::PackAcks(std::span<uint8_t> out) {
  if (!acks_.owed()) return 0;
  //= rfc9147#section-7
  //# After the handshake,
  //# implementations MUST use the highest available sending epoch.
  //= rfc9147#section-7
  //# Implementations SHOULD simply use the highest current sending epoch,
  //# which will generally be the highest available.
  const Epoch epoch = control_epoch();
  //= rfc9147#section-7
  //# During the handshake, ACK records MUST be sent with an epoch which is
  //# equal to or higher than the record which is being acknowledged.
  const Epoch max_epoch = phases_.connected() ? keys_.newest_read_epoch() : epoch;
  const size_t fixed = records_.Overhead(epoch, kFullForm) + kAckHeaderLen;
  const size_t number_len = records_.profile().ack_number_len;
  std::array<RecordNumber, AckScheduler::kMaxRecordNumbers> numbers;
  std::array<uint8_t, kAckHeaderLen + numbers.size() * kAckRecordNumberLen> content;
  size_t len = 0;
  // What one ACK had no room for is named by the next: a peer may read but short records.
  while (acks_.owed()) {
    const size_t room = out.size() - len;
    if (room < fixed + number_len) break;  // the next datagram has it
    const size_t max_numbers =
        std::min({(room - fixed) / number_len,
                  (max_content_len(epoch) - kAckHeaderLen) / number_len, numbers.size()});
    const size_t num = acks_.FillAck(max_epoch, std::span(numbers).first(max_numbers));
    const size_t content_len = WriteAck(std::span(numbers).first(num), content, records_.profile());
    const size_t record_len =
        PackOne(ContentType::kAck, std::span(content).first(content_len), epoch, out.subspan(len));
    if (record_len == 0) break;
    len += record_len;
  }
  if (len > 0) {
    acks_.OnAckSent(!retransmission_.empty(), retransmission_.repeat_timer(), latest_now_);
  }
  return len;
}

Epoch AssociationImpl::control_epoch() const {
  const Epoch epoch = records_.write_epoch();
  return epoch == kEarlyDataEpoch ? kPlaintextEpoch : epoch;
}

Epoch AssociationImpl::alert_epoch() const {
  // A peer that was sent no ServerHello can read only plaintext.
  if (role_ == Role::kServer && !phases_.connected() && !retransmission_.was_sent())
    return kPlaintextEpoch;
  // A peer that has not answered our Finished may not have the keys behind it. A close_notify
  // stands in the order of the data, and so in their epoch.
  const bool peer_may_lack_keys = !phases_.connected() || !keys_.handshake_acked();
  //= rfc8446#appendix-A.1
  //# If clients need to send such alerts, they SHOULD first rekey to the
  //# handshake keys if possible.
  if (failed() && peer_may_lack_keys && records_.CanWrite(kHandshakeEpoch)) return kHandshakeEpoch;
  return control_epoch();
}

size_t AssociationImpl::PackAlert(std::span<uint8_t> out) {
  size_t len = 0;
  while (ending_.alert_owed()) {
    const auto content = SerializeAlert(ending_.owed_alert());
    const size_t record_len =
        //= rfc8446#section-5.1
        //# Alert messages (Section 6) MUST NOT be fragmented across records, and
        //# multiple alert messages MUST NOT be coalesced into a single
        //# TLSPlaintext record.
        PackOne(ContentType::kAlert, content, alert_epoch(), out.subspan(len));
    if (record_len == 0) break;
    ending_.OnAlertSent();
    len += record_len;
  }
  if (len == 0) return 0;
  if (failed()) {
    ForgetSecrets();
  } else {
    //= rfc9147#section-5.10
    //# Any data received with an epoch/sequence number pair after that of a
    //# valid received closure alert MUST be ignored.
    // A client's Finished is of an earlier epoch, and stays.
    retransmission_.ForgetFrom(alert_epoch());
  }
  return len;
}

size_t AssociationImpl::PackStatelessReply(std::span<uint8_t> out) {
  const std::vector<uint8_t> message = buffers_.TakeOwed();
  if (records_.Overhead(kPlaintextEpoch, kFullForm) + message.size() >
      mobility_.bound().Room(/*is_new=*/false)) {
    return 0;
  }
  RecordNumber number;
  const size_t len =
      records_.Seal(kPlaintextEpoch, ContentType::kHandshake, message, kFullForm, out, &number);
  mobility_.bound().OnSent(len, /*is_new=*/false);
  return len;
}

void AssociationImpl::SetMtu(size_t mtu) { mtu_ = std::max(mtu, kMinMtu); }

void AssociationImpl::OnDatagramTooLarge(size_t len, size_t known_mtu, Instant now) {
  size_t next = known_mtu;
  if (next == 0) {
    // Every path carries so much: the refusal was of another datagram.
    if (len <= kMinMtu) return;
    const auto below = std::find_if(kCommonMtus.begin(), kCommonMtus.end(),
                                    [len](size_t mtu) { return mtu < len; });
    next = below == kCommonMtus.end() ? kMinMtu : *below;
  }
  mobility_.bound().OnRefused(len);
  const size_t before = mtu_;
  SetMtu(std::min(mtu_, next));
  // Nothing smaller is left to try, or it was sent before the MTU shrank, and is on its way again.
  if (failed() || mtu_ == before) return;
  //= rfc9147#section-4.4
  //# If the DTLS record layer informs the DTLS handshake layer that a
  //# message is too big, the handshake layer SHOULD immediately attempt
  //# to fragment the message, using any existing information about the
  //# PMTU.
  retransmission_.SendAgain(now);
}

// --- Application data

size_t AssociationImpl::max_inner_len(Epoch epoch) const {
  // RFC 8449 section 4: "Unprotected messages are not subject to this limit." Early data precedes
  // what it depends on.
  if (epoch <= kEarlyDataEpoch) return kMaxInnerPlaintextLen;
  return phases_.result().connection.max_send_inner_len;
}

size_t AssociationImpl::max_content_len(Epoch epoch) const {
  // The type is a byte.
  const size_t allowed = max_inner_len(epoch) - 1;
  RecordSizing* sizing = config_->record_sizing.get();
  if (sizing == nullptr) return allowed;
  return std::min(allowed, std::max<size_t>(sizing->MaxContentLen(), kMinRecordSizeLimit));
}

size_t AssociationImpl::PaddingLen(ContentType type, size_t inner_len, Epoch epoch, HeaderForm form,
                                   size_t room) const {
  // The messages of the path check are all of one length, and what goes to an address that is not
  // proved is counted before they are made.
  if (type == ContentType::kReturnRoutabilityCheck) return 0;
  //= rfc8446#section-5.4
  //# When generating a TLSCiphertext record, implementations MAY choose to
  //# pad.
  const size_t wanted = config_->record_sizing->PaddingLen(type, inner_len);
  if (wanted == 0) return 0;
  const size_t around = records_.Overhead(epoch, form) - 1;  // the type is inside
  const size_t max_len = std::min(room > around ? room - around : 0, max_inner_len(epoch));
  return inner_len < max_len ? std::min(wanted, max_len - inner_len) : 0;
}

size_t AssociationImpl::SealRecord(Epoch epoch, ContentType type, std::span<const uint8_t> content,
                                   HeaderForm form, std::span<uint8_t> out, RecordNumber* number) {
  size_t padding_len = 0;
  if (config_->record_sizing != nullptr && epoch != kPlaintextEpoch) {
    // A datagram of its own that is longer already gets none.
    padding_len = PaddingLen(type, content.size() + 1, epoch, form, std::min(out.size(), mtu_));
  }
  return records_.Seal(epoch, type, content, form, out, number, padding_len);
}

HeaderForm AssociationImpl::data_form() const {
  //= draft-ietf-tls-dtls13-26#section-4.1.2
  //# Implementations which may encounter this situation SHOULD use the
  //# DTLSCiphertext format.
  // It is sent unless the caller wants both what makes a DTLSShortCiphertext.
  //= rfc9147#section-4
  //# Omitting the length field MUST only be used for the last record in a
  //# datagram.
  return {
      .has_length = !(config_->omit_length && keys_.handshake_acked()),
      .short_number = config_->short_numbers && keys_.AllowsShortNumbers(records_.write_epoch())};
}

SendResult AssociationImpl::Seal(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                                 size_t* out_len) {
  //= rfc8446#section-6
  //# Upon receiving an error alert, the TLS implementation
  //# SHOULD indicate an error to the application and MUST NOT allow any
  //# further data to be sent or received on the connection.
  if (!ending_.may_send()) return SendResult::kClosed;
  //= rfc8446#section-2
  //# Application Data MUST NOT be sent prior to sending the Finished
  //# message, except as specified in Section 2.3.
  if (!phases_.connected()) return SendResult::kNotConnected;
  //= rfc8446#section-4.6.3
  //# If the request_update field is set to "update_requested", then the
  //# receiver MUST send a KeyUpdate of its own with request_update set to
  //# "update_not_requested" prior to sending its next Application Data
  //# record.
  if (phases_.post_handshake()->answers_update() &&
      retransmission_.HasUnsent(HandshakeType::kKeyUpdate)) {
    return SendResult::kTransmitFirst;
  }
  const Epoch epoch = records_.write_epoch();
  const HeaderForm form = data_form();
  //= rfc8449#section-4
  //# When the "record_size_limit" extension is negotiated, an endpoint
  //# MUST NOT generate a protected record with plaintext that is larger
  //# than the RecordSizeLimit value it receives from its peer.
  if (IsTooLarge(plaintext, epoch, form, out)) return SendResult::kTooLarge;
  if (records_.NumLeft(epoch) <= KeyLifetime::kReservedRecords) return SendResult::kExhausted;
  return SealData(plaintext, epoch, form, out, out_len);
}

bool AssociationImpl::IsTooLarge(std::span<const uint8_t> plaintext, Epoch epoch, HeaderForm form,
                                 std::span<const uint8_t> out) const {
  return plaintext.size() > max_content_len(epoch) ||
         out.size() < plaintext.size() + records_.Overhead(epoch, form);
}

SendResult AssociationImpl::SealData(std::span<const uint8_t> plaintext, Epoch epoch,
                                     HeaderForm form, std::span<uint8_t> out, size_t* out_len) {
  RecordNumber number;
  const size_t len =
      SealRecord(epoch, ContentType::kApplicationData, plaintext, form, out, &number);
  if (len == 0) return SendResult::kExhausted;
  *out_len = len;
  return SendResult::kSealed;
}

SendResult AssociationImpl::SealEarly(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                                      size_t* out_len) {
  if (!ending_.may_send()) return SendResult::kClosed;
  if (role_ == Role::kServer) return SealBehindFinished(plaintext, out, out_len);
  // Whatever the server has said, it has made up its mind.
  if (peer_is_dtls13_ || !records_.CanWrite(kEarlyDataEpoch)) {
    return SendResult::kNotConnected;
  }
  if (IsTooLarge(plaintext, kEarlyDataEpoch, kFullForm, out)) return SendResult::kTooLarge;
  if (plaintext.size() > early_data_left_) return SendResult::kExhausted;
  //= rfc8446#section-4.6.1
  //# Note that servers that reject early data due to lack of cryptographic
  //# material will be unable to differentiate padding from content, so
  //# clients SHOULD NOT depend on being able to send large quantities of
  //# padding in early data records.
  // RFC 9147 has such servers discard it, so its length is of no consequence: what is not accepted
  // is lost with its padding, and nothing else is.
  const SendResult result = SealData(plaintext, kEarlyDataEpoch, kFullForm, out, out_len);
  if (result == SendResult::kSealed) early_data_left_ -= static_cast<uint32_t>(plaintext.size());
  return result;
}

//= rfc8446#section-4.4.4
//# Servers MAY send data after sending their first flight, but because the
//# handshake is not yet complete, they have no assurance of either the
//# peer's identity or its liveness (i.e., the ClientHello might have been
//# replayed).
SendResult AssociationImpl::SealBehindFinished(std::span<const uint8_t> plaintext,
                                               std::span<uint8_t> out, size_t* out_len) {
  if (phases_.connected() || !records_.CanWrite(kFirstApplicationEpoch)) {
    return SendResult::kNotConnected;
  }
  if (IsTooLarge(plaintext, kFirstApplicationEpoch, kFullForm, out)) return SendResult::kTooLarge;
  // The address need not be the client's yet, and the keys are not updated before the end.
  const size_t room = mobility_.bound().Room(/*is_new=*/false);
  if (room < plaintext.size() + records_.Overhead(kFirstApplicationEpoch, kFullForm) ||
      records_.NumLeft(kFirstApplicationEpoch) <= KeyLifetime::kReservedRecords) {
    return SendResult::kExhausted;
  }
  const SendResult result = SealData(plaintext, kFirstApplicationEpoch, kFullForm,
                                     out.first(std::min(out.size(), room)), out_len);
  if (result == SendResult::kSealed) mobility_.bound().OnSent(*out_len, /*is_new=*/false);
  return result;
}

size_t AssociationImpl::SealOverhead() const {
  return records_.Overhead(records_.write_epoch(), data_form());
}

//= rfc9147#section-4.4
//# The DTLS record layer SHOULD also allow the upper layer protocol to
//# discover the amount of record expansion expected by the DTLS
//# processing; alternately, it MAY report PMTU estimates minus the
//# estimated expansion from the transport layer and DTLS record framing.
size_t AssociationImpl::MaxPlaintext() const {
  const size_t overhead = SealOverhead();
  return mtu_ > overhead ? std::min(mtu_ - overhead, max_content_len(records_.write_epoch())) : 0;
}

}  // namespace dtls13
