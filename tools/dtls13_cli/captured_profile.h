// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_CAPTURED_PROFILE_H_
#define DTLS13_TOOLS_DTLS13_CLI_CAPTURED_PROFILE_H_

#include <span>

#include "dtls13/wire/wire_profile.h"
#include "tools/dtls13_cli/capture.h"

namespace dtls13::cli {

// CapturedProfile is the wire profile that the captured association speaks: the one whose version
// its first whole ServerHello or HelloRetryRequest selects. RFC 9147's where there is none, or of
// another version.
const WireProfile& CapturedProfile(std::span<const CapturedDatagram> datagrams);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_CAPTURED_PROFILE_H_
