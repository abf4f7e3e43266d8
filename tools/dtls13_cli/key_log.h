// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_KEY_LOG_H_
#define DTLS13_TOOLS_DTLS13_CLI_KEY_LOG_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dtls13/crypto/secret.h"
#include "tools/dtls13_cli/capture.h"

namespace dtls13::cli {

// KeyLog is a file in NSS key log format: "LABEL <client random> <secret>", both hexadecimal.
// Lines of other forms are ignored, as the format has it.
class KeyLog {
 public:
  static absl::StatusOr<KeyLog> Read(const std::string& path);
  // Parse takes such a file's text.
  static KeyLog Parse(std::string_view text);

  // EarlySecret is what the client protects epoch 1 with. Empty when the log does not have it.
  Secret EarlySecret(std::span<const uint8_t> client_random) const;
  // HandshakeSecret and ApplicationSecret are what `sender` protects epochs 2 and 3 with. Empty
  // when the log does not have it.
  Secret HandshakeSecret(std::span<const uint8_t> client_random, Direction sender) const;
  Secret ApplicationSecret(std::span<const uint8_t> client_random, Direction sender) const;

 private:
  Secret Find(const char* label, std::span<const uint8_t> client_random) const;

  // "LABEL client_random" to the secret.
  std::map<std::string, std::vector<uint8_t>> secrets_;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_KEY_LOG_H_
