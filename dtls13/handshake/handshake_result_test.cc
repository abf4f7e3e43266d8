// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/handshake_result.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13 {
namespace {

const std::vector<uint8_t> kSecret = {1, 2, 3, 4};

HandshakeResult Full() {
  HandshakeResult result;
  result.suite = FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  result.group = NamedGroup::kX25519;
  result.peer_signature_scheme = SignatureScheme{0x0403};
  result.local_signature_scheme = SignatureScheme{0x0804};
  result.used_hello_retry_request = true;
  result.resumed = true;
  result.psk_index = 2;
  result.psk_mode = PskKeyExchangeMode::kPskKe;
  result.server_name = "server";
  result.connection.alpn = "proto";
  result.connection.srtp_profile = SrtpProfile{7};
  result.connection.srtp_mki = {9};
  result.connection.max_send_inner_len = 600;
  result.connection.max_receive_inner_len = 700;
  result.connection.server_name_acknowledged = true;
  result.connection_ids = {
      .negotiated = true, .receive = {1}, .send = {2, 3}, .return_routability_check = true};
  result.early_data = EarlyDataOutcome::kAccepted;
  result.early_suite = result.suite;
  result.authenticated_at = WallTime(std::chrono::seconds(1'700'000'000));
  result.client_certificate_type = CertificateType::kRawPublicKey;
  result.takes_tickets = true;
  return result;
}

std::vector<uint8_t> StateOf(const HandshakeResult& result, const Secret& exporter_secret,
                             const Secret& early_exporter_secret) {
  std::vector<uint8_t> state;
  ByteWriter writer(&state);
  result.WriteState(&writer, exporter_secret, early_exporter_secret);
  EXPECT_TRUE(writer.ok());
  return state;
}

std::vector<uint8_t> FullState() {
  return StateOf(Full(), Secret::CopyOf(kSecret), Secret::CopyOf(kSecret));
}

TEST(HandshakeResult, ItsStateGoesToAnotherProcess) {
  const std::vector<uint8_t> state = FullState();
  HandshakeResult after;
  Secret exporter_secret, early_exporter_secret;
  ByteReader reader(state);
  ASSERT_TRUE(after.ReadState(&reader, &exporter_secret, &early_exporter_secret));
  EXPECT_TRUE(reader.empty());
  EXPECT_EQ(after.suite, Full().suite);
  EXPECT_EQ(after.group, NamedGroup::kX25519);
  EXPECT_EQ(after.peer_signature_scheme, SignatureScheme{0x0403});
  EXPECT_EQ(after.local_signature_scheme, SignatureScheme{0x0804});
  EXPECT_TRUE(after.used_hello_retry_request);
  EXPECT_TRUE(after.resumed);
  EXPECT_EQ(after.psk_index, 2);
  EXPECT_EQ(after.psk_mode, PskKeyExchangeMode::kPskKe);
  EXPECT_EQ(after.server_name, "server");
  EXPECT_TRUE(exporter_secret.EqualsConstantTime(kSecret));
  EXPECT_EQ(after.connection.alpn, "proto");
  EXPECT_EQ(after.connection.srtp_profile, SrtpProfile{7});
  EXPECT_EQ(after.connection.srtp_mki, std::vector<uint8_t>{9});
  EXPECT_EQ(after.connection.max_send_inner_len, 600);
  EXPECT_EQ(after.connection.max_receive_inner_len, 700);
  EXPECT_TRUE(after.connection.server_name_acknowledged);
  EXPECT_TRUE(after.connection_ids.negotiated);
  EXPECT_EQ(after.connection_ids.receive, ConnectionId{1});
  EXPECT_EQ(after.connection_ids.send, (ConnectionId{2, 3}));
  EXPECT_TRUE(after.connection_ids.return_routability_check);
  EXPECT_EQ(after.early_data, EarlyDataOutcome::kAccepted);
  EXPECT_EQ(after.early_suite, Full().suite);
  EXPECT_TRUE(early_exporter_secret.EqualsConstantTime(kSecret));
  EXPECT_EQ(after.authenticated_at, Full().authenticated_at);
  EXPECT_EQ(after.client_certificate_type, CertificateType::kRawPublicKey);
  EXPECT_TRUE(after.takes_tickets);
}

TEST(HandshakeResult, WhatIsAbsentStaysAbsent) {
  HandshakeResult before;
  before.suite = FindCipherSuite(CipherSuiteId::kAes128GcmSha256);
  const std::vector<uint8_t> state = StateOf(before, Secret::CopyOf(kSecret), Secret());
  HandshakeResult after;
  Secret exporter_secret, early_exporter_secret;
  ByteReader reader(state);
  ASSERT_TRUE(after.ReadState(&reader, &exporter_secret, &early_exporter_secret));
  EXPECT_TRUE(reader.empty());
  EXPECT_FALSE(after.psk_index);
  EXPECT_FALSE(after.connection.srtp_profile);
  EXPECT_FALSE(after.authenticated_at);
  EXPECT_EQ(after.early_suite, nullptr);
  EXPECT_TRUE(early_exporter_secret.empty());
}

TEST(HandshakeResult, AStateThatIsCutIsNone) {
  const std::vector<uint8_t> state = FullState();
  for (size_t len = 0; len < state.size(); ++len) {
    ByteReader reader(std::span<const uint8_t>(state).first(len));
    Secret exporter_secret, early_exporter_secret;
    EXPECT_FALSE(HandshakeResult().ReadState(&reader, &exporter_secret, &early_exporter_secret))
        << len;
  }
}

TEST(HandshakeResult, AnUnknownSuiteIsNone) {
  std::vector<uint8_t> state = FullState();
  state[0] = state[1] = 0xff;
  ByteReader reader(state);
  Secret exporter_secret, early_exporter_secret;
  EXPECT_FALSE(HandshakeResult().ReadState(&reader, &exporter_secret, &early_exporter_secret));
}

}  // namespace
}  // namespace dtls13
