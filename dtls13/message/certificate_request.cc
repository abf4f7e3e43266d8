// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_request.h"

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

//      struct {
//          opaque certificate_request_context<0..2^8-1>;
//          Extension extensions<2..2^16-1>;
//      } CertificateRequest;
std::optional<CertificateRequestView> ParseCertificateRequest(std::span<const uint8_t> body) {
  ByteReader reader(body);
  CertificateRequestView request;
  if (!reader.ReadVector8(&request.context)) return std::nullopt;
  const auto extensions = ExtensionBlock::Read(&reader);
  if (!extensions.has_value() || !reader.empty()) return std::nullopt;
  request.extensions = *extensions;
  return request;
}

Status ReadCertificateRequest(const CertificateRequestView& request, bool in_main_handshake,
                              CertificateRequestInfo* out) {
  if (const Status status =
          CheckExtensions(request.extensions, ExtensionMessage::kCertificateRequest, {});
      !status.ok()) {
    return status;
  }
  //= rfc8446#section-4.3.2
  //# This field SHALL be zero
  //# length unless used for the post-handshake authentication exchanges
  //# described in Section 4.6.2.
  if (in_main_handshake && !request.context.empty()) {
    return IllegalParameter(Reason::kBadExtension);
  }
  //= rfc8446#section-4.3.2
  //# The "signature_algorithms" extension
  //# MUST be specified, and other extensions may optionally be included
  //# if defined for this message.
  const auto data = request.extensions.Find(ExtensionType::kSignatureAlgorithms);
  if (!data.has_value()) return MissingExtension();
  const auto schemes = ParseCodePointList(*data);
  if (!schemes.has_value()) return DecodeError();
  out->context.assign(request.context.begin(), request.context.end());
  for (size_t i = 0; i < schemes->size(); ++i) {
    out->signature_schemes.push_back(static_cast<SignatureScheme>((*schemes)[i]));
  }
  return ReadCertificateWishes(request.extensions, ExtensionMessage::kCertificateRequest,
                               &out->wishes);
}

std::vector<uint8_t> SerializeCertificateRequest(const CertificateRequestInfo& request,
                                                 std::vector<ExtensionType>* written) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  written->clear();
  writer.WriteVector8(request.context);
  {
    const ByteWriter::LengthPrefix block(&writer, 2);
    ExtensionWriter extensions(&writer, written);
    extensions.Write(ExtensionType::kSignatureAlgorithms, [&](ByteWriter* data) {
      WriteCodePointList(request.signature_schemes, 2, data);
    });
    WriteCertificateWishes(request.wishes, ExtensionMessage::kCertificateRequest, &extensions);
    extensions.WriteCustom(request.custom_extensions);
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
