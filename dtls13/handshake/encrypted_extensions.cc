#include "dtls13/handshake/encrypted_extensions.h"

#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

std::optional<ExtensionBlock> ParseEncryptedExtensions(std::span<const uint8_t> body) {
  ByteReader reader(body);
  std::span<const uint8_t> content;
  if (!reader.ReadVector16(&content) || !reader.empty()) return std::nullopt;
  return ExtensionBlock::Parse(content);
}

std::vector<uint8_t> SerializeEncryptedExtensions() { return {0, 0}; }

}  // namespace dtls13
