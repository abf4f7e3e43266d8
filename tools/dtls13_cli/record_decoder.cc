// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/record_decoder.h"

#include <utility>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13::cli {
namespace {

constexpr size_t kRandomLen = 32;

// Plaintext content types, and those that DTLS 1.2 writes in front of its ciphertexts.
bool StartsPlaintextHeader(uint8_t first_byte) {
  return first_byte >= static_cast<uint8_t>(ContentType::kChangeCipherSpec) &&
         first_byte <= static_cast<uint8_t>(ContentType::kAck);
}

// ReadHelloStart takes legacy_version and random, which both hellos begin with.
bool ReadHelloStart(ByteReader* reader, std::span<const uint8_t>* random) {
  uint16_t legacy_version = 0;
  return reader->ReadU16(&legacy_version) && reader->ReadBytes(kRandomLen, random);
}

// ConnectionIdLen is the length that the extensions, which begin at `*reader`, ask the peer to
// write; nothing when they have no connection_id.
std::optional<size_t> ConnectionIdLen(ByteReader* reader) {
  std::span<const uint8_t> extensions;
  if (!reader->ReadVector16(&extensions)) return std::nullopt;
  ByteReader rest(extensions);
  uint16_t type = 0;
  std::span<const uint8_t> data;
  while (rest.ReadU16(&type) && rest.ReadVector16(&data)) {
    if (type != static_cast<uint16_t>(ExtensionType::kConnectionId)) continue;
    ByteReader extension(data);
    std::span<const uint8_t> id;
    if (!extension.ReadVector8(&id)) return std::nullopt;
    return id.size();
  }
  return std::nullopt;
}

std::optional<size_t> ClientHelloConnectionIdLen(std::span<const uint8_t> body) {
  ByteReader hello(body);
  std::span<const uint8_t> skipped;
  if (!ReadHelloStart(&hello, &skipped) || !hello.ReadVector8(&skipped) ||  // legacy_session_id
      !hello.ReadVector8(&skipped) ||                                       // legacy_cookie
      !hello.ReadVector16(&skipped) ||                                      // cipher_suites
      !hello.ReadVector8(&skipped)) {  // legacy_compression_methods
    return std::nullopt;
  }
  return ConnectionIdLen(&hello);
}

std::optional<size_t> ServerHelloConnectionIdLen(std::span<const uint8_t> body) {
  ByteReader hello(body);
  std::span<const uint8_t> skipped;
  uint16_t suite = 0;
  uint8_t compression = 0;
  if (!ReadHelloStart(&hello, &skipped) || !hello.ReadVector8(&skipped) || !hello.ReadU16(&suite) ||
      !hello.ReadU8(&compression)) {
    return std::nullopt;
  }
  return ConnectionIdLen(&hello);
}

}  // namespace

RecordDecoder::RecordDecoder(std::optional<KeyLog> key_log, const WireProfile& profile)
    : key_log_(std::move(key_log)),
      profile_(&profile),
      algorithms_(Algorithms::Fetch(nullptr, nullptr)) {}

std::vector<DecodedRecord> RecordDecoder::Decode(const CapturedDatagram& datagram) {
  std::vector<uint8_t> bytes = datagram.bytes;  // opened in place
  std::span<uint8_t> rest(bytes);
  std::vector<DecodedRecord> records;
  while (!rest.empty()) {
    DecodedRecord record;
    const bool is_protected = ClassifyRecord(rest[0], *profile_) == RecordKind::kCiphertext;
    const bool ok = is_protected || !StartsPlaintextHeader(rest[0])
                        ? DecodeCiphertext(datagram.direction, &rest, &record)
                        : DecodePlaintext(&rest, &record);
    if (!ok) break;
    LearnFromHello(record);
    LearnFromKeyUpdate(datagram.direction, record);
    records.push_back(std::move(record));
  }
  return records;
}

bool RecordDecoder::DecodePlaintext(std::span<uint8_t>* rest, DecodedRecord* record) const {
  const std::optional<PlaintextRecord> parsed = ParsePlaintextRecord(*rest, *profile_);
  if (!parsed) return false;
  *rest = rest->subspan(parsed->record_len);
  record->wire_len = parsed->record_len;
  record->type = parsed->header.type;
  record->number = RecordNumber{Epoch{parsed->header.epoch}, parsed->header.sequence_number};
  record->opened = parsed->header.epoch == 0;
  if (record->opened) record->content.assign(parsed->fragment.begin(), parsed->fragment.end());
  return true;
}

bool RecordDecoder::DecodeCiphertext(Direction direction, std::span<uint8_t>* rest,
                                     DecodedRecord* record) {
  if (ClassifyRecord(rest->front(), *profile_) != RecordKind::kCiphertext) return false;
  const std::optional<CiphertextRecord> parsed =
      ParseCiphertextRecord(*rest, connection_id_lens_[static_cast<size_t>(direction)], *profile_);
  if (!parsed) return false;
  record->unified = parsed->header;
  record->wire_len = parsed->record_len;
  const std::span<uint8_t> bytes = rest->first(parsed->record_len);
  *rest = rest->subspan(parsed->record_len);
  Open(direction, bytes, record);
  record->unified->connection_id = {};  // the bytes do not outlive the call
  return true;
}

void RecordDecoder::Open(Direction direction, std::span<uint8_t> bytes, DecodedRecord* record) {
  // Newest first: of two epochs with the same bits it is the likelier.
  for (auto at = layers_.rbegin(); at != layers_.rend(); ++at) {
    const auto& [key, layer] = *at;
    if (key.first != direction) continue;
    if (!record->unified->epoch_bits.Match(Epoch{key.second})) continue;
    if (OpenWith(layer.get(), bytes, record)) return;
  }
  if (direction == Direction::kToServer) OpenEarly(bytes, record);
}

bool RecordDecoder::OpenWith(RecordLayer* layer, std::span<uint8_t> bytes, DecodedRecord* record) {
  // Whose it is does not matter here, and there may be any number of them.
  const std::span<const uint8_t> id = record->unified->connection_id;
  if (!id.empty() && !layer->AddReceiveConnectionId(id)) return false;
  // What does not open may be changed all the same.
  std::vector<uint8_t> copy(bytes.begin(), bytes.end());
  std::span<uint8_t> rest(copy);
  const std::optional<OpenedRecord> opened = layer->OpenNext(&rest);
  if (!id.empty()) layer->RemoveReceiveConnectionId(id);
  if (!opened) return false;
  record->opened = true;
  record->number = opened->number;
  record->type = opened->type;
  record->content.assign(opened->content.begin(), opened->content.end());
  return true;
}

void RecordDecoder::OpenEarly(std::span<uint8_t> bytes, DecodedRecord* record) {
  const EpochKey key = {Direction::kToServer, kEarlyDataEpoch.value};
  if (!key_log_ || !algorithms_ || layers_.contains(key) ||
      !record->unified->epoch_bits.Match(kEarlyDataEpoch)) {
    return;
  }
  const Secret secret = key_log_->EarlySecret(client_random_);
  for (const CipherSuite& suite : kCipherSuites) {
    Install(Direction::kToServer, kEarlyDataEpoch, suite, secret);
    const auto layer = layers_.find(key);
    if (layer == layers_.end()) continue;
    if (OpenWith(layer->second.get(), bytes, record)) return;
    layers_.erase(layer);
  }
}

void RecordDecoder::LearnFromHello(const DecodedRecord& record) {
  if (!record.opened || record.unified || record.type != ContentType::kHandshake) return;
  ByteReader reader{std::span<const uint8_t>(record.content)};
  while (const std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&reader)) {
    if (fragment->header.type == HandshakeType::kClientHello) LearnFromClientHello(*fragment);
    if (fragment->header.type == HandshakeType::kServerHello) LearnFromServerHello(*fragment);
  }
}

void RecordDecoder::LearnFromClientHello(const HandshakeFragment& fragment) {
  const size_t offset = fragment.header.fragment_offset;
  if (offset > client_hello_.size()) return;
  client_hello_.resize(offset);
  client_hello_.insert(client_hello_.end(), fragment.body.begin(), fragment.body.end());
  ByteReader hello{std::span<const uint8_t>(client_hello_)};
  std::span<const uint8_t> random;
  if (ReadHelloStart(&hello, &random)) client_random_.assign(random.begin(), random.end());
}

void RecordDecoder::LearnFromServerHello(const HandshakeFragment& fragment) {
  if (fragment.header.fragment_offset != 0) return;
  ByteReader hello(fragment.body);
  std::span<const uint8_t> random, session_id;
  uint16_t suite = 0;
  if (!ReadHelloStart(&hello, &random) || !hello.ReadVector8(&session_id) ||
      !hello.ReadU16(&suite)) {
    return;
  }
  suite_ = FindCipherSuite(static_cast<CipherSuiteId>(suite));
  // Both hellos have it, or neither side writes any: each names what the other is to write.
  const std::optional<size_t> to_client = ClientHelloConnectionIdLen(client_hello_);
  const std::optional<size_t> to_server = ServerHelloConnectionIdLen(fragment.body);
  if (to_client && to_server) {
    connection_id_lens_[static_cast<size_t>(Direction::kToClient)] = *to_client;
    connection_id_lens_[static_cast<size_t>(Direction::kToServer)] = *to_server;
  }
  InstallKeys();
}

void RecordDecoder::InstallKeys() {
  if (!key_log_ || !algorithms_ || suite_ == nullptr ||
      layers_.contains({Direction::kToServer, kHandshakeEpoch.value})) {
    return;
  }
  for (const Direction sender : {Direction::kToServer, Direction::kToClient}) {
    const auto lane = static_cast<size_t>(sender);
    Install(sender, kHandshakeEpoch, *suite_, key_log_->HandshakeSecret(client_random_, sender));
    newest_epochs_[lane] = kFirstApplicationEpoch;
    newest_secrets_[lane] = key_log_->ApplicationSecret(client_random_, sender);
    Install(sender, kFirstApplicationEpoch, *suite_, newest_secrets_[lane]);
  }
}

void RecordDecoder::LearnFromKeyUpdate(Direction sender, const DecodedRecord& record) {
  const auto lane = static_cast<size_t>(sender);
  // A KeyUpdate that is sent again announces nothing new.
  if (!record.opened || !record.unified || record.type != ContentType::kHandshake ||
      record.number->epoch != newest_epochs_[lane]) {
    return;
  }
  // A KeyUpdate is the last message its keys protect, and may share its record with others.
  ByteReader reader{std::span<const uint8_t>(record.content)};
  bool has_key_update = false;
  while (const auto fragment = ReadHandshakeFragment(&reader)) {
    if (fragment->header.type == HandshakeType::kKeyUpdate) has_key_update = true;
  }
  if (!has_key_update) return;
  const Epoch next = newest_epochs_[lane].Next();
  if (layers_.contains({sender, next.value})) return;
  Secret secret = NextTrafficSecret(*algorithms_, *suite_, profile_->label_prefix,
                                    newest_secrets_[lane].bytes());
  Install(sender, next, *suite_, secret);
  newest_secrets_[lane] = std::move(secret);
  newest_epochs_[lane] = next;
}

void RecordDecoder::Install(Direction sender, Epoch epoch, const CipherSuite& suite,
                            const Secret& secret) {
  if (secret.size() != suite.hash_len) return;
  auto layer = std::make_unique<RecordLayer>(algorithms_, *profile_);
  if (!layer->InstallReadKeys(epoch, suite, secret)) return;
  layers_[{sender, epoch.value}] = std::move(layer);
}

}  // namespace dtls13::cli
