// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_type.h"

#include <algorithm>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

bool Contains(std::span<const CertificateType> list, CertificateType type) {
  // RFC 7250 section 4.1: what is not said is X.509.
  if (list.empty()) return type == CertificateType::kX509;
  return std::find(list.begin(), list.end(), type) != list.end();
}

//      CertificateType client_certificate_types<1..2^8-1>;
Status ReadTypes(const ExtensionBlock& extensions, ExtensionType extension,
                 std::vector<CertificateType>* out) {
  const auto data = extensions.Find(extension);
  if (!data.has_value()) return Status::Ok();
  ByteReader reader(*data);
  std::span<const uint8_t> list;
  if (!reader.ReadVector8(&list) || !reader.empty() || list.empty()) return DecodeError();
  if (out == nullptr) return Status::Ok();
  for (const uint8_t type : list) out->push_back(static_cast<CertificateType>(type));
  return Status::Ok();
}

void WriteTypes(ExtensionType extension, const std::vector<CertificateType>& types,
                ExtensionWriter* extensions) {
  //= rfc7250#section-4.1
  //# If the client has no remaining certificate types to send in
  //# the client hello, other than the default X.509 type, it MUST omit the
  //# client_certificate_type extension in the client hello.
  //= rfc7250#section-4.1
  //# If the client has no remaining certificate types to send in
  //# the client hello, other than the default X.509 certificate type, it
  //# MUST omit the entire server_certificate_type extension from the
  //# client hello.
  if (std::all_of(types.begin(), types.end(),
                  [](CertificateType type) { return type == CertificateType::kX509; })) {
    return;
  }
  extensions->Write(extension, [&](ByteWriter* data) {
    const ByteWriter::LengthPrefix list(data, 1);
    for (const CertificateType type : types) data->WriteU8(static_cast<uint8_t>(type));
  });
}

}  // namespace

Status ReadCertificateTypes(const ExtensionBlock& extensions, CertificateTypes* out) {
  const Status status = ReadTypes(extensions, ExtensionType::kClientCertificateType,
                                  out != nullptr ? &out->client : nullptr);
  if (!status.ok()) return status;
  return ReadTypes(extensions, ExtensionType::kServerCertificateType,
                   out != nullptr ? &out->server : nullptr);
}

void WriteCertificateTypes(const CertificateTypes& types, ExtensionWriter* extensions) {
  WriteTypes(ExtensionType::kClientCertificateType, types.client, extensions);
  WriteTypes(ExtensionType::kServerCertificateType, types.server, extensions);
}

std::optional<CertificateType> ChooseCertificateType(std::span<const CertificateType> offered,
                                                     std::span<const CertificateType> accepted) {
  if (offered.empty()) {
    if (Contains(accepted, CertificateType::kX509)) return CertificateType::kX509;
    return std::nullopt;
  }
  //= rfc8446#section-4.4.2
  //# The OpenPGP certificate type [RFC6091] MUST NOT be used with TLS 1.3.
  //= rfc8446#section-4.4.2.2
  //# The certificate type MUST be X.509v3 [RFC5280], unless explicitly
  //# negotiated otherwise (e.g., [RFC7250]).
  const auto chosen = std::find_if(offered.begin(), offered.end(),
                                   [&](CertificateType type) { return Contains(accepted, type); });
  if (chosen == offered.end()) return std::nullopt;
  return *chosen;
}

Status ReadSelectedCertificateType(const ExtensionBlock& extensions, ExtensionType extension,
                                   std::span<const CertificateType> offered, CertificateType* out) {
  //= rfc8446#section-4.4.2.3
  //# The certificate type MUST be X.509v3 [RFC5280], unless explicitly
  //# negotiated otherwise (e.g., [RFC7250]).
  *out = CertificateType::kX509;
  const auto data = extensions.Find(extension);
  if (!data.has_value()) {
    if (Contains(offered, *out)) return Status::Ok();
    return Status::Fatal(Reason::kBadCertificate, AlertDescription::kUnsupportedCertificate);
  }
  if (data->size() != 1) return DecodeError();
  *out = static_cast<CertificateType>((*data)[0]);
  //= rfc7250#section-4.2
  //# The value conveyed in the
  //# client_certificate_type extension MUST be selected from one of the
  //# values provided in the client_certificate_type extension sent in the
  //# client hello.
  return Contains(offered, *out) ? Status::Ok() : IllegalParameter(Reason::kBadExtension);
}

}  // namespace dtls13
