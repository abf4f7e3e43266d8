// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/framing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

// draft-unyte-udp-notif-dtls section 4.2:
//
//   UDP-NOTIF-FRAME = MSG-LEN SP UDP-NOTIF-MSG
//   MSG-LEN = NONZERO-DIGIT *DIGIT
constexpr uint8_t kSpace = ' ';
// Version 1 with the S bit clear and a media type of 0 to 15.
constexpr uint8_t kBareMessageBits = 0x2;
constexpr unsigned kBareMessageShift = 4;

bool IsDigit(uint8_t octet) { return octet >= '0' && octet <= '9'; }

// Prefix is MSG-LEN and the space, or so much of them as there is.
struct Prefix {
  size_t len = 0;          // 0 while it is cut
  size_t message_len = 0;  // a length that a message can have
};

std::optional<DropReason> ParsePrefix(std::span<const uint8_t> data, Prefix* prefix) {
  size_t value = 0;
  size_t num_digits = 0;
  while (num_digits < data.size() && IsDigit(data[num_digits])) {
    if (num_digits == kMaxFramePrefixLen - 1) return DropReason::kFrameLength;
    value = value * 10 + (data[num_digits] - '0');
    ++num_digits;
  }
  if (num_digits > 0 && data[0] == '0') return DropReason::kFrameLength;
  if (value > kMaxMessageLen) return DropReason::kFrameLength;
  if (num_digits == data.size()) return std::nullopt;  // cut
  if (num_digits == 0 || data[num_digits] != kSpace || value < kFixedHeaderLen) {
    return DropReason::kFrameLength;
  }
  *prefix = {.len = num_digits + 1, .message_len = value};
  return std::nullopt;
}

}  // namespace

size_t FramePrefixLen(size_t message_len) {
  size_t len = 2;
  for (; message_len >= 10; message_len /= 10) ++len;
  return len;
}

bool AppendFrame(const Message& message, std::vector<uint8_t>* out) {
  const size_t old_len = out->size();
  const std::string prefix = absl::StrCat(HeaderLen(message.header) + message.payload.size(), " ");
  out->insert(out->end(), prefix.begin(), prefix.end());
  if (AppendMessage(message, out)) return true;
  out->resize(old_len);
  return false;
}

bool RecordReader::Continues(RecordNumber number) const {
  return number.epoch == last_.epoch &&
         number.sequence_number.value == last_.sequence_number.value + 1;
}

void RecordReader::Forget() {
  partial_ = {};
  needed_ = 0;
  held_.Clear();
}

std::optional<DropReason> RecordReader::TakeFrames(std::span<const uint8_t>* data,
                                                   std::vector<Message>* messages) const {
  while (!data->empty()) {
    Prefix prefix;
    if (const auto reason = ParsePrefix(*data, &prefix)) return reason;
    if (prefix.len == 0 || data->size() - prefix.len < prefix.message_len) return std::nullopt;
    Message message;
    if (const auto reason = ParseMessage(data->subspan(prefix.len, prefix.message_len), &message)) {
      return reason;
    }
    messages->push_back(message);
    *data = data->subspan(prefix.len + prefix.message_len);
  }
  return std::nullopt;
}

std::optional<DropReason> RecordReader::Keep(RecordNumber number, std::span<const uint8_t> rest) {
  if (!held_.Resize(partial_.size() + rest.size())) {
    Forget();
    return DropReason::kMemoryFull;
  }
  partial_.insert(partial_.end(), rest.begin(), rest.end());
  last_ = number;
  Prefix prefix;
  // A length that holds was found to hold before.
  if (const auto reason = ParsePrefix(partial_, &prefix)) return reason;
  needed_ = prefix.len + prefix.message_len;
  return std::nullopt;
}

RecordReader::Result RecordReader::Read(RecordNumber number, std::span<const uint8_t> content,
                                        std::vector<Message>* messages) {
  messages->clear();
  Result result;
  std::span<const uint8_t> data = content;
  if (!partial_.empty() && !Continues(number)) {
    Forget();
    result.interrupted = true;
  }
  if (!partial_.empty()) {
    if (needed_ > partial_.size() + content.size()) {
      result.dropped = Keep(number, content);
      return result;
    }
    joined_ = std::move(partial_);
    Forget();
    joined_.insert(joined_.end(), content.begin(), content.end());
    data = joined_;
  } else if (!content.empty() && content[0] >> kBareMessageShift == kBareMessageBits) {
    Message message;
    result.dropped = ParseMessage(content, &message);
    if (!result.dropped) messages->push_back(message);
    return result;
  }
  result.dropped = TakeFrames(&data, messages);
  if (!result.dropped && !data.empty()) result.dropped = Keep(number, data);
  if (result.dropped) messages->clear();
  return result;
}

}  // namespace dtls13::udp_notif
