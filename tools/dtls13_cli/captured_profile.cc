// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/captured_profile.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "dtls13/message/server_hello.h"
#include "dtls13/wire/plaintext_handshake.h"

namespace dtls13::cli {
namespace {

// ServerHelloGatherer puts a ServerHello's fragments together, as far as they come in order.
class ServerHelloGatherer {
 public:
  // Add returns the version that a hello selects which is whole with `fragment`: 0 for none.
  std::optional<uint16_t> Add(const HandshakeFragment& fragment) {
    if (fragment.header.type != HandshakeType::kServerHello ||
        fragment.header.fragment_offset > body_.size()) {
      return std::nullopt;
    }
    body_.resize(fragment.header.fragment_offset);
    body_.insert(body_.end(), fragment.body.begin(), fragment.body.end());
    if (body_.size() != fragment.header.message_len) return std::nullopt;
    const std::optional<ServerHelloView> hello = ParseServerHello(body_);
    if (!hello) return std::nullopt;
    const auto version = hello->extensions.Find(ExtensionType::kSupportedVersions);
    return version ? ParseSelectedVersion(*version).value_or(0) : 0;
  }

 private:
  std::vector<uint8_t> body_;
};

}  // namespace

const WireProfile& CapturedProfile(std::span<const CapturedDatagram> datagrams) {
  ServerHelloGatherer gatherer;
  for (const CapturedDatagram& datagram : datagrams) {
    if (datagram.direction != Direction::kToClient) continue;
    PlaintextFragmentReader reader(datagram.bytes);
    PlaintextFragment found;
    while (reader.Next(&found)) {
      const std::optional<uint16_t> version = gatherer.Add(found.fragment);
      if (!version) continue;
      return *version == kDraft26Profile.version ? kDraft26Profile : kRfc9147Profile;
    }
  }
  return kRfc9147Profile;
}

}  // namespace dtls13::cli
