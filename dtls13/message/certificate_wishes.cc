// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_wishes.h"

#include <optional>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

constexpr uint8_t kOcsp = 1;  // CertificateStatusType

Status ReadCertificateSchemes(std::span<const uint8_t> data, CertificateWishes* out) {
  const auto schemes = ParseCodePointList(data);
  if (!schemes.has_value()) return DecodeError();
  for (size_t i = 0; out != nullptr && i < schemes->size(); ++i) {
    out->certificate_schemes.push_back(static_cast<SignatureScheme>((*schemes)[i]));
  }
  return Status::Ok();
}

Status ReadAuthorities(std::span<const uint8_t> data, CertificateWishes* out) {
  if (!ParseCertificateAuthorities(data)) return DecodeError();
  if (out == nullptr) return Status::Ok();
  ByteReader names(data.subspan(2));
  std::span<const uint8_t> name;
  while (out->authorities.size() < kMaxAuthorities && names.ReadVector16(&name)) {
    out->authorities.emplace_back(name.begin(), name.end());
  }
  return Status::Ok();
}

//      struct {
//          CertificateStatusType status_type;
//          select (status_type) {
//              case ocsp: OCSPStatusRequest;
//          } request;
//      } CertificateStatusRequest;
//      struct {
//          ResponderID responder_id_list<0..2^16-1>;
//          Extensions  request_extensions;
//      } OCSPStatusRequest;
Status ReadStatusRequest(std::span<const uint8_t> data, ExtensionMessage message, bool* wanted) {
  // In a CertificateRequest it is empty, RFC 8446 section 4.4.2.1.
  if (message == ExtensionMessage::kCertificateRequest) {
    if (!data.empty()) return DecodeError();
    *wanted = true;
    return Status::Ok();
  }
  ByteReader reader(data);
  uint8_t type;
  if (!reader.ReadU8(&type)) return DecodeError();
  if (type != kOcsp) return Status::Ok();  // another kind of status is not understood
  std::span<const uint8_t> responders;
  std::span<const uint8_t> extensions;
  if (!reader.ReadVector16(&responders) || !reader.ReadVector16(&extensions) || !reader.empty()) {
    return DecodeError();
  }
  *wanted = true;
  return Status::Ok();
}

//      struct {
//           CertificateCompressionAlgorithm algorithms<2..2^8-2>;
//      } CertificateCompressionAlgorithms;
Status ReadCompression(std::span<const uint8_t> data, CertificateWishes* out) {
  ByteReader reader(data);
  std::span<const uint8_t> content;
  if (!reader.ReadVector8(&content) || !reader.empty()) return DecodeError();
  const auto algorithms = CodePointList::Parse(content);
  if (!algorithms.has_value()) return DecodeError();
  for (size_t i = 0; out != nullptr && i < algorithms->size(); ++i) {
    out->compression.push_back(static_cast<CertificateCompression>((*algorithms)[i]));
  }
  return Status::Ok();
}

void WriteDerList(const std::vector<std::vector<uint8_t>>& entries, ByteWriter* writer) {
  const ByteWriter::LengthPrefix list(writer, 2);
  for (const std::vector<uint8_t>& entry : entries) writer->WriteVector16(entry);
}

void WriteStatusRequest(const CertificateWishes& wishes, ExtensionMessage message,
                        ByteWriter* writer) {
  //= rfc8446#section-4.4.2.1
  //# A server MAY request that a client present an OCSP response with its
  //# certificate by sending an empty "status_request" extension in its
  //# CertificateRequest message.
  if (message == ExtensionMessage::kCertificateRequest) return;
  writer->WriteU8(kOcsp);
  WriteDerList(wishes.ocsp_responders, writer);  // none: any will do
  writer->WriteVector16(wishes.ocsp_extensions);
}

}  // namespace

Status ReadCertificateWishes(const ExtensionBlock& extensions, ExtensionMessage message,
                             CertificateWishes* out) {
  CertificateWishes ignored;
  Status status = Status::Ok();
  if (const auto data = extensions.Find(ExtensionType::kSignatureAlgorithmsCert)) {
    status = ReadCertificateSchemes(*data, out);
    if (!status.ok()) return status;
  }
  if (const auto data = extensions.Find(ExtensionType::kCertificateAuthorities)) {
    status = ReadAuthorities(*data, out);
    if (!status.ok()) return status;
  }
  if (const auto data = extensions.Find(ExtensionType::kStatusRequest)) {
    status = ReadStatusRequest(*data, message, out != nullptr ? &out->ocsp : &ignored.ocsp);
    if (!status.ok()) return status;
  }
  if (const auto data = extensions.Find(ExtensionType::kSignedCertificateTimestamp)) {
    if (!data->empty()) return DecodeError();
    if (out != nullptr) out->sct = true;
  }
  if (const auto data = extensions.Find(ExtensionType::kCompressCertificate)) {
    return ReadCompression(*data, out);
  }
  return status;
}

void WriteCertificateWishes(const CertificateWishes& wishes, ExtensionMessage message,
                            ExtensionWriter* extensions) {
  //= rfc8446#section-4.2.3
  //# Implementations which have the same policy in both cases MAY omit the
  //# "signature_algorithms_cert" extension.
  if (!wishes.certificate_schemes.empty()) {
    extensions->Write(ExtensionType::kSignatureAlgorithmsCert, [&](ByteWriter* data) {
      WriteCodePointList(wishes.certificate_schemes, 2, data);
    });
  }
  //= rfc8446#section-4.2.4
  //# The client MAY send the "certificate_authorities" extension in the
  //# ClientHello message.
  //= rfc8446#section-4.2.4
  //# The server MAY send it in the CertificateRequest message.
  if (!wishes.authorities.empty()) {  // F32: an empty list is malformed
    extensions->Write(ExtensionType::kCertificateAuthorities,
                      [&](ByteWriter* data) { WriteDerList(wishes.authorities, data); });
  }
  if (wishes.ocsp) {
    extensions->Write(ExtensionType::kStatusRequest,
                      [&](ByteWriter* data) { WriteStatusRequest(wishes, message, data); });
  }
  if (wishes.sct) extensions->WriteEmpty(ExtensionType::kSignedCertificateTimestamp);
  if (!wishes.compression.empty()) {
    extensions->Write(ExtensionType::kCompressCertificate,
                      [&](ByteWriter* data) { WriteCodePointList(wishes.compression, 1, data); });
  }
}

}  // namespace dtls13
