#include "shim/attachment/handshake_facts.h"

#include "dtls13/wire/byte_reader.h"

namespace dtls13::shim {
namespace {

constexpr size_t kDtlsHandshakeHeaderLen = 12;
constexpr size_t kRandomLen = 32;

// HelloParts are the fields that ClientHello and ServerHello have at the same or a similar place.
struct HelloParts {
  std::span<const uint8_t> random;
  std::span<const uint8_t> session_id;
  std::span<const uint8_t> cipher_suites;  // one suite in a ServerHello
  std::span<const uint8_t> compression_methods;
  std::span<const uint8_t> extensions;
};

HelloParts SplitClientHello(std::span<const uint8_t> body) {
  HelloParts parts;
  uint16_t legacy_version;
  std::span<const uint8_t> legacy_cookie;
  ByteReader reader(body);
  if (!reader.ReadU16(&legacy_version) || !reader.ReadBytes(kRandomLen, &parts.random) ||
      !reader.ReadVector8(&parts.session_id) || !reader.ReadVector8(&legacy_cookie) ||
      !reader.ReadVector16(&parts.cipher_suites) ||
      !reader.ReadVector8(&parts.compression_methods)) {
    return {};
  }
  // A ClientHello without extensions ends here, and then there are none.
  if (!reader.empty() && !reader.ReadVector16(&parts.extensions)) return {};
  return parts;
}

HelloParts SplitServerHello(std::span<const uint8_t> body) {
  HelloParts parts;
  uint16_t legacy_version;
  ByteReader reader(body);
  if (!reader.ReadU16(&legacy_version) || !reader.ReadBytes(kRandomLen, &parts.random) ||
      !reader.ReadVector8(&parts.session_id) || !reader.ReadBytes(2, &parts.cipher_suites) ||
      !reader.ReadBytes(1, &parts.compression_methods) || !reader.ReadVector16(&parts.extensions)) {
    return {};
  }
  return parts;
}

bool NextExtension(ByteReader* reader, uint16_t* type, std::span<const uint8_t>* data) {
  return reader->ReadU16(type) && reader->ReadVector16(data);
}

std::optional<std::span<const uint8_t>> FindExtension(std::span<const uint8_t> extensions,
                                                      uint16_t wanted) {
  ByteReader reader(extensions);
  uint16_t type;
  std::span<const uint8_t> data;
  while (NextExtension(&reader, &type, &data)) {
    if (type == wanted) return data;
  }
  return std::nullopt;
}

std::vector<uint16_t> ReadCodePoints(std::optional<std::span<const uint8_t>> extension) {
  std::vector<uint16_t> code_points;
  std::span<const uint8_t> list;
  if (!extension || !ByteReader(*extension).ReadVector16(&list)) return code_points;
  ByteReader reader(list);
  code_points.reserve(list.size() / 2);
  uint16_t value;
  while (reader.ReadU16(&value)) code_points.push_back(value);
  return code_points;
}

constexpr uint16_t Code(ExtensionType type) { return static_cast<uint16_t>(type); }

}  // namespace

void SessionFacts::Note(const Event& event) {
  if (event.trace.content_type != ContentType::kHandshake ||
      event.data.size() < kDtlsHandshakeHeaderLen) {
    return;
  }
  const auto type = static_cast<HandshakeType>(event.data[0]);
  const std::span<const uint8_t> body = event.data.subspan(kDtlsHandshakeHeaderLen);
  const bool outgoing = event.trace.outgoing;
  std::vector<uint8_t>* kept = nullptr;
  switch (type) {
    case HandshakeType::kClientHello:
      peer_is_client_ = !outgoing;
      kept = &client_hello_;
      break;
    case HandshakeType::kServerHello:
      kept = &server_hello_;
      break;
    case HandshakeType::kCertificateRequest:
      if (!outgoing) kept = &certificate_request_;
      break;
    case HandshakeType::kFinished:
      kept = outgoing ? &sent_finished_ : &received_finished_;
      break;
    default:
      break;
  }
  if (kept != nullptr) kept->assign(body.begin(), body.end());
}

std::span<const uint8_t> SessionFacts::client_random() const {
  return SplitClientHello(client_hello_).random;
}

std::span<const uint8_t> SessionFacts::server_random() const {
  return SplitServerHello(server_hello_).random;
}

std::span<const uint8_t> SessionFacts::client_session_id() const {
  return SplitClientHello(client_hello_).session_id;
}

std::span<const uint8_t> SessionFacts::client_compression_methods() const {
  return SplitClientHello(client_hello_).compression_methods;
}

std::span<const uint8_t> SessionFacts::client_cipher_suites() const {
  return SplitClientHello(client_hello_).cipher_suites;
}

std::optional<std::span<const uint8_t>> SessionFacts::client_extension(uint16_t type) const {
  return FindExtension(SplitClientHello(client_hello_).extensions, type);
}

std::optional<std::span<const uint8_t>> SessionFacts::server_extension(uint16_t type) const {
  return FindExtension(SplitServerHello(server_hello_).extensions, type);
}

std::vector<uint16_t> SessionFacts::client_extension_types() const {
  std::vector<uint16_t> types;
  ByteReader reader(SplitClientHello(client_hello_).extensions);
  uint16_t type;
  std::span<const uint8_t> data;
  while (NextExtension(&reader, &type, &data)) types.push_back(type);
  return types;
}

std::optional<SessionFacts::KeyShare> SessionFacts::server_share() const {
  std::optional<std::span<const uint8_t>> extension =
      server_extension(Code(ExtensionType::kKeyShare));
  if (!extension) return std::nullopt;
  KeyShare share;
  ByteReader reader(*extension);
  // A HelloRetryRequest's has the group alone.
  if (!reader.ReadU16(&share.group) || !reader.ReadVector16(&share.key_exchange)) {
    return std::nullopt;
  }
  return share;
}

std::optional<SessionFacts::KeyShare> SessionFacts::client_share() const {
  std::optional<KeyShare> answer = server_share();
  std::optional<std::span<const uint8_t>> extension =
      client_extension(Code(ExtensionType::kKeyShare));
  std::span<const uint8_t> list;
  if (!answer || !extension || !ByteReader(*extension).ReadVector16(&list)) return std::nullopt;
  ByteReader reader(list);
  KeyShare share;
  while (reader.ReadU16(&share.group) && reader.ReadVector16(&share.key_exchange)) {
    if (share.group == answer->group) return share;
  }
  return std::nullopt;
}

std::vector<uint16_t> SessionFacts::peer_groups() const {
  if (!peer_is_client_) return {};
  return ReadCodePoints(client_extension(Code(ExtensionType::kSupportedGroups)));
}

std::vector<uint16_t> SessionFacts::peer_signature_schemes() const {
  if (peer_is_client_) {
    return ReadCodePoints(client_extension(Code(ExtensionType::kSignatureAlgorithms)));
  }
  std::span<const uint8_t> context;
  std::span<const uint8_t> extensions;
  ByteReader reader(certificate_request_);
  if (!reader.ReadVector8(&context) || !reader.ReadVector16(&extensions)) return {};
  return ReadCodePoints(FindExtension(extensions, Code(ExtensionType::kSignatureAlgorithms)));
}

}  // namespace dtls13::shim
