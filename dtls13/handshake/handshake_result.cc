// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/handshake_result.h"

#include <chrono>
#include <span>

namespace dtls13 {
namespace {

void WriteEarlyData(ByteWriter* writer, const HandshakeResult& result,
                    const Secret& exporter_secret) {
  writer->WriteU8(static_cast<uint8_t>(result.early_data));
  writer->WriteU8(result.early_suite != nullptr);
  if (result.early_suite == nullptr) return;
  writer->WriteU16(static_cast<uint16_t>(result.early_suite->id));
  writer->WriteVector8(exporter_secret.bytes());
}

bool ReadEarlyData(ByteReader* reader, HandshakeResult* result, Secret* exporter_secret) {
  uint8_t outcome = 0;
  bool has_secret = false;
  if (!reader->ReadU8(&outcome) || outcome > static_cast<uint8_t>(EarlyDataOutcome::kRejected) ||
      !reader->ReadFlag(&has_secret)) {
    return false;
  }
  result->early_data = static_cast<EarlyDataOutcome>(outcome);
  if (!has_secret) return true;
  CipherSuiteId suite{};
  if (!reader->ReadEnum16(&suite) || !Secret::Read(reader, exporter_secret)) {
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
  if (!reader->ReadFlag(&has_time) || !reader->ReadU64(&at) || !reader->ReadU8(&type) ||
      !reader->ReadFlag(&result->takes_tickets)) {
    return false;
  }
  if (has_time) result->authenticated_at = WallTime(std::chrono::seconds(static_cast<int64_t>(at)));
  result->client_certificate_type = static_cast<CertificateType>(type);
  return true;
}

}  // namespace

void HandshakeResult::WriteState(ByteWriter* writer, const Secret& exporter_secret,
                                 const Secret& early_exporter_secret) const {
  writer->WriteU16(static_cast<uint16_t>(suite->id));
  writer->WriteU16(static_cast<uint16_t>(group));
  writer->WriteU16(static_cast<uint16_t>(peer_signature_scheme));
  writer->WriteU16(static_cast<uint16_t>(local_signature_scheme));
  writer->WriteU8(used_hello_retry_request);
  writer->WriteU8(resumed);
  writer->WriteU8(psk_index.has_value());
  writer->WriteU16(psk_index.value_or(0));
  writer->WriteU8(static_cast<uint8_t>(psk_mode));
  writer->WriteVector8({reinterpret_cast<const uint8_t*>(server_name.data()), server_name.size()});
  writer->WriteVector8(exporter_secret.bytes());
  connection.WriteState(writer);
  connection_ids.WriteState(writer);
  WriteEarlyData(writer, *this, early_exporter_secret);
  WriteAuthentication(writer, *this);
}

bool HandshakeResult::ReadState(ByteReader* reader, Secret* exporter_secret,
                                Secret* early_exporter_secret) {
  CipherSuiteId suite_id{};
  bool used_psk = false;
  uint16_t index = 0;
  uint8_t mode = 0;
  std::span<const uint8_t> name;
  if (!reader->ReadEnum16(&suite_id) || !reader->ReadEnum16(&group) ||
      !reader->ReadEnum16(&peer_signature_scheme) || !reader->ReadEnum16(&local_signature_scheme) ||
      !reader->ReadFlag(&used_hello_retry_request) || !reader->ReadFlag(&resumed) ||
      !reader->ReadFlag(&used_psk) || !reader->ReadU16(&index) || !reader->ReadU8(&mode) ||
      !reader->ReadVector8(&name) || !Secret::Read(reader, exporter_secret) ||
      !connection.ReadState(reader) || !connection_ids.ReadState(reader) ||
      !ReadEarlyData(reader, this, early_exporter_secret) || !ReadAuthentication(reader, this)) {
    return false;
  }
  if (used_psk) psk_index = index;
  psk_mode = static_cast<PskKeyExchangeMode>(mode);
  server_name.assign(name.begin(), name.end());
  suite = FindCipherSuite(suite_id);
  return suite != nullptr;
}

}  // namespace dtls13
