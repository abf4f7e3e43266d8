// SPDX-License-Identifier: Apache-2.0
#include "dtls13/record/record_layer.h"

#include <algorithm>
#include <utility>

#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/record/record_protection.h"
#include "dtls13/wire/draft26_record_header.h"
#include "dtls13/wire/inner_plaintext.h"
#include "dtls13/wire/sequence_reconstruction.h"

namespace dtls13 {

//= rfc8446#section-5.2
//# The length MUST NOT exceed 2^14 + 256 bytes.
static_assert(kMaxPlaintextLen + kProtectionLen <= kMaxCiphertextLen);

RecordLayer::RecordLayer(std::shared_ptr<const Algorithms> algorithms, const WireProfile& profile)
    : algorithms_(std::move(algorithms)), epochs_(profile) {}

bool RecordLayer::InstallReadKeys(Epoch epoch, const CipherSuite& suite,
                                  const Secret& traffic_secret) {
  const std::optional<TrafficKeys> keys =
      DeriveTrafficKeys(*algorithms_, suite, profile().label_prefix, traffic_secret.bytes());
  if (!keys) return false;
  auto installed = std::make_unique<ReadEpoch>(epoch, Limited(suite), std::nullopt);
  if (keeps_keys_) {
    installed->keys = std::make_unique<Secret>(PackTrafficKeys(*keys));
  } else {
    installed->protection =
        RecordProtection::CreateOpener(*algorithms_, suite, profile(), epoch, *keys);
    if (!installed->protection) return false;
  }
  if (keeps_secrets_)
    installed->secret = std::make_unique<Secret>(Secret::CopyOf(traffic_secret.bytes()));
  return epochs_.InsertRead(std::move(installed));
}

CipherSuite RecordLayer::Limited(CipherSuite suite) const {
  suite.confidentiality_limit =
      std::min({suite.confidentiality_limit, max_records_, profile().record_number_limit});
  suite.integrity_limit = std::min(suite.integrity_limit, max_failures_);
  return suite;
}

void RecordLayer::ForgetReadEpoch(Epoch epoch) {
  if (epoch == kPlaintextEpoch) {
    epochs_.plaintext_read.is_open = false;
  } else {
    epochs_.ForgetRead(epoch);
  }
}

void RecordLayer::ForgetAllReadKeys() {
  epochs_.plaintext_read.is_open = false;
  epochs_.ForgetAllRead();
}

bool RecordLayer::CanRead(Epoch epoch) const {
  return epoch == kPlaintextEpoch ? epochs_.plaintext_read.is_open
                                  : epochs_.FindRead(epoch) != nullptr;
}

//= rfc9147#section-4.5.2
//# In general, invalid records
//# SHOULD be silently discarded, thus preserving the association;
//# however, an error MAY be logged for diagnostic purposes.
//= rfc9147#section-4.5.2
//# Thus, generating fatal alerts is NOT RECOMMENDED for such transports, both
//# to increase the reliability of DTLS service and to avoid the risk of
//# spoofing attacks sending traffic to unrelated third parties.
//= rfc9147#section-11
//# Unlike TLS implementations, DTLS implementations SHOULD NOT respond to
//# invalid records by terminating the connection.
//= rfc9146#section-6
//# DTLS implementations MUST silently discard records with bad MACs or that
//# are otherwise invalid.
std::optional<OpenedRecord> RecordLayer::OpenNext(std::span<uint8_t>* datagram, Epoch awaited) {
  std::optional<OpenedRecord> opened(std::in_place);
  if (!OpenFrom(datagram, awaited, nullptr, &*opened)) opened.reset();
  return opened;
}

bool RecordLayer::OpenFrom(std::span<uint8_t>* datagram, Epoch awaited, const KnownMask* mask,
                           OpenedRecord* opened) {
  for (; !datagram->empty(); mask = nullptr) {
    switch (ClassifyRecord(datagram->front(), profile())) {
      case RecordKind::kCiphertext:
        if (OpenCiphertext(datagram, awaited, mask, opened)) return true;
        break;
      case RecordKind::kPlaintext:
        if (OpenPlaintext(datagram, opened)) return true;
        break;
      //= rfc8446#section-5
      //# MUST simply drop it without further processing.
      case RecordKind::kInvalid:
        //= rfc9147#section-4.1
        //# *  Otherwise, the record MUST be rejected as if it had failed
        //#    deprotection, as described in Section 4.5.2.
        //= draft-ietf-tls-dtls13-26#section-4.1.1
        //# Otherwise, the record MUST be rejected as if it had failed
        //# deprotection, as described in Section 4.4.2.
        //= draft-ietf-tls-dtls13-26#section-5
        //# Implementations MUST still ignore ChangeCipherSpec messages received
        //# during the handshake and at all other times SHOULD treat them as if
        //# they had failed to deprotect.
        DropMalformed(DropReason::kUnknownFirstByte, datagram);
        break;
    }
  }
  return false;
}

Epoch RecordLayer::MakeMasks(std::span<const std::span<uint8_t>> datagrams,
                             std::span<NumberMask> masks, uint64_t* made) {
  *made = 0;
  if (!profile().encrypts_numbers) return kPlaintextEpoch;
  const size_t connection_id_len = receive_connection_ids_.len();
  ReadEpoch* epoch = nullptr;
  std::array<const uint8_t*, kMaxBatchRecords> samples;
  size_t num_samples = 0;
  for (size_t i = 0; i < datagrams.size(); ++i) {
    const std::span<const uint8_t> datagram = datagrams[i];
    const uint8_t* sample = NumberSample(datagram, connection_id_len);
    if (sample == nullptr || ClassifyRecord(datagram[0]) != RecordKind::kCiphertext) continue;
    ReadEpoch* const found = epochs_.FindRead(EpochBitsOf(datagram[0]));
    if (epoch == nullptr) epoch = found;
    if (found == nullptr || found != epoch) continue;
    samples[num_samples++] = sample;
    *made |= uint64_t{1} << i;
  }
  if (num_samples == 0) return kPlaintextEpoch;
  if ((!epoch->protection && !WarmUp(epoch)) ||
      !epoch->protection->MakeMasks(std::span(samples).first(num_samples), masks)) {
    *made = 0;
  }
  return epoch->epoch;
}

void RecordLayer::OpenBatch(std::span<std::span<uint8_t>> datagrams,
                            std::span<std::optional<OpenedRecord>> opened, Epoch awaited) {
  std::array<NumberMask, kMaxBatchRecords> masks;
  uint64_t made = 0;
  KnownMask mask{};
  // One mask costs less by itself.
  const size_t num_masked = std::min(datagrams.size(), kMaxBatchRecords);
  if (num_masked > 1) mask.epoch = MakeMasks(datagrams.first(num_masked), masks, &made);
  size_t num_used = 0;
  for (size_t i = 0; i < datagrams.size(); ++i) {
    const bool is_known = i < num_masked && (made >> i & 1) != 0;
    if (is_known) mask.mask = masks[num_used++];
    opened[i].emplace();
    if (!OpenFrom(&datagrams[i], awaited, is_known ? &mask : nullptr, &*opened[i])) {
      opened[i].reset();
    }
  }
}

// DropMalformed steps over the record if its end can be found, else over the rest of the datagram.
bool RecordLayer::DropMalformed(DropReason reason, std::span<uint8_t>* datagram) {
  const size_t extent = RecordExtent(*datagram, receive_connection_ids_.len(), profile());
  *datagram = datagram->subspan(extent == 0 ? datagram->size() : extent);
  return Drop(reason);
}

bool RecordLayer::OpenPlaintext(std::span<uint8_t>* datagram, OpenedRecord* opened) {
  const std::optional<PlaintextRecord> record = ParsePlaintextRecord(*datagram, profile());
  if (!record) return DropMalformed(DropReason::kMalformedHeader, datagram);
  *datagram = datagram->subspan(record->record_len);
  PlaintextRead& epoch = epochs_.plaintext_read;
  if (!epoch.is_open || record->header.epoch != kPlaintextEpoch.value) {
    return Drop(DropReason::kUnexpectedPlaintext);
  }
  const SequenceNumber number = record->header.sequence_number;
  if (!epoch.window.IsNew(number)) return Drop(DropReason::kReplay);
  *opened = {.number = {kPlaintextEpoch, number},
             .type = record->header.type,
             .is_sealed = false,
             .content = record->fragment,
             .connection_id = {},
             .inner_len = 0,
             .record_len = static_cast<uint32_t>(record->record_len)};
  return true;
}

bool RecordLayer::DropRest(DropReason reason, std::span<uint8_t>* datagram) {
  //= rfc9147#section-4
  //# If the second or
  //# later record has a connection ID which does not correspond to the
  //# same association used for previous records, the rest of the datagram
  //# MUST be discarded.
  // A record with a Connection ID that is not ours is another association's, or nobody's, wherever
  // in the datagram it stands.
  *datagram = {};
  return Drop(reason);
}

bool RecordLayer::OpenCiphertext(std::span<uint8_t>* datagram, Epoch awaited, const KnownMask* mask,
                                 OpenedRecord* opened) {
  const bool has_connection_id = HasConnectionId(datagram->front(), profile());
  const size_t connection_id_len = receive_connection_ids_.len();
  //= rfc9147#section-9.1
  //# If no CID is negotiated, then the receiver MUST reject any records it
  //# receives that contain a CID.
  if (has_connection_id && connection_id_len == 0) {
    // Before the ServerHello is read, what follows it in the flight looks like this.
    const bool has_keys = epochs_.FindRead(EpochBitsOf(datagram->front())) != nullptr;
    return DropRest(has_keys ? DropReason::kConnectionId : DropReason::kUnknownEpoch, datagram);
  }
  std::optional<CiphertextRecord> record =
      ParseCiphertextRecord(*datagram, connection_id_len, profile());
  if (!record) return DropMalformed(DropReason::kMalformedHeader, datagram);
  const std::span<const uint8_t> connection_id = record->header.connection_id;
  if (has_connection_id && !receive_connection_ids_.Contains(connection_id)) {
    return DropRest(DropReason::kConnectionId, datagram);
  }
  const std::span<uint8_t> sealed = datagram->first(record->record_len);
  *datagram = datagram->subspan(record->record_len);
  //= rfc9147#section-4.2.2
  //# During the handshake phase, the epoch bits unambiguously indicate the
  //# correct key to use.  After the handshake is complete, if the epoch
  //# bits do not match those from the current epoch, implementations
  //# SHOULD use the most recent past epoch which has matching bits, and
  //# then reconstruct the sequence number for that epoch as described
  //# above.
  ReadEpoch* epoch = epochs_.FindRead(record->header.epoch_bits);
  //= rfc9147#section-6.1
  //# Implementations that receive a record with an epoch value for which
  //# no corresponding cipher state can be determined SHOULD handle it as a
  //# record which fails deprotection.
  const bool is_awaited =
      epoch == nullptr && awaited > kPlaintextEpoch && record->header.epoch_bits.Match(awaited);
  if (epoch == nullptr && !is_awaited) return Drop(DropReason::kUnknownEpoch);
  //= rfc9147#section-4
  //# If a Connection ID is negotiated, then it MUST be contained in all
  //# datagrams.

  //= rfc9146#section-3
  //# If the tls12_cid content type is not set, then the connection and the
  //# security association are looked up by the 5-tuple and a check MUST be
  //# made to determine whether a non-zero-length CID is expected.
  // In DTLS 1.3 the C bit says what that content type says in DTLS 1.2.
  //= rfc9146#section-3
  //# If a non-zero-length CID is expected for the retrieved association, then
  //# the datagram MUST be treated as invalid, as described in Section 4.1.2.1
  //# of [RFC6347].
  if (!has_connection_id && connection_id_len != 0 &&
      (is_awaited || epoch->epoch > kEarlyDataEpoch)) {
    return Drop(DropReason::kConnectionId);
  }
  if (!is_awaited) return Deprotect(epoch, &*record, mask, opened);
  *opened = {.number = {awaited, {}},
             .type = ContentType::kInvalid,
             .is_sealed = true,
             .content = sealed,
             .connection_id = connection_id,
             .inner_len = 0,
             .record_len = record->record_len};
  return true;
}

bool RecordLayer::Deprotect(ReadEpoch* epoch, CiphertextRecord* record, const KnownMask* mask,
                            OpenedRecord* opened) {
  if (epoch->IntegrityLimitReached() || (!epoch->protection && !WarmUp(epoch))) {
    return Drop(DropReason::kAuthentication);
  }
  // No epoch comes twice, so a mask of this one's is of these keys.
  if (mask != nullptr && mask->epoch == epoch->epoch) {
    RecordProtection::RevealNumberBy(mask->mask, record);
  } else if (!epoch->protection->RevealNumber(record)) {
    return Drop(DropReason::kAuthentication);
  }
  const SequenceNumber number =
      ReconstructSequenceNumber(record->header.number, epoch->window.next());
  const std::optional<std::span<uint8_t>> serialized = epoch->protection->Open(number, *record);
  if (!serialized) {
    CountFailure(epoch);
    //= draft-ietf-tls-dtls13-26#section-4.4.1
    //# If the MAC validation fails, the receiver MUST discard the received
    //# record as invalid.
    //= rfc8446#section-4.2.10
    //# MUST comply with the same error-handling requirements specified for
    //# all records when processing early data records.
    return Drop(DropReason::kAuthentication);
  }
  //= rfc9147#section-4.5.1
  //# For each received record, the
  //# receiver MUST verify that the record contains a sequence number that
  //# does not duplicate the sequence number of any other record received
  //# in that epoch during the lifetime of the association.  This check
  //# SHOULD happen after deprotecting the record; otherwise, the record
  //# discard might itself serve as a timing channel for the record number.
  if (!epoch->window.IsNew(number)) return Drop(DropReason::kReplay);
  const std::optional<InnerPlaintext> inner = ParseInnerPlaintext(*serialized, profile());
  if (!inner) return Drop(DropReason::kBadInnerPlaintext);
  //= rfc9147#section-4.5.1
  //# The window MUST NOT be updated due to a received record until that
  //# record has been deprotected successfully.
  epoch->window.Mark(number);
  epochs_.ReadOpened(epoch->epoch);
  *opened = {.number = {epoch->epoch, number},
             .type = inner->type,
             .is_sealed = false,
             .content = inner->content,
             .connection_id = record->header.connection_id,
             .inner_len = static_cast<uint32_t>(serialized->size()),
             .record_len = record->record_len};
  return true;
}

void RecordLayer::CountFailure(ReadEpoch* epoch) {
  //= rfc9147#section-4.5.3
  //# Implementations MUST count the number of received packets that fail
  //# authentication with each key.
  ++epoch->num_failures;
  //= rfc9147#section-4.5.3
  //# Once a key update has been initiated,
  //# the previous keys can be dropped when the limit is reached rather
  //# than closing the connection.
  if (epoch->IntegrityLimitReached() && epoch->epoch < epochs_.current_read()) {
    epochs_.ForgetRead(epoch->epoch);
  }
}

bool RecordLayer::IntegrityLimitReached() const {
  return epochs_.AnyRead([](const ReadEpoch& epoch) { return epoch.IntegrityLimitReached(); });
}

bool RecordLayer::NearIntegrityLimit() const {
  const ReadEpoch* newest = epochs_.newest_read();
  return newest != nullptr && newest->NearIntegrityLimit();
}

bool RecordLayer::InstallWriteKeys(Epoch epoch, const CipherSuite& suite,
                                   const Secret& traffic_secret) {
  const std::optional<TrafficKeys> keys =
      DeriveTrafficKeys(*algorithms_, suite, profile().label_prefix, traffic_secret.bytes());
  if (!keys) return false;
  auto installed = std::make_unique<WriteEpoch>(epoch, Limited(suite), std::nullopt);
  if (keeps_keys_) {
    installed->keys = std::make_unique<Secret>(PackTrafficKeys(*keys));
  } else {
    installed->protection =
        RecordProtection::CreateSealer(*algorithms_, suite, profile(), epoch, *keys);
    if (!installed->protection) return false;
  }
  if (keeps_secrets_)
    installed->secret = std::make_unique<Secret>(Secret::CopyOf(traffic_secret.bytes()));
  return epochs_.InsertWrite(std::move(installed));
}

void RecordLayer::ForgetWriteEpoch(Epoch epoch) {
  if (epoch == kPlaintextEpoch) {
    epochs_.plaintext_write.is_open = false;
  } else {
    epochs_.ForgetWrite(epoch);
  }
}

void RecordLayer::ForgetAllWriteKeys() {
  epochs_.plaintext_write.is_open = false;
  epochs_.ForgetAllWrite();
}

bool RecordLayer::CanWrite(Epoch epoch) const {
  return epoch == kPlaintextEpoch ? epochs_.plaintext_write.is_open
                                  : epochs_.FindWrite(epoch) != nullptr;
}

Epoch RecordLayer::write_epoch() const { return epochs_.highest_write(); }

void RecordLayer::AcceptPlaintext(SequenceNumber number) {
  ReplayWindow& window = epochs_.plaintext_read.window;
  if (window.IsNew(number)) window.Mark(number);
}

void RecordLayer::MirrorPlaintextNumber(SequenceNumber number) {
  epochs_.plaintext_write.numbers = WriteNumbers(PlaintextWrite::kNumberLimit);
  epochs_.plaintext_write.numbers.SkipTo(number);
}

//= rfc9146#section-3
//# Such implementations MUST still be able to send CIDs of different
//# lengths to other parties.
void RecordLayer::SetSendConnectionId(std::span<const uint8_t> id) {
  // Room for the longest there is, so that a later change allocates nothing.
  if (!id.empty()) send_connection_id_.reserve(kMaxConnectionIdLen);
  send_connection_id_.assign(id.begin(), id.end());
}

CiphertextHeader RecordLayer::MakeHeader(Epoch epoch, SequenceNumber number,
                                         HeaderForm form) const {
  // The one object that is returned, so that it is made where the caller wants it.
  CiphertextHeader header;
  if (profile().record_format == RecordFormat::kDraft26) [[unlikely]] {
    header = Draft26Header(epoch, number, !form.has_length && form.short_number);
    return header;
  }
  header.epoch_bits = EpochBits::Of(epoch);
  header.number = TruncatedSequenceNumber::Of(number, form.short_number ? 8 : 16);
  header.has_length = form.has_length;
  //= rfc9147#section-4
  //# If a Connection ID is negotiated, then it MUST be contained in all
  //# datagrams.
  header.has_connection_id = !send_connection_id_.empty() && epoch > kEarlyDataEpoch;
  if (header.has_connection_id) header.connection_id = send_connection_id_;
  return header;
}

size_t RecordLayer::Overhead(Epoch epoch, HeaderForm form) const {
  if (epoch == kPlaintextEpoch) return kPlaintextHeaderLen;
  return CiphertextHeaderLen(MakeHeader(epoch, SequenceNumber{}, form), profile()) + kProtectionLen;
}

size_t RecordLayer::Seal(Epoch epoch, ContentType type, std::span<const uint8_t> content,
                         HeaderForm form, std::span<uint8_t> out, RecordNumber* number,
                         size_t padding_len) {
  //= rfc9147#section-4.4
  //# However, the upper layer protocol MUST NOT write any record that exceeds
  //# the maximum record size of 2^14 bytes.
  //= rfc8446#section-5.1
  //# The length MUST NOT exceed 2^14 bytes.
  //= rfc8446#section-5.4
  //# the full encoded TLSInnerPlaintext MUST NOT exceed 2^14
  if (content.size() > kMaxPlaintextLen || padding_len > kMaxPlaintextLen - content.size())
    return 0;
  if (epoch == kPlaintextEpoch) {
    return padding_len == 0 ? SealPlaintext(type, content, out, number) : 0;
  }
  WriteEpoch* keys = epochs_.FindWrite(epoch);
  if (keys == nullptr) return 0;
  const WireProfile& wire = profile();
  const CiphertextHeader header = MakeHeader(epoch, SequenceNumber{keys->numbers.next()}, form);
  const size_t header_len = CiphertextHeaderLen(header, wire);
  //= rfc8446#section-5.1
  //# Zero-length fragments of Application Data MAY be sent,
  const size_t record_len = header_len + content.size() + padding_len + kProtectionLen;
  if (out.size() < record_len || (!keys->protection && !WarmUp(keys))) return 0;
  //= rfc9147#section-4.2.1
  //# Implementations MUST either abandon an association or rekey prior to
  //# allowing the sequence number to wrap.

  //= rfc9147#section-4.5.3
  //# Implementations SHOULD
  //# NOT protect more records than allowed by the limit specified for the
  //# negotiated AEAD.
  //= rfc8446#section-5.3
  //# If a TLS implementation would need to wrap a sequence number, it MUST
  //# either rekey (Section 4.6.3) or terminate the connection.
  const std::optional<SequenceNumber> sequence_number = keys->numbers.Take();
  if (!sequence_number) return 0;

  const size_t number_offset =
      WriteCiphertextHeader(header, record_len - header_len, out.first(header_len), wire);
  if (!keys->protection->Seal(*sequence_number, ContentTypeByte(type, wire), content,
                              out.first(record_len), header_len, number_offset,
                              header.number.num_bits / 8)) {
    return 0;
  }
  *number = {epoch, *sequence_number};
  return record_len;
}

size_t RecordLayer::SealBatch(Epoch epoch, ContentType type,
                              std::span<const std::span<const uint8_t>> contents, HeaderForm form,
                              std::span<uint8_t> out, std::span<std::span<uint8_t>> records,
                              RecordNumber* first) {
  if (epoch == kPlaintextEpoch) return 0;
  contents = contents.first(std::min(contents.size(), kMaxBatchRecords));
  // One mask costs less by itself.
  if (contents.size() == 1) {
    records[0] = out.first(Seal(epoch, type, contents[0], form, out, first));
    return records[0].empty() ? 0 : 1;
  }
  WriteEpoch* keys = epochs_.FindWrite(epoch);
  if (keys == nullptr || (!keys->protection && !WarmUp(keys))) return 0;
  const WireProfile& wire = profile();
  const uint8_t type_byte = ContentTypeByte(type, wire);
  *first = {epoch, SequenceNumber{keys->numbers.next()}};
  CiphertextHeader header = MakeHeader(epoch, first->sequence_number, form);
  std::array<const uint8_t*, kMaxBatchRecords> samples;
  std::array<uint8_t*, kMaxBatchRecords> numbers;
  size_t num_sealed = 0;
  for (; num_sealed < contents.size(); ++num_sealed) {
    const std::span<const uint8_t> content = contents[num_sealed];
    const size_t header_len = CiphertextHeaderLen(header, wire);
    const size_t record_len = header_len + content.size() + kProtectionLen;
    if (content.size() > kMaxPlaintextLen || out.size() < record_len) break;
    const std::optional<SequenceNumber> number = keys->numbers.Take();
    if (!number) break;
    // All else of the header is the first one's.
    if (num_sealed != 0) header.number = MakeHeader(epoch, *number, form).number;
    const std::span<uint8_t> record = out.first(record_len);
    const size_t number_offset =
        WriteCiphertextHeader(header, record_len - header_len, record.first(header_len), wire);
    if (!keys->protection->SealText(*number, type_byte, content, record, header_len)) return 0;
    samples[num_sealed] = record.data() + header_len;
    numbers[num_sealed] = record.data() + number_offset;
    records[num_sealed] = record;
    out = out.subspan(record_len);
  }
  if (num_sealed == 0 || !wire.encrypts_numbers) return num_sealed;
  std::array<NumberMask, kMaxBatchRecords> masks;
  if (!keys->protection->MakeMasks(std::span(samples).first(num_sealed), masks)) return 0;
  const size_t num_number_bytes = header.number.num_bits / 8;
  for (size_t i = 0; i < num_sealed; ++i) {
    for (size_t j = 0; j < num_number_bytes; ++j) numbers[i][j] ^= masks[i][j];
  }
  return num_sealed;
}

size_t RecordLayer::SealPlaintext(ContentType type, std::span<const uint8_t> content,
                                  std::span<uint8_t> out, RecordNumber* number) {
  PlaintextWrite& epoch = epochs_.plaintext_write;
  const size_t record_len = kPlaintextHeaderLen + content.size();
  if (!epoch.is_open || out.size() < record_len) return 0;
  // No mistake above may send an application's data in the clear.
  //= rfc8446#section-5.1
  //# Note that Application Data records MUST NOT be written to the wire
  //# unprotected (see Section 2 for details).
  if (ClassifyRecord(ContentTypeByte(type, profile()), profile()) != RecordKind::kPlaintext)
    return 0;
  //= rfc9147#section-4
  //# Plaintext records MUST NOT
  //# be sent with sequence numbers that would exceed 2^48-1, so the
  //# upper 16 bits will always be 0.
  const std::optional<SequenceNumber> sequence_number = epoch.numbers.Take();
  if (!sequence_number) return 0;
  PlaintextHeader header;
  header.type = type;
  //= rfc9147#section-4
  //# legacy_record_version:  This value MUST be set to {254, 253} for all
  //# records other than the initial ClientHello (i.e., one not
  //# generated after a HelloRetryRequest), where it may also be {254,
  //# 255} for compatibility purposes.
  //= rfc8446#appendix-D.5
  //# Implementations MUST NOT send any records with a version less than
  //# 0x0300.
  header.legacy_record_version = kDtls12Version;
  header.sequence_number = *sequence_number;
  header.fragment_len = static_cast<uint16_t>(content.size());
  WritePlaintextHeader(header, out, profile());
  uint8_t* const fragment = out.data() + kPlaintextHeaderLen;
  if (content.data() != fragment) std::copy(content.begin(), content.end(), fragment);
  *number = {kPlaintextEpoch, *sequence_number};
  return record_len;
}

bool RecordLayer::NearConfidentialityLimit(Epoch epoch, uint8_t jitter) const {
  const WriteEpoch* keys = epochs_.FindWrite(epoch);
  return keys != nullptr && keys->numbers.NearLimit(jitter);
}

uint64_t RecordLayer::NumLeft(Epoch epoch) const {
  const WriteEpoch* keys = epochs_.FindWrite(epoch);
  return keys == nullptr ? 0 : keys->numbers.num_left();
}

}  // namespace dtls13
