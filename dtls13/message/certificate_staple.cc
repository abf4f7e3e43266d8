// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/certificate_staple.h"

#include "dtls13/wire/byte_reader.h"

namespace dtls13 {
namespace {

constexpr uint8_t kOcsp = 1;  // CertificateStatusType

//      struct {
//          CertificateStatusType status_type;
//          opaque OCSPResponse<1..2^24-1>;
//      } CertificateStatus;
bool ReadCertificateStatus(std::span<const uint8_t> data, std::vector<uint8_t>* response) {
  ByteReader reader(data);
  uint8_t type;
  std::span<const uint8_t> content;
  if (!reader.ReadU8(&type) || type != kOcsp || !reader.ReadVector24(&content) || !reader.empty() ||
      content.empty()) {
    return false;
  }
  response->assign(content.begin(), content.end());
  return true;
}

//      opaque SerializedSCT<1..2^16-1>;
//      struct {
//          SerializedSCT sct_list <1..2^16-1>;
//      } SignedCertificateTimestampList;
bool IsSctList(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> list;
  if (!reader.ReadVector16(&list) || !reader.empty() || list.empty()) return false;
  ByteReader timestamps(list);
  while (!timestamps.empty()) {
    std::span<const uint8_t> timestamp;
    if (!timestamps.ReadVector16(&timestamp) || timestamp.empty()) return false;
  }
  return true;
}

}  // namespace

std::optional<CertificateStaple> ReadStaple(const ExtensionBlock& extensions) {
  CertificateStaple staple;
  if (const auto status = extensions.Find(ExtensionType::kStatusRequest);
      status.has_value() && !ReadCertificateStatus(*status, &staple.ocsp_response)) {
    return std::nullopt;
  }
  if (const auto list = extensions.Find(ExtensionType::kSignedCertificateTimestamp)) {
    if (!IsSctList(*list)) return std::nullopt;
    staple.sct_list.assign(list->begin(), list->end());
  }
  return staple;
}

void WriteStaple(const CertificateStaple& staple, ByteWriter* writer) {
  const ByteWriter::LengthPrefix block(writer, 2);
  ExtensionWriter extensions(writer);
  if (!staple.ocsp_response.empty()) {
    //= rfc8446#section-4.4.2.1
    //# Specifically, the body of the
    //# "status_request" extension from the server MUST be a
    //# CertificateStatus structure as defined in [RFC6066], which is
    //# interpreted as defined in [RFC6960].
    //= rfc8446#section-4.4.2.1
    //# If the client opts to send an OCSP
    //# response, the body of its "status_request" extension MUST be a
    //# CertificateStatus structure as defined in [RFC6066].
    extensions.Write(ExtensionType::kStatusRequest, [&](ByteWriter* data) {
      data->WriteU8(kOcsp);
      data->WriteVector24(staple.ocsp_response);
    });
  }
  if (!staple.sct_list.empty()) {
    extensions.Write(ExtensionType::kSignedCertificateTimestamp,
                     [&](ByteWriter* data) { data->WriteBytes(staple.sct_list); });
  }
  extensions.WriteCustom(staple.custom_extensions);
}

}  // namespace dtls13
