// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_FAILURE_TEXT_H_
#define DTLS13_TOOLS_DTLS13_CLI_FAILURE_TEXT_H_

#include <string>

#include "dtls13/wire/status.h"

namespace dtls13::cli {

// FailureText is why an association failed, for a person, without a full stop. `peer_name` is what
// the peer's certificate was to be for; empty where that was not compared.
std::string FailureText(const Status& status, const std::string& peer_name);

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_FAILURE_TEXT_H_
