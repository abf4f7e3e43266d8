// SPDX-License-Identifier: Apache-2.0
// Input: a script of bytes. Two layers exchange records, some of which are lost, late, repeated,
// joined or damaged, while epochs and Connection IDs come and go. What opens is exactly what was
// sealed, once.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "dtls13/record/record_layer.h"
#include "dtls13/record/record_test_util.h"
#include "dtls13/wire/byte_reader.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

constexpr size_t kMaxHeld = 16;

class Exchange {
 public:
  // Step runs one command; false at the end of the script.
  bool Step(ByteReader* script) {
    uint8_t command = 0;
    uint8_t argument = 0;
    if (!script->ReadU8(&command) || !script->ReadU8(&argument)) return false;
    switch (command % 8) {
      case 0:
        InstallNext();
        break;
      case 1:
        if (argument >= 128) {
          ReplaceConnectionId(argument);
        } else {
          pair_.receiver.ForgetReadEpoch(Epoch{argument % 4u + oldest_});
        }
        break;
      case 2:
        Deliver(argument, /*damage=*/0, /*keep=*/true);
        break;
      case 3:
        Deliver(argument, /*damage=*/static_cast<uint8_t>(command | 1), /*keep=*/false);
        break;
      case 4:
        Join();
        break;
      default:
        Seal(command, argument, script);
        break;
    }
    return true;
  }

 private:
  void InstallNext() {
    newest_ = newest_ == 0 ? 2 : newest_ + 1;
    oldest_ = newest_ > 3 ? newest_ - 3 : 0;
    const Secret secret = TestSecret(pair_.suite, Epoch{newest_});
    Check(pair_.sender.InstallWriteKeys(Epoch{newest_}, pair_.suite, secret));
    Check(pair_.receiver.InstallReadKeys(Epoch{newest_}, pair_.suite, secret));
  }

  void ReplaceConnectionId(uint8_t argument) {
    const Bytes id = {argument, static_cast<uint8_t>(++num_connection_ids_)};
    if (num_connection_ids_ > 1) {
      pair_.receiver.RemoveReceiveConnectionId(
          Bytes{last_argument_, static_cast<uint8_t>(num_connection_ids_ - 1)});
    }
    Check(pair_.receiver.AddReceiveConnectionId(id));
    pair_.sender.SetSendConnectionId(id);
    last_argument_ = argument;
  }

  void Seal(uint8_t command, uint8_t argument, ByteReader* script) {
    static constexpr std::array<ContentType, 4> kTypes = {
        ContentType::kAlert, ContentType::kHandshake, ContentType::kApplicationData,
        ContentType::kAck};
    const Epoch epoch{oldest_ + argument % 4};
    const ContentType type = kTypes[argument / 4 % kTypes.size()];
    const HeaderForm form = kEveryForm[argument / 16 % 4];
    std::span<const uint8_t> content;
    if (!script->ReadBytes(std::min<size_t>(command / 8, script->remaining()), &content)) return;
    Bytes record(content.size() + pair_.sender.Overhead(epoch, form));
    RecordNumber number;
    const size_t len = pair_.sender.Seal(epoch, type, content, form, record, &number);
    const bool in_the_clear = epoch == kPlaintextEpoch && type == ContentType::kApplicationData;
    Check(len == (pair_.sender.CanWrite(epoch) && !in_the_clear ? record.size() : 0));
    if (len == 0) return;
    Check(sealed_.emplace(number, Accepted{number, type, {content.begin(), content.end()}}).second);
    if (held_.size() == kMaxHeld) held_.erase(held_.begin());
    held_.push_back(std::move(record));
  }

  void Join() {
    if (held_.size() < 2) return;
    held_.push_back(Concatenate({held_.front(), held_[1]}));
    held_.erase(held_.begin(), held_.begin() + 2);
  }

  void Deliver(uint8_t argument, uint8_t damage, bool keep) {
    if (held_.empty()) return;
    const size_t which = argument % held_.size();
    Bytes datagram = held_[which];
    if (!keep) held_.erase(held_.begin() + static_cast<ptrdiff_t>(which));
    datagram[argument % datagram.size()] ^= damage;
    std::span<uint8_t> rest(datagram);
    while (const auto record = pair_.receiver.OpenNext(&rest)) {
      Check(opened_.insert(record->number).second);
      if (record->number.epoch == kPlaintextEpoch) {
        pair_.receiver.AcceptPlaintext(record->number.sequence_number);
      }
      // Nothing vouches for what a damaged plaintext record says.
      if (damage != 0 && record->number.epoch == kPlaintextEpoch) continue;
      const auto sealed = sealed_.find(record->number);
      Check(sealed != sealed_.end() && sealed->second.type == record->type);
      Check(std::ranges::equal(sealed->second.content, record->content));
    }
    Check(rest.empty());
  }

  RecordPair pair_;
  uint64_t newest_ = 0;
  uint64_t oldest_ = 0;
  size_t num_connection_ids_ = 0;
  uint8_t last_argument_ = 0;
  std::map<RecordNumber, Accepted> sealed_;
  std::set<RecordNumber> opened_;
  std::vector<Bytes> held_;
};

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dtls13::ByteReader script(std::span(data, size));
  dtls13::fuzz::Exchange exchange;
  while (exchange.Step(&script)) {
  }
  return 0;
}
