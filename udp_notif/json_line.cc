// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/json_line.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "udp_notif/json_text.h"

namespace dtls13::udp_notif {
namespace {

std::span<const uint8_t> Octets(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string MediaTypeText(MediaType type) {
  const std::string_view name = NameOf(type);
  if (!name.empty()) return std::string(name);
  return absl::StrCat(type.is_private ? "private/" : "unassigned/", type.value);
}

void AppendPayload(const Delivery& delivery, std::string* out) {
  const MediaType type = delivery.header.media_type;
  const std::span<const uint8_t> octets = delivery.notification;
  const size_t old_len = out->size();
  out->append("\"payload\":");
  if (!type.is_private && type.value == kMediaTypeJson && AppendCompactJson(octets, out)) return;
  const bool is_text = type.is_private || type.value != kMediaTypeCbor;
  if (is_text && IsUtf8(octets)) {
    AppendJsonString(octets, out);
    return;
  }
  out->resize(old_len);
  const std::string base64 = absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(octets.data()), octets.size()));
  absl::StrAppend(out, "\"payload_base64\":\"", base64, "\"");
}

}  // namespace

void AppendJsonLine(std::string_view source, const Delivery& delivery, std::string* out) {
  out->append("{\"source\":");
  AppendJsonString(Octets(source), out);
  absl::StrAppend(out, ",\"publisher_id\":", delivery.header.publisher_id,
                  ",\"message_id\":", delivery.header.message_id, ",\"media_type\":\"",
                  MediaTypeText(delivery.header.media_type),
                  "\",\"segments\":", delivery.num_segments, ",\"gap\":", delivery.gap,
                  ",\"lost\":", delivery.num_lost, ",");
  AppendPayload(delivery, out);
  out->append("}\n");
}

}  // namespace dtls13::udp_notif
