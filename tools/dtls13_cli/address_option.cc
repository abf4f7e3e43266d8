// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/address_option.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::cli {

absl::StatusOr<UdpAddress> LocalAddress(const Options& options, std::string_view name,
                                        std::string_view fallback) {
  const std::string text = options.GetString(name, fallback);
  const std::optional<UdpAddress> address = UdpAddress::Parse(text);
  if (address) return *address;
  return absl::InvalidArgumentError(
      absl::StrCat("--", std::string(name),
                   " needs an address and a port, as 192.0.2.1:4433 or "
                   "[2001:db8::1]:4433, not '",
                   text, "'."));
}

absl::StatusOr<UdpAddress> PeerAddress(const Options& options, std::string_view name,
                                       std::string_view fallback) {
  absl::StatusOr<UdpAddress> address = LocalAddress(options, name, fallback);
  if (!address.ok() || address->port() != 0) return address;
  return absl::InvalidArgumentError(
      absl::StrCat("--", std::string(name), " needs a port from 1 to 65535."));
}

}  // namespace dtls13::cli
