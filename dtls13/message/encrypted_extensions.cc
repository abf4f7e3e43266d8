#include "dtls13/message/encrypted_extensions.h"

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

void WriteType(ExtensionType extension, std::optional<CertificateType> type, ByteWriter* writer) {
  if (!type.has_value()) return;
  writer->WriteU16(static_cast<uint16_t>(extension));
  ByteWriter::LengthPrefix data(writer, 2);
  writer->WriteU8(static_cast<uint8_t>(*type));
}

}  // namespace

std::optional<ExtensionBlock> ParseEncryptedExtensions(std::span<const uint8_t> body) {
  ByteReader reader(body);
  std::span<const uint8_t> content;
  if (!reader.ReadVector16(&content) || !reader.empty()) return std::nullopt;
  return ExtensionBlock::Parse(content);
}

std::vector<uint8_t> SerializeEncryptedExtensions(const EncryptedExtensionsFields& fields) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  {
    ByteWriter::LengthPrefix block(&writer, 2);
    if (fields.early_data) {
      writer.WriteU16(static_cast<uint16_t>(ExtensionType::kEarlyData));
      writer.WriteU16(0);
    }
    WriteType(ExtensionType::kClientCertificateType, fields.client_certificate_type, &writer);
    WriteType(ExtensionType::kServerCertificateType, fields.server_certificate_type, &writer);
    WriteConnectionAnswer(&writer, fields.connection, fields.alpn);
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
