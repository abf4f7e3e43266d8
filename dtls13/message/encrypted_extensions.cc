// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/encrypted_extensions.h"

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

void WriteType(ExtensionType extension, std::optional<CertificateType> type,
               ExtensionWriter* extensions) {
  if (!type.has_value()) return;
  extensions->Write(extension,
                    [&](ByteWriter* data) { data->WriteU8(static_cast<uint8_t>(*type)); });
}

}  // namespace

std::optional<ExtensionBlock> ParseEncryptedExtensions(std::span<const uint8_t> body) {
  ByteReader reader(body);
  const auto extensions = ExtensionBlock::Read(&reader);
  return reader.empty() ? extensions : std::nullopt;
}

//= rfc8446#section-4.2.6
//# Servers MUST NOT send this extension.
//= rfc8446#section-4.2.9
//# The server MUST NOT send a "psk_key_exchange_modes" extension.
std::vector<uint8_t> SerializeEncryptedExtensions(const EncryptedExtensionsFields& fields) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  {
    const ByteWriter::LengthPrefix block(&writer, 2);
    ExtensionWriter extensions(&writer);
    if (fields.early_data) extensions.WriteEmpty(ExtensionType::kEarlyData);
    WriteType(ExtensionType::kClientCertificateType, fields.client_certificate_type, &extensions);
    WriteType(ExtensionType::kServerCertificateType, fields.server_certificate_type, &extensions);
    WriteConnectionAnswer(fields.connection, fields.alpn, &extensions);
    extensions.WriteCustom(fields.custom_extensions);
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
