// The part of AssociationImpl that carries it to another process.

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/crypto/aead.h"

namespace dtls13 {
namespace {

// A state on its way: kFormat, a random nonce, and the sealed content with its tag. Whatever
// changes the content changes the last digit.
constexpr std::array<uint8_t, 8> kFormat = {'d', 't', 'l', 's', '1', '3', 's', '1'};

// kMaxContentLen: the Connection IDs, 40 of 255 bytes at the very most, are two thirds of it.
constexpr size_t kMaxContentLen = 16 * 1024;

// kNumbersSkipped at an import. A peer that has missed no more than some 28000 records besides
// still finds the full number of a 16-bit one, RFC 9147 section 4.2.2.
constexpr uint64_t kNumbersSkipped = 4096;

// Content is a buffer for secrets: of one piece, and cleansed at its end.
class Content {
 public:
  explicit Content(size_t len) : bytes_(len) {}
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
  ~Content() { Cleanse(bytes_); }
  std::span<uint8_t> bytes() { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

const CipherSuite& ExportSuite() { return *FindCipherSuite(CipherSuiteId::kAes256GcmSha384); }

bool ReadSecret(ByteReader* reader, Secret* secret) {
  std::span<const uint8_t> bytes;
  if (!reader->ReadVector8(&bytes)) return false;
  *secret = Secret::CopyOf(bytes);
  return secret->size() == bytes.size();
}

bool ReadId(ByteReader* reader, ConnectionId* id) {
  std::span<const uint8_t> bytes;
  if (!reader->ReadVector8(&bytes)) return false;
  id->assign(bytes.begin(), bytes.end());
  return true;
}

template <typename Enum>
bool ReadEnum16(ByteReader* reader, Enum* out) {
  uint16_t value = 0;
  if (!reader->ReadU16(&value)) return false;
  *out = static_cast<Enum>(value);
  return true;
}

bool ReadBool(ByteReader* reader, bool* out) {
  uint8_t value = 0;
  if (!reader->ReadU8(&value) || value > 1) return false;
  *out = value == 1;
  return true;
}

// What a client was told of its server's groups is for its next connection, and stays behind.
void WriteConnection(ByteWriter* writer, const ConnectionResult& connection) {
  writer->WriteVector8(
      {reinterpret_cast<const uint8_t*>(connection.alpn.data()), connection.alpn.size()});
  writer->WriteU8(connection.srtp_profile.has_value());
  writer->WriteU16(static_cast<uint16_t>(connection.srtp_profile.value_or(SrtpProfile())));
  writer->WriteVector8(connection.srtp_mki);
  writer->WriteU16(connection.max_send_inner_len);
  writer->WriteU16(connection.max_receive_inner_len);
  writer->WriteU8(connection.server_name_acknowledged);
}

bool ReadConnection(ByteReader* reader, ConnectionResult* connection) {
  std::span<const uint8_t> alpn, mki;
  bool has_srtp = false;
  SrtpProfile profile{};
  if (!reader->ReadVector8(&alpn) || !ReadBool(reader, &has_srtp) ||
      !ReadEnum16(reader, &profile) || !reader->ReadVector8(&mki) ||
      !reader->ReadU16(&connection->max_send_inner_len) ||
      !reader->ReadU16(&connection->max_receive_inner_len) ||
      !ReadBool(reader, &connection->server_name_acknowledged)) {
    return false;
  }
  connection->alpn.assign(alpn.begin(), alpn.end());
  if (has_srtp) connection->srtp_profile = profile;
  connection->srtp_mki.assign(mki.begin(), mki.end());
  return connection->max_send_inner_len > 0;
}

void WriteAgreement(ByteWriter* writer, const ConnectionIdAgreement& agreement) {
  writer->WriteU8(agreement.negotiated);
  writer->WriteVector8(agreement.receive);
  writer->WriteVector8(agreement.send);
  writer->WriteU8(agreement.return_routability_check);
}

bool ReadAgreement(ByteReader* reader, ConnectionIdAgreement* agreement) {
  return ReadBool(reader, &agreement->negotiated) && ReadId(reader, &agreement->receive) &&
         ReadId(reader, &agreement->send) && ReadBool(reader, &agreement->return_routability_check);
}

void WriteEarlyData(ByteWriter* writer, const HandshakeResult& result) {
  writer->WriteU8(static_cast<uint8_t>(result.early_data));
  writer->WriteU8(result.early_suite != nullptr);
  if (result.early_suite == nullptr) return;
  writer->WriteU16(static_cast<uint16_t>(result.early_suite->id));
  writer->WriteVector8(result.early_exporter_secret.bytes());
}

bool ReadEarlyData(ByteReader* reader, HandshakeResult* result) {
  uint8_t outcome = 0;
  bool has_secret = false;
  if (!reader->ReadU8(&outcome) || outcome > static_cast<uint8_t>(EarlyDataOutcome::kRejected) ||
      !ReadBool(reader, &has_secret)) {
    return false;
  }
  result->early_data = static_cast<EarlyDataOutcome>(outcome);
  if (!has_secret) return true;
  CipherSuiteId suite{};
  if (!ReadEnum16(reader, &suite) || !ReadSecret(reader, &result->early_exporter_secret)) {
    return false;
  }
  result->early_suite = FindCipherSuite(suite);
  return result->early_suite != nullptr;
}

void WriteAuthentication(ByteWriter* writer, const HandshakeResult& result) {
  writer->WriteU8(result.authenticated_at.has_value());
  const WallTime at = result.authenticated_at.value_or(WallTime{});
  writer->WriteU64(static_cast<uint64_t>(at.time_since_epoch().count()));
  writer->WriteU8(static_cast<uint8_t>(result.client_certificate_type));
  writer->WriteU8(result.takes_tickets);
}

bool ReadAuthentication(ByteReader* reader, HandshakeResult* result) {
  bool has_time = false;
  uint64_t at = 0;
  uint8_t type = 0;
  if (!ReadBool(reader, &has_time) || !reader->ReadU64(&at) || !reader->ReadU8(&type) ||
      !ReadBool(reader, &result->takes_tickets)) {
    return false;
  }
  if (has_time) result->authenticated_at = WallTime(std::chrono::seconds(static_cast<int64_t>(at)));
  result->client_certificate_type = static_cast<CertificateType>(type);
  return true;
}

std::vector<uint8_t> SealState(const HandshakeConfig& config, std::span<const uint8_t> key,
                               std::span<uint8_t> content) {
  std::array<uint8_t, kAeadIvLen> nonce;
  if (!config.random->Fill(nonce)) return {};
  std::optional<Aead> sealer = Aead::CreateSealer(*config.algorithms, ExportSuite(), key, nonce);
  std::array<uint8_t, kAeadTagLen> tag;
  if (!sealer || !sealer->Seal(0, kFormat, content, tag)) return {};
  std::vector<uint8_t> state;
  state.reserve(kFormat.size() + nonce.size() + content.size() + tag.size());
  ByteWriter writer(&state);
  writer.WriteBytes(kFormat);
  writer.WriteBytes(nonce);
  writer.WriteBytes(content);
  writer.WriteBytes(tag);
  return state;
}

// OpenState decrypts in place, and returns what is within.
std::optional<std::span<const uint8_t>> OpenState(const HandshakeConfig& config,
                                                  std::span<const uint8_t> key,
                                                  std::span<uint8_t> state) {
  constexpr size_t kHeaderLen = kFormat.size() + kAeadIvLen;
  if (state.size() < kHeaderLen + kAeadTagLen ||
      !std::equal(kFormat.begin(), kFormat.end(), state.begin())) {
    return std::nullopt;
  }
  std::optional<Aead> opener = Aead::CreateOpener(*config.algorithms, ExportSuite(), key,
                                                  state.subspan(kFormat.size(), kAeadIvLen));
  const std::span<uint8_t> sealed = state.subspan(kHeaderLen);
  if (!opener || !opener->Open(0, kFormat, sealed)) return std::nullopt;
  return sealed.first(sealed.size() - kAeadTagLen);
}

}  // namespace

// --- Export

// What is on its way to the peer or from it would be lost, so there may be nothing.
bool AssociationImpl::IsAtRest() const {
  return connected_ && !failed() && handshake_ == nullptr && events_.empty() &&
         !ending_.alert_owed() && !acks_.owed() && acks_.num_unsent() == 0 &&
         retransmission_.empty() && !reassembler_.HasPartial() && post_handshake_->IsAtRest() &&
         mobility_.IsAtRest();
}

std::vector<uint8_t> AssociationImpl::Export(std::span<const uint8_t> key) {
  if (!config_->exportable || key.size() != kExportKeyLen || !IsAtRest()) return {};
  Content content(kMaxContentLen);
  ByteWriter writer(content.bytes());
  WriteState(&writer);
  if (!writer.ok()) return {};
  std::vector<uint8_t> state =
      SealState(config_->handshake, key, content.bytes().first(writer.length()));
  if (state.empty()) return {};
  ending_.EndQuietly(Status::Fatal(Reason::kExported, AlertDescription::kCloseNotify));
  retransmission_.Stop();
  acks_.CancelPending();
  ForgetSecrets();
  return state;
}

void AssociationImpl::WriteState(ByteWriter* writer) const {
  writer->WriteU8(static_cast<uint8_t>(role_));
  writer->WriteU8(static_cast<uint8_t>(config_->handshake.label_prefix));
  writer->WriteU16(static_cast<uint16_t>(result_.suite->id));
  writer->WriteU16(static_cast<uint16_t>(result_.group));
  writer->WriteU16(static_cast<uint16_t>(result_.peer_signature_scheme));
  writer->WriteU16(static_cast<uint16_t>(result_.local_signature_scheme));
  writer->WriteU8(result_.used_hello_retry_request);
  writer->WriteU8(result_.resumed);
  writer->WriteU8(result_.psk_index.has_value());
  writer->WriteU16(result_.psk_index.value_or(0));
  writer->WriteU8(static_cast<uint8_t>(result_.psk_mode));
  writer->WriteVector8(
      {reinterpret_cast<const uint8_t*>(result_.server_name.data()), result_.server_name.size()});
  writer->WriteVector8(result_.exporter_secret.bytes());
  WriteConnection(writer, result_.connection);
  WriteAgreement(writer, result_.connection_ids);
  WriteEarlyData(writer, result_);
  WriteAuthentication(writer, result_);

  writer->WriteU16(next_message_seq_);
  writer->WriteU32(reassembler_.next_receive_seq());
  writer->WriteU8(keys_.handshake_acked());
  ending_.WriteState(writer);
  keys_.WriteState(writer, latest_now_);
  writer->WriteU32(static_cast<uint32_t>(std::min<size_t>(mtu_, UINT32_MAX)));
  records_.WriteState(writer);
  mobility_.WriteState(writer, latest_now_);
  if (const ConnectionIds* ids = post_handshake_->connection_ids()) ids->WriteState(writer);
}

// --- Import

std::unique_ptr<Association> Association::Import(std::shared_ptr<const AssociationConfig> config,
                                                 std::span<const uint8_t> state,
                                                 std::span<const uint8_t> key, Instant now) {
  if (key.size() != kExportKeyLen || state.size() > 2 * kMaxContentLen) return nullptr;
  Content copy(state.size());
  std::copy(state.begin(), state.end(), copy.bytes().begin());
  const auto content = OpenState(config->handshake, key, copy.bytes());
  if (!content) return nullptr;
  ByteReader reader(*content);
  uint8_t role = 0;
  if (!reader.ReadU8(&role) || role > static_cast<uint8_t>(Role::kServer)) return nullptr;
  auto association = std::make_unique<AssociationImpl>(std::move(config), static_cast<Role>(role));
  if (!association->ReadState(&reader, now)) return nullptr;
  return association;
}

bool AssociationImpl::ReadState(ByteReader* reader, Instant now) {
  latest_now_ = now;
  if (!ReadResult(reader) || !ReadProgress(reader, now) ||
      !records_.ReadState(reader, *result_.suite, kNumbersSkipped) ||
      !mobility_.ReadState(reader, now)) {
    return false;
  }
  const bool is_client = role_ == Role::kClient;
  if (!keys_.OnImported(records_, RandomJitter())) return false;
  (is_client ? result_.server_application_secret : result_.client_application_secret) =
      records_.CopyReadSecret();
  (is_client ? result_.client_application_secret : result_.server_application_secret) =
      records_.CopyWriteSecret();
  post_handshake_ =
      std::make_unique<PostHandshake>(HandshakeConfigOf(config_), is_client, &result_,
                                      keys_.newest_read_epoch(), records_.write_epoch());
  if (ConnectionIds* ids = post_handshake_->connection_ids()) {
    if (!ids->ReadState(reader)) return false;
    // Whoever tells associations apart by them has not heard of them.
    for (const Mobility::Retiring& one : mobility_.retiring()) {
      events_.PushOwned({.type = EventType::kConnectionIdAdded}, ConnectionId(one.id));
    }
    for (const ConnectionId& id : ids->ours()) {
      events_.PushOwned({.type = EventType::kConnectionIdAdded}, ConnectionId(id));
    }
  }
  if (!reader->empty()) return false;
  if (close_sent()) post_handshake_->StopSending();
  if (result_.connection_ids.return_routability_check) mobility_.EnableCheck();
  connected_ = peer_is_dtls13_ = peer_sent_protected_ = true;
  return true;
}

bool AssociationImpl::ReadResult(ByteReader* reader) {
  uint8_t label_prefix = 0, psk_mode = 0;
  CipherSuiteId suite{};
  bool used_psk = false;
  uint16_t psk_index = 0;
  std::span<const uint8_t> server_name;
  if (!reader->ReadU8(&label_prefix) || !ReadEnum16(reader, &suite) ||
      !ReadEnum16(reader, &result_.group) || !ReadEnum16(reader, &result_.peer_signature_scheme) ||
      !ReadEnum16(reader, &result_.local_signature_scheme) ||
      !ReadBool(reader, &result_.used_hello_retry_request) || !ReadBool(reader, &result_.resumed) ||
      !ReadBool(reader, &used_psk) || !reader->ReadU16(&psk_index) || !reader->ReadU8(&psk_mode) ||
      !reader->ReadVector8(&server_name) || !ReadSecret(reader, &result_.exporter_secret) ||
      !ReadConnection(reader, &result_.connection) ||
      !ReadAgreement(reader, &result_.connection_ids) || !ReadEarlyData(reader, &result_) ||
      !ReadAuthentication(reader, &result_)) {
    return false;
  }
  if (used_psk) result_.psk_index = psk_index;
  result_.psk_mode = static_cast<PskKeyExchangeMode>(psk_mode);
  result_.server_name.assign(server_name.begin(), server_name.end());
  result_.suite = FindCipherSuite(suite);
  return result_.suite != nullptr && config_->handshake.algorithms->Supports(suite) &&
         label_prefix == static_cast<uint8_t>(config_->handshake.label_prefix);
}

bool AssociationImpl::ReadProgress(ByteReader* reader, Instant now) {
  uint32_t next_receive_seq = 0, mtu = 0;
  bool handshake_acked = false;
  if (!reader->ReadU16(&next_message_seq_) || !reader->ReadU32(&next_receive_seq) ||
      !reader->ReadFlag(&handshake_acked) || !ending_.ReadState(reader) ||
      !keys_.ReadState(reader, handshake_acked, now) || !reader->ReadU32(&mtu) ||
      next_receive_seq > kMaxMessageSeq) {
    return false;
  }
  first_post_handshake_seq_ = next_message_seq_;
  reassembler_.StartAt(static_cast<uint16_t>(next_receive_seq));
  SetMtu(mtu);
  return true;
}

}  // namespace dtls13
