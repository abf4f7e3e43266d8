// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CERTIFICATE_H_
#define DTLS13_MESSAGE_CERTIFICATE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/message/credential.h"
#include "dtls13/message/extensions.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// kMaxChainLen bounds a peer's chain: libssl's default verification depth, past which no verifier
// goes.
inline constexpr size_t kMaxChainLen = 100;

// CertificateEntryView is one CertificateEntry, RFC 8446 section 4.4.2: views of the message.
struct CertificateEntryView {
  std::span<const uint8_t> data;  // DER, never empty
  ExtensionBlock extensions;
};

// CertificateView is a Certificate message taken apart. It is well formed; contexts, extensions
// and the number of entries are not judged.
struct CertificateView {
  std::span<const uint8_t> context;  // certificate_request_context
  std::vector<CertificateEntryView> entries;
};

// ParseCertificate takes a whole body. Nothing (decode_error) when it is malformed, has trailing
// bytes, or holds more than kMaxChainLen entries.
std::optional<CertificateView> ParseCertificate(std::span<const uint8_t> body);

// CheckCertificate judges one: another context than `context` is illegal_parameter, a server's
// empty list decode_error, extensions as CheckExtensions has it. `offered` is what was in the
// ClientHello or CertificateRequest that it answers.
Status CheckCertificate(const CertificateView& certificate, bool is_server,
                        std::span<const uint8_t> context, std::span<const ExtensionType> offered);

// SerializeCertificate returns the body for `chain` (DER, leaf first; possibly empty, which a
// client sends that has none) with `staples` beside the certificates at the same places. Empty when
// an entry is longer than the format can hold.
std::vector<uint8_t> SerializeCertificate(std::span<const uint8_t> context,
                                          const std::vector<std::vector<uint8_t>>& chain,
                                          std::span<const CertificateStaple> staples = {});

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CERTIFICATE_H_
