// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/client_hello.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

ClientHelloFields Fields() {
  ClientHelloFields fields;
  fields.random.assign(kRandomLen, 0x42);
  fields.cipher_suites = {CipherSuiteId::kAes128GcmSha256, CipherSuiteId::kAes256GcmSha384};
  fields.server_name = "server.test";
  fields.groups = {NamedGroup::kX25519, NamedGroup::kSecp256r1};
  fields.signature_schemes = {SignatureScheme::kEd25519, SignatureScheme::kEcdsaSecp256r1Sha256};
  fields.key_shares = {{NamedGroup::kX25519, Bytes(32, 9)}};
  return fields;
}

Bytes Serialize(const ClientHelloFields& fields) {
  std::vector<ExtensionType> offered;
  return SerializeClientHello(fields, &offered);
}

void AppendU16(Bytes* out, size_t value) {
  out->push_back(static_cast<uint8_t>(value >> 8));
  out->push_back(static_cast<uint8_t>(value));
}

// RawExtension and Hello build hellos that SerializeClientHello would never write.
struct RawExtension {
  uint16_t type;
  Bytes data;
};

struct RawHello {
  Bytes session_id;
  Bytes cookie;
  Bytes suites = {0x13, 0x01};
  Bytes compression = {0};
  std::vector<RawExtension> extensions = {
      {43, {2, 0xfe, 0xfc}},
      {10, {0, 2, 0, 29}},
      {13, {0, 2, 0x08, 0x07}},
      {51, {0, 5, 0, 29, 0, 1, 7}},
  };

  RawExtension& Get(uint16_t type) {
    for (RawExtension& extension : extensions) {
      if (extension.type == type) return extension;
    }
    extensions.push_back({type, {}});
    return extensions.back();
  }
  void Remove(uint16_t type) {
    std::erase_if(extensions, [&](const RawExtension& e) { return e.type == type; });
  }

  Bytes Build() const {
    Bytes out = {0xfe, 0xfd};
    out.insert(out.end(), kRandomLen, 0x11);
    for (const Bytes* field : {&session_id, &cookie}) {
      out.push_back(static_cast<uint8_t>(field->size()));
      out.insert(out.end(), field->begin(), field->end());
    }
    AppendU16(&out, suites.size());
    out.insert(out.end(), suites.begin(), suites.end());
    out.push_back(static_cast<uint8_t>(compression.size()));
    out.insert(out.end(), compression.begin(), compression.end());
    Bytes block;
    for (const RawExtension& extension : extensions) {
      AppendU16(&block, extension.type);
      AppendU16(&block, extension.data.size());
      block.insert(block.end(), extension.data.begin(), extension.data.end());
    }
    AppendU16(&out, block.size());
    out.insert(out.end(), block.begin(), block.end());
    return out;
  }
};

Status Read(const Bytes& body) {
  ClientHello offer;
  return ReadClientHello(body, &offer);
}

void ExpectFailure(const RawHello& hello, AlertDescription alert, Reason reason) {
  const Status status = Read(hello.Build());
  EXPECT_EQ(status.alert(), alert) << static_cast<int>(status.alert());
  EXPECT_EQ(status.reason(), reason) << static_cast<int>(status.reason());
}

//= rfc9147#section-5.3
//= type=test
//# the legacy_version field MUST be set to {254, 253}, which was the
//# version number for DTLS 1.2.
//= rfc9147#section-5.3
//= type=test
//# A DTLS 1.3-only client MUST set the legacy_cookie
//# field to zero length.
//= rfc9147#section-5.1
//= type=test
//# In this case, the "cookie" extension is omitted and the legacy_cookie
//# field in the ClientHello message MUST be set to a zero-length vector
//# (i.e., a zero-valued single byte length field).
//= rfc9147#section-5.3
//= type=test
//# Otherwise, it MUST be set as a zero-length vector (i.e., a zero-valued
//# single byte length field).
//= rfc8446#section-4.1.2
//= type=test
//# Otherwise, it MUST be set as a zero-length vector (i.e., a zero-valued
//# single byte length field).
//= rfc8446#section-4.1.2
//= type=test
//# this vector MUST contain exactly one byte, set to zero,
//= rfc8446#section-4.2.1
//= type=test
//# MUST send this extension in the ClientHello containing all versions of
//# TLS which they are prepared to negotiate
//= rfc8446#section-9.2
//= type=test
//# "supported_versions" is REQUIRED for all ClientHello, ServerHello, and
//# HelloRetryRequest messages.
//= rfc8446#section-9.2
//= type=test
//# All implementations MUST send and use these extensions when offering
//# applicable features:
//= rfc8446#section-9.2
//= type=test
//# "supported_groups" is REQUIRED for ClientHello messages using DHE or
//# ECDHE key exchange.
//= rfc8446#section-9.2
//= type=test
//# "key_share" is REQUIRED for DHE or ECDHE key exchange.
TEST(ClientHelloTest, RoundTrip) {
  const ClientHelloFields fields = Fields();
  std::vector<ExtensionType> offered;
  const Bytes body = SerializeClientHello(fields, &offered);
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  //= rfc8446#appendix-D.5
  //= type=test
  //# Implementations MUST NOT send a ClientHello.legacy_version or
  //# ServerHello.legacy_version set to 0x0300 or less.
  EXPECT_EQ(offer.legacy_version, kDtls12Version);
  EXPECT_TRUE(std::equal(offer.random.begin(), offer.random.end(), fields.random.begin(),
                         fields.random.end()));
  EXPECT_TRUE(offer.legacy_session_id.empty());
  EXPECT_TRUE(offer.legacy_cookie.empty());
  EXPECT_TRUE(std::ranges::equal(offer.legacy_compression_methods, Bytes{0}));
  EXPECT_TRUE(std::ranges::equal(*offer.extensions.Find(ExtensionType::kSupportedVersions),
                                 Bytes{2, 0xfe, 0xfc}));
  ASSERT_EQ(offer.cipher_suites.size(), 2u);
  EXPECT_EQ(offer.cipher_suites[0], 0x1301);
  EXPECT_EQ(offer.cipher_suites[1], 0x1302);
  EXPECT_EQ(offer.server_name, "server.test");
  EXPECT_EQ(offer.supported_groups.size(), 2u);
  EXPECT_EQ(offer.signature_schemes.size(), 2u);
  EXPECT_TRUE(offer.key_shares.IsExactly(NamedGroup::kX25519));
  EXPECT_FALSE(offer.key_shares.IsExactly(NamedGroup::kSecp256r1));
  EXPECT_FALSE(offer.cookie.has_value());
  EXPECT_EQ(offered, (std::vector<ExtensionType>{
                         ExtensionType::kSupportedVersions, ExtensionType::kServerName,
                         ExtensionType::kSupportedGroups, ExtensionType::kSignatureAlgorithms,
                         ExtensionType::kRecordSizeLimit, ExtensionType::kKeyShare,
                         ExtensionType::kPskKeyExchangeModes}));
}

//= rfc8446#section-4.1.2
//= type=test
//# MUST check that the message either contains no data after
//# legacy_compression_methods or that it contains a valid extensions
//# block with no data following.
//= rfc8446#section-4.1.2
//= type=test
//# If not, then it MUST abort the handshake with a "decode_error" alert.
TEST(ClientHelloTest, EveryTruncationAndTrailingByteIsMalformed) {
  ClientHelloFields fields = Fields();
  fields.cookie = {1, 2, 3};
  fields.legacy_session_id = {4, 5};
  const Bytes body = Serialize(fields);
  ASSERT_TRUE(ParseClientHello(body).has_value());
  // A hello of DTLS 1.2 may end before its extensions.
  const size_t extensions_at = 2 + kRandomLen + 3 + 1 + 2 + 4 + 2;
  for (size_t len = 0; len < body.size(); ++len) {
    const auto hello = ParseClientHello(std::span(body).first(len));
    EXPECT_EQ(hello.has_value(), len == extensions_at) << len;
    if (hello.has_value()) {
      EXPECT_FALSE(OffersDtls13(*hello));
    }
  }
  Bytes longer = body;
  longer.push_back(0);
  EXPECT_FALSE(ParseClientHello(longer).has_value());
}

TEST(ClientHelloTest, RefusesFieldsOutOfRange) {
  RawHello hello;
  hello.session_id.assign(33, 1);
  EXPECT_FALSE(ParseClientHello(hello.Build()).has_value());
  hello.session_id.pop_back();
  EXPECT_TRUE(ParseClientHello(hello.Build()).has_value());

  for (const Bytes& suites : {Bytes{}, Bytes{0x13}, Bytes{0x13, 0x01, 0x13}}) {
    RawHello odd;
    odd.suites = suites;
    EXPECT_FALSE(ParseClientHello(odd.Build()).has_value());
  }
  RawHello no_compression;
  no_compression.compression.clear();
  EXPECT_FALSE(ParseClientHello(no_compression.Build()).has_value());

  ClientHelloFields fields = Fields();
  fields.random.pop_back();
  EXPECT_TRUE(Serialize(fields).empty());
  fields = Fields();
  fields.legacy_session_id.assign(33, 1);
  EXPECT_TRUE(Serialize(fields).empty());
  fields = Fields();
  fields.cookie.assign(65535, 1);
  EXPECT_TRUE(Serialize(fields).empty());
}

TEST(ClientHelloTest, SecondHelloDiffersOnlyWhereItMay) {
  ClientHelloFields fields = Fields();
  const Bytes first = Serialize(fields);
  fields.cookie = {7, 7, 7};
  const Bytes second = Serialize(fields);
  // The cookie goes in behind supported_versions; all other bytes stay, but the block's length.
  const Bytes cookie = {0, 44, 0, 5, 0, 3, 7, 7, 7};
  const auto at = std::search(second.begin(), second.end(), cookie.begin(), cookie.end());
  ASSERT_NE(at, second.end());
  Bytes without(second.begin(), at);
  without.insert(without.end(), at + cookie.size(), second.end());
  const size_t length_at = 2 + kRandomLen + 1 + 1 + 2 + 4 + 2;
  ASSERT_EQ(without.size(), first.size());
  without[length_at] = first[length_at];
  without[length_at + 1] = first[length_at + 1];
  EXPECT_EQ(without, first);
}

TEST(ClientHelloTest, OffersDtls13OnlyThroughSupportedVersions) {
  RawHello hello;
  EXPECT_TRUE(OffersDtls13(*ParseClientHello(hello.Build())));
  hello.Get(43).data = {6, 0x7a, 0x7a, 0xfe, 0xfd, 0xfe, 0xfc};
  EXPECT_TRUE(OffersDtls13(*ParseClientHello(hello.Build())));
  for (const Bytes& versions : {Bytes{2, 0xfe, 0xfd}, Bytes{}, Bytes{0}, Bytes{3, 0xfe, 0xfc, 0xfe},
                                Bytes{2, 0xfe}, Bytes{2, 0xfe, 0xfc, 0}}) {
    hello.Get(43).data = versions;
    EXPECT_FALSE(OffersDtls13(*ParseClientHello(hello.Build())));
  }
  hello.Remove(43);
  EXPECT_FALSE(OffersDtls13(*ParseClientHello(hello.Build())));
}

//= rfc8446#section-4.2.1
//= type=test
//# Servers MUST be prepared to
//# receive ClientHellos that include this extension but do not include
//# 0x0304 in the list of versions.
TEST(ClientOfferTest, WithoutDtls13IsProtocolVersion) {
  RawHello hello;
  hello.Get(43).data = {4, 0xfe, 0xfd, 0x7a, 0x7a};
  ExpectFailure(hello, AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
  hello.Remove(43);
  ExpectFailure(hello, AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
  hello.Get(43).data = {1, 0xfe};
  ExpectFailure(hello, AlertDescription::kDecodeError, Reason::kDecodeError);
}

//= rfc8446#section-4.2.1
//= type=test
//# servers MUST NOT use the ClientHello.legacy_version value for version
//# negotiation and MUST use only the "supported_versions" extension to
//# determine client preferences.
//= rfc8446#appendix-D.2
//= type=test
//# If the "supported_versions" extension is present, the server MUST
//# negotiate using that extension as described in Section 4.2.1.
//= rfc8446#appendix-D.2
//= type=test
//# If the "supported_versions" extension is absent and the server only
//# supports versions greater than ClientHello.legacy_version, the server
//# MUST abort the handshake with a "protocol_version" alert.
TEST(ClientOfferTest, LegacyVersionDecidesNothing) {
  for (const uint16_t version : {0xfeff, 0xfefd, 0xfefc, 0x0100, 0x0304}) {
    RawHello hello;
    Bytes body = hello.Build();
    body[0] = static_cast<uint8_t>(version >> 8);
    body[1] = static_cast<uint8_t>(version);
    EXPECT_TRUE(Read(body).ok()) << version;
    hello.Remove(43);
    Bytes without = hello.Build();
    std::copy_n(body.begin(), 2, without.begin());
    EXPECT_EQ(Read(without).alert(), AlertDescription::kProtocolVersion) << version;
  }
}

//= rfc9147#section-5.3
//= type=test
//# If a DTLS 1.3 ClientHello is received with
//# any other value in this field, the server MUST abort the handshake
//# with an "illegal_parameter" alert.
TEST(ClientOfferTest, LegacyCookieMustBeEmpty) {
  RawHello hello;
  hello.cookie = {1};
  ExpectFailure(hello, AlertDescription::kIllegalParameter, Reason::kCookieMismatch);
}

//= draft-ietf-tls-dtls13-26#section-5.1
//= type=test
//# In this case, the cookie
//# extension is omitted and the legacy_cookie field in the ClientHello
//# message SHOULD be set to a zero length vector (i.e., a single zero byte
//# length field) and MUST be ignored by a server negotiating DTLS 1.3.
TEST(ClientOfferTest, Draft26IgnoresTheLegacyCookie) {
  RawHello hello;
  hello.Get(43).data = {2, 0x7f, 0x1a};
  hello.cookie = {1};
  ClientHello offer;
  const Bytes body = hello.Build();
  EXPECT_TRUE(ReadClientHello(body, &offer, kDraft26Profile).ok());
}

TEST(ClientOfferTest, OneProfilesHelloIsNotTheOthers) {
  RawHello hello;
  ClientHello offer;
  const Bytes body = hello.Build();
  EXPECT_EQ(ReadClientHello(body, &offer, kDraft26Profile).alert(),
            AlertDescription::kProtocolVersion);
  EXPECT_FALSE(OffersDtls13(offer, kDraft26Profile));
  hello.Get(43).data = {2, 0x7f, 0x1a};
  ExpectFailure(hello, AlertDescription::kProtocolVersion, Reason::kUnsupportedProtocol);
}

//= rfc8446#section-4.1.2
//= type=test
//# If a
//# TLS 1.3 ClientHello is received with any other value in this
//# field, the server MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(ClientOfferTest, CompressionMustBeNull) {
  for (const Bytes& methods : {Bytes{1}, Bytes{0, 1}, Bytes{1, 0}, Bytes{0, 0}}) {
    RawHello hello;
    hello.compression = methods;
    ExpectFailure(hello, AlertDescription::kIllegalParameter, Reason::kInvalidCompression);
  }
}

//= rfc8446#section-9.2
//= type=test
//# Servers receiving a ClientHello which does not conform to these
//# requirements MUST abort the handshake with a "missing_extension"
//# alert.
TEST(ClientOfferTest, MissingExtensions) {
  for (const uint16_t type : {10, 13, 51}) {
    RawHello hello;
    hello.Remove(type);
    ExpectFailure(hello, AlertDescription::kMissingExtension, Reason::kMissingExtension);
  }
}

TEST(ClientOfferTest, MalformedExtensionsAreDecodeErrors) {
  const std::vector<RawExtension> kMalformed = {
      {10, {}},  // supported_groups
      {10, {0, 0}},
      {10, {0, 3, 0, 29, 0}},
      {13, {0, 2, 8}},            // signature_algorithms
      {50, {0, 0}},               // signature_algorithms_cert
      {51, {}},                   // key_share
      {51, {0, 4, 0, 29, 0, 0}},  // an empty key_exchange
      {51, {0, 5, 0, 29, 0, 1, 7, 9}},
      {51, {0, 6, 0, 29, 0, 1, 7, 9}},
      {44, {0, 0}},  // cookie
      {44, {0, 2, 1}},
      {0, {}},  // server_name
      {0, {0, 0}},
      {0, {0, 3, 0, 0, 0}},                     // an empty name
      {0, {0, 4, 1, 0, 1, 'a'}},                // no host_name
      {0, {0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b'}},  // two names
      {45, {0}},                                // psk_key_exchange_modes
      {45, {2, 1}},
      {47, {0, 0}},  // certificate_authorities, F32
  };
  for (const RawExtension& malformed : kMalformed) {
    RawHello hello;
    hello.Get(malformed.type).data = malformed.data;
    const Status status = Read(hello.Build());
    EXPECT_EQ(status.alert(), AlertDescription::kDecodeError)
        << malformed.type << " " << malformed.data.size();
  }
}

// F33: duplicate groups, with as many entries as a message can hold; linear time is what keeps this
// fast.
//= rfc8446#section-4.2.8
//= type=test
//# Clients MUST NOT offer multiple KeyShareEntry values
//# for the same group.  Clients MUST NOT offer any KeyShareEntry values
//# for groups not listed in the client's "supported_groups" extension.
//= rfc8446#section-4.2.8
//= type=test
//# Servers MAY check for violations of these rules and abort the
//# handshake with an "illegal_parameter" alert if one is violated.
TEST(ClientOfferTest, DuplicateOrUnlistedKeySharesAreIllegal) {
  RawHello duplicate;
  duplicate.Get(51).data = {0, 10, 0, 29, 0, 1, 7, 0, 29, 0, 1, 8};
  ExpectFailure(duplicate, AlertDescription::kIllegalParameter, Reason::kBadKeyShare);

  RawHello unlisted;
  unlisted.Get(51).data = {0, 10, 0, 29, 0, 1, 7, 0, 23, 0, 1, 8};
  ExpectFailure(unlisted, AlertDescription::kIllegalParameter, Reason::kBadKeyShare);

  RawHello many;
  Bytes groups;
  Bytes shares;
  for (uint16_t group = 0; group < 6000; ++group) {
    AppendU16(&groups, group);
    AppendU16(&shares, group);
    AppendU16(&shares, 1);
    shares.push_back(1);
  }
  AppendU16(&shares, 5999);  // again
  AppendU16(&shares, 1);
  shares.push_back(1);
  many.Get(10).data.clear();
  AppendU16(&many.Get(10).data, groups.size());
  many.Get(10).data.insert(many.Get(10).data.end(), groups.begin(), groups.end());
  many.Get(51).data.clear();
  AppendU16(&many.Get(51).data, shares.size());
  many.Get(51).data.insert(many.Get(51).data.end(), shares.begin(), shares.end());
  ExpectFailure(many, AlertDescription::kIllegalParameter, Reason::kBadKeyShare);
}

//= rfc8446#section-4.2.8
//= type=test
//# Clients MAY send an empty client_shares vector in order to request
//# group selection from the server, at the cost of an additional round
//# trip (see Section 4.1.4).
//= rfc8446#section-4.2.8
//= type=test
//# This vector MAY be empty if the client is requesting a
//# HelloRetryRequest.
TEST(ClientOfferTest, NoKeySharesAreAllowed) {
  RawHello hello;
  hello.Get(51).data = {0, 0};
  ClientHello offer;
  const Bytes body = hello.Build();
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(offer.key_shares.empty());
}

//= rfc8446#section-4.2.5
//= type=test
//# This extension, if provided by the server, MUST only be sent in the
//# CertificateRequest message.
TEST(ClientOfferTest, DuplicateAndMisplacedExtensions) {
  RawHello duplicate;
  duplicate.extensions.push_back({13, {0, 2, 8, 7}});
  ExpectFailure(duplicate, AlertDescription::kIllegalParameter, Reason::kDuplicateExtension);
  RawHello misplaced;
  misplaced.Get(48).data = {0, 0};  // oid_filters is CertificateRequest's
  ExpectFailure(misplaced, AlertDescription::kIllegalParameter, Reason::kBadExtension);
}

// A pre_shared_key extension of one identity, 9.
Bytes OnePsk() {
  Bytes data;
  ByteWriter writer(&data);
  WriteOfferedPsks(&writer, {{.identity = {9}, .obfuscated_ticket_age = 0, .binder_len = 32}});
  return data;
}

//= rfc8446#section-4.2.11
//= type=test
//# Servers MUST check that it is the last extension and otherwise fail
//# the handshake with an "illegal_parameter" alert.
//= rfc8446#section-4.2.9
//= type=test
//# If clients offer "pre_shared_key" without a "psk_key_exchange_modes"
//# extension, servers MUST abort the handshake.
TEST(ClientOfferTest, PreSharedKeyMustBeLastAndHaveModes) {
  RawHello hello;
  hello.Get(45).data = {1, 1};
  hello.Get(41).data = OnePsk();
  EXPECT_TRUE(Read(hello.Build()).ok());
  hello.Get(0x7777);
  ExpectFailure(hello, AlertDescription::kIllegalParameter, Reason::kBadExtension);
  RawHello no_modes;
  no_modes.Get(41).data = OnePsk();
  ExpectFailure(no_modes, AlertDescription::kMissingExtension, Reason::kMissingExtension);
}

TEST(ClientOfferTest, PsksOfAHello) {
  RawHello hello;
  hello.Get(45).data = {2, 0, 7};
  hello.Get(41).data = OnePsk();
  const Bytes body = hello.Build();
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(offer.psk_modes.Contains(PskKeyExchangeMode::kPskKe));
  EXPECT_FALSE(offer.psk_modes.Contains(PskKeyExchangeMode::kPskDheKe));
  EXPECT_EQ(offer.psks.size(), 1u);
  hello.Get(41).data.pop_back();
  ExpectFailure(hello, AlertDescription::kDecodeError, Reason::kDecodeError);
}

// A PSK alone needs neither signatures nor a key exchange, but half of the latter is nothing.
//= rfc8446#section-9.2
//= type=test
//# If not containing a "pre_shared_key" extension, it MUST contain
//# both a "signature_algorithms" extension and a "supported_groups"
//# extension.
//= rfc8446#section-9.2
//= type=test
//# If containing a "supported_groups" extension, it MUST also contain a
//# "key_share" extension, and vice versa.
TEST(ClientOfferTest, WithAPskOtherExtensionsMayBeMissing) {
  for (const std::vector<uint16_t>& missing : {std::vector<uint16_t>{13}, {10, 51}, {10, 13, 51}}) {
    RawHello hello;
    for (const uint16_t type : missing) hello.Remove(type);
    ExpectFailure(hello, AlertDescription::kMissingExtension, Reason::kMissingExtension);
    hello.Get(45).data = {1, 0};
    hello.Get(41).data = OnePsk();
    EXPECT_TRUE(Read(hello.Build()).ok());
  }
  for (const uint16_t half : {10, 51}) {
    RawHello hello;
    hello.Remove(half);
    hello.Get(45).data = {1, 0};
    hello.Get(41).data = OnePsk();
    ExpectFailure(hello, AlertDescription::kMissingExtension, Reason::kMissingExtension);
  }
}

//= rfc8446#section-4.2.11
//= type=test
//# The "pre_shared_key" extension MUST be the last extension in the
//# ClientHello (this facilitates implementation as described below).
//= rfc8446#section-4.2.9
//= type=test
//# A client MUST provide a "psk_key_exchange_modes" extension if it
//# offers a "pre_shared_key" extension.
//= rfc8446#section-4.2.9
//= type=test
//# In order to use PSKs, clients MUST also send a
//# "psk_key_exchange_modes" extension.
//= rfc8446#section-9.2
//= type=test
//# "pre_shared_key" is REQUIRED for PSK key agreement.
//= rfc8446#section-9.2
//= type=test
//# "psk_key_exchange_modes" is REQUIRED for PSK key agreement.
TEST(ClientHelloTest, PsksGoLastAndEndInTheirBinders) {
  ClientHelloFields fields = Fields();
  fields.cookie = {1, 2, 3};
  fields.psk_modes = {PskKeyExchangeMode::kPskKe, PskKeyExchangeMode::kPskDheKe};
  fields.psks = {{.identity = {1, 2}, .obfuscated_ticket_age = 3, .binder_len = 32},
                 {.identity = {4}, .obfuscated_ticket_age = 5, .binder_len = 48}};
  const Bytes body = Serialize(fields);
  ClientHello offer;
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(offer.extensions.IsLast(ExtensionType::kPreSharedKey));
  EXPECT_TRUE(offer.psk_modes.Contains(PskKeyExchangeMode::kPskKe));
  ASSERT_EQ(offer.psks.size(), 2u);
  EXPECT_EQ(offer.psks.binders_len(), BindersLen(fields.psks));
  EXPECT_EQ(offer.psks.Binder(1).data() + 48, body.data() + body.size());
}

TEST(ClientHelloTest, EmptyListsAreNotSent) {
  ClientHelloFields fields = Fields();
  fields.groups.clear();
  fields.key_shares.clear();
  fields.signature_schemes.clear();
  fields.psk_modes.clear();
  const Bytes body = Serialize(fields);
  const auto hello = ParseClientHello(body);
  ASSERT_TRUE(hello.has_value());
  for (const ExtensionType type :
       {ExtensionType::kSupportedGroups, ExtensionType::kKeyShare,
        ExtensionType::kSignatureAlgorithms, ExtensionType::kPskKeyExchangeModes,
        ExtensionType::kPreSharedKey}) {
    EXPECT_FALSE(hello->extensions.Has(type)) << static_cast<int>(type);
  }
}

// F34: unknown suites, groups, schemes, versions and extensions (GREASE, RFC 8701) are ignored.
//= rfc8446#section-4.1.2
//= type=test
//# Servers MUST ignore unrecognized extensions.
//= rfc8446#section-4.2.1
//= type=test
//# MUST ignore any unknown versions that are present in that extension.
//= rfc8446#section-4.4.2.1
//= type=test
//# TLS 1.3 servers MUST be able to process ClientHello messages that
//# include it, as it MAY be sent by clients that wish to use it in
//# earlier protocol versions.
//= rfc8446#section-9.3
//= type=test
//# A server receiving a ClientHello MUST correctly ignore all
//# unrecognized cipher suites, extensions, and other parameters.
TEST(ClientOfferTest, UnknownValuesAreIgnored) {
  RawHello hello;
  hello.suites = {0x1a, 0x1a, 0x13, 0x01, 0x56, 0x00};
  hello.Get(43).data = {4, 0x2a, 0x2a, 0xfe, 0xfc};
  hello.Get(10).data = {0, 6, 0x3a, 0x3a, 0x11, 0xec, 0, 29};
  hello.Get(13).data = {0, 6, 0x4a, 0x4a, 0x09, 0x05, 0x08, 0x07};
  hello.Get(51).data = {0, 10, 0x3a, 0x3a, 0, 1, 0, 0, 29, 0, 1, 7};
  hello.Get(0x5a5a).data = {1, 2, 3};
  hello.Get(1).data = {1};       // max_fragment_length
  hello.Get(17).data = {0};      // status_request_v2, of DTLS 1.2
  hello.Get(23).data = {};       // extended_master_secret, of DTLS 1.2
  hello.Get(0xff01).data = {0};  // renegotiation_info, of DTLS 1.2
  ClientHello offer;
  const Bytes body = hello.Build();
  ASSERT_TRUE(ReadClientHello(body, &offer).ok());
  EXPECT_TRUE(offer.key_shares.Find(NamedGroup::kX25519).has_value());
  EXPECT_TRUE(offer.signature_schemes.Contains(SignatureScheme::kEd25519));
}

TEST(ClientOfferTest, HostNamesThatNoNameCanBe) {
  RawHello hello;
  hello.Get(0).data = {0, 6, 0, 0, 3, 'a', 0, 'b'};
  ExpectFailure(hello, AlertDescription::kUnrecognizedName, Reason::kBadExtension);
  Bytes longest = {1, 2, 0, 0, 255};
  longest.insert(longest.end(), 255, 'a');
  hello.Get(0).data = longest;
  EXPECT_TRUE(Read(hello.Build()).ok());
  Bytes longer = {1, 3, 0, 1, 0};
  longer.insert(longer.end(), 256, 'a');
  hello.Get(0).data = longer;
  ExpectFailure(hello, AlertDescription::kUnrecognizedName, Reason::kBadExtension);
}

}  // namespace
}  // namespace dtls13
