// SPDX-License-Identifier: Apache-2.0
// The part of RecordLayer that carries it to another process, and through the time in which it is
// cold.

#include <utility>

#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/record/record_layer.h"

namespace dtls13 {
namespace {

bool ReadSecret(ByteReader* reader, Secret* secret) {
  return Secret::Read(reader, secret) && !secret->empty();
}

void WriteSecret(ByteWriter* writer, const Secret* secret) {
  writer->WriteVector8(secret == nullptr ? std::span<const uint8_t>() : secret->bytes());
}

Secret CopyOf(const Secret* secret) {
  return secret == nullptr ? Secret() : Secret::CopyOf(secret->bytes());
}

template <typename KeyedEpoch>
void WriteKeys(ByteWriter* writer, const KeyedEpoch& epoch) {
  writer->WriteU16(static_cast<uint16_t>(epoch.suite));
  WriteSecret(writer, epoch.keys.get());
  WriteSecret(writer, epoch.secret.get());
}

}  // namespace

// --- To another process

void RecordLayer::WriteState(ByteWriter* writer) const {
  const std::vector<const ReadEpoch*> read = epochs_.ReadEpochs();
  writer->WriteU8(static_cast<uint8_t>(read.size()));
  for (const ReadEpoch* epoch : read) {
    writer->WriteU64(epoch->epoch.value);
    WriteSecret(writer, epoch->secret.get());
    epoch->window.Write(writer);
    writer->WriteU64(epoch->num_failures);
  }
  writer->WriteU64(epochs_.current_read().value);

  const WriteEpoch* write = epochs_.FindWrite(write_epoch());
  writer->WriteU64(write_epoch().value);
  WriteSecret(writer, write == nullptr ? nullptr : write->secret.get());
  writer->WriteU64(write == nullptr ? 0 : write->numbers.next());

  WriteConnectionIds(writer);
}

void RecordLayer::WriteConnectionIds(ByteWriter* writer) const {
  writer->WriteU8(static_cast<uint8_t>(receive_connection_ids_.len()));
  writer->WriteVector16(receive_connection_ids_.bytes());
  writer->WriteVector8(send_connection_id_);
}

bool RecordLayer::ReadState(ByteReader* reader, const CipherSuite& suite, uint64_t num_skipped) {
  keeps_secrets_ = true;
  epochs_.plaintext_read.is_open = false;
  epochs_.plaintext_write.is_open = false;
  if (!ReadReadEpochs(reader, suite)) return false;
  Epoch write_epoch;
  Secret secret;
  uint64_t next = 0;
  if (!reader->ReadU64(&write_epoch.value) || !ReadSecret(reader, &secret) ||
      !reader->ReadU64(&next) || write_epoch < kFirstApplicationEpoch ||
      next > UINT64_MAX - num_skipped || !InstallWriteKeys(write_epoch, suite, secret)) {
    return false;
  }
  epochs_.FindWrite(write_epoch)->numbers.SkipTo({next + num_skipped});
  return ReadConnectionIds(reader);
}

bool RecordLayer::ReadReadEpochs(ByteReader* reader, const CipherSuite& suite) {
  uint8_t num = 0;
  if (!reader->ReadU8(&num) || num == 0 || num > kMaxReadEpochs) return false;
  for (; num > 0; --num) {
    Epoch epoch;
    Secret secret;
    if (!reader->ReadU64(&epoch.value) || !ReadSecret(reader, &secret) || epoch < kEarlyDataEpoch ||
        !InstallReadKeys(epoch, suite, secret)) {
      return false;
    }
    ReadEpoch* const keys = epochs_.FindRead(EpochBits::Of(epoch));
    if (!keys->window.Read(reader) || !reader->ReadU64(&keys->num_failures)) return false;
  }
  Epoch current;
  if (!reader->ReadU64(&current.value) || current > epochs_.newest_read()->epoch) return false;
  epochs_.ReadOpened(current);
  return true;
}

bool RecordLayer::ReadConnectionIds(ByteReader* reader) {
  uint8_t len = 0;
  std::span<const uint8_t> ids, send_id;
  if (!reader->ReadU8(&len) || !reader->ReadVector16(&ids) || !reader->ReadVector8(&send_id)) {
    return false;
  }
  if (len == 0 ? !ids.empty() : ids.size() % len != 0) return false;
  for (; !ids.empty(); ids = ids.subspan(len)) {
    if (!AddReceiveConnectionId(ids.first(len))) return false;
  }
  SetSendConnectionId(send_id);
  return true;
}

// --- While cold

bool RecordLayer::WarmUp(ReadEpoch* epoch) {
  const CipherSuite& suite = *FindCipherSuite(epoch->suite);
  const std::optional<TrafficKeys> keys = UnpackTrafficKeys(suite, *epoch->keys);
  if (!keys) return false;
  epoch->protection =
      RecordProtection::CreateOpener(*algorithms_, suite, profile(), epoch->epoch, *keys);
  return epoch->protection.has_value();
}

bool RecordLayer::WarmUp(WriteEpoch* epoch) {
  const CipherSuite& suite = *FindCipherSuite(epoch->suite);
  const std::optional<TrafficKeys> keys = UnpackTrafficKeys(suite, *epoch->keys);
  if (!keys) return false;
  epoch->protection =
      RecordProtection::CreateSealer(*algorithms_, suite, profile(), epoch->epoch, *keys);
  return epoch->protection.has_value();
}

void RecordLayer::WriteMemory(ByteWriter* writer) const {
  const std::vector<const ReadEpoch*> read = epochs_.ReadEpochs();
  writer->WriteU8(static_cast<uint8_t>(read.size()));
  for (const ReadEpoch* epoch : read) {
    writer->WriteU64(epoch->epoch.value);
    WriteKeys(writer, *epoch);
    epoch->window.Write(writer);
    writer->WriteU64(epoch->num_failures);
  }
  writer->WriteU64(epochs_.current_read().value);
  const WriteEpoch* write = epochs_.FindWrite(write_epoch());
  writer->WriteU8(write != nullptr);
  if (write != nullptr) {
    writer->WriteU64(write->epoch.value);
    WriteKeys(writer, *write);
    writer->WriteU64(write->numbers.next());
  }
  WriteConnectionIds(writer);
  // Most have dropped nothing, or for one reason.
  for (size_t reason = 0; reason < num_dropped_.size(); ++reason) {
    if (num_dropped_[reason] == 0) continue;
    writer->WriteU8(static_cast<uint8_t>(reason));
    writer->WriteU64(num_dropped_[reason]);
  }
  writer->WriteU8(static_cast<uint8_t>(DropReason::kCount));
}

template <typename KeyedEpoch>
std::unique_ptr<KeyedEpoch> RecordLayer::NewColdEpoch(Epoch epoch, ByteReader* reader) const {
  CipherSuiteId id{};
  Secret keys, secret;
  if (!reader->ReadEnum16(&id) || !Secret::Read(reader, &keys) || !Secret::Read(reader, &secret)) {
    return nullptr;
  }
  const CipherSuite* const suite = FindCipherSuite(id);
  if (suite == nullptr) return nullptr;
  auto made = std::make_unique<KeyedEpoch>(epoch, Limited(*suite), std::nullopt);
  made->keys = std::make_unique<Secret>(std::move(keys));
  if (!secret.empty()) made->secret = std::make_unique<Secret>(std::move(secret));
  return made;
}

bool RecordLayer::ReadMemory(ByteReader* reader) {
  epochs_.plaintext_read.is_open = false;
  epochs_.plaintext_write.is_open = false;
  uint8_t num = 0;
  if (!reader->ReadU8(&num) || num > kMaxReadEpochs) return false;
  Epoch epoch;
  for (; num > 0; --num) {
    if (!reader->ReadU64(&epoch.value)) return false;
    auto read = NewColdEpoch<ReadEpoch>(epoch, reader);
    if (read == nullptr || !read->window.Read(reader) || !reader->ReadU64(&read->num_failures) ||
        !epochs_.InsertRead(std::move(read))) {
      return false;
    }
  }
  Epoch current;
  bool has_write = false;
  if (!reader->ReadU64(&current.value) || !reader->ReadFlag(&has_write)) return false;
  epochs_.RestoreCurrentRead(current);
  if (has_write) {
    uint64_t next = 0;
    if (!reader->ReadU64(&epoch.value)) return false;
    auto write = NewColdEpoch<WriteEpoch>(epoch, reader);
    if (write == nullptr || !reader->ReadU64(&next)) return false;
    write->numbers.SkipTo({next});
    if (!epochs_.InsertWrite(std::move(write))) return false;
  }
  if (!ReadConnectionIds(reader)) return false;
  constexpr auto kEnd = static_cast<uint8_t>(DropReason::kCount);
  uint8_t reason = 0;
  while (reader->ReadU8(&reason)) {
    if (reason >= kEnd) return reason == kEnd;
    if (!reader->ReadU64(&num_dropped_[reason])) return false;
  }
  return false;
}

// --- Secrets

Secret RecordLayer::CopyReadSecret() const {
  const ReadEpoch* newest = epochs_.newest_read();
  return newest == nullptr ? Secret() : CopyOf(newest->secret.get());
}

Secret RecordLayer::CopyWriteSecret() const {
  const WriteEpoch* newest = epochs_.FindWrite(write_epoch());
  return newest == nullptr ? Secret() : CopyOf(newest->secret.get());
}

}  // namespace dtls13
