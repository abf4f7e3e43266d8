#include "dtls13/handshake/certificate.h"

#include "dtls13/handshake/failure.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

bool ReadEntry(ByteReader* reader, CertificateEntryView* entry) {
  std::span<const uint8_t> content;
  if (!reader->ReadVector24(&entry->data) || entry->data.empty() ||
      !reader->ReadVector16(&content)) {
    return false;
  }
  const auto extensions = ExtensionBlock::Parse(content);
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

Status CheckServerCertificate(const CertificateView& certificate,
                              std::span<const ExtensionType> offered) {
  //= rfc8446#section-4.4.2
  //# Otherwise (in the case of server authentication),
  //# this field SHALL be zero length.
  if (!certificate.context.empty()) return IllegalParameter(Reason::kBadCertificate);
  //= rfc8446#section-4.4.2.4
  //# If the server supplies an empty Certificate message, the client MUST
  //# abort the handshake with a "decode_error" alert.
  if (certificate.entries.empty()) {
    return Status::Fatal(Reason::kNoPeerCertificate, AlertDescription::kDecodeError);
  }
  for (const CertificateEntryView& entry : certificate.entries) {
    //= rfc8446#section-4.4.2
    //# Extensions in the Certificate message from the server MUST
    //# correspond to ones from the ClientHello message.
    const Status status =
        CheckExtensions(entry.extensions, ExtensionMessage::kCertificate, offered);
    if (!status.ok()) return status;
  }
  return Status::Ok();
}

std::vector<uint8_t> SerializeCertificate(std::span<const uint8_t> context,
                                          const std::vector<std::vector<uint8_t>>& chain) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  {
    ByteWriter::LengthPrefix prefix(&writer, 1);
    writer.WriteBytes(context);
  }
  {
    ByteWriter::LengthPrefix list(&writer, 3);
    for (const std::vector<uint8_t>& der : chain) {
      {
        ByteWriter::LengthPrefix data(&writer, 3);
        writer.WriteBytes(der);
      }
      writer.WriteU16(0);  // no extensions
    }
  }
  if (!writer.ok()) return {};
  return body;
}

}  // namespace dtls13
