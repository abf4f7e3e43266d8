// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_SERVER_HELLO_H_
#define DTLS13_MESSAGE_SERVER_HELLO_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/client_hello.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/extensions.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// kHelloRetryRequestRandom is SHA-256 of "HelloRetryRequest": it tells that message from a
// ServerHello, RFC 8446 section 4.1.3.
inline constexpr std::array<uint8_t, kRandomLen> kHelloRetryRequestRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// ServerHelloView is a ServerHello or HelloRetryRequest taken apart: views of the message. The
// extension block is well formed and not judged.
struct ServerHelloView {
  uint16_t legacy_version = 0;
  std::span<const uint8_t> random;  // kRandomLen bytes
  std::span<const uint8_t> legacy_session_id_echo;
  uint16_t cipher_suite = 0;
  uint8_t legacy_compression_method = 0;
  ExtensionBlock extensions;

  bool IsHelloRetryRequest() const;
  // ShowsDowngrade: `random` ends in one of the two values with which a server that has TLS 1.3
  // marks the choice of something older, RFC 8446 section 4.1.3.
  bool ShowsDowngrade() const;
};

// ParseServerHello takes a whole body. Nothing (decode_error) when it is malformed or has trailing
// bytes.
std::optional<ServerHelloView> ParseServerHello(std::span<const uint8_t> body);

// ParseSelectedVersion, ParseServerShare and ParseRetryGroup read the ServerHello's and
// HelloRetryRequest's forms of supported_versions and key_share.
std::optional<uint16_t> ParseSelectedVersion(std::span<const uint8_t> data);
std::optional<KeyShare> ParseServerShare(std::span<const uint8_t> data);
std::optional<NamedGroup> ParseRetryGroup(std::span<const uint8_t> data);
// ParseRetryCookie reads a cookie extension: nothing when it is malformed or empty.
std::optional<std::span<const uint8_t>> ParseRetryCookie(std::span<const uint8_t> data);

// ServerHelloFields is what SerializeServerHello writes beside the suite.
struct ServerHelloFields {
  uint16_t version = kDtls13Version;
  std::optional<KeyShare> key_share = {};
  std::optional<uint16_t> selected_identity = {};  // of the client's PSKs
  std::span<const uint8_t> session_id_echo = {};   // for clients of before RFC 9147
  ConnectionIdAgreement connection_ids = {};       // our half is written
  std::span<const CustomExtension> custom_extensions = {};
};

// SerializeServerHello returns the body; empty when a field is longer than the format can hold.
std::vector<uint8_t> SerializeServerHello(std::span<const uint8_t> random, CipherSuiteId suite,
                                          const ServerHelloFields& fields);

// RetryExtensions are a server's own extensions of its HelloRetryRequests.
class RetryExtensions {
 public:
  virtual ~RetryExtensions() = default;
  // Add appends those of the answer to `offer`, a first ClientHello: only of types that it has.
  // `resumes`: it offers a session of ours that can be resumed. Not Ok: it is refused with the
  // alert.
  virtual Status Add(const ClientHello& offer, bool resumes,
                     std::vector<CustomExtension>* extensions) = 0;
};

// RepeatedExtensions are a client's own extensions of the ClientHello behind a HelloRetryRequest.
class RepeatedExtensions {
 public:
  virtual ~RepeatedExtensions() = default;
  // Repeat changes `*extensions`, those of the first ClientHello, into what the second has of them.
  // `retry` are the HelloRetryRequest's: only what it names may differ. Not Ok: the handshake ends
  // with the alert.
  virtual Status Repeat(const ExtensionBlock& retry, std::vector<CustomExtension>* extensions) = 0;
};

// SerializeHelloRetryRequest returns the body: the same bytes for the same arguments, which a
// server that keeps nothing relies on to rebuild the transcript. `custom_extensions` are whole
// extensions as they stand on the wire. Empty when `cookie` or they are too long.
std::vector<uint8_t> SerializeHelloRetryRequest(CipherSuiteId suite,
                                                std::optional<NamedGroup> group,
                                                std::span<const uint8_t> cookie,
                                                std::span<const uint8_t> session_id_echo = {},
                                                uint16_t version = kDtls13Version,
                                                std::span<const uint8_t> custom_extensions = {});

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_SERVER_HELLO_H_
