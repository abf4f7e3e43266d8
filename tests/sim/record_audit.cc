// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/record_audit.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "dtls13/message/server_hello.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"
#include "tools/dtls13_cli/key_log.h"
#include "tools/dtls13_cli/record_decoder.h"

namespace dtls13::sim {
namespace {

const char* SenderName(Direction direction) {
  return direction == Direction::kClientToServer ? "client" : "server";
}

std::string NumberName(RecordNumber number) {
  return std::to_string(number.epoch.value) + ":" + std::to_string(number.sequence_number.value);
}

std::string HandshakeContents(const AuditedRecord& record) {
  std::string text;
  ByteReader reader{std::span<const uint8_t>(record.content)};
  while (const auto fragment = ReadHandshakeFragment(&reader)) {
    const HandshakeHeader& header = fragment->header;
    text += " message " + std::to_string(header.message_seq) + " type " +
            std::to_string(static_cast<int>(header.type)) + " [" +
            std::to_string(header.fragment_offset) + ", " +
            std::to_string(header.fragment_offset + header.fragment_len) + ")/" +
            std::to_string(header.message_len);
  }
  return text;
}

std::string AckContents(const AuditedRecord& record, const WireProfile& profile) {
  std::optional<AckReader> ack = AckReader::Parse(record.content, profile);
  std::string text;
  while (ack && ack->num_remaining() > 0) text += " " + NumberName(*ack->Next());
  return text;
}

std::string DescribeRecord(const AuditedRecord& record, const WireProfile& profile) {
  std::string text =
      "    " + NumberName(record.number) + ", " + std::to_string(record.wire_len) + " bytes: ";
  switch (record.type) {
    case ContentType::kHandshake:
      return text + "handshake" + HandshakeContents(record) + "\n";
    case ContentType::kAck:
      return text + "ack" + AckContents(record, profile) + "\n";
    case ContentType::kAlert:
      return text + "alert " + std::to_string(record.content.empty() ? -1 : record.content.back()) +
             "\n";
    case ContentType::kApplicationData:
      return text + "data\n";
    default:
      return text + "type " + std::to_string(static_cast<int>(record.type)) + "\n";
  }
}

// A server that keeps nothing of a hello answers each copy of it alike, under the hello's number.
bool IsHelloRetryRequest(const AuditedRecord& record) {
  if (record.type != ContentType::kHandshake || record.number.epoch != kPlaintextEpoch) {
    return false;
  }
  ByteReader reader{std::span<const uint8_t>(record.content)};
  const auto fragment = ReadHandshakeFragment(&reader);
  if (!fragment || fragment->header.type != HandshakeType::kServerHello) return false;
  const auto hello = ParseServerHello(fragment->body);
  return hello.has_value() && hello->IsHelloRetryRequest();
}

// Every Connection ID that a side hands out is as long as the others.
size_t ConnectionIdLen(const Side& receiver) {
  return receiver.connection_ids.empty() ? 0 : receiver.connection_ids.front().size();
}

cli::CapturedDatagram AsCaptured(const SentDatagram& sent) {
  return {.direction = sent.direction == Direction::kClientToServer ? cli::Direction::kToServer
                                                                    : cli::Direction::kToClient,
          .bytes = sent.bytes};
}

cli::KeyLog KeyLogOf(const AssociationPair& pair) {
  std::string text;
  for (const Side* side : {&pair.client(), &pair.server()}) {
    for (const std::string& line : side->key_log) text += line + "\n";
  }
  return cli::KeyLog::Parse(text);
}

}  // namespace

RecordAudit AuditRecords(const AssociationPair& pair, const WireProfile& profile) {
  RecordAudit audit;
  cli::RecordDecoder decoder(KeyLogOf(pair), profile);
  decoder.SetConnectionIdLen(cli::Direction::kToServer, ConnectionIdLen(pair.server()));
  decoder.SetConnectionIdLen(cli::Direction::kToClient, ConnectionIdLen(pair.client()));
  std::array<std::set<RecordNumber>, 2> used;
  const std::vector<SentDatagram>& log = pair.link().log();
  for (size_t i = 0; i < log.size(); ++i) {
    const std::string sender = SenderName(log[i].direction);
    size_t len = 0;
    for (cli::DecodedRecord& record : decoder.Decode(AsCaptured(log[i]))) {
      len += record.wire_len;
      if (!record.opened) {
        audit.fault = "a record in datagram " + std::to_string(i) + " of the " + sender +
                      " does not open, or repeats a number";
        continue;
      }
      audit.records.push_back({.datagram = i,
                               .number = *record.number,
                               .type = record.type,
                               .wire_len = record.wire_len,
                               .content = std::move(record.content)});
      const bool is_new = used[static_cast<size_t>(log[i].direction)].insert(*record.number).second;
      if (!is_new && !IsHelloRetryRequest(audit.records.back())) {
        audit.fault =
            "the " + sender + " used the record number " + NumberName(*record.number) + " twice";
      }
    }
    if (len != log[i].bytes.size()) {
      audit.fault = "datagram " + std::to_string(i) + " of the " + sender + " is no run of records";
    }
  }
  return audit;
}

std::string DescribeRecords(const AssociationPair& pair, const RecordAudit& audit,
                            const WireProfile& profile) {
  std::string text;
  auto record = audit.records.begin();
  for (size_t i = 0; i < pair.link().log().size(); ++i) {
    text += VirtualLink::Describe(pair.link().log()[i]);
    for (; record != audit.records.end() && record->datagram == i; ++record) {
      text += DescribeRecord(*record, profile);
    }
  }
  return text;
}

}  // namespace dtls13::sim
