// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate.h"

#include <algorithm>

#include "dtls13/message/certificate_staple.h"
#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

bool ReadEntry(ByteReader* reader, CertificateEntryView* entry) {
  if (!reader->ReadVector24(&entry->data) || entry->data.empty()) return false;
  const auto extensions = ExtensionBlock::Read(reader);
  if (!extensions.has_value()) return false;
  entry->extensions = *extensions;
  return true;
}

}  // namespace

//      struct {
//          opaque cert_data<1..2^24-1>;
//          Extension extensions<0..2^16-1>;
//      } CertificateEntry;
//      struct {
//          opaque certificate_request_context<0..2^8-1>;
//          CertificateEntry certificate_list<0..2^24-1>;
//      } Certificate;
std::optional<CertificateView> ParseCertificate(std::span<const uint8_t> body) {
  ByteReader reader(body);
  CertificateView certificate;
  std::span<const uint8_t> list;
  if (!reader.ReadVector8(&certificate.context) || !reader.ReadVector24(&list) || !reader.empty()) {
    return std::nullopt;
  }
  ByteReader entries(list);
  while (!entries.empty()) {
    CertificateEntryView entry;
    if (certificate.entries.size() == kMaxChainLen || !ReadEntry(&entries, &entry)) {
      return std::nullopt;
    }
    certificate.entries.push_back(entry);
  }
  return certificate;
}

Status CheckCertificate(const CertificateView& certificate, bool is_server,
                        std::span<const uint8_t> context, std::span<const ExtensionType> offered) {
  //= rfc8446#section-4.4.2
  //# certificate_request_context:  If this message is in response to a
  //# CertificateRequest, the value of certificate_request_context in
  //# that message.  Otherwise (in the case of server authentication),
  //# this field SHALL be zero length.
  if (!std::ranges::equal(certificate.context, context)) {
    return IllegalParameter(Reason::kBadCertificate);
  }
  //= rfc8446#section-4.4.2.4
  //# If the server supplies an empty Certificate message, the client MUST
  //# abort the handshake with a "decode_error" alert.
  if (is_server && certificate.entries.empty()) {
    return Status::Fatal(Reason::kNoPeerCertificate, AlertDescription::kDecodeError);
  }
  for (const CertificateEntryView& entry : certificate.entries) {
    //= rfc8446#section-4.4.2
    //# Extensions in the Certificate message from the server MUST
    //# correspond to ones from the ClientHello message.
    //= rfc8446#section-4.4.2
    //# Extensions in
    //# the Certificate message from the client MUST correspond to
    //# extensions in the CertificateRequest message from the server.
    const Status status =
        CheckExtensions(entry.extensions, ExtensionMessage::kCertificate, offered);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

std::vector<uint8_t> SerializeCertificate(std::span<const uint8_t> context,
                                          const std::vector<std::vector<uint8_t>>& chain,
                                          std::span<const CertificateStaple> staples) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  writer.WriteVector8(context);
  {
    ByteWriter::LengthPrefix list(&writer, 3);
    //= rfc8446#section-4.4.2
    //# The sender's certificate MUST come in the first CertificateEntry in
    //# the list.
    for (size_t i = 0; i < chain.size(); ++i) {
      writer.WriteVector24(chain[i]);
      WriteStaple(i < staples.size() ? staples[i] : CertificateStaple(), &writer);
    }
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
