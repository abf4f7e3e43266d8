// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/server_hello.h"

#include <algorithm>
#include <iterator>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

constexpr size_t kMaxSessionIdLen = 32;
// "DOWNGRD"; a byte of 0 or 1 follows.
constexpr uint8_t kDowngrade[] = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44};

// WriteHead writes everything before the extensions, which ServerHello and HelloRetryRequest share.
void WriteHead(ByteWriter* writer, std::span<const uint8_t> random, CipherSuiteId suite,
               std::span<const uint8_t> session_id_echo) {
  //= rfc9147#section-5.4
  //# The DTLS 1.3 ServerHello message is the same as the TLS 1.3
  //# ServerHello message, except that the legacy_version field is set to
  //# 0xfefd, indicating DTLS 1.2.
  writer->WriteU16(kDtls12Version);
  writer->WriteBytes(random);
  //= rfc9147#section-5
  //# DTLS servers MUST NOT echo
  //# the "legacy_session_id" value from the client
  writer->WriteVector8(session_id_echo);
  writer->WriteU16(static_cast<uint16_t>(suite));
  //= rfc8446#section-4.1.3
  //# legacy_compression_method: A single byte which MUST have the value 0.
  writer->WriteU8(0);  // legacy_compression_method
}

//= rfc8446#section-4.1.3
//# All TLS 1.3 ServerHello messages MUST contain the "supported_versions"
//# extension.
//= rfc8446#section-4.1.4
//# The server's extensions MUST contain "supported_versions".
//= rfc8446#section-4.2.1
//# A server which negotiates TLS 1.3 MUST respond by sending a
//# "supported_versions" extension containing the selected version value
//# (0x0304).
//= rfc8446#section-9.2
//# "supported_versions" is REQUIRED for all ClientHello, ServerHello, and
//# HelloRetryRequest messages.
void WriteSelectedVersion(uint16_t version, ExtensionWriter* extensions) {
  extensions->Write(ExtensionType::kSupportedVersions,
                    [version](ByteWriter* data) { data->WriteU16(version); });
}

void WriteConnectionIdAnswer(const ConnectionIdAgreement& agreement, ExtensionWriter* extensions) {
  if (agreement.negotiated) {
    extensions->Write(ExtensionType::kConnectionId,
                      [&](ByteWriter* data) { WriteConnectionId(data, agreement.receive); });
  }
  if (agreement.return_routability_check) {
    extensions->WriteEmpty(ExtensionType::kReturnRoutabilityCheck);
  }
}

}  // namespace

bool ServerHelloView::IsHelloRetryRequest() const {
  return std::equal(random.begin(), random.end(), kHelloRetryRequestRandom.begin(),
                    kHelloRetryRequestRandom.end());
}

bool ServerHelloView::ShowsDowngrade() const {
  const auto mark = random.last(sizeof(kDowngrade) + 1);
  return std::equal(std::begin(kDowngrade), std::end(kDowngrade), mark.begin()) && mark.back() <= 1;
}

//      struct {
//          ProtocolVersion legacy_version = 0x0303;    /* TLS v1.2 */
//          Random random;
//          opaque legacy_session_id_echo<0..32>;
//          CipherSuite cipher_suite;
//          uint8 legacy_compression_method = 0;
//          Extension extensions<6..2^16-1>;
//      } ServerHello;
std::optional<ServerHelloView> ParseServerHello(std::span<const uint8_t> body) {
  ByteReader reader(body);
  ServerHelloView hello;
  if (!reader.ReadU16(&hello.legacy_version) || !reader.ReadBytes(kRandomLen, &hello.random) ||
      !reader.ReadVector8(&hello.legacy_session_id_echo) ||
      hello.legacy_session_id_echo.size() > kMaxSessionIdLen ||
      !reader.ReadU16(&hello.cipher_suite) || !reader.ReadU8(&hello.legacy_compression_method)) {
    return std::nullopt;
  }
  // A ServerHello of DTLS 1.2 may end here.
  if (reader.empty()) return hello;
  const auto extensions = ExtensionBlock::Read(&reader);
  if (!extensions.has_value() || !reader.empty()) return std::nullopt;
  hello.extensions = *extensions;
  return hello;
}

std::optional<uint16_t> ParseSelectedVersion(std::span<const uint8_t> data) {
  ByteReader reader(data);
  uint16_t version;
  if (!reader.ReadU16(&version) || !reader.empty()) return std::nullopt;
  return version;
}

std::optional<KeyShare> ParseServerShare(std::span<const uint8_t> data) {
  ByteReader reader(data);
  uint16_t group;
  KeyShare share;
  if (!reader.ReadU16(&group) || !reader.ReadVector16(&share.key_exchange) || !reader.empty() ||
      share.key_exchange.empty()) {
    return std::nullopt;
  }
  share.group = static_cast<NamedGroup>(group);
  return share;
}

std::optional<NamedGroup> ParseRetryGroup(std::span<const uint8_t> data) {
  ByteReader reader(data);
  uint16_t group;
  if (!reader.ReadU16(&group) || !reader.empty()) return std::nullopt;
  return static_cast<NamedGroup>(group);
}

std::optional<std::span<const uint8_t>> ParseRetryCookie(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> cookie;
  if (!reader.ReadVector16(&cookie) || !reader.empty() || cookie.empty()) return std::nullopt;
  return cookie;
}

//= rfc8446#section-4.1.3
//# The ServerHello MUST only include extensions which are required to
//# establish the cryptographic context and negotiate the protocol
//# version.
std::vector<uint8_t> SerializeServerHello(std::span<const uint8_t> random, CipherSuiteId suite,
                                          const ServerHelloFields& fields) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  WriteHead(&writer, random, suite, fields.session_id_echo);
  {
    const ByteWriter::LengthPrefix block(&writer, 2);
    ExtensionWriter extensions(&writer);
    WriteSelectedVersion(fields.version, &extensions);
    WriteConnectionIdAnswer(fields.connection_ids, &extensions);
    if (fields.key_share.has_value()) {
      extensions.Write(ExtensionType::kKeyShare, [&](ByteWriter* data) {
        data->WriteU16(static_cast<uint16_t>(fields.key_share->group));
        data->WriteVector16(fields.key_share->key_exchange);
      });
    }
    if (fields.selected_identity.has_value()) {
      extensions.Write(ExtensionType::kPreSharedKey, [&](ByteWriter* data) {
        WriteSelectedIdentity(data, *fields.selected_identity);
      });
    }
    extensions.WriteCustom(fields.custom_extensions);
  }
  if (!writer.ok()) return {};
  return body;
}

//= rfc8446#section-4.1.4
//# Additionally, it SHOULD contain the minimal set of extensions
//# necessary for the client to generate a correct ClientHello pair.
//= rfc8446#section-4.1.4
//# a HelloRetryRequest MUST NOT contain any extensions that were not
//# first offered by the client in its ClientHello,
std::vector<uint8_t> SerializeHelloRetryRequest(CipherSuiteId suite,
                                                std::optional<NamedGroup> group,
                                                std::span<const uint8_t> cookie,
                                                std::span<const uint8_t> session_id_echo,
                                                uint16_t version,
                                                std::span<const uint8_t> custom_extensions) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  WriteHead(&writer, kHelloRetryRequestRandom, suite, session_id_echo);
  {
    const ByteWriter::LengthPrefix block(&writer, 2);
    ExtensionWriter extensions(&writer);
    WriteSelectedVersion(version, &extensions);
    if (group.has_value()) {
      extensions.Write(ExtensionType::kKeyShare,
                       [&](ByteWriter* data) { data->WriteU16(static_cast<uint16_t>(*group)); });
    }
    //= rfc8446#section-4.2.2
    //# When sending a HelloRetryRequest, the server MAY provide a "cookie"
    //# extension to the client
    extensions.Write(ExtensionType::kCookie,
                     [&](ByteWriter* data) { data->WriteVector16(cookie); });
    writer.WriteBytes(custom_extensions);
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
