// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_ENCRYPTED_EXTENSIONS_H_
#define DTLS13_MESSAGE_ENCRYPTED_EXTENSIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/message/connection_extensions.h"
#include "dtls13/message/extensions.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// ParseEncryptedExtensions takes a whole body, RFC 8446 section 4.3.1. Nothing (decode_error) when
// it is malformed or has trailing bytes; the block is a view and not judged.
std::optional<ExtensionBlock> ParseEncryptedExtensions(std::span<const uint8_t> body);

// EncryptedExtensionsFields is what SerializeEncryptedExtensions writes: answers to a ClientHello.
struct EncryptedExtensionsFields {
  bool early_data = false;  // it is accepted
  // RFC 7250.
  std::optional<CertificateType> client_certificate_type = {};
  std::optional<CertificateType> server_certificate_type = {};
  ConnectionAnswer connection = {};
  std::string alpn = {};  // empty for no choice
  std::vector<CustomExtension> custom_extensions = {};
};

// SerializeEncryptedExtensions returns the body; empty when a field exceeds what the format can
// hold.
std::vector<uint8_t> SerializeEncryptedExtensions(const EncryptedExtensionsFields& fields);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_ENCRYPTED_EXTENSIONS_H_
