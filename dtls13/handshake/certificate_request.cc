#include "dtls13/handshake/certificate_request.h"

#include "dtls13/handshake/failure.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {

//      struct {
//          opaque certificate_request_context<0..2^8-1>;
//          Extension extensions<2..2^16-1>;
//      } CertificateRequest;
std::optional<CertificateRequestView> ParseCertificateRequest(std::span<const uint8_t> body) {
  ByteReader reader(body);
  CertificateRequestView request;
  std::span<const uint8_t> content;
  if (!reader.ReadVector8(&request.context) || !reader.ReadVector16(&content) || !reader.empty()) {
    return std::nullopt;
  }
  const auto extensions = ExtensionBlock::Parse(content);
  if (!extensions.has_value()) return std::nullopt;
  request.extensions = *extensions;
  return request;
}

Status CheckCertificateRequest(const CertificateRequestView& request) {
  if (const Status status =
          CheckExtensions(request.extensions, ExtensionMessage::kCertificateRequest, {});
      !status.ok()) {
    return status;
  }
  //= rfc8446#section-4.3.2
  //# This field SHALL be zero
  //# length unless used for the post-handshake authentication exchanges
  //# described in Section 4.6.2.
  if (!request.context.empty()) return IllegalParameter(Reason::kBadExtension);
  //= rfc8446#section-4.3.2
  //# The "signature_algorithms" extension
  //# MUST be specified, and other extensions may optionally be included
  //# if defined for this message.
  const auto schemes = request.extensions.Find(ExtensionType::kSignatureAlgorithms);
  if (!schemes.has_value()) return MissingExtension();
  if (!ParseCodePointList(*schemes).has_value()) return DecodeError();
  const auto authorities = request.extensions.Find(ExtensionType::kCertificateAuthorities);
  if (authorities.has_value() && !ParseCertificateAuthorities(*authorities)) return DecodeError();
  return Status::Ok();
}

}  // namespace dtls13
