// SPDX-License-Identifier: Apache-2.0
// hello: a program of another repository, which makes a client and shows the ClientHello that it
// would send.

#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>

#include "dtls13/association.h"
#include "dtls13/new_config.h"

int main() {
  const auto config = dtls13::NewConfig();
  if (!config) return 1;
  const auto client = dtls13::Association::NewClient(
      config, {.server_name = "localhost",
               .now = std::chrono::time_point_cast<std::chrono::seconds>(
                   std::chrono::system_clock::now())});
  std::array<uint8_t, 1500> datagram;
  const size_t len = client->PollTransmit(datagram, dtls13::Instant());
  if (len == 0) return 1;
  std::cout << "a ClientHello of " << len << " bytes" << std::endl;
}
