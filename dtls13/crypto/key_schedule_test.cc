// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/key_schedule.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/rfc8448_vectors.h"

namespace dtls13 {
namespace {

using namespace rfc8448;  // NOLINT: a namespace of constants

constexpr HashId kHash = HashId::kSha256;

std::string Hex(const Secret& secret) { return ToHex(secret.bytes()); }
std::string Hex(const std::optional<HashValue>& value) {
  return value ? ToHex(value->view()) : "none";
}

// The messages of one trace, added to a transcript as the handshake goes on.
class Trace {
 public:
  Trace() : transcript_(DefaultAlgorithms()) { EXPECT_TRUE(transcript_.SelectHash(kHash)); }
  TranscriptHash Add(std::string_view hex) {
    const std::vector<uint8_t> message = FromHex(hex);
    EXPECT_TRUE(
        transcript_.Add(static_cast<HandshakeType>(message[0]), std::span(message).subspan(4)));
    return *transcript_.Hash();
  }
  Transcript& transcript() { return transcript_; }

 private:
  Transcript transcript_;
};

KeySchedule Tls13Schedule() { return KeySchedule(DefaultAlgorithms(), kHash, LabelPrefix::kTls13); }

// verify_data of a Finished message.
std::string VerifyData(std::string_view message) { return std::string(message.substr(8)); }

// The whole ladder with TLS's prefix against RFC 8448 section 3: with PrefixTest's proof of the
// prefix it is the proof of DTLS's.
//= rfc8446#appendix-E.1.1
//= type=test
//# one SHOULD NOT use an output of HKDF-Extract as an input to another
//# application of HKDF-Extract without an HKDF-Expand in between.
TEST(KeyScheduleTest, Rfc8448SimpleHandshake) {
  KeySchedule schedule = Tls13Schedule();
  Trace trace;
  ASSERT_TRUE(schedule.StartEarly({}));
  ASSERT_TRUE(schedule.EnterHandshake(FromHex(kSimpleSharedSecret)));
  trace.Add(kSimpleClientHello);
  const TranscriptHash server_hello = trace.Add(kSimpleServerHello);
  const Secret client_handshake = schedule.ClientHandshakeTrafficSecret(server_hello);
  const Secret server_handshake = schedule.ServerHandshakeTrafficSecret(server_hello);
  EXPECT_EQ(Hex(client_handshake), kSimpleClientHandshakeTraffic);
  EXPECT_EQ(Hex(server_handshake), kSimpleServerHandshakeTraffic);

  trace.Add(kSimpleEncryptedExtensions);
  trace.Add(kSimpleCertificate);
  const TranscriptHash verified = trace.Add(kSimpleCertificateVerify);
  EXPECT_EQ(Hex(schedule.FinishedMac(server_handshake, verified)),
            VerifyData(kSimpleServerFinished));
  const TranscriptHash server_finished = trace.Add(kSimpleServerFinished);
  EXPECT_EQ(Hex(schedule.FinishedMac(client_handshake, server_finished)), kSimpleClientVerifyData);

  ASSERT_TRUE(schedule.EnterMaster());
  EXPECT_EQ(Hex(schedule.ClientApplicationTrafficSecret(server_finished)),
            kSimpleClientApplicationTraffic);
  EXPECT_EQ(Hex(schedule.ServerApplicationTrafficSecret(server_finished)),
            kSimpleServerApplicationTraffic);
  EXPECT_EQ(Hex(schedule.ExporterSecret(server_finished)), kSimpleExporterSecret);
  const Secret resumption = schedule.ResumptionSecret(trace.Add(kSimpleClientFinished));
  EXPECT_EQ(Hex(resumption), kSimpleResumptionSecret);

  std::vector<uint8_t> ticket_secret(32);
  ASSERT_TRUE(HkdfExpandLabel(*DefaultAlgorithms(), kHash, resumption.bytes(), LabelPrefix::kTls13,
                              "resumption", FromHex("0000"), ticket_secret));
  EXPECT_EQ(ToHex(ticket_secret), kSimpleTicketSecret);
}

TEST(KeyScheduleTest, Rfc8448ResumptionWithEarlyData) {
  KeySchedule schedule = Tls13Schedule();
  Trace trace;
  ASSERT_TRUE(schedule.StartEarly(FromHex(kSimpleTicketSecret)));
  const Secret binder_key = schedule.BinderKey(KeySchedule::PskKind::kResumption);
  EXPECT_EQ(Hex(binder_key), kResumedBinderKey);
  constexpr size_t kHeaderLen = 4;
  const std::vector<uint8_t> prefix = FromHex(kResumedClientHelloPrefix);
  const auto truncated = trace.transcript().HashWithTruncatedHello(
      FromHex(kResumedClientHello).size() - kHeaderLen, std::span(prefix).subspan(kHeaderLen));
  ASSERT_TRUE(truncated);
  EXPECT_EQ(Hex(schedule.FinishedMac(binder_key, *truncated)), kResumedBinder);

  const TranscriptHash client_hello = trace.Add(kResumedClientHello);
  EXPECT_EQ(Hex(schedule.ClientEarlyTrafficSecret(client_hello)), kResumedClientEarlyTraffic);
  EXPECT_EQ(Hex(schedule.EarlyExporterSecret(client_hello)), kResumedEarlyExporter);

  ASSERT_TRUE(schedule.EnterHandshake(FromHex(kResumedSharedSecret)));
  const TranscriptHash server_hello = trace.Add(kResumedServerHello);
  const Secret client_handshake = schedule.ClientHandshakeTrafficSecret(server_hello);
  EXPECT_EQ(Hex(client_handshake), kResumedClientHandshakeTraffic);
  const Secret server_handshake = schedule.ServerHandshakeTrafficSecret(server_hello);
  EXPECT_EQ(Hex(server_handshake), kResumedServerHandshakeTraffic);
  const TranscriptHash extensions = trace.Add(kResumedEncryptedExtensions);
  EXPECT_EQ(Hex(schedule.FinishedMac(server_handshake, extensions)), kResumedServerVerifyData);
  const TranscriptHash server_finished = trace.Add(kResumedServerFinished);
  const TranscriptHash end_of_early_data = trace.Add("05000000");
  EXPECT_EQ(Hex(schedule.FinishedMac(client_handshake, end_of_early_data)),
            kResumedClientVerifyData);

  ASSERT_TRUE(schedule.EnterMaster());
  EXPECT_EQ(Hex(schedule.ClientApplicationTrafficSecret(server_finished)),
            kResumedClientApplicationTraffic);
  EXPECT_EQ(Hex(schedule.ExporterSecret(server_finished)), kResumedExporterSecret);
  EXPECT_EQ(Hex(schedule.ResumptionSecret(trace.Add(kResumedClientFinished))),
            kResumedResumptionSecret);
}

TEST(KeyScheduleTest, Rfc8448HelloRetryRequest) {
  KeySchedule schedule = Tls13Schedule();
  Trace trace;
  ASSERT_TRUE(schedule.StartEarly({}));
  ASSERT_TRUE(schedule.EnterHandshake(FromHex(kRetrySharedSecret)));
  trace.Add(kRetryClientHello1);
  ASSERT_TRUE(trace.transcript().ReplaceWithMessageHash());
  trace.Add(kRetryHelloRetryRequest);
  trace.Add(kRetryClientHello2);
  const TranscriptHash server_hello = trace.Add(kRetryServerHello);
  EXPECT_EQ(Hex(schedule.ClientHandshakeTrafficSecret(server_hello)), kRetryClientHandshakeTraffic);
  const Secret server_handshake = schedule.ServerHandshakeTrafficSecret(server_hello);
  trace.Add(kRetryEncryptedExtensions);
  trace.Add(kRetryCertificate);
  EXPECT_EQ(Hex(schedule.FinishedMac(server_handshake, trace.Add(kRetryCertificateVerify))),
            kRetryServerVerifyData);
  const TranscriptHash server_finished = trace.Add(kRetryServerFinished);
  ASSERT_TRUE(schedule.EnterMaster());
  EXPECT_EQ(Hex(schedule.ServerApplicationTrafficSecret(server_finished)),
            kRetryServerApplicationTraffic);
  EXPECT_EQ(Hex(schedule.ResumptionSecret(trace.Add(kRetryClientFinished))),
            kRetryResumptionSecret);
}

// F30: no secret of DTLS equals TLS's.
TEST(KeyScheduleTest, PrefixSeparatesDtlsFromTls) {
  const TranscriptHash hash = *Hash(*DefaultAlgorithms(), kHash, {});
  std::vector<std::string> seen;
  for (LabelPrefix prefix : {LabelPrefix::kTls13, LabelPrefix::kDtls13}) {
    KeySchedule schedule(DefaultAlgorithms(), kHash, prefix);
    ASSERT_TRUE(schedule.StartEarly({}));
    ASSERT_TRUE(schedule.EnterHandshake(FromHex(kSimpleSharedSecret)));
    seen.push_back(Hex(schedule.ClientHandshakeTrafficSecret(hash)));
  }
  EXPECT_NE(seen[0], seen[1]);
}

TEST(KeyScheduleTest, BinderKeysOfEachKindDiffer) {
  KeySchedule schedule = Tls13Schedule();
  ASSERT_TRUE(schedule.StartEarly(FromHex(kSimpleTicketSecret)));
  const Secret external = schedule.BinderKey(KeySchedule::PskKind::kExternal);
  ASSERT_EQ(external.size(), 32u);
  EXPECT_NE(Hex(external), kResumedBinderKey);
  const Secret imported = schedule.BinderKey(KeySchedule::PskKind::kImported);
  ASSERT_EQ(imported.size(), 32u);
  EXPECT_NE(Hex(imported), kResumedBinderKey);
  EXPECT_NE(Hex(imported), Hex(external));
}

//= rfc8446#section-7.1
//= type=test
//# Once all the values which are to be derived from a given secret have
//# been computed, that secret SHOULD be erased.
TEST(KeyScheduleTest, SecretsBelongToTheirRung) {
  KeySchedule schedule = Tls13Schedule();
  const TranscriptHash hash = *Hash(*DefaultAlgorithms(), kHash, {});
  EXPECT_TRUE(schedule.ClientEarlyTrafficSecret(hash).empty());
  EXPECT_FALSE(schedule.EnterHandshake({}));
  EXPECT_FALSE(schedule.EnterMaster());
  ASSERT_TRUE(schedule.StartEarly({}));
  EXPECT_FALSE(schedule.StartEarly({}));
  EXPECT_FALSE(schedule.EnterMaster());
  // Without a PSK there are no early secrets.
  EXPECT_TRUE(schedule.ClientEarlyTrafficSecret(hash).empty());
  EXPECT_TRUE(schedule.BinderKey(KeySchedule::PskKind::kExternal).empty());
  EXPECT_TRUE(schedule.ClientHandshakeTrafficSecret(hash).empty());
  ASSERT_TRUE(schedule.EnterHandshake({}));
  EXPECT_FALSE(schedule.EnterHandshake({}));
  EXPECT_TRUE(schedule.BinderKey(KeySchedule::PskKind::kExternal).empty());
  EXPECT_FALSE(schedule.ServerHandshakeTrafficSecret(hash).empty());
  EXPECT_TRUE(schedule.ExporterSecret(hash).empty());
  ASSERT_TRUE(schedule.EnterMaster());
  EXPECT_FALSE(schedule.EnterMaster());
  EXPECT_TRUE(schedule.ServerHandshakeTrafficSecret(hash).empty());
  EXPECT_FALSE(schedule.ExporterSecret(hash).empty());
}

// RFC 8446 section 7.1: no PSK is a PSK of zeros. The former's salt is a constant, the latter's is
// not.
TEST(KeyScheduleTest, NoPskIsAPskOfZeros) {
  for (LabelPrefix prefix : {LabelPrefix::kDtls13, LabelPrefix::kTls13}) {
    for (HashId id : {HashId::kSha256, HashId::kSha384}) {
      const TranscriptHash hash = *Hash(*DefaultAlgorithms(), id, {});
      std::vector<std::string> secrets;
      for (size_t psk_len : {size_t{0}, HashLen(id)}) {
        KeySchedule schedule(DefaultAlgorithms(), id, prefix);
        ASSERT_TRUE(schedule.StartEarly(std::vector<uint8_t>(psk_len)));
        ASSERT_TRUE(schedule.EnterHandshake(std::vector<uint8_t>(32, 7)));
        secrets.push_back(Hex(schedule.ServerHandshakeTrafficSecret(hash)));
      }
      EXPECT_EQ(secrets[0], secrets[1]);
      EXPECT_EQ(secrets[0].size(), 2 * HashLen(id));
    }
  }
}

TEST(KeyScheduleTest, HashOfAnotherLengthIsRefused) {
  KeySchedule schedule = Tls13Schedule();
  const TranscriptHash hash = *Hash(*DefaultAlgorithms(), HashId::kSha384, {});
  ASSERT_TRUE(schedule.StartEarly(std::vector<uint8_t>(32, 1)));
  EXPECT_TRUE(schedule.ClientEarlyTrafficSecret(hash).empty());
  EXPECT_FALSE(schedule.FinishedMac(Secret(32), hash));
  EXPECT_FALSE(schedule.FinishedMac(Secret(), *Hash(*DefaultAlgorithms(), kHash, {})));
}

TEST(KeyScheduleTest, Sha384Works) {
  KeySchedule schedule(DefaultAlgorithms(), HashId::kSha384, LabelPrefix::kDtls13);
  const TranscriptHash hash = *Hash(*DefaultAlgorithms(), HashId::kSha384, {});
  ASSERT_TRUE(schedule.StartEarly({}));
  ASSERT_TRUE(schedule.EnterHandshake(std::vector<uint8_t>(32, 1)));
  const Secret traffic = schedule.ClientHandshakeTrafficSecret(hash);
  EXPECT_EQ(traffic.size(), 48u);
  EXPECT_EQ(schedule.FinishedMac(traffic, hash)->len, 48u);
}

// RFC 8446 section 7.5, put together from HKDF-Expand-Label by hand.
TEST(ExporterTest, IsTwoExpansions) {
  const Secret exporter = Secret::CopyOf(FromHex(kSimpleExporterSecret));
  const std::vector<uint8_t> context = {1, 2, 3};
  const auto algorithms = DefaultAlgorithms();
  for (size_t len : {16, 32, 60}) {
    std::vector<uint8_t> out(len);
    ASSERT_TRUE(ExportKeyingMaterial(*algorithms, kHash, LabelPrefix::kDtls13, exporter,
                                     "EXTRACTOR-dtls_srtp", context, out));
    const Secret derived =
        DeriveSecret(*algorithms, kHash, exporter.bytes(), LabelPrefix::kDtls13,
                     "EXTRACTOR-dtls_srtp", Hash(*algorithms, kHash, {})->view());
    std::vector<uint8_t> expected(len);
    ASSERT_TRUE(HkdfExpandLabel(*algorithms, kHash, derived.bytes(), LabelPrefix::kDtls13,
                                "exporter", Hash(*algorithms, kHash, context)->view(), expected));
    EXPECT_EQ(out, expected);
  }
  std::vector<uint8_t> out(16);
  EXPECT_FALSE(ExportKeyingMaterial(*algorithms, kHash, LabelPrefix::kDtls13, Secret(), "label",
                                    context, out));
  EXPECT_FALSE(ExportKeyingMaterial(*algorithms, kHash, LabelPrefix::kDtls13, exporter,
                                    std::string(kMaxLabelLen + 1, 'x'), context, out));
}

}  // namespace
}  // namespace dtls13
