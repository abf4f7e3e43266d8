// SPDX-License-Identifier: Apache-2.0
// udp_notif: publishes and collects UDP-notif over DTLS 1.3.
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGPIPE is POSIX's

#include <cstddef>

#include "tools/dtls13_cli/command_line.h"
#include "tools/udp_notif/commands.h"

int main(int argc, char** argv) {
  using namespace dtls13;
  // Who stops reading our output is an error of the write, and no end without a summary.
  signal(SIGPIPE, SIG_IGN);
  const cli::Command* const commands[] = {&udp_notif::CollectCommand(),
                                          &udp_notif::PublishCommand()};
  return cli::RunProgram("udp_notif", commands, {argv, static_cast<size_t>(argc)});
}
