// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/client_hello.h"

#include <algorithm>
#include <array>
#include <bitset>

#include "dtls13/message/failure.h"
#include "dtls13/message/server_name.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

constexpr size_t kMaxSessionIdLen = 32;
constexpr uint8_t kNullCompression = 0;

// ParseVersions reads the ClientHello form of supported_versions, RFC 8446 section 4.2.1.
std::optional<CodePointList> ParseVersions(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> content;
  if (!reader.ReadVector8(&content) || !reader.empty()) return std::nullopt;
  return CodePointList::Parse(content);
}

// CheckKeyShares holds the shares against the groups. The sets cost 8 KB of stack each and make
// the check linear whatever a hostile client lists (F33).
Status CheckKeyShares(const KeyShareList& shares, const CodePointList& groups) {
  std::bitset<65536> supported;
  for (size_t i = 0; i < groups.size(); ++i) supported.set(groups[i]);
  std::bitset<65536> seen;
  ByteReader reader = shares.Begin();
  KeyShare share;
  while (KeyShareList::Next(&reader, &share)) {
    const size_t index = static_cast<uint16_t>(share.group);
    //= rfc8446#section-4.2.8
    //# Clients MUST NOT offer multiple KeyShareEntry values
    //# for the same group.  Clients MUST NOT offer any KeyShareEntry values
    //# for groups not listed in the client's "supported_groups" extension.
    //# Servers MAY check for violations of these rules and abort the
    //# handshake with an "illegal_parameter" alert if one is violated.
    if (seen.test(index) || !supported.test(index)) return IllegalParameter(Reason::kBadKeyShare);
    seen.set(index);
  }
  return Status::Ok();
}

// ReadPskExtensions reads pre_shared_key and what surrounds it.
Status ReadPskExtensions(const ExtensionBlock& extensions, ClientHello* out) {
  const auto modes = extensions.Find(ExtensionType::kPskKeyExchangeModes);
  if (modes.has_value()) {
    const auto list = PskModeList::Parse(*modes);
    if (!list.has_value()) return DecodeError();
    out->psk_modes = *list;
  }
  if (const auto early_data = extensions.Find(ExtensionType::kEarlyData)) {
    if (!early_data->empty()) return DecodeError();
    out->early_data = true;
  }
  const auto psks = extensions.Find(ExtensionType::kPreSharedKey);
  if (!psks.has_value()) return Status::Ok();
  //= rfc8446#section-4.2.11
  //# Servers MUST check that it is the last extension and otherwise fail
  //# the handshake with an "illegal_parameter" alert.
  //= rfc8446#section-4.2
  //# When multiple extensions of different types are present, the
  //# extensions MAY appear in any order, with the exception of
  //# "pre_shared_key" (Section 4.2.11) which MUST be the last extension in
  //# the ClientHello (but can appear anywhere in the ServerHello extensions
  //# block).
  if (!extensions.IsLast(ExtensionType::kPreSharedKey)) {
    return IllegalParameter(Reason::kBadExtension);
  }
  //= rfc8446#section-4.2.9
  //# If clients offer "pre_shared_key" without a "psk_key_exchange_modes"
  //# extension, servers MUST abort the handshake.
  if (!modes.has_value()) return MissingExtension();
  return OfferedPsks::Parse(*psks, &out->psks);
}

// ReadKeyExchange reads supported_groups and key_share.
Status ReadKeyExchange(const ExtensionBlock& extensions, ClientHello* out) {
  const auto groups = extensions.Find(ExtensionType::kSupportedGroups);
  const auto shares = extensions.Find(ExtensionType::kKeyShare);
  // A client that would use a PSK alone has no need of either.
  if (!groups.has_value() && !shares.has_value() && extensions.Has(ExtensionType::kPreSharedKey)) {
    return Status::Ok();
  }
  //= rfc8446#section-9.2
  //# Servers receiving a ClientHello which does not conform to these
  //# requirements MUST abort the handshake with a "missing_extension"
  //# alert.
  //= rfc8446#section-9.2
  //# If containing a "supported_groups" extension, it MUST also contain a
  //# "key_share" extension, and vice versa.
  if (!groups.has_value() || !shares.has_value()) return MissingExtension();
  const auto group_list = ParseCodePointList(*groups);
  const auto share_list = KeyShareList::Parse(*shares);
  if (!group_list.has_value() || !share_list.has_value()) return DecodeError();
  out->supported_groups = *group_list;
  out->key_shares = *share_list;
  return CheckKeyShares(out->key_shares, out->supported_groups);
}

// ReadOtherExtensions reads what is left once the version and the key exchange are known.
Status ReadOtherExtensions(const ExtensionBlock& extensions, ClientHello* out) {
  //= rfc8446#section-9.2
  //# If not containing a "pre_shared_key" extension, it MUST contain
  //# both a "signature_algorithms" extension and a "supported_groups"
  //# extension.
  if (const auto schemes = extensions.Find(ExtensionType::kSignatureAlgorithms)) {
    const auto scheme_list = ParseCodePointList(*schemes);
    if (!scheme_list.has_value()) return DecodeError();
    out->signature_schemes = *scheme_list;
  } else if (!extensions.Has(ExtensionType::kPreSharedKey)) {
    return MissingExtension();
  }

  if (const Status status =
          ReadCertificateWishes(extensions, ExtensionMessage::kClientHello, /*out=*/nullptr);
      !status.ok()) {
    return status;
  }
  if (const Status status = ReadCertificateTypes(extensions, /*out=*/nullptr); !status.ok()) {
    return status;
  }
  //= rfc8446#section-4.2.6
  //# The "extension_data" field of the "post_handshake_auth" extension is
  //# zero length.
  if (const auto data = extensions.Find(ExtensionType::kPostHandshakeAuth);
      data.has_value() && !data->empty()) {
    return DecodeError();
  }
  if (const auto cookie = extensions.Find(ExtensionType::kCookie)) {
    ByteReader reader(*cookie);
    std::span<const uint8_t> content;
    if (!reader.ReadVector16(&content) || !reader.empty() || content.empty()) return DecodeError();
    out->cookie = content;
  }
  if (const auto name = extensions.Find(ExtensionType::kServerName)) {
    if (const Status status = ReadServerName(*name, &out->server_name); !status.ok()) return status;
  }
  if (const Status status = ReadConnectionOffer(extensions, &out->connection); !status.ok()) {
    return status;
  }
  return ReadPskExtensions(extensions, out);
}

Status ReadConnectionIdExtensions(const ExtensionBlock& extensions, ClientHello* out) {
  if (const auto data = extensions.Find(ExtensionType::kConnectionId)) {
    out->connection_id = ParseConnectionId(*data);
    if (!out->connection_id.has_value()) return DecodeError();
  }
  if (const auto check = extensions.Find(ExtensionType::kReturnRoutabilityCheck)) {
    if (!check->empty()) return DecodeError();
    out->return_routability_check = true;
  }
  return Status::Ok();
}

// CheckLegacyFields: what a DTLS 1.3 ClientHello must still have in the fields of DTLS 1.2.
Status CheckLegacyFields(const ClientHello& hello, const WireProfile& profile) {
  //= rfc9147#section-5.3
  //# If a DTLS 1.3 ClientHello is received with
  //# any other value in this field, the server MUST abort the handshake
  //# with an "illegal_parameter" alert.
  //= draft-ietf-tls-dtls13-26#section-5.1
  //# In this case, the cookie
  //# extension is omitted and the legacy_cookie field in the ClientHello
  //# message SHOULD be set to a zero length vector (i.e., a single zero byte length field)
  //# and MUST be ignored by a server negotiating DTLS 1.3.
  if (!hello.legacy_cookie.empty() && !profile.ignores_legacy_cookie) {
    return IllegalParameter(Reason::kCookieMismatch);
  }
  //= rfc8446#section-4.1.2
  //# For every TLS 1.3 ClientHello, this vector
  //# MUST contain exactly one byte, set to zero, which corresponds to
  //# the "null" compression method in prior versions of TLS.  If a
  //# TLS 1.3 ClientHello is received with any other value in this
  //# field, the server MUST abort the handshake with an
  //# "illegal_parameter" alert.
  if (hello.legacy_compression_methods.size() != 1 ||
      hello.legacy_compression_methods[0] != kNullCompression) {
    return IllegalParameter(Reason::kInvalidCompression);
  }
  return Status::Ok();
}

// WriteCodePoints writes `grease` first, if there is one, and last what of `legacy` is new.
template <typename T>
void WriteCodePoints(ByteWriter* writer, const std::vector<T>& list, std::optional<uint16_t> grease,
                     const std::vector<uint16_t>& legacy) {
  ByteWriter::LengthPrefix prefix(writer, 2);
  if (grease.has_value()) writer->WriteU16(*grease);
  for (const T value : list) writer->WriteU16(static_cast<uint16_t>(value));
  for (const uint16_t value : legacy) {
    const bool is_new = std::ranges::find(list, static_cast<T>(value)) == list.end();
    if (is_new) writer->WriteU16(value);
  }
}

void WriteKeyShares(ByteWriter* writer, const std::vector<ClientHelloFields::Share>& shares) {
  const ByteWriter::LengthPrefix list(writer, 2);
  for (const auto& share : shares) {
    writer->WriteU16(static_cast<uint16_t>(share.group));
    writer->WriteVector16(share.key_exchange);
  }
}

const GreaseValues* GreaseOf(const ClientHelloFields& fields) {
  return fields.grease.has_value() ? &*fields.grease : nullptr;
}

// WriteFirstExtensions puts the cookie near the front: a stateless server that sees only the first
// fragment of a hello with a large key share can still check it (RFC 9147 section 5.1 leaves the
// order to the client).
void WriteFirstExtensions(const ClientHelloFields& fields, ExtensionWriter* extensions) {
  const GreaseValues* const grease = GreaseOf(fields);
  if (grease != nullptr) extensions->WriteUnanswered(grease->first_extension, {});
  //= rfc8446#section-4.2.1
  //# Implementations of this specification MUST send this extension in the
  //# ClientHello containing all versions of TLS which they are prepared to
  //# negotiate (for this specification, that means minimally 0x0304, but if
  //# previous versions of TLS are allowed to be negotiated, they MUST be
  //# present as well).
  //= rfc8446#section-9.2
  //# "supported_versions" is REQUIRED for all ClientHello, ServerHello, and
  //# HelloRetryRequest messages.
  extensions->Write(ExtensionType::kSupportedVersions, [&](ByteWriter* data) {
    const ByteWriter::LengthPrefix list(data, 1);
    if (grease != nullptr) data->WriteU16(grease->version);
    data->WriteU16(fields.version);
    //= rfc8446#appendix-D.1
    //# this practice is vulnerable to downgrade attacks and is NOT
    //# RECOMMENDED.
    for (const uint16_t version : fields.legacy.versions) data->WriteU16(version);
  });
  if (!fields.cookie.empty()) {
    //= rfc8446#section-4.2.2
    //# When sending the new ClientHello, the client MUST copy
    //# the contents of the extension received in the HelloRetryRequest into
    //# a "cookie" extension in the new ClientHello.
    extensions->Write(ExtensionType::kCookie,
                      [&](ByteWriter* data) { data->WriteVector16(fields.cookie); });
  }
  //= rfc8446#section-9.2
  //# Additionally, all implementations MUST support the use of the
  //# "server_name" extension with applications capable of using it.
  if (!fields.server_name.empty()) {
    extensions->Write(ExtensionType::kServerName,
                      [&](ByteWriter* data) { WriteServerName(data, fields.server_name); });
  }
  if (fields.connection_id.has_value()) {
    extensions->Write(ExtensionType::kConnectionId,
                      [&](ByteWriter* data) { WriteConnectionId(data, *fields.connection_id); });
  }
  if (fields.return_routability_check) {
    extensions->WriteEmpty(ExtensionType::kReturnRoutabilityCheck);
  }
}

// WriteOffers says which groups, schemes, certificates and protocols the client takes.
void WriteOffers(const ClientHelloFields& fields, ExtensionWriter* extensions) {
  const GreaseValues* const grease = GreaseOf(fields);
  if (!fields.groups.empty()) {
    //= rfc8446#section-9.2
    //# "supported_groups" is REQUIRED for ClientHello messages using DHE or
    //# ECDHE key exchange.
    extensions->Write(ExtensionType::kSupportedGroups, [&](ByteWriter* data) {
      WriteCodePoints(data, fields.groups, grease ? std::optional(grease->group) : std::nullopt,
                      fields.legacy.groups);
    });
  }
  if (!fields.signature_schemes.empty()) {
    extensions->Write(ExtensionType::kSignatureAlgorithms, [&](ByteWriter* data) {
      WriteCodePoints(data, fields.signature_schemes,
                      grease ? std::optional(grease->signature_scheme) : std::nullopt,
                      fields.legacy.signature_schemes);
    });
  }
  WriteCertificateWishes(fields.certificate_wishes, ExtensionMessage::kClientHello, extensions);
  WriteCertificateTypes(fields.certificate_types, extensions);
  if (fields.post_handshake_auth) extensions->WriteEmpty(ExtensionType::kPostHandshakeAuth);
  WriteConnectionOffer(fields.connection, grease ? grease->ProtocolName() : std::string(),
                       extensions);
}

// WriteLastExtensions ends with the keys, and what is sent under one.
void WriteLastExtensions(const ClientHelloFields& fields, ExtensionWriter* extensions) {
  const GreaseValues* const grease = GreaseOf(fields);
  if (!fields.groups.empty()) {
    //= rfc8446#section-2.2
    //# When a client offers
    //# resumption via a PSK, it SHOULD also supply a "key_share" extension
    //# to the server to allow the server to decline resumption and fall back
    //# to a full handshake, if needed.
    //= rfc8446#section-9.2
    //# "key_share" is REQUIRED for DHE or ECDHE key exchange.
    //= rfc8446#section-4.2.9
    //# In this mode, the client and server MUST supply "key_share" values
    extensions->Write(ExtensionType::kKeyShare,
                      [&](ByteWriter* data) { WriteKeyShares(data, fields.key_shares); });
  }
  if (!fields.psk_modes.empty()) {
    //= rfc8446#section-4.2.9
    //# A client MUST provide a "psk_key_exchange_modes" extension if it
    //# offers a "pre_shared_key" extension.
    //= rfc8446#section-4.2.9
    //# In order to use PSKs, clients MUST also send a
    //# "psk_key_exchange_modes" extension.
    //= rfc8446#section-9.2
    //# "psk_key_exchange_modes" is REQUIRED for PSK key agreement.
    // Sent without one too: a server issues tickets only to a client that can use them.
    std::vector<PskKeyExchangeMode> modes = fields.psk_modes;
    if (grease != nullptr) modes.insert(modes.begin(), PskKeyExchangeMode{grease->psk_mode});
    extensions->Write(ExtensionType::kPskKeyExchangeModes,
                      [&](ByteWriter* data) { WritePskModes(data, modes); });
  }
  extensions->WriteCustom(fields.custom_extensions);
  for (const LegacyHello::Extension& extension : fields.legacy.extensions) {
    extensions->WriteUnanswered(extension.type, extension.data);
  }
  if (grease != nullptr) {
    extensions->WriteUnanswered(grease->last_extension, std::array{uint8_t{0}});
  }
  if (fields.early_data) extensions->WriteEmpty(ExtensionType::kEarlyData);
  if (!fields.psks.empty()) {
    //= rfc8446#section-4.2.11
    //# The "pre_shared_key" extension MUST be the last extension in the
    //# ClientHello (this facilitates implementation as described below).
    //= rfc8446#section-9.2
    //# "pre_shared_key" is REQUIRED for PSK key agreement.
    extensions->Write(ExtensionType::kPreSharedKey,
                      [&](ByteWriter* data) { WriteOfferedPsks(data, fields.psks); });
  }
}

}  // namespace

//      struct {
//          ProtocolVersion legacy_version = { 254,253 }; // DTLSv1.2
//          Random random;
//          opaque legacy_session_id<0..32>;
//          opaque legacy_cookie<0..2^8-1>;                  // DTLS
//          CipherSuite cipher_suites<2..2^16-2>;
//          opaque legacy_compression_methods<1..2^8-1>;
//          Extension extensions<8..2^16-1>;
//      } ClientHello;
std::optional<ClientHello> ParseClientHello(std::span<const uint8_t> body) {
  ByteReader reader(body);
  ClientHello hello;
  hello.body = body;
  std::span<const uint8_t> suites;
  if (!reader.ReadU16(&hello.legacy_version) || !reader.ReadBytes(kRandomLen, &hello.random) ||
      !reader.ReadVector8(&hello.legacy_session_id) || !reader.ReadVector8(&hello.legacy_cookie) ||
      !reader.ReadVector16(&suites) || !reader.ReadVector8(&hello.legacy_compression_methods)) {
    return std::nullopt;
  }
  const auto suite_list = CodePointList::Parse(suites);
  if (!suite_list.has_value() || hello.legacy_session_id.size() > kMaxSessionIdLen ||
      hello.legacy_compression_methods.empty()) {
    return std::nullopt;
  }
  hello.cipher_suites = *suite_list;
  //= rfc8446#section-4.1.2
  //# MUST check that the message either contains no data after
  //# legacy_compression_methods or that it contains a valid extensions
  //# block with no data following.
  //= rfc8446#section-4.1.2
  //# If not, then it MUST abort the handshake with a "decode_error" alert.
  // Hellos of DTLS 1.2 and before may end here.
  if (reader.empty()) return hello;
  const auto extensions = ExtensionBlock::Read(&reader);
  if (!extensions.has_value() || !reader.empty()) return std::nullopt;
  hello.extensions = *extensions;
  return hello;
}

bool OffersDtls13(const ClientHello& hello, const WireProfile& profile) {
  const auto data = hello.extensions.Find(ExtensionType::kSupportedVersions);
  if (!data.has_value()) return false;
  const auto versions = ParseVersions(*data);
  return versions.has_value() && versions->Contains(profile.version);
}

//= rfc8446#section-4.2.8
//# Clients MAY send an empty client_shares vector in order to request
//# group selection from the server, at the cost of an additional round
//# trip (see Section 4.1.4).
//= rfc8446#section-4.2.8
//# This vector MAY be empty if the client is requesting a
//# HelloRetryRequest.
std::optional<KeyShareList> KeyShareList::Parse(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> content;
  if (!reader.ReadVector16(&content) || !reader.empty()) return std::nullopt;
  KeyShareList list(content);
  ByteReader entries = list.Begin();
  KeyShare share;
  while (Next(&entries, &share)) {
    if (share.key_exchange.empty()) return std::nullopt;
  }
  if (!entries.empty()) return std::nullopt;
  return list;
}

bool KeyShareList::Next(ByteReader* at, KeyShare* out) {
  ByteReader reader = *at;
  uint16_t group;
  if (!reader.ReadU16(&group) || !reader.ReadVector16(&out->key_exchange)) return false;
  out->group = static_cast<NamedGroup>(group);
  *at = reader;
  return true;
}

std::optional<KeyShare> KeyShareList::Find(NamedGroup group) const {
  ByteReader reader = Begin();
  KeyShare share;
  while (Next(&reader, &share)) {
    if (share.group == group) return share;
  }
  return std::nullopt;
}

bool KeyShareList::IsExactly(NamedGroup group) const {
  ByteReader reader = Begin();
  KeyShare share;
  return Next(&reader, &share) && share.group == group && reader.empty();
}

Status ReadClientHello(std::span<const uint8_t> body, ClientHello* out,
                       const WireProfile& profile) {
  const auto hello = ParseClientHello(body);
  if (!hello.has_value()) {
    *out = ClientHello();
    out->body = body;
    return DecodeError();
  }
  *out = *hello;
  //= rfc8446#section-4.2.1
  //# servers MUST NOT use the ClientHello.legacy_version value for version
  //# negotiation and MUST use only the "supported_versions" extension to
  //# determine client preferences.
  //= rfc8446#section-4.2.1
  //# Servers MUST only select a version of TLS present in that extension
  //# and MUST ignore any unknown versions that are present in that
  //# extension.
  //= rfc8446#appendix-D.2
  //# If the "supported_versions" extension is present, the server MUST
  //# negotiate using that extension as described in Section 4.2.1.
  //= rfc8446#appendix-D.2
  //# If the "supported_versions" extension is absent and the server only
  //# supports versions greater than ClientHello.legacy_version, the server
  //# MUST abort the handshake with a "protocol_version" alert.
  // Only supported_versions decides the version; legacy_version is not looked at.
  const auto versions = hello->extensions.Find(ExtensionType::kSupportedVersions);
  if (!versions.has_value()) return ProtocolVersionFailure();
  if (!ParseVersions(*versions).has_value()) return DecodeError();
  //= rfc8446#section-4.2.1
  //# Servers MUST be prepared to
  //# receive ClientHellos that include this extension but do not include
  //# 0x0304 in the list of versions.
  if (!OffersDtls13(*hello, profile)) return ProtocolVersionFailure();
  if (const Status status = CheckExtensions(hello->extensions, ExtensionMessage::kClientHello, {});
      !status.ok()) {
    return status;
  }
  if (const Status status = CheckLegacyFields(*hello, profile); !status.ok()) return status;
  if (const Status status = ReadKeyExchange(hello->extensions, out); !status.ok()) return status;
  if (const Status status = ReadConnectionIdExtensions(hello->extensions, out); !status.ok()) {
    return status;
  }
  return ReadOtherExtensions(hello->extensions, out);
}

CertificateWishes ClientHello::certificate_wishes() const {
  CertificateWishes wishes;
  // ReadClientHello has found them well formed.
  (void)ReadCertificateWishes(extensions, ExtensionMessage::kClientHello, &wishes).ok();
  return wishes;
}

CertificateTypes ClientHello::certificate_types() const {
  CertificateTypes types;
  (void)ReadCertificateTypes(extensions, &types).ok();
  return types;
}

//= rfc8446#section-9.2
//# All implementations MUST send and use these extensions when offering
//# applicable features:
std::vector<uint8_t> SerializeClientHello(const ClientHelloFields& fields,
                                          std::vector<ExtensionType>* offered) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  offered->clear();
  //= rfc9147#section-5.3
  //# In
  //# DTLS 1.3, the client indicates its version preferences in the
  //# "supported_versions" extension (see Section 4.2.1 of [TLS13]) and
  //# the legacy_version field MUST be set to {254, 253}, which was the
  //# version number for DTLS 1.2.
  //= rfc8446#appendix-D.5
  //# Implementations MUST NOT send a ClientHello.legacy_version or
  //# ServerHello.legacy_version set to 0x0300 or less.
  writer.WriteU16(kDtls12Version);
  writer.WriteBytes(fields.random);
  {
    //= rfc9147#section-5.3
    //# Otherwise, it MUST be set as a zero-length vector (i.e., a zero-valued
    //# single byte length field).
    //= rfc8446#section-4.1.2
    //# Otherwise, it MUST be set as a zero-length vector (i.e., a zero-valued
    //# single byte length field).
    writer.WriteVector8(fields.legacy_session_id);
  }
  //= rfc9147#section-5.3
  //# A DTLS 1.3-only client MUST set the legacy_cookie
  //# field to zero length.
  //= rfc9147#section-5.1
  //# In this case, the "cookie" extension is omitted and the legacy_cookie
  //# field in the ClientHello message MUST be set to a zero-length vector
  //# (i.e., a zero-valued single byte length field).
  writer.WriteU8(0);
  WriteCodePoints(&writer, fields.cipher_suites,
                  fields.grease ? std::optional(fields.grease->cipher_suite) : std::nullopt,
                  fields.legacy.cipher_suites);
  {
    ByteWriter::LengthPrefix methods(&writer, 1);
    writer.WriteU8(kNullCompression);
  }
  {
    const ByteWriter::LengthPrefix block(&writer, 2);
    ExtensionWriter extensions(&writer, offered);
    WriteFirstExtensions(fields, &extensions);
    WriteOffers(fields, &extensions);
    WriteLastExtensions(fields, &extensions);
  }
  if (!writer.ok() || fields.random.size() != kRandomLen ||
      fields.legacy_session_id.size() > kMaxSessionIdLen) {
    return {};
  }
  return body;
}

}  // namespace dtls13
