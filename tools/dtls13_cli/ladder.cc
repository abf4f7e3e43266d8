// SPDX-License-Identifier: Apache-2.0
// ladder: shows a capture as a person reads it: datagrams, the records in them, and for a handshake
// what was acknowledged and what was sent again.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dtls13/wire/ack.h"
#include "dtls13/wire/alert.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/wire_profile.h"
#include "tools/dtls13_cli/capture.h"
#include "tools/dtls13_cli/captured_profile.h"
#include "tools/dtls13_cli/commands.h"
#include "tools/dtls13_cli/fragment_history.h"
#include "tools/dtls13_cli/key_log.h"
#include "tools/dtls13_cli/record_decoder.h"

namespace dtls13::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"capture", "FILE", "what relay recorded"},
    {"keylog", "FILE", "open protected records with this NSS key log"},
    {"sizes", "", "print only the application data records: direction, record and content bytes"},
};

// Names by number: DTLS 1.2 has messages that DTLS 1.3 does not.
const char* MessageName(HandshakeType type) {
  switch (static_cast<int>(type)) {
    case 0:
      return "HelloRequest";
    case 1:
      return "ClientHello";
    case 2:
      return "ServerHello";
    case 3:
      return "HelloVerifyRequest";
    case 4:
      return "NewSessionTicket";
    case 5:
      return "EndOfEarlyData";
    case 8:
      return "EncryptedExtensions";
    case 9:
      return "RequestConnectionId";
    case 10:
      return "NewConnectionId";
    case 11:
      return "Certificate";
    case 12:
      return "ServerKeyExchange";
    case 13:
      return "CertificateRequest";
    case 14:
      return "ServerHelloDone";
    case 15:
      return "CertificateVerify";
    case 16:
      return "ClientKeyExchange";
    case 20:
      return "Finished";
    case 24:
      return "KeyUpdate";
    default:
      return "unknown message";
  }
}

// RFC 8446 section 4.1.3: this random makes a ServerHello a HelloRetryRequest.
bool IsHelloRetryRequest(const HandshakeFragment& fragment) {
  constexpr uint8_t kStart[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};
  constexpr size_t kRandomAt = 2;
  if (fragment.header.type != HandshakeType::kServerHello || fragment.header.fragment_offset != 0 ||
      fragment.body.size() < kRandomAt + sizeof(kStart)) {
    return false;
  }
  return std::equal(std::begin(kStart), std::end(kStart), fragment.body.begin() + kRandomAt);
}

std::string FragmentName(const HandshakeHeader& header, const char* name) {
  if (header.fragment_len == header.message_len) return name;
  return absl::StrFormat("%s %d-%d of %d", name, header.fragment_offset,
                         header.fragment_offset + header.fragment_len, header.message_len);
}

std::string NumberName(RecordNumber number) {
  return absl::StrCat(number.epoch.value, ":", number.sequence_number.value);
}

const char* SideName(Direction direction) {
  return direction == Direction::kToServer ? "client" : "server";
}

// Ladder prints datagrams one by one, and at the end what became of the handshake's fragments.
class Ladder {
 public:
  // `profile` outlives it.
  Ladder(std::optional<KeyLog> key_log, const WireProfile& profile)
      : profile_(profile), decoder_(std::move(key_log), profile) {}

  void Print(const CapturedDatagram& datagram);
  void PrintFragments() const;

 private:
  std::string Describe(const CapturedDatagram& datagram, const DecodedRecord& record);
  std::string DescribeHandshake(const CapturedDatagram& datagram, const DecodedRecord& record);
  std::string DescribeAck(const CapturedDatagram& datagram, const DecodedRecord& record);

  const WireProfile& profile_;
  RecordDecoder decoder_;
  FragmentHistory history_;
};

void PrintLegend(const WireProfile& profile) {
  std::printf(
      "  seconds  datagram, and below it each record: its header form, its number (epoch:sequence),"
      "\n           its bytes and what it holds. %s\n",
      profile.record_format == RecordFormat::kDraft26
          ? "This is draft-ietf-tls-dtls13-26, whose headers are"
            "\n           DTLSCiphertext (long) and DTLSShortCiphertext (short)."
          : "Unified headers have C a Connection ID, S a 16-bit"
            "\n           number, L a length; a small letter where it is not there.");
}

std::string HeaderForm(const DecodedRecord& record, const WireProfile& profile) {
  if (!record.unified) return record.number->epoch == kPlaintextEpoch ? "plaintext" : "DTLS 1.2";
  const CiphertextHeader& header = *record.unified;
  if (profile.record_format == RecordFormat::kDraft26) return header.has_length ? "long" : "short";
  return absl::StrFormat("unified %c%c%c", header.has_connection_id ? 'C' : 'c',
                         header.number.num_bits == 16 ? 'S' : 's', header.has_length ? 'L' : 'l');
}

void Ladder::Print(const CapturedDatagram& datagram) {
  const bool to_server = datagram.direction == Direction::kToServer;
  const char* arrow = to_server
                          ? (datagram.dropped ? "client ------x       " : "client ------> server")
                          : (datagram.dropped ? "       x------ server" : "client <------ server");
  std::printf("%9.3f  %s %5zu bytes%s\n", static_cast<double>(datagram.time_us) / 1e6, arrow,
              datagram.bytes.size(), datagram.dropped ? "   LOST" : "");
  for (const DecodedRecord& record : decoder_.Decode(datagram)) {
    const std::string number = record.number
                                   ? NumberName(*record.number)
                                   : absl::StrFormat("%d:?", record.unified->epoch_bits.value);
    std::printf("             %-11s %5s %6zu  %s\n", HeaderForm(record, profile_).c_str(),
                number.c_str(), record.wire_len, Describe(datagram, record).c_str());
  }
}

std::string Ladder::Describe(const CapturedDatagram& datagram, const DecodedRecord& record) {
  if (!record.opened) {
    if (record.unified) return "protected";
    return record.type == ContentType::kApplicationData ? "application data, protected by DTLS 1.2"
                                                        : "protected by DTLS 1.2";
  }
  switch (record.type) {
    case ContentType::kHandshake:
      return DescribeHandshake(datagram, record);
    case ContentType::kAck:
      return DescribeAck(datagram, record);
    case ContentType::kAlert:
      if (const std::optional<Alert> alert = ParseAlert(record.content)) {
        return absl::StrCat("alert ", std::string(AlertName(alert->description)));
      }
      return "alert, malformed";
    case ContentType::kApplicationData:
      return absl::StrCat("application data, ", record.content.size(), " bytes");
    case ContentType::kChangeCipherSpec:
      return "ChangeCipherSpec";
    default:
      return absl::StrCat("content type ", static_cast<int>(record.type));
  }
}

std::string Ladder::DescribeHandshake(const CapturedDatagram& datagram,
                                      const DecodedRecord& record) {
  std::string text;
  ByteReader reader{std::span<const uint8_t>(record.content)};
  while (const std::optional<HandshakeFragment> fragment = ReadHandshakeFragment(&reader)) {
    const SentFragment& sent = history_.AddFragment(
        datagram.direction, *record.number, fragment->header, datagram.time_us, datagram.dropped);
    const char* name =
        IsHelloRetryRequest(*fragment) ? "HelloRetryRequest" : MessageName(fragment->header.type);
    absl::StrAppend(&text, text.empty() ? "" : ", ", FragmentName(fragment->header, name),
                    sent.sent_before ? " (again)" : "");
  }
  return text;
}

std::string Ladder::DescribeAck(const CapturedDatagram& datagram, const DecodedRecord& record) {
  std::optional<AckReader> numbers = AckReader::Parse(record.content, profile_);
  if (!numbers) return "ACK, malformed";
  std::string text = numbers->num_remaining() == 0 ? "ACK of nothing" : "ACK of";
  while (const std::optional<RecordNumber> number = numbers->Next()) {
    absl::StrAppend(&text, " ", NumberName(*number));
    if (!datagram.dropped) history_.AddAck(datagram.direction, *number, datagram.time_us);
  }
  return text;
}

void Ladder::PrintFragments() const {
  int num_again = 0, num_acked = 0, num_needless = 0;
  for (const SentFragment& sent : history_.fragments()) {
    num_again += sent.sent_before;
    num_acked += sent.acked_us.has_value();
    num_needless += sent.acked_before_sent;
  }
  std::printf("\n  Handshake fragments that were lost, sent again or ACKed:\n");
  for (const SentFragment& sent : history_.fragments()) {
    if (!sent.lost && !sent.sent_before && !sent.acked_us) continue;
    std::printf(
        "    %s %5s  %-36s %-10s %-7s %s\n", SideName(sent.direction),
        NumberName(sent.number).c_str(),
        FragmentName(sent.header, MessageName(sent.header.type)).c_str(),
        sent.sent_before ? "sent again" : "first sent", sent.lost ? "LOST" : "arrived",
        sent.acked_us
            ? absl::StrFormat("ACKed at %.3f", static_cast<double>(*sent.acked_us) / 1e6).c_str()
            : "-");
  }
  std::printf("  %d retransmitted, %d ACKed, %d retransmitted after being ACKed\n", num_again,
              num_acked, num_needless);
}

void PrintSizes(const std::vector<CapturedDatagram>& datagrams, std::optional<KeyLog> key_log,
                const WireProfile& profile) {
  RecordDecoder decoder(std::move(key_log), profile);
  for (const CapturedDatagram& datagram : datagrams) {
    for (const DecodedRecord& record : decoder.Decode(datagram)) {
      if (record.type != ContentType::kApplicationData) continue;
      std::printf("%s %zu %s\n", DirectionName(datagram.direction), record.wire_len,
                  record.opened ? absl::StrCat(record.content.size()).c_str() : "-");
    }
  }
}

absl::Status RunLadder(const Options& options) {
  if (absl::Status status = options.Require("capture"); !status.ok()) return status;
  const absl::StatusOr<std::vector<CapturedDatagram>> datagrams =
      ReadCapture(options.GetString("capture", ""));
  if (!datagrams.ok()) return datagrams.status();
  std::optional<KeyLog> key_log;
  if (options.Has("keylog")) {
    absl::StatusOr<KeyLog> read = KeyLog::Read(options.GetString("keylog", ""));
    if (!read.ok()) return read.status();
    key_log = *std::move(read);
  }
  const WireProfile& profile = CapturedProfile(*datagrams);
  if (options.Has("sizes")) {
    PrintSizes(*datagrams, std::move(key_log), profile);
    return absl::OkStatus();
  }
  Ladder ladder(std::move(key_log), profile);
  PrintLegend(profile);
  for (const CapturedDatagram& datagram : *datagrams) ladder.Print(datagram);
  ladder.PrintFragments();
  return absl::OkStatus();
}

}  // namespace

const Command& LadderCommand() {
  static constexpr Command kCommand = {
      "ladder", "show a capture: datagrams, records, fragments, ACKs", kOptions, RunLadder};
  return kCommand;
}

}  // namespace dtls13::cli
