// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_ADDRESS_OPTION_H_
#define DTLS13_TOOLS_DTLS13_CLI_ADDRESS_OPTION_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "dtls13/udp_address.h"
#include "tools/dtls13_cli/options.h"

namespace dtls13::cli {

// LocalAddress is the address to listen at that the option `name` says, or `fallback`; its port may
// be 0, which is any. PeerAddress is one to send to, which has a port. Both are InvalidArgument for
// what UdpAddress::Parse does not read.
absl::StatusOr<UdpAddress> LocalAddress(const Options& options, std::string_view name,
                                        std::string_view fallback);
absl::StatusOr<UdpAddress> PeerAddress(const Options& options, std::string_view name,
                                       std::string_view fallback);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_ADDRESS_OPTION_H_
