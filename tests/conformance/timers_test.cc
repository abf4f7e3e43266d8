// SPDX-License-Identifier: Apache-2.0
// When an association sends again, and when it stops: RFC 9147 section 5.8.

#include <gtest/gtest.h>

#include <cstddef>

#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

// A server that asks for a cookie, and then is at work for as long as nothing of it is heard.
size_t NumFromClient(Duration initial, Duration work) {
  PairOptions options = DefaultPairOptions();
  options.server.handshake.server.require_cookie = true;
  options.client.retransmit.initial = initial;
  AssociationPair pair(options);
  pair.link().SetFilter([](const SentDatagram& datagram) {
    return datagram.direction == Direction::kServerToClient && datagram.index > 0;
  });
  pair.RunFor(milliseconds(20) + work);  // a round trip for the HelloRetryRequest
  return pair.link().num_sent(Direction::kClientToServer);
}

// The HelloRetryRequest takes a round trip of 20 ms, which says nothing of how long the answer to
// the second ClientHello takes.
//= rfc9147#section-5.8.2
//= type=test
//# Unless implementations have deployment-specific and/or external
//# information about the round trip time, implementations SHOULD use an
//# initial timer value of 1000 ms and double the value at each
//# retransmission, up to no less than 60 seconds (the maximum as
//# specified in RFC 6298 [RFC6298]).
TEST(SecondClientHello, IsSentAgainAfterTheInitialTimer) {
  EXPECT_EQ(NumFromClient(seconds(1), milliseconds(999)), 2u);
  EXPECT_EQ(NumFromClient(seconds(1), milliseconds(1'000)), 3u);
  EXPECT_EQ(NumFromClient(milliseconds(400), milliseconds(399)), 2u);
  EXPECT_EQ(NumFromClient(milliseconds(400), milliseconds(400)), 3u);
}

}  // namespace
}  // namespace dtls13::sim
