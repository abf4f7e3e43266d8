// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/record_size.h"

#include <gtest/gtest.h>

#include <vector>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

constexpr auto k512 = MaxFragmentLength::k512;

Status Read(const Bytes& block, RecordSizes* out) {
  const auto extensions = ExtensionBlock::Parse(block);
  EXPECT_TRUE(extensions.has_value());
  return ReadRecordSizes(*extensions, out);
}

AlertDescription AlertOf(const Bytes& block) {
  RecordSizes sizes;
  const Status status = Read(block, &sizes);
  EXPECT_FALSE(status.ok());
  return status.alert();
}

TEST(RecordSizeTest, ReadsBoth) {
  RecordSizes sizes;
  ASSERT_TRUE(Read({}, &sizes).ok());
  EXPECT_FALSE(sizes.record_size_limit || sizes.max_fragment_length);
  ASSERT_TRUE(Read({0, 28, 0, 2, 0, 64, 0, 1, 0, 1, 4}, &sizes).ok());
  EXPECT_EQ(sizes.record_size_limit, 64);
  EXPECT_EQ(sizes.max_fragment_length, MaxFragmentLength::k4096);
}

//= rfc8449#section-4
//= type=test
//# An endpoint MUST treat receipt of a smaller value
//# as a fatal error and generate an "illegal_parameter" alert.
//= rfc6066#section-4
//= type=test
//# If a server receives a maximum fragment length negotiation request
//# for a value other than the allowed values, it MUST abort the
//# handshake with an "illegal_parameter" alert.
TEST(RecordSizeTest, ValuesThatMayNotBe) {
  EXPECT_EQ(AlertOf({0, 28, 0, 2, 0, 63}), AlertDescription::kIllegalParameter);
  EXPECT_EQ(AlertOf({0, 28, 0, 2, 0, 0}), AlertDescription::kIllegalParameter);
  EXPECT_EQ(AlertOf({0, 1, 0, 1, 0}), AlertDescription::kIllegalParameter);
  EXPECT_EQ(AlertOf({0, 1, 0, 1, 5}), AlertDescription::kIllegalParameter);
  for (const Bytes& bad : {Bytes{0, 28, 0, 0}, Bytes{0, 28, 0, 1, 64}, Bytes{0, 28, 0, 3, 1, 0, 0},
                           Bytes{0, 1, 0, 0}, Bytes{0, 1, 0, 2, 1, 1}}) {
    EXPECT_EQ(AlertOf(bad), AlertDescription::kDecodeError);
  }
}

//= rfc8449#section-5
//= type=test
//# A server that supports the "record_size_limit"
//# extension MUST ignore a "max_fragment_length" that appears in a
//# ClientHello if both extensions appear.
TEST(RecordSizeTest, TheLimitComesBeforeTheFragmentLength) {
  ConnectionConfig config;
  config.record_size_limit = 1000;
  ConnectionResult result;
  RecordSizes answer =
      AnswerRecordSizes(config, {.record_size_limit = 200, .max_fragment_length = k512}, &result);
  EXPECT_EQ(answer.record_size_limit, 1000);
  EXPECT_FALSE(answer.max_fragment_length.has_value());
  EXPECT_EQ(result.max_send_inner_len, 200);
  EXPECT_EQ(result.max_receive_inner_len, 1000);

  config.record_size_limit = 0;
  answer =
      AnswerRecordSizes(config, {.record_size_limit = 200, .max_fragment_length = k512}, &result);
  EXPECT_FALSE(answer.record_size_limit.has_value());
  EXPECT_EQ(answer.max_fragment_length, k512);
  EXPECT_EQ(result.max_send_inner_len, 513);
  EXPECT_EQ(result.max_receive_inner_len, 513);
}

//= rfc8449#section-4
//= type=test
//# A server MUST NOT enforce this restriction; a client might advertise
//# a higher limit that is enabled by an extension or version the server
//# does not understand.
//= rfc8449#section-4
//= type=test
//# Even if a larger record size limit is provided by a peer, an endpoint
//# MUST NOT send records larger than the protocol-defined limit, unless
//# explicitly allowed by a future TLS version or extension.
TEST(RecordSizeTest, LargerLimitsAreTheProtocols) {
  ConnectionResult result;
  AnswerRecordSizes({}, {.record_size_limit = 0xffff, .max_fragment_length = {}}, &result);
  EXPECT_EQ(result.max_send_inner_len, kMaxInnerPlaintextLen);
  ASSERT_TRUE(TakeRecordSizes(OfferRecordSizes({}),
                              {.record_size_limit = 0xffff, .max_fragment_length = {}}, &result)
                  .ok());
  EXPECT_EQ(result.max_send_inner_len, kMaxInnerPlaintextLen);
}

//= rfc8449#section-4
//= type=test
//# Endpoints MUST NOT send a "record_size_limit" extension with a value
//# smaller than 64.
TEST(RecordSizeTest, OffersStayWithinTheBounds) {
  ConnectionConfig config;
  EXPECT_EQ(OfferRecordSizes(config).record_size_limit, kMaxInnerPlaintextLen);
  config.record_size_limit = 1;
  EXPECT_EQ(OfferRecordSizes(config).record_size_limit, 64);
  config.record_size_limit = 0xffff;
  EXPECT_EQ(OfferRecordSizes(config).record_size_limit, kMaxInnerPlaintextLen);
  config.record_size_limit = 0;
  EXPECT_FALSE(OfferRecordSizes(config).record_size_limit.has_value());
}

//= rfc8449#section-5
//= type=test
//# A client MUST treat receipt
//# of both "max_fragment_length" and "record_size_limit" as a fatal
//# error, and it SHOULD generate an "illegal_parameter" alert.
//= rfc6066#section-4
//= type=test
//# Similarly, if a client
//# receives a maximum fragment length negotiation response that differs
//# from the length it requested, it MUST also abort the handshake with
//# an "illegal_parameter" alert.
TEST(RecordSizeTest, AnswersThatDoNotFit) {
  const RecordSizes offer = {.record_size_limit = 100, .max_fragment_length = k512};
  ConnectionResult result;
  EXPECT_EQ(TakeRecordSizes(offer, offer, &result).alert(), AlertDescription::kIllegalParameter);
  EXPECT_EQ(TakeRecordSizes(
                offer, {.record_size_limit = {}, .max_fragment_length = MaxFragmentLength::k1024},
                &result)
                .alert(),
            AlertDescription::kIllegalParameter);
  ASSERT_TRUE(
      TakeRecordSizes(offer, {.record_size_limit = {}, .max_fragment_length = k512}, &result).ok());
  EXPECT_EQ(result.max_send_inner_len, 513);
  ASSERT_TRUE(
      TakeRecordSizes(offer, {.record_size_limit = 300, .max_fragment_length = {}}, &result).ok());
  EXPECT_EQ(result.max_send_inner_len, 300);
  EXPECT_EQ(result.max_receive_inner_len, 100);
}

}  // namespace
}  // namespace dtls13
