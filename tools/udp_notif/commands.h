// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_COMMANDS_H_
#define DTLS13_TOOLS_UDP_NOTIF_COMMANDS_H_

#include "tools/dtls13_cli/command_line.h"

namespace dtls13::udp_notif {

const cli::Command& CollectCommand();
const cli::Command& PublishCommand();

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_COMMANDS_H_
