// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/dtls_settings.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace dtls13::udp_notif {
namespace {

//= draft-ietf-netconf-udp-notif#section-6
//= type=test
//# Implementations using DTLS to secure UDP-Notif messages MUST support
//# DTLS 1.2 [RFC6347] or later, and SHOULD support DTLS 1.3 [RFC9147].
//= draft-ietf-netconf-udp-notif#section-6.1.1
//= type=test
//# Implementations MUST follow recommendations defined by [BCP195].
//= draft-ietf-netconf-udp-notif#section-6.1.1
//= type=test
//# If other cipher suites than the ones recommended by [BCP195] are used,
//# then implementations MUST NOT negotiate a cipher suite that employs
//# NULL integrity or authentication algorithms.
TEST(DtlsSettingsTest, BothSidesHaveTheThreeSuitesTheMandatoryOneFirst) {
  for (const auto& settings : {PublisherSettings(), ReceiverSettings()}) {
    EXPECT_EQ(settings->handshake.cipher_suites,
              (std::vector<CipherSuiteId>{CipherSuiteId::kAes128GcmSha256,
                                          CipherSuiteId::kAes256GcmSha384,
                                          CipherSuiteId::kChaCha20Poly1305Sha256}));
  }
}

TEST(DtlsSettingsTest, NothingIsResumedSoNothingIsEarly) {
  for (const auto& settings : {PublisherSettings(), ReceiverSettings()}) {
    EXPECT_TRUE(settings->handshake.psk_modes.empty());
    EXPECT_FALSE(settings->handshake.server.ticket_keys);
    EXPECT_EQ(settings->handshake.server.max_early_data_len, 0u);
  }
}

//= draft-ietf-netconf-udp-notif#section-6.1.1
//= type=test
//# Implementations MAY disable the denial of service countermeasures
//# defined by DTLS 1.2 and DTLS 1.3 if a given deployment can ensure that
//# DoS attacks are not a concern.
TEST(DtlsSettingsTest, AReceiverAsksForCookies) {
  EXPECT_TRUE(ReceiverSettings()->handshake.server.require_cookie);
  EXPECT_TRUE(ReceiverSettings()->handshake.server.cookie_keys);
}

TEST(DtlsSettingsTest, NoneWhereLibcryptoLacksWhatItTakes) {
  ASSERT_EQ(EVP_set_default_properties(nullptr, "provider=none"), 1);
  EXPECT_FALSE(PublisherSettings());
  EXPECT_FALSE(ReceiverSettings());
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_TRUE(ReceiverSettings());
}

//= draft-unyte-udp-notif-dtls#section-4.3
//= type=test
//# Implementations SHOULD set the timeout value to 10 minutes but
//# application specific profiles MAY recommend shorter or longer values.
//= draft-ietf-netconf-udp-notif#section-6.1.3
//= type=test
//# Implementations SHOULD use an inactivity timer with a default value of
//# 10 minutes, unless an application-specific profile specifies otherwise.
TEST(DtlsSettingsTest, AReceiverIsIdleForTenMinutes) {
  const EndpointOptions receiver = ReceiverEndpointOptions(ReceiverSettings());
  EXPECT_EQ(receiver.idle_timeout, std::chrono::minutes(10));
  EXPECT_TRUE(receiver.accepts);
  EXPECT_FALSE(PublisherEndpointOptions(PublisherSettings()).accepts);
}

}  // namespace
}  // namespace dtls13::udp_notif
