// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_FRAMING_H_
#define DTLS13_UDP_NOTIF_FRAMING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/record_number.h"
#include "udp_notif/byte_budget.h"
#include "udp_notif/drop_reason.h"
#include "udp_notif/message.h"

namespace dtls13::udp_notif {

// MSG-LEN has at most five digits, and a space stands behind it.
inline constexpr size_t kMaxFramePrefixLen = 6;
inline constexpr size_t kMaxFrameLen = kMaxFramePrefixLen + kMaxMessageLen;

// FramePrefixLen is the length of MSG-LEN and the space in front of a message of `message_len`.
size_t FramePrefixLen(size_t message_len);

// AppendFrame writes `message` with its MSG-LEN behind `*out`. False, and `*out` as it was, when
// the message is longer than kMaxMessageLen.
[[nodiscard]] bool AppendFrame(const Message& message, std::vector<uint8_t>* out);

// RecordReader takes the messages out of one connection's application data, record by record.
// It keeps the beginning of a frame that goes on in the next record, and goes on with it in the
// record with the very next number alone: of what was sent between, nothing is missing then.
// It does not know who sent them, nor what becomes of the messages.
class RecordReader {
 public:
  // What is kept counts in `budget`.
  explicit RecordReader(std::shared_ptr<ByteBudget> budget) : held_(std::move(budget)) {}

  struct Result {
    // The record is dropped: nothing of it is in `messages`.
    std::optional<DropReason> dropped = {};
    // The frame before it was never finished, and is dropped.
    bool interrupted = false;
  };

  // Read reads the record `number` with `content`. `*messages` are those that it completes, in
  // order, and view `content` or the reader until the next Read.
  //
  // A record that begins with a message of version 1 in place of MSG-LEN is that one message, as
  // draft-ietf-netconf-udp-notif-26 has it; no digit begins like one of the standard media types.
  Result Read(RecordNumber number, std::span<const uint8_t> content,
              std::vector<Message>* messages);

  // num_held is how much is kept of an unfinished frame.
  size_t num_held() const { return partial_.size(); }

 private:
  bool Continues(RecordNumber number) const;
  // Takes frames off `data`; what is left is the beginning of another.
  std::optional<DropReason> TakeFrames(std::span<const uint8_t>* data,
                                       std::vector<Message>* messages) const;
  std::optional<DropReason> Keep(RecordNumber number, std::span<const uint8_t> rest);
  void Forget();

  std::vector<uint8_t> joined_;   // a frame and what came with it, after its last record
  std::vector<uint8_t> partial_;  // the beginning of a frame
  size_t needed_ = 0;             // octets of that frame; 0 while its MSG-LEN is cut
  RecordNumber last_;             // where it stood
  ByteBudget::Share held_;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_FRAMING_H_
