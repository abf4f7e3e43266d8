// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/certificate_verify.h"
#include "dtls13/message/encrypted_extensions.h"
#include "dtls13/message/finished.h"
#include "dtls13/message/key_update.h"
#include "dtls13/message/new_session_ticket.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

// ExpectWholeOnly: `body` parses, no prefix of it does, and neither does it with a byte behind.
void ExpectWholeOnly(const Bytes& body,
                     const std::function<bool(std::span<const uint8_t>)>& parses) {
  EXPECT_TRUE(parses(body));
  for (size_t len = 0; len < body.size(); ++len) {
    EXPECT_FALSE(parses(std::span(body).first(len))) << len;
  }
  Bytes longer = body;
  longer.push_back(0);
  EXPECT_FALSE(parses(longer));
}

// F29: legacy_session_id_echo is empty in what we send.
//= rfc9147#section-5
//= type=test
//# DTLS servers MUST NOT echo
//# the "legacy_session_id" value from the client
//= rfc8446#section-4.1.3
//= type=test
//# legacy_compression_method: A single byte which MUST have the value 0.
//= rfc8446#section-4.1.3
//= type=test
//# All TLS 1.3 ServerHello messages MUST contain the "supported_versions"
//# extension.
//= rfc8446#section-4.2.1
//= type=test
//# A server which negotiates TLS 1.3 MUST respond by sending a
//# "supported_versions" extension containing the selected version value
//# (0x0304).
TEST(ServerHelloTest, RoundTrip) {
  const Bytes random(kRandomLen, 3);
  const Bytes key(32, 4);
  const Bytes body = SerializeServerHello(random, CipherSuiteId::kAes256GcmSha384,
                                          {.key_share = KeyShare{NamedGroup::kX25519, key}});
  const auto hello = ParseServerHello(body);
  ASSERT_TRUE(hello.has_value());
  EXPECT_FALSE(hello->IsHelloRetryRequest());
  EXPECT_EQ(hello->legacy_version, kDtls12Version);
  EXPECT_EQ(ToBytes(hello->random), random);
  EXPECT_TRUE(hello->legacy_session_id_echo.empty());
  EXPECT_EQ(hello->cipher_suite, 0x1302);
  EXPECT_EQ(hello->legacy_compression_method, 0);
  EXPECT_EQ(ParseSelectedVersion(*hello->extensions.Find(ExtensionType::kSupportedVersions)),
            kDtls13Version);
  const auto share = ParseServerShare(*hello->extensions.Find(ExtensionType::kKeyShare));
  ASSERT_TRUE(share.has_value());
  EXPECT_EQ(share->group, NamedGroup::kX25519);
  EXPECT_EQ(ToBytes(share->key_exchange), key);
}

TEST(ServerHelloTest, TruncationsAndTrailingBytes) {
  const Bytes body =
      SerializeServerHello(Bytes(kRandomLen, 3), CipherSuiteId::kAes128GcmSha256,
                           {.key_share = KeyShare{NamedGroup::kX25519, Bytes(32, 4)}});
  // A ServerHello of DTLS 1.2 may end before its extensions.
  const size_t extensions_at = 2 + kRandomLen + 1 + 2 + 1;
  for (size_t len = 0; len < body.size(); ++len) {
    EXPECT_EQ(ParseServerHello(std::span(body).first(len)).has_value(), len == extensions_at)
        << len;
  }
  Bytes longer = body;
  longer.push_back(0);
  EXPECT_FALSE(ParseServerHello(longer).has_value());

  Bytes long_echo(2 + kRandomLen, 1);
  long_echo.push_back(33);
  long_echo.insert(long_echo.end(), 33, 1);
  long_echo.insert(long_echo.end(), {0x13, 0x01, 0});
  EXPECT_FALSE(ParseServerHello(long_echo).has_value());
}

//= rfc8446#section-4.1.4
//= type=test
//# The server's extensions MUST contain "supported_versions".
//= rfc8446#section-4.1.4
//= type=test
//# Additionally, it SHOULD contain the minimal set of extensions
//# necessary for the client to generate a correct ClientHello pair.
//= rfc8446#section-4.1.4
//= type=test
//# a HelloRetryRequest MUST NOT contain any extensions that were not
//# first offered by the client in its ClientHello,
TEST(ServerHelloTest, HelloRetryRequestIsReproducible) {
  const Bytes cookie = {1, 2, 3};
  const Bytes body =
      SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, NamedGroup::kSecp384r1, cookie);
  const auto hello = ParseServerHello(body);
  ASSERT_TRUE(hello.has_value());
  EXPECT_TRUE(hello->IsHelloRetryRequest());
  EXPECT_EQ(ParseSelectedVersion(*hello->extensions.Find(ExtensionType::kSupportedVersions)),
            kDtls13Version);
  EXPECT_EQ(ParseRetryGroup(*hello->extensions.Find(ExtensionType::kKeyShare)),
            NamedGroup::kSecp384r1);
  EXPECT_EQ(ToBytes(*ParseRetryCookie(*hello->extensions.Find(ExtensionType::kCookie))), cookie);
  EXPECT_EQ(body, SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256,
                                             NamedGroup::kSecp384r1, cookie));

  const Bytes custom = {0xfe, 0x01, 0, 1, 7};
  const Bytes with_custom = SerializeHelloRetryRequest(
      CipherSuiteId::kAes128GcmSha256, std::nullopt, cookie, {}, kDtls13Version, custom);
  EXPECT_EQ(ToBytes(*ParseServerHello(with_custom)->extensions.Find(ExtensionType{0xfe01})),
            Bytes{7});

  const Bytes cookie_only =
      SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, std::nullopt, cookie);
  std::vector<ExtensionType> types;
  const auto retry = ParseServerHello(cookie_only);
  ByteReader extensions = retry->extensions.Begin();
  for (Extension extension; ExtensionBlock::Next(&extensions, &extension);) {
    types.push_back(extension.type);
  }
  EXPECT_EQ(types, (std::vector<ExtensionType>{ExtensionType::kSupportedVersions,
                                               ExtensionType::kCookie}));
  EXPECT_TRUE(
      SerializeHelloRetryRequest(CipherSuiteId::kAes128GcmSha256, std::nullopt, Bytes(65535, 1))
          .empty());
}

TEST(ServerHelloTest, ExtensionForms) {
  ExpectWholeOnly({0xfe, 0xfc}, [](auto data) { return ParseSelectedVersion(data).has_value(); });
  ExpectWholeOnly({0, 29}, [](auto data) { return ParseRetryGroup(data).has_value(); });
  ExpectWholeOnly({0, 29, 0, 2, 1, 2},
                  [](auto data) { return ParseServerShare(data).has_value(); });
  ExpectWholeOnly({0, 2, 1, 2}, [](auto data) { return ParseRetryCookie(data).has_value(); });
  EXPECT_FALSE(ParseServerShare(Bytes{0, 29, 0, 0}).has_value());
  EXPECT_FALSE(ParseRetryCookie(Bytes{0, 0}).has_value());
}

TEST(EncryptedExtensionsTest, Forms) {
  const Bytes ours = SerializeEncryptedExtensions({});
  const auto empty = ParseEncryptedExtensions(ours);
  ASSERT_TRUE(empty.has_value());
  EXPECT_TRUE(empty->empty());
  ExpectWholeOnly({0, 9, 0, 0, 0, 0, 0, 10, 0, 1, 7},
                  [](auto body) { return ParseEncryptedExtensions(body).has_value(); });
}

TEST(CertificateRequestTest, Forms) {
  const Bytes body = {1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3};
  const auto request = ParseCertificateRequest(body);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(ToBytes(request->context), Bytes{9});
  EXPECT_TRUE(request->extensions.Has(ExtensionType::kSignatureAlgorithms));
  ExpectWholeOnly(body, [](auto b) { return ParseCertificateRequest(b).has_value(); });
}

Status CheckRequest(const Bytes& body) {
  const auto request = ParseCertificateRequest(body);
  CertificateRequestInfo info;
  return request.has_value() ? ReadCertificateRequest(*request, /*in_main_handshake=*/true, &info)
                             : Status::Fatal(Reason::kInternal, AlertDescription::kInternalError);
}

//= rfc8446#section-4.3.2
//= type=test
//# The "signature_algorithms" extension
//# MUST be specified, and other extensions may optionally be included
//# if defined for this message.
TEST(CertificateRequestTest, Check) {
  EXPECT_TRUE(CheckRequest({0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3}).ok());
  EXPECT_EQ(CheckRequest({0, 0, 0}).alert(), AlertDescription::kMissingExtension);
  //= rfc8446#section-4.3.2
  //= type=test
  //# This field SHALL be zero length unless used for the post-handshake
  //# authentication exchanges described in Section 4.6.2.
  EXPECT_EQ(CheckRequest({1, 9, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3}).alert(),
            AlertDescription::kIllegalParameter);
  EXPECT_EQ(CheckRequest({0, 0, 6, 0, 13, 0, 2, 0, 0}).alert(), AlertDescription::kDecodeError);
  // An extension that has no place here, and one twice.
  EXPECT_EQ(CheckRequest({0, 0, 12, 0, 13, 0, 4, 0, 2, 4, 3, 0, 51, 0, 0}).alert(),
            AlertDescription::kIllegalParameter);
  EXPECT_EQ(CheckRequest({0, 0, 16, 0, 13, 0, 4, 0, 2, 4, 3, 0, 13, 0, 4, 0, 2, 4, 3}).alert(),
            AlertDescription::kIllegalParameter);
  // F32: certificate_authorities without a name.
  EXPECT_EQ(CheckRequest({0, 0, 14, 0, 13, 0, 4, 0, 2, 4, 3, 0, 47, 0, 2, 0, 0}).alert(),
            AlertDescription::kDecodeError);
  //= rfc8446#section-4.3.2
  //= type=test
  //# Clients MUST ignore unrecognized extensions.
  // Unknown extensions are ignored.
  EXPECT_TRUE(CheckRequest({0, 0, 13, 0, 13, 0, 4, 0, 2, 4, 3, 0x7a, 0x7a, 0, 1, 0}).ok());
}

//= rfc8446#section-4.4.2
//= type=test
//# The sender's certificate MUST come in the first CertificateEntry in
//# the list.
TEST(CertificateTest, RoundTripAndTruncations) {
  const std::vector<Bytes> chain = {Bytes(300, 1), Bytes(3, 2)};
  const Bytes body = SerializeCertificate(Bytes{7}, chain);
  const auto certificate = ParseCertificate(body);
  ASSERT_TRUE(certificate.has_value());
  EXPECT_EQ(ToBytes(certificate->context), Bytes{7});
  ASSERT_EQ(certificate->entries.size(), 2u);
  EXPECT_EQ(ToBytes(certificate->entries[0].data), chain[0]);
  EXPECT_EQ(ToBytes(certificate->entries[1].data), chain[1]);
  ExpectWholeOnly(body, [](auto b) { return ParseCertificate(b).has_value(); });
  EXPECT_EQ(SerializeCertificate({}, {}), (Bytes{0, 0, 0, 0}));
}

TEST(CertificateTest, EntriesAreNotEmptyAndNotEndless) {
  EXPECT_FALSE(ParseCertificate(Bytes{0, 0, 0, 5, 0, 0, 0, 0, 0}).has_value());
  const std::vector<Bytes> longest(kMaxChainLen, Bytes{1});
  EXPECT_TRUE(ParseCertificate(SerializeCertificate({}, longest)).has_value());
  const std::vector<Bytes> longer(kMaxChainLen + 1, Bytes{1});
  EXPECT_FALSE(ParseCertificate(SerializeCertificate({}, longer)).has_value());
}

Status CheckFromServer(const Bytes& body) {
  const auto certificate = ParseCertificate(body);
  const ExtensionType offered[] = {ExtensionType::kServerName, ExtensionType::kKeyShare};
  return certificate.has_value()
             ? CheckCertificate(*certificate, /*is_server=*/true, /*context=*/{}, offered)
             : Status::Fatal(Reason::kInternal, AlertDescription::kInternalError);
}

//= rfc8446#section-4.4.2.4
//= type=test
//# If the server supplies an empty Certificate message, the client MUST
//# abort the handshake with a "decode_error" alert.
TEST(CertificateTest, CheckFromServer) {
  EXPECT_TRUE(CheckFromServer({0, 0, 0, 6, 0, 0, 1, 9, 0, 0}).ok());
  EXPECT_EQ(CheckFromServer({0, 0, 0, 0}).alert(), AlertDescription::kDecodeError);
  EXPECT_EQ(CheckFromServer({1, 5, 0, 0, 6, 0, 0, 1, 9, 0, 0}).alert(),
            AlertDescription::kIllegalParameter);
  // status_request was not asked for.
  EXPECT_EQ(CheckFromServer({0, 0, 0, 10, 0, 0, 1, 9, 0, 4, 0, 5, 0, 0}).alert(),
            AlertDescription::kUnsupportedExtension);
  // key_share was, and has no place here.
  EXPECT_EQ(CheckFromServer({0, 0, 0, 10, 0, 0, 1, 9, 0, 4, 0, 51, 0, 0}).alert(),
            AlertDescription::kIllegalParameter);
}

TEST(CertificateVerifyTest, RoundTripAndTruncations) {
  const Bytes signature(64, 6);
  const Bytes body = SerializeCertificateVerify(SignatureScheme::kEd25519, signature);
  const auto verify = ParseCertificateVerify(body);
  ASSERT_TRUE(verify.has_value());
  EXPECT_EQ(verify->algorithm, SignatureScheme::kEd25519);
  EXPECT_EQ(ToBytes(verify->signature), signature);
  ExpectWholeOnly(body, [](auto b) { return ParseCertificateVerify(b).has_value(); });
  EXPECT_TRUE(SerializeCertificateVerify(SignatureScheme::kEd25519, Bytes(65536, 1)).empty());
}

TEST(FinishedTest, HasExactlyTheHashsLength) {
  ExpectWholeOnly(Bytes(32, 1), [](auto b) { return ParseFinished(b, 32).has_value(); });
  EXPECT_EQ(SerializeFinished(Bytes(48, 2)), Bytes(48, 2));
}

//= rfc8446#section-4.2
//= type=test
//# The server MAY also send unsolicited extensions in the
//# NewSessionTicket, though the client does not respond directly to
//# these.
TEST(NewSessionTicketTest, ParsesAndSerializes) {
  const Bytes body = {0, 0, 0x1c, 0x20, 1, 2, 3,  4, 2, 8, 9, 0, 3,
                      5, 6, 7,    0,    8, 0, 42, 0, 4, 0, 1, 0, 0};
  NewSessionTicket ticket;
  ASSERT_TRUE(ParseNewSessionTicket(body, &ticket).ok());
  EXPECT_EQ(ticket.lifetime_s, 7200u);
  EXPECT_EQ(ticket.age_add, 0x01020304u);
  EXPECT_EQ(ToBytes(ticket.nonce), (Bytes{8, 9}));
  EXPECT_EQ(ToBytes(ticket.ticket), (Bytes{5, 6, 7}));
  EXPECT_EQ(ticket.max_early_data_len, 65536u);
  EXPECT_EQ(SerializeNewSessionTicket(ticket), body);
  ExpectWholeOnly(body, [](auto b) {
    NewSessionTicket parsed;
    return ParseNewSessionTicket(b, &parsed).ok();
  });
}

TEST(NewSessionTicketTest, SerializesNothingThatDoesNotFit) {
  const Bytes nonce(256, 1);
  const Bytes ticket = {1};
  EXPECT_TRUE(SerializeNewSessionTicket({.nonce = nonce, .ticket = ticket}).empty());
  EXPECT_TRUE(SerializeNewSessionTicket({}).empty());
}

AlertDescription AlertOfTicket(const Bytes& body) {
  NewSessionTicket ticket;
  const Status status = ParseNewSessionTicket(body, &ticket);
  EXPECT_FALSE(status.ok());
  return status.alert();
}

TEST(NewSessionTicketTest, Malformed) {
  EXPECT_EQ(AlertOfTicket({0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0}), AlertDescription::kDecodeError)
      << "no ticket";
  const Bytes head = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 7};
  const auto with = [&](const Bytes& extensions) {
    Bytes body = head;
    body.push_back(0);
    body.push_back(static_cast<uint8_t>(extensions.size()));
    body.insert(body.end(), extensions.begin(), extensions.end());
    return body;
  };
  NewSessionTicket ticket;
  EXPECT_TRUE(ParseNewSessionTicket(with({}), &ticket).ok());
  EXPECT_EQ(AlertOfTicket(with({0, 42, 0, 3, 1, 1, 1})), AlertDescription::kDecodeError);
  EXPECT_EQ(AlertOfTicket(with({0x7a, 0x7a, 0, 0, 0x7a, 0x7a, 0, 0})),
            AlertDescription::kIllegalParameter)
      << "a duplicate";
  EXPECT_EQ(AlertOfTicket(with({0, 51, 0, 0})), AlertDescription::kIllegalParameter)
      << "key_share has no place here";
}

//= rfc8446#section-4.6.1
//= type=test
//# Clients MUST ignore
//# unrecognized extensions.
//= rfc8446#section-9.3
//= type=test
//# In TLS 1.3, a client receiving a CertificateRequest or
//# NewSessionTicket MUST also ignore all unrecognized extensions.
TEST(NewSessionTicketTest, UnknownExtensionsAreIgnored) {
  NewSessionTicket ticket;
  EXPECT_TRUE(ParseNewSessionTicket(
                  Bytes{0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 7, 0, 5, 0x7a, 0x7a, 0, 1, 5}, &ticket)
                  .ok());
}

//= rfc8446#section-4.6.3
//= type=test
//# If an implementation
//# receives any other value, it MUST terminate the connection with an
//# "illegal_parameter" alert.
TEST(KeyUpdateTest, EveryValueAndLength) {
  bool illegal = true;
  EXPECT_FALSE(ParseKeyUpdate(Bytes{}, &illegal).has_value());
  EXPECT_FALSE(illegal);
  EXPECT_FALSE(ParseKeyUpdate(Bytes{0, 0}, &illegal).has_value());
  EXPECT_FALSE(illegal);
  for (int value = 0; value < 256; ++value) {
    const auto update = ParseKeyUpdate(Bytes{static_cast<uint8_t>(value)}, &illegal);
    EXPECT_EQ(update.has_value(), value < 2);
    EXPECT_EQ(illegal, value >= 2);
    if (update.has_value()) {
      EXPECT_EQ(update->update_requested, value == 1);
      EXPECT_EQ(SerializeKeyUpdate(*update), Bytes{static_cast<uint8_t>(value)});
    }
  }
}

}  // namespace
}  // namespace dtls13
