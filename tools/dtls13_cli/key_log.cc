// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/key_log.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace dtls13::cli {

absl::StatusOr<KeyLog> KeyLog::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  return Parse(*text);
}

KeyLog KeyLog::Parse(std::string_view text) {
  KeyLog log;
  const absl::string_view lines(text.data(), text.size());
  for (const auto& line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    std::vector<uint8_t> secret;
    if (fields.size() != 3 || !FromHex(fields[2], &secret)) continue;
    log.secrets_[absl::StrCat(fields[0], " ", absl::AsciiStrToLower(fields[1]))] = secret;
  }
  return log;
}

Secret KeyLog::EarlySecret(std::span<const uint8_t> client_random) const {
  return Find("CLIENT_EARLY_TRAFFIC_SECRET", client_random);
}

Secret KeyLog::HandshakeSecret(std::span<const uint8_t> client_random, Direction sender) const {
  return Find(sender == Direction::kToServer ? "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
                                             : "SERVER_HANDSHAKE_TRAFFIC_SECRET",
              client_random);
}

Secret KeyLog::ApplicationSecret(std::span<const uint8_t> client_random, Direction sender) const {
  return Find(
      sender == Direction::kToServer ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0",
      client_random);
}

Secret KeyLog::Find(const char* label, std::span<const uint8_t> client_random) const {
  const auto found = secrets_.find(absl::StrCat(label, " ", ToHex(client_random)));
  return found == secrets_.end() ? Secret() : Secret::CopyOf(found->second);
}

}  // namespace dtls13::cli
