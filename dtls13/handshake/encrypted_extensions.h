#ifndef DTLS13_HANDSHAKE_ENCRYPTED_EXTENSIONS_H_
#define DTLS13_HANDSHAKE_ENCRYPTED_EXTENSIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/handshake/extensions.h"

namespace dtls13 {

// ParseEncryptedExtensions takes a whole body, RFC 8446 section 4.3.1. Nothing (decode_error) when
// it is malformed or has trailing bytes; the block is a view and not judged.
std::optional<ExtensionBlock> ParseEncryptedExtensions(std::span<const uint8_t> body);

// SerializeEncryptedExtensions returns the body. Nothing this library negotiates needs an answer
// here yet.
std::vector<uint8_t> SerializeEncryptedExtensions();

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_ENCRYPTED_EXTENSIONS_H_
