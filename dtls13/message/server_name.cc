// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/server_name.h"

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {
namespace {

// RFC 1035 section 2.3.4.
constexpr size_t kMaxHostNameLen = 255;
constexpr uint8_t kHostNameType = 0;

}  // namespace

//      struct {
//          NameType name_type;
//          opaque HostName<1..2^16-1>;
//      } ServerName;
//      struct { ServerName server_name_list<1..2^16-1> } ServerNameList;
Status ReadServerName(std::span<const uint8_t> data, std::string_view* out) {
  ByteReader reader(data);
  std::span<const uint8_t> list;
  if (!reader.ReadVector16(&list) || !reader.empty() || list.empty()) return DecodeError();
  // host_name is the only type there is, and a list holds one name of a type: one entry. Every
  // stack has read it so since the extension was specified.
  ByteReader names(list);
  uint8_t name_type;
  std::span<const uint8_t> name;
  if (!names.ReadU8(&name_type) || name_type != kHostNameType || !names.ReadVector16(&name) ||
      !names.empty() || name.empty()) {
    return DecodeError();
  }
  const std::string_view host(reinterpret_cast<const char*>(name.data()), name.size());
  // A name with a NUL would be another, shorter one to callers that hold it as a C string.
  if (host.size() > kMaxHostNameLen || host.find('\0') != std::string_view::npos) {
    return Status::Fatal(Reason::kBadExtension, AlertDescription::kUnrecognizedName);
  }
  *out = host;
  return Status::Ok();
}

void WriteServerName(ByteWriter* writer, std::string_view name) {
  ByteWriter::LengthPrefix list(writer, 2);
  writer->WriteU8(kHostNameType);
  writer->WriteVector16({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
}

bool IsIpLiteral(std::string_view host) {
  // A host name holds no colon, and its last label is not all digits (RFC 1123 section 2.1), so no
  // name is taken for an address.
  if (host.find(':') != std::string_view::npos) return true;
  if (host.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  return host.find('.') != std::string_view::npos;
}

}  // namespace dtls13
