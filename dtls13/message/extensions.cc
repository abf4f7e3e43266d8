// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/extensions.h"

#include <algorithm>
#include <bitset>

#include "dtls13/message/failure.h"

namespace dtls13 {
namespace {

constexpr uint8_t Bit(ExtensionMessage message) {
  return static_cast<uint8_t>(1u << static_cast<uint8_t>(message));
}

constexpr uint8_t kCH = Bit(ExtensionMessage::kClientHello);
constexpr uint8_t kSH = Bit(ExtensionMessage::kServerHello);
constexpr uint8_t kHRR = Bit(ExtensionMessage::kHelloRetryRequest);
constexpr uint8_t kEE = Bit(ExtensionMessage::kEncryptedExtensions);
constexpr uint8_t kCR = Bit(ExtensionMessage::kCertificateRequest);
constexpr uint8_t kCT = Bit(ExtensionMessage::kCertificate);
constexpr uint8_t kNST = Bit(ExtensionMessage::kNewSessionTicket);

struct Placement {
  ExtensionType type;
  uint8_t messages;
};

// The table of RFC 8446 section 4.2, with the later registrations this library knows. Extensions of
// DTLS 1.2 alone may stand in the ClientHello of a client that speaks both, and nowhere else.
//= rfc8446#section-4.4.2.1
//# TLS 1.3 servers MUST NOT act upon its presence or information in it
//# when processing ClientHello messages; in particular, they MUST NOT
//# send the status_request_v2 extension in the EncryptedExtensions,
//# CertificateRequest, or Certificate messages.
//= rfc8446#section-4.4.2.1
//# TLS 1.3 servers MUST be able to process ClientHello messages that
//# include it, as it MAY be sent by clients that wish to use it in
//# earlier protocol versions.
//= rfc8446#section-4.2.5
//# This extension, if provided by the server, MUST only be sent in the
//# CertificateRequest message.
//= rfc8446#section-9.2
//# In the absence of an application profile standard specifying
//# otherwise, a TLS-compliant application MUST implement the following
//# TLS extensions:
constexpr Placement kPlacements[] = {
    {ExtensionType::kServerName, kCH | kEE},
    {ExtensionType::kMaxFragmentLength, kCH | kEE},
    {ExtensionType::kStatusRequest, kCH | kCR | kCT},
    {ExtensionType::kSupportedGroups, kCH | kEE},
    {ExtensionType::kSignatureAlgorithms, kCH | kCR},
    {ExtensionType::kUseSrtp, kCH | kEE},
    {ExtensionType::kApplicationLayerProtocolNegotiation, kCH | kEE},
    {ExtensionType::kSignedCertificateTimestamp, kCH | kCR | kCT},
    {ExtensionType::kClientCertificateType, kCH | kEE},
    {ExtensionType::kServerCertificateType, kCH | kEE},
    {ExtensionType::kPadding, kCH},
    {ExtensionType::kExtendedMasterSecret, kCH},
    {ExtensionType::kCompressCertificate, kCH | kCR},  // RFC 8879
    {ExtensionType::kRecordSizeLimit, kCH | kEE},      // RFC 8449
    {ExtensionType::kPreSharedKey, kCH | kSH},
    {ExtensionType::kEarlyData, kCH | kEE | kNST},
    {ExtensionType::kSupportedVersions, kCH | kSH | kHRR},
    {ExtensionType::kCookie, kCH | kHRR},
    {ExtensionType::kPskKeyExchangeModes, kCH},
    {ExtensionType::kCertificateAuthorities, kCH | kCR},
    {ExtensionType::kOidFilters, kCR},
    {ExtensionType::kPostHandshakeAuth, kCH},
    {ExtensionType::kSignatureAlgorithmsCert, kCH | kCR},
    {ExtensionType::kKeyShare, kCH | kSH | kHRR},
    {ExtensionType::kConnectionId, kCH | kSH},            // RFC 9147 section 14
    {ExtensionType::kReturnRoutabilityCheck, kCH | kSH},  // RFC 9853
    {ExtensionType::kRenegotiationInfo, kCH},
};

// An answer: each of its extensions must have been asked for.
bool IsResponse(ExtensionMessage message) {
  return message == ExtensionMessage::kServerHello ||
         message == ExtensionMessage::kHelloRetryRequest ||
         message == ExtensionMessage::kEncryptedExtensions ||
         message == ExtensionMessage::kCertificate;
}

}  // namespace

std::optional<ExtensionBlock> ExtensionBlock::Parse(std::span<const uint8_t> content) {
  ExtensionBlock block(content);
  ByteReader reader = block.Begin();
  Extension extension;
  while (Next(&reader, &extension)) block.present_ |= PresenceBit(extension.type);
  if (!reader.empty()) return std::nullopt;
  return block;
}

std::optional<ExtensionBlock> ExtensionBlock::Read(ByteReader* reader) {
  std::span<const uint8_t> content;
  if (!reader->ReadVector16(&content)) return std::nullopt;
  return Parse(content);
}

bool ExtensionBlock::Next(ByteReader* at, Extension* out) {
  ByteReader reader = *at;
  uint16_t type;
  if (!reader.ReadU16(&type) || !reader.ReadVector16(&out->data)) return false;
  out->type = static_cast<ExtensionType>(type);
  *at = reader;
  return true;
}

std::optional<std::span<const uint8_t>> ExtensionBlock::Find(ExtensionType type) const {
  if ((present_ & PresenceBit(type)) == 0) return std::nullopt;
  ByteReader reader = Begin();
  Extension extension;
  while (Next(&reader, &extension)) {
    if (extension.type == type) return extension.data;
  }
  return std::nullopt;
}

bool ExtensionBlock::IsLast(ExtensionType type) const {
  ByteReader reader = Begin();
  Extension extension;
  bool last = false;
  while (Next(&reader, &extension)) last = extension.type == type;
  return last;
}

void ExtensionWriter::WriteEmpty(ExtensionType type) {
  Write(type, [](ByteWriter*) {});
}

void ExtensionWriter::WriteCustom(std::span<const CustomExtension> extensions) {
  for (const CustomExtension& extension : extensions) {
    Write(static_cast<ExtensionType>(extension.type),
          [&](ByteWriter* data) { data->WriteBytes(extension.data); });
  }
}

void ExtensionWriter::WriteUnanswered(uint16_t type, std::span<const uint8_t> data) {
  writer_->WriteU16(type);
  writer_->WriteVector16(data);
}

std::optional<bool> IsExtensionAllowed(ExtensionType type, ExtensionMessage message) {
  for (const Placement& placement : kPlacements) {
    if (placement.type == type) return (placement.messages & Bit(message)) != 0;
  }
  return std::nullopt;
}

Status CheckExtensions(const ExtensionBlock& block, ExtensionMessage message,
                       std::span<const ExtensionType> offered) {
  // 8 KB of stack, so that thousands of extensions in one hostile block cost linear time.
  std::bitset<65536> seen;
  ByteReader reader = block.Begin();
  Extension extension;
  while (ExtensionBlock::Next(&reader, &extension)) {
    //= rfc8446#section-4.2
    //# There MUST NOT be more than one extension of the
    //# same type in a given extension block.
    const size_t index = static_cast<uint16_t>(extension.type);
    if (seen.test(index)) return IllegalParameter(Reason::kDuplicateExtension);
    seen.set(index);

    //= rfc8446#section-4.2
    //# If an implementation receives an extension
    //# which it recognizes and which is not specified for the message in
    //# which it appears, it MUST abort the handshake with an
    //# "illegal_parameter" alert.
    const std::optional<bool> allowed = IsExtensionAllowed(extension.type, message);
    //= rfc8446#section-4.1.2
    //# Servers MUST ignore unrecognized extensions.
    //= rfc8446#section-9.3
    //# MUST correctly ignore all unrecognized cipher suites, extensions, and
    //# other parameters.
    //= rfc8446#section-9.3
    //# In TLS 1.3, a client receiving a CertificateRequest or
    //# NewSessionTicket MUST also ignore all unrecognized extensions.
    //= rfc8446#section-4.3.2
    //# Clients MUST ignore unrecognized extensions.
    //= rfc8446#section-4.6.1
    //# Clients MUST ignore unrecognized extensions.
    if (allowed.has_value() && !*allowed) return IllegalParameter(Reason::kBadExtension);

    if (!IsResponse(message)) continue;
    //= rfc8446#section-4.2
    //# Implementations MUST NOT send extension responses if the remote
    //# endpoint did not send the corresponding extension requests, with the
    //# exception of the "cookie" extension in the HelloRetryRequest.  Upon
    //# receiving such an extension, an endpoint MUST abort the handshake
    //# with an "unsupported_extension" alert.
    if (message == ExtensionMessage::kHelloRetryRequest &&
        extension.type == ExtensionType::kCookie) {
      continue;
    }
    if (std::find(offered.begin(), offered.end(), extension.type) == offered.end()) {
      return Status::Fatal(Reason::kUnsolicitedExtension, AlertDescription::kUnsupportedExtension);
    }
  }
  return Status::Ok();
}

std::optional<CodePointList> CodePointList::Parse(std::span<const uint8_t> content) {
  if (content.empty() || content.size() % 2 != 0) return std::nullopt;
  return CodePointList(content);
}

std::optional<CodePointList> ParseCodePointList(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> content;
  if (!reader.ReadVector16(&content) || !reader.empty()) return std::nullopt;
  return CodePointList::Parse(content);
}

bool ParseCertificateAuthorities(std::span<const uint8_t> data) {
  // DistinguishedName authorities<3..2^16-1>, each opaque<1..2^16-1>.
  ByteReader reader(data);
  std::span<const uint8_t> list;
  if (!reader.ReadVector16(&list) || !reader.empty() || list.empty()) return false;
  ByteReader names(list);
  while (!names.empty()) {
    std::span<const uint8_t> name;
    if (!names.ReadVector16(&name) || name.empty()) return false;
  }
  return true;
}

}  // namespace dtls13
