// SPDX-License-Identifier: Apache-2.0
// What UDP-notif asks of the DTLS below it: the publisher is the client, the receiver the server.

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

#include "dtls13/wire/bytes_test_util.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {
namespace {

using Received = std::vector<Bytes>;

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# Implementations MAY support the denial of service countermeasures defined
//# by DTLS 1.3.
//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# The Publisher MUST send a new DTLS ClientHello message containing the
//# received cookie, which initiates the DTLS handshake.
TEST(UdpNotifTest, APublisherReturnsTheReceiversCookie) {
  PairOptions options = DefaultPairOptions();
  options.server.handshake.server.require_cookie = true;
  AssociationPair pair(options);
  ASSERT_TRUE(pair.RunUntilConnected());
  EXPECT_TRUE(pair.server().association->facts().result.used_hello_retry_request);
  EXPECT_TRUE(pair.client().association->facts().result.used_hello_retry_request);
}

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# The Publisher MUST NOT send any UDP-notif messages before the DTLS
//# handshake has successfully completed.
//= draft-unyte-udp-notif-dtls#section-4.2
//= type=test
//# All UDP-notif messages MUST be published as DTLS "application_data".
TEST(UdpNotifTest, MessagesAreApplicationDataOfACompletedHandshake) {
  AssociationPair pair(DefaultPairOptions());
  const size_t num_hellos = pair.link().log().size();
  EXPECT_FALSE(pair.Send(pair.client(), "too early"));
  EXPECT_EQ(pair.link().log().size(), num_hellos);
  ASSERT_TRUE(pair.RunUntilConnected());
  ASSERT_TRUE(pair.Send(pair.client(), "notification"));
  pair.RunFor(milliseconds(100));
  // The simulation takes nothing but ApplicationData events for received.
  EXPECT_EQ(pair.server().received, Received{ToBytes("notification")});
}

//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# Implementations MUST support DTLS 1.3 [I-D.ietf-tls-dtls13] and MUST
//# support the mandatory to implement cipher suite TLS_AES_128_GCM_SHA256 and
//# SHOULD implement TLS_AES_256_GCM_SHA384 and TLS_CHACHA20_POLY1305_SHA256
//# cipher suites, as specified in TLS 1.3 [RFC8446].
TEST(UdpNotifTest, EachCipherSuiteCarriesMessages) {
  for (const CipherSuiteId suite :
       {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384,
        CipherSuiteId::kChaCha20Poly1305Sha256}) {
    PairOptions options = DefaultPairOptions();
    options.client.handshake.cipher_suites = {suite};
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected());
    EXPECT_EQ(pair.server().association->facts().result.suite->id, suite);
    EXPECT_TRUE(pair.DataFlowsBothWays());
  }
}

// TLS_SHA256_SHA256 and TLS_SHA384_SHA384 of RFC 9150 authenticate and do not encrypt.
//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# If additional cipher suites are supported, then implementations MUST NOT
//# negotiate a cipher suite that employs NULL integrity or authentication
//# algorithms.
//= draft-unyte-udp-notif-dtls#section-4.1
//= type=test
//# Where privacy is REQUIRED, then implementations must either negotiate a
//# cipher suite that employs a non-NULL encryption algorithm or otherwise
//# achieve privacy by other means, such as a physically secured network.
TEST(UdpNotifTest, NoCipherSuiteLeavesDataReadableOrUnprotected) {
  for (const uint16_t null_suite : {0xc0b4, 0xc0b5}) {
    PairOptions options = DefaultPairOptions();
    const std::vector<CipherSuiteId> suites = {CipherSuiteId{null_suite}};
    options.client.handshake.cipher_suites = suites;
    options.client.handshake.cipher_suites.push_back(CipherSuiteId::kAes128GcmSha256);
    options.server.handshake.cipher_suites = options.client.handshake.cipher_suites;
    AssociationPair pair(options);
    ASSERT_TRUE(pair.RunUntilConnected());
    EXPECT_EQ(pair.server().association->facts().result.suite->id, CipherSuiteId::kAes128GcmSha256);
    // Nor are they known by themselves.
    options.server.handshake.cipher_suites = suites;
    AssociationPair nothing_else(options);
    EXPECT_FALSE(nothing_else.RunUntilConnected());
  }
}

// Either side's close_notify is its last datagram; neither waits for the other's.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# It MUST send a DTLS close_notify alert before closing the connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# A Publisher (DTLS client) MAY choose to not wait for the Receiver's
//# close_notify alert and simply close the DTLS connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# The Receiver (DTLS server) MUST attempt to initiate an exchange of
//# close_notify alerts with the Publisher before closing the connection.
//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# Receivers that are unprepared to receive any more data MAY close the
//# connection after sending the close_notify alert.
TEST(UdpNotifTest, EitherSideMayCloseAndGo) {
  for (const bool publisher_closes : {true, false}) {
    AssociationPair pair(DefaultPairOptions());
    ASSERT_TRUE(pair.RunUntilConnected());
    pair.RunUntilQuiet();
    Side& closing = publisher_closes ? pair.client() : pair.server();
    Side& other = publisher_closes ? pair.server() : pair.client();
    closing.association->Close();
    pair.Flush(closing);
    EXPECT_FALSE(closing.association->NextTimeout()) << "nothing is waited for";
    pair.RunUntilQuiet();
    EXPECT_TRUE(other.peer_closed);
    EXPECT_FALSE(other.failure);
  }
}

}  // namespace
}  // namespace dtls13::sim
