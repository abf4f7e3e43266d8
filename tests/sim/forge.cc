// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/forge.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <utility>

#include "dtls13/crypto/traffic_keys.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/record_header.h"

namespace dtls13::sim {
namespace {

Secret SecretFromLog(const std::vector<std::string>& lines, std::string_view label) {
  for (const std::string& line : lines) {
    if (!line.starts_with(label) || line[label.size()] != ' ') continue;
    const std::string hex = line.substr(line.rfind(' ') + 1);
    Secret secret(hex.size() / 2);
    for (size_t i = 0; i < secret.size(); ++i) {
      secret.mutable_bytes()[i] =
          static_cast<uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    }
    return secret;
  }
  return Secret();
}

}  // namespace

PairOptions ForgeableOptions(uint64_t seed) {
  PairOptions options = DefaultPairOptions(seed);
  options.client.handshake.key_log = options.server.handshake.key_log = true;
  return options;
}

Forge::Forge(AssociationPair& pair, const Side& writer)
    : algorithms_(Algorithms::Fetch(nullptr, nullptr)),
      records_(algorithms_, kRfc9147Profile),
      suite_(*pair.server().association->facts().result.suite) {
  const bool is_client = &writer == &pair.client();
  records_.SetSendConnectionId(writer.association->facts().records.send_connection_id());
  const struct {
    Epoch epoch;
    std::string label;
  } kSecrets[] = {
      {kHandshakeEpoch,
       is_client ? "CLIENT_HANDSHAKE_TRAFFIC_SECRET" : "SERVER_HANDSHAKE_TRAFFIC_SECRET"},
      {kFirstApplicationEpoch, is_client ? "CLIENT_TRAFFIC_SECRET_0" : "SERVER_TRAFFIC_SECRET_0"},
  };
  for (const auto& [epoch, label] : kSecrets) {
    Secret secret = SecretFromLog(pair.server().key_log, label);
    if (secret.empty()) continue;
    EXPECT_TRUE(records_.InstallWriteKeys(epoch, suite_, secret));
    for (uint64_t i = 0; i < kFirstNumber; ++i) {
      (void)Protected(epoch, ContentType::kApplicationData, {});
    }
    if (epoch == kFirstApplicationEpoch) secret_ = std::move(secret);
  }
}

Epoch Forge::UpdateKeys() {
  secret_ = NextTrafficSecret(*algorithms_, suite_, LabelPrefix::kDtls13, secret_.bytes());
  epoch_ = epoch_.Next();
  EXPECT_TRUE(records_.InstallWriteKeys(epoch_, suite_, secret_));
  return epoch_;
}

std::vector<uint8_t> Forge::Protected(Epoch epoch, ContentType type,
                                      std::span<const uint8_t> content) {
  std::vector<uint8_t> record(content.size() + records_.Overhead(epoch, HeaderForm{}));
  RecordNumber number;
  record.resize(records_.Seal(epoch, type, content, HeaderForm{}, record, &number));
  EXPECT_FALSE(record.empty());
  return record;
}

std::vector<uint8_t> Forge::Plaintext(ContentType type, uint16_t epoch, uint64_t number,
                                      std::span<const uint8_t> content) {
  std::vector<uint8_t> record(kPlaintextHeaderLen);
  WritePlaintextHeader({.type = type,
                        .epoch = epoch,
                        .sequence_number = SequenceNumber{number},
                        .fragment_len = static_cast<uint16_t>(content.size())},
                       record);
  record.insert(record.end(), content.begin(), content.end());
  return record;
}

std::vector<uint8_t> Forge::Fragment(HandshakeType type, uint16_t message_seq, uint32_t message_len,
                                     std::span<const uint8_t> body) {
  std::vector<uint8_t> content(kHandshakeHeaderLen);
  WriteHandshakeHeader({.type = type,
                        .message_len = message_len,
                        .message_seq = message_seq,
                        .fragment_offset = 0,
                        .fragment_len = static_cast<uint32_t>(body.size())},
                       content);
  content.insert(content.end(), body.begin(), body.end());
  return content;
}

}  // namespace dtls13::sim
