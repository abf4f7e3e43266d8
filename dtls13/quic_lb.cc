// SPDX-License-Identifier: Apache-2.0
#include "dtls13/quic_lb.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dtls13 {
namespace {

constexpr int kRotationShift = 5;
constexpr uint8_t kMaxRotation = 6;  // 7 stands for no configuration
constexpr uint8_t kLowBits = (1 << kRotationShift) - 1;
constexpr size_t kMinNonceLen = 4;
constexpr size_t kMaxTextLen = 19;

// Halves is a text that is cut in the middle: where its length is odd, through a byte.
class Halves {
 public:
  explicit Halves(std::span<const uint8_t> text)
      : text_len_(text.size()), len_((text.size() + 1) / 2) {
    std::copy_n(text.begin(), len_, left_.begin());
    std::copy_n(text.end() - static_cast<std::ptrdiff_t>(len_), len_, right_.begin());
    ClearMiddle();
  }

  // Join is the inverse of the constructor.
  void Join(std::span<uint8_t> text) const {
    std::fill(text.begin(), text.end(), uint8_t{0});
    for (size_t i = 0; i < len_; ++i) {
      text[i] |= left_[i];
      text[text_len_ - len_ + i] |= right_[i];
    }
  }

  // Pass changes one half by what the other one encrypts to: odd passes the right one.
  bool Pass(const AesBlock& cipher, uint8_t pass) {
    const bool is_odd = pass % 2 == 1;
    const Half& from = is_odd ? left_ : right_;
    Half& to = is_odd ? right_ : left_;
    std::array<uint8_t, kAesBlockLen> block{};
    std::copy_n(from.begin(), len_, block.begin());
    block[kAesBlockLen - 2] = static_cast<uint8_t>(text_len_);
    block[kAesBlockLen - 1] = pass;
    if (!cipher.Encrypt(block)) return false;
    for (size_t i = 0; i < len_; ++i) to[i] ^= block[i];
    ClearMiddle();
    return true;
  }

 private:
  using Half = std::array<uint8_t, (kMaxTextLen + 1) / 2>;

  void ClearMiddle() {
    if (text_len_ % 2 == 0) return;
    left_[len_ - 1] &= 0xf0;
    right_[0] &= 0x0f;
  }

  size_t text_len_;
  size_t len_;
  Half left_{};
  Half right_{};
};

std::string FaultOf(const QuicLbConfig& config) {
  if (config.rotation > kMaxRotation) return "A QUIC-LB configuration is one of 0 to 6.";
  if (config.server_id_len < 1) return "A QUIC-LB server id has at least 1 byte.";
  if (config.nonce_len < kMinNonceLen) return "A QUIC-LB nonce has at least 4 bytes.";
  if (config.server_id_len > kMaxTextLen || config.nonce_len > kMaxTextLen ||
      config.server_id_len + config.nonce_len > kMaxTextLen) {
    return "A QUIC-LB server id and nonce have at most 19 bytes together.";
  }
  if (!config.key.empty() && config.key.size() != kAesBlockKeyLen) {
    return "A QUIC-LB key has 16 bytes.";
  }
  return "";
}

}  // namespace

std::unique_ptr<const QuicLb> QuicLb::Create(const Algorithms& algorithms, QuicLbConfig config,
                                             std::string* error) {
  *error = FaultOf(config);
  if (!error->empty()) return nullptr;
  std::optional<AesBlock> cipher;
  if (!config.key.empty()) {
    cipher = AesBlock::Create(algorithms, config.key.bytes().first<kAesBlockKeyLen>());
    if (!cipher) {
      *error = "libcrypto has no AES-128 for QUIC-LB.";
      return nullptr;
    }
  }
  return std::unique_ptr<const QuicLb>(new QuicLb(std::move(config), std::move(cipher)));
}

bool QuicLb::Encrypt(std::span<uint8_t> text) const {
  if (text.size() == kAesBlockLen) return cipher_->Encrypt(text.first<kAesBlockLen>());
  Halves halves(text);
  for (uint8_t pass = 1; pass <= 4; ++pass) {
    if (!halves.Pass(*cipher_, pass)) return false;
  }
  halves.Join(text);
  return true;
}

bool QuicLb::Decrypt(std::span<uint8_t> text) const {
  if (text.size() == kAesBlockLen) return cipher_->Decrypt(text.first<kAesBlockLen>());
  Halves halves(text);
  for (uint8_t pass = 4; pass >= 1; --pass) {
    if (!halves.Pass(*cipher_, pass)) return false;
  }
  halves.Join(text);
  return true;
}

bool QuicLb::Encode(uint8_t first_octet, std::span<const uint8_t> server_id,
                    std::span<const uint8_t> nonce, std::span<uint8_t> out) const {
  if (server_id.size() != config_.server_id_len || nonce.size() != config_.nonce_len ||
      out.size() != connection_id_len()) {
    return false;
  }
  const size_t len = out.size() - 1;
  const size_t low_bits = config_.encodes_len ? len : first_octet;
  out[0] = static_cast<uint8_t>(config_.rotation << kRotationShift | (low_bits & kLowBits));
  std::ranges::copy(server_id, out.begin() + 1);
  std::ranges::copy(nonce, out.begin() + 1 + static_cast<std::ptrdiff_t>(server_id.size()));
  return !cipher_ || Encrypt(out.subspan(1));
}

std::optional<std::vector<uint8_t>> QuicLb::Decode(std::span<const uint8_t> connection_id) const {
  if (connection_id.size() < connection_id_len() ||
      connection_id[0] >> kRotationShift != config_.rotation) {
    return std::nullopt;
  }
  const auto text = connection_id.subspan(1, connection_id_len() - 1);
  std::vector<uint8_t> plain(text.begin(), text.end());
  if (cipher_ && !Decrypt(plain)) return std::nullopt;
  plain.resize(config_.server_id_len);
  return plain;
}

bool QuicLbConnectionIds::Generate(std::span<uint8_t> id) {
  if (id.size() != coder_->connection_id_len()) return false;
  // Random nonces: under one key the same text is the same Connection ID, which whoever hands them
  // out throws away, and without a key nothing links one to another.
  std::array<uint8_t, 1 + kMaxTextLen> random;
  const size_t nonce_len = coder_->config().nonce_len;
  const auto wanted = std::span(random).first(1 + nonce_len);
  if (!random_->Fill(wanted)) return false;
  const std::lock_guard lock(mutex_);
  return coder_->Encode(wanted[0], server_id_, wanted.subspan(1), id);
}

}  // namespace dtls13
