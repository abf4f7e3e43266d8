// SPDX-License-Identifier: Apache-2.0
// What an endpoint keeps: of associations to which nothing happens, and of those who have not shown
// that they are where they say.

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/udp_address.h"
#include "tools/bench/allocation_counter.h"
#include "tools/bench/endpoint_ends.h"

namespace dtls13::sim {
namespace {

using bench::Authentication;
using bench::EndpointEnds;

// Before main, because libcrypto takes these functions only before its first allocation.
const bool g_counts_libcrypto = (bench::InstallAllocationCounter(), true);

int64_t LiveBytes() { return bench::CountAllocations().live_bytes; }

EndpointOptions Unbounded() { return {.max_hellos_per_host = 0, .max_hellos = 0}; }

class EndpointMemoryTest : public testing::TestWithParam<Authentication> {
 protected:
  // HelloFrom hands the server one datagram of the client's, from an address of its own.
  void HelloFrom(size_t number, std::vector<uint8_t> datagram) {
    const UdpAddress address = ends_.ClientAddress(number);
    const ReceivedDatagrams received{
        .peer_address = address.bytes(), .host_len = address.host_len(), .bytes = datagram};
    ends_.ToServer({&received, 1});
  }

  EndpointEnds ends_{GetParam(), *UdpAddress::Parse("127.0.0.1:4433"), 4434, Unbounded()};
};

TEST_P(EndpointMemoryTest, AColdAssociationWeighsLittleAllIn) {
  ASSERT_TRUE(g_counts_libcrypto);
  constexpr size_t kNum = 100;
  constexpr int64_t kMostBytes = 1228;
  // The tables at their emptiest have a slot for each more than with this number.
  constexpr int64_t kSlots = 26;
  ends_.Connect(1, /*keeps_client=*/false);
  const int64_t before = LiveBytes();
  ends_.Connect(kNum, /*keeps_client=*/false);
  EXPECT_GT((LiveBytes() - before) / int64_t{kNum}, 2 * kMostBytes) << "while they are warm";
  ends_.Age(std::chrono::minutes(5));
  EXPECT_LE((LiveBytes() - before) / int64_t{kNum}, kMostBytes - kSlots);
  EXPECT_EQ(ends_.server().size(), kNum + 1);
  EXPECT_EQ(ends_.server().NextTimeout(), std::nullopt) << "and none of them has a deadline";
}

TEST_P(EndpointMemoryTest, NothingIsKeptForAnAddressThatHasNotShownItsCookie) {
  const std::vector<uint8_t> hello = ends_.FirstHello();
  size_t number = 0;
  for (; number < 100; ++number) HelloFrom(number, hello);  // what there is once
  const int64_t before = LiveBytes();
  for (; number < 3000; ++number) HelloFrom(number, hello);
  EXPECT_EQ(LiveBytes(), before);
  EXPECT_EQ(ends_.server().counters()[InputCount::kRetried], 3000u);
  EXPECT_EQ(ends_.server().size(), 0u);
}

// Nor for who sends half of a hello: what gathers them is as large as it will ever be, and soon.
TEST_P(EndpointMemoryTest, HalvesOfHellosTakeOfOneMemoryForAll) {
  std::vector<uint8_t> half = ends_.FirstHello();
  // The first fragment of a hello twice as long, behind the headers of record and message.
  constexpr size_t kMessageLenAt = 13 + 1;
  const size_t len = 2 * (half.size() - 25);
  half[kMessageLenAt] = 0;
  half[kMessageLenAt + 1] = static_cast<uint8_t>(len >> 8);
  half[kMessageLenAt + 2] = static_cast<uint8_t>(len);
  size_t number = 0;
  for (; number < 3000; ++number) HelloFrom(number, half);
  const int64_t before = LiveBytes();
  for (; number < 6000; ++number) HelloFrom(number, half);
  constexpr int64_t kOneBlock = 64;  // which of two sizes the last list had
  EXPECT_LE(LiveBytes(), before + kOneBlock);
  EXPECT_EQ(ends_.server().counters()[InputCount::kNotWhole], 6000u);
  EXPECT_EQ(ends_.server().size(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Authentications, EndpointMemoryTest,
                         testing::Values(Authentication::kCertificate, Authentication::kTickets,
                                         Authentication::kPskOnly));

}  // namespace
}  // namespace dtls13::sim
