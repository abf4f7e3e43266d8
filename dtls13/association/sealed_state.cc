// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/sealed_state.h"

#include <algorithm>
#include <array>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

// kFormat: whatever changes the content changes the last digit.
constexpr std::array<uint8_t, 8> kFormat = {'d', 't', 'l', 's', '1', '3', 's', '1'};

const CipherSuite& ExportSuite() { return *FindCipherSuite(CipherSuiteId::kAes256GcmSha384); }

}  // namespace

StateBuffer::~StateBuffer() { Cleanse(bytes_); }

std::vector<uint8_t> SealState(const Algorithms& algorithms, RandomSource* random,
                               std::span<const uint8_t> key, std::span<uint8_t> content) {
  std::array<uint8_t, kAeadIvLen> nonce;
  if (!random->Fill(nonce)) return {};
  std::optional<Aead> sealer = Aead::CreateSealer(algorithms, ExportSuite(), key, nonce);
  std::array<uint8_t, kAeadTagLen> tag;
  if (!sealer || !sealer->Seal(0, kFormat, content, tag)) return {};
  std::vector<uint8_t> state;
  state.reserve(kFormat.size() + nonce.size() + content.size() + tag.size());
  ByteWriter writer(&state);
  writer.WriteBytes(kFormat);
  writer.WriteBytes(nonce);
  writer.WriteBytes(content);
  writer.WriteBytes(tag);
  return state;
}

std::optional<std::span<const uint8_t>> OpenState(const Algorithms& algorithms,
                                                  std::span<const uint8_t> key,
                                                  std::span<uint8_t> state) {
  constexpr size_t kHeaderLen = kFormat.size() + kAeadIvLen;
  if (state.size() < kHeaderLen + kAeadTagLen ||
      !std::equal(kFormat.begin(), kFormat.end(), state.begin())) {
    return std::nullopt;
  }
  std::optional<Aead> opener =
      Aead::CreateOpener(algorithms, ExportSuite(), key, state.subspan(kFormat.size(), kAeadIvLen));
  const std::span<uint8_t> sealed = state.subspan(kHeaderLen);
  if (!opener || !opener->Open(0, kFormat, sealed)) return std::nullopt;
  return sealed.first(sealed.size() - kAeadTagLen);
}

}  // namespace dtls13
