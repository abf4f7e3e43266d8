// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CLIENT_HELLO_H_
#define DTLS13_MESSAGE_CLIENT_HELLO_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/message/certificate_type.h"
#include "dtls13/message/certificate_wishes.h"
#include "dtls13/message/connection_extensions.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/extensions.h"
#include "dtls13/message/grease.h"
#include "dtls13/message/legacy_hello.h"
#include "dtls13/message/pre_shared_key.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

inline constexpr size_t kRandomLen = 32;

// KeyShare is one KeyShareEntry, RFC 8446 section 4.2.8.
struct KeyShare {
  NamedGroup group{};
  std::span<const uint8_t> key_exchange;
};

// KeyShareList is client_shares, well formed, a view; possibly empty.
class KeyShareList {
 public:
  KeyShareList() = default;
  // Parse takes the extension's data. Nothing when it is malformed.
  static std::optional<KeyShareList> Parse(std::span<const uint8_t> data);

  ByteReader Begin() const { return ByteReader(content_); }
  static bool Next(ByteReader* at, KeyShare* out);
  std::optional<KeyShare> Find(NamedGroup group) const;
  bool empty() const { return content_.empty(); }
  // IsExactly is true when the list is one share, of `group`.
  bool IsExactly(NamedGroup group) const;

 private:
  explicit KeyShareList(std::span<const uint8_t> content) : content_(content) {}

  std::span<const uint8_t> content_;
};

// ClientHello is a ClientHello taken apart, RFC 9147 section 5.3: all views of the message.
struct ClientHello {
  std::span<const uint8_t> body;

  // Of a ClientHello of any DTLS version. The extension block is well formed; what its extensions
  // mean is not judged.
  uint16_t legacy_version = 0;
  std::span<const uint8_t> random;  // kRandomLen bytes
  std::span<const uint8_t> legacy_session_id;
  std::span<const uint8_t> legacy_cookie;
  CodePointList cipher_suites;
  std::span<const uint8_t> legacy_compression_methods;
  ExtensionBlock extensions;

  // What one of DTLS 1.3 offers, checked by itself: by ReadClientHello alone.
  std::string_view server_name;  // empty if none was sent
  CodePointList supported_groups;
  CodePointList signature_schemes;
  KeyShareList key_shares;
  std::optional<std::span<const uint8_t>> cookie;
  bool early_data = false;
  PskModeList psk_modes;
  OfferedPsks psks;  // empty if none were offered; otherwise the hello's last bytes
  ConnectionOffer connection;
  std::optional<std::span<const uint8_t>> connection_id;
  bool return_routability_check = false;

  // certificate_wishes are copies, made when they are wanted.
  CertificateWishes certificate_wishes() const;
  CertificateTypes certificate_types() const;
};

// ParseClientHello takes a whole message body, of any DTLS version. Nothing (decode_error) when it
// is malformed or has trailing bytes.
std::optional<ClientHello> ParseClientHello(std::span<const uint8_t> body);

// OffersDtls13 is true when supported_versions is there, well formed, and lists the version of
// `profile`.
bool OffersDtls13(const ClientHello& hello, const WireProfile& profile = kRfc9147Profile);

// ReadClientHello parses a ClientHello and makes the checks that a server owes it before it chooses
// anything: decode_error, protocol_version (the version of `profile` is not offered),
// illegal_parameter, missing_extension. When ParseClientHello fails, `out` has the body alone;
// after another failure, what a ClientHello of any version has.
Status ReadClientHello(std::span<const uint8_t> body, ClientHello* out,
                       const WireProfile& profile = kRfc9147Profile);

// ClientHelloFields is what SerializeClientHello writes. A second ClientHello is the same fields
// with another key share and a cookie, so that nothing else can change (RFC 8446 section 4.1.2).
struct ClientHelloFields {
  uint16_t version = kDtls13Version;
  std::vector<uint8_t> random;  // kRandomLen bytes
  std::vector<uint8_t> legacy_session_id;
  std::vector<CipherSuiteId> cipher_suites;
  std::string server_name;  // empty sends none
  std::vector<NamedGroup> groups;
  std::vector<SignatureScheme> signature_schemes;
  struct Share {
    NamedGroup group;
    std::vector<uint8_t> key_exchange;
  };
  std::vector<Share> key_shares;
  std::vector<uint8_t> cookie;  // empty sends none
  CertificateWishes certificate_wishes;
  CertificateTypes certificate_types;
  std::vector<PskKeyExchangeMode> psk_modes = {PskKeyExchangeMode::kPskDheKe};
  bool early_data = false;  // only with psks
  std::vector<OfferedPskFields> psks;
  bool post_handshake_auth = false;
  ConnectionConfig connection;
  // Sent among the true values, but for a key share, which `key_shares` would hold.
  std::optional<GreaseValues> grease;
  std::optional<ConnectionId> connection_id;
  bool return_routability_check = false;
  std::vector<CustomExtension> custom_extensions;
  // Goes behind what is ours; values of ours are not sent again.
  LegacyHello legacy;
};

// SerializeClientHello returns the body, and in `*offered` the types of the extensions it wrote.
// Lists that are empty are not sent at all. With PSKs the body ends in their binders, zeros.
// Empty when a field exceeds what the format can hold.
std::vector<uint8_t> SerializeClientHello(const ClientHelloFields& fields,
                                          std::vector<ExtensionType>* offered);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CLIENT_HELLO_H_
