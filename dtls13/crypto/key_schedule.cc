// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/key_schedule.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dtls13 {
namespace {

// RFC 8446 section 7.1: where there is no PSK or no (EC)DHE secret, hash_len zero bytes stand in.
constexpr std::array<uint8_t, kMaxHashLen> kZeros{};

std::span<const uint8_t> OrZeros(std::span<const uint8_t> input, HashId hash) {
  return input.empty() ? std::span(kZeros).first(HashLen(hash)) : input;
}

// Derive-Secret(HKDF-Extract(0, 0), "derived", "") with the prefix "dtls13": the same in every
// handshake without PSK, and two HMAC keys' worth of work in each.
constexpr std::array<uint8_t, kMaxHashLen> kEarlyDerived[kNumHashes] = {
    {0xb1, 0x7b, 0xce, 0x94, 0x51, 0xee, 0x8b, 0xc6, 0xe8, 0xae, 0xbc,
     0x0a, 0xa9, 0xe9, 0x82, 0x95, 0x67, 0x7a, 0x4a, 0x6a, 0x91, 0xf7,
     0x84, 0x40, 0x83, 0x31, 0x46, 0xe4, 0x65, 0xf2, 0xff, 0x95},
    {0x27, 0x00, 0x86, 0x05, 0xd3, 0x39, 0x6f, 0x88, 0x44, 0x19, 0x75, 0x65,
     0xca, 0xec, 0xc5, 0x92, 0xb3, 0xe5, 0x8f, 0x2e, 0xae, 0x55, 0xf8, 0x41,
     0xb5, 0x77, 0xcf, 0xbc, 0xab, 0xb4, 0x7e, 0x22, 0x1f, 0x67, 0x4e, 0xd3,
     0xa6, 0x8a, 0xa8, 0x93, 0x43, 0x9c, 0xf5, 0x57, 0xf1, 0x11, 0xc0, 0xfc},
};

}  // namespace

KeySchedule::KeySchedule(std::shared_ptr<const Algorithms> algorithms, HashId hash,
                         LabelPrefix prefix)
    : algorithms_(std::move(algorithms)),
      hash_(hash),
      prefix_(prefix),
      ladder_(Hkdf::Create(*algorithms_, hash, prefix)),
      finished_(Hkdf::Create(*algorithms_, hash, prefix)) {}

bool KeySchedule::StartEarly(std::span<const uint8_t> psk) {
  if (rung_ != Rung::kNone || !ladder_) return false;
  if (psk.empty()) {
    rung_ = Rung::kEarlyWithoutPsk;
    return true;
  }
  const Secret early = ladder_->Extract({}, psk);
  if (!ladder_->SetSecret(early.bytes())) return false;
  rung_ = Rung::kEarly;
  return true;
}

Secret KeySchedule::NextSalt() {
  const size_t hash_len = HashLen(hash_);
  if (rung_ == Rung::kEarlyWithoutPsk) {
    if (prefix_ == LabelPrefix::kDtls13) {
      return Secret::CopyOf(std::span(kEarlyDerived[static_cast<size_t>(hash_)]).first(hash_len));
    }
    const Secret early = ladder_->Extract({}, std::span(kZeros).first(hash_len));
    if (!ladder_->SetSecret(early.bytes())) return Secret();
  }
  return ladder_->ExpandSecret("derived", algorithms_->empty_hash(hash_).view(), hash_len);
}

bool KeySchedule::Advance(Rung to, std::span<const uint8_t> input) {
  //= rfc8446#appendix-E.1.1
  //# one SHOULD NOT use an output of HKDF-Extract as an input to another
  //# application of HKDF-Extract without an HKDF-Expand in between.
  const Secret salt = NextSalt();
  if (salt.empty()) return false;
  const Secret next = ladder_->Extract(salt.bytes(), OrZeros(input, hash_));
  //= rfc8446#section-7.1
  //# Once all the values which are to be derived from a given secret have
  //# been computed, that secret SHOULD be erased.
  const bool advanced = ladder_->SetSecret(next.bytes());
  rung_ = advanced ? to : Rung::kNone;
  return advanced;
}

bool KeySchedule::EnterHandshake(std::span<const uint8_t> shared_secret) {
  if (rung_ != Rung::kEarly && rung_ != Rung::kEarlyWithoutPsk) return false;
  return Advance(Rung::kHandshake, shared_secret);
}

bool KeySchedule::EnterMaster() {
  if (rung_ != Rung::kHandshake) return false;
  return Advance(Rung::kMaster, {});
}

Secret KeySchedule::Derive(Rung rung, std::string_view label, const TranscriptHash& transcript) {
  const size_t hash_len = HashLen(hash_);
  if (rung_ != rung || transcript.len != hash_len) return Secret();
  return ladder_->ExpandSecret(label, transcript.view(), hash_len);
}

Secret KeySchedule::BinderKey(PskKind kind) {
  const char* label = kind == PskKind::kExternal     ? "ext binder"
                      : kind == PskKind::kResumption ? "res binder"
                                                     : "imp binder";
  return Derive(Rung::kEarly, label, algorithms_->empty_hash(hash_));
}

Secret KeySchedule::ClientEarlyTrafficSecret(const TranscriptHash& client_hello) {
  return Derive(Rung::kEarly, "c e traffic", client_hello);
}

Secret KeySchedule::EarlyExporterSecret(const TranscriptHash& client_hello) {
  return Derive(Rung::kEarly, "e exp master", client_hello);
}

Secret KeySchedule::ClientHandshakeTrafficSecret(const TranscriptHash& server_hello) {
  return Derive(Rung::kHandshake, "c hs traffic", server_hello);
}

Secret KeySchedule::ServerHandshakeTrafficSecret(const TranscriptHash& server_hello) {
  return Derive(Rung::kHandshake, "s hs traffic", server_hello);
}

Secret KeySchedule::ClientApplicationTrafficSecret(const TranscriptHash& server_finished) {
  return Derive(Rung::kMaster, "c ap traffic", server_finished);
}

Secret KeySchedule::ServerApplicationTrafficSecret(const TranscriptHash& server_finished) {
  return Derive(Rung::kMaster, "s ap traffic", server_finished);
}

Secret KeySchedule::ExporterSecret(const TranscriptHash& server_finished) {
  return Derive(Rung::kMaster, "exp master", server_finished);
}

Secret KeySchedule::ResumptionSecret(const TranscriptHash& client_finished) {
  return Derive(Rung::kMaster, "res master", client_finished);
}

std::optional<HashValue> KeySchedule::FinishedMac(const Secret& base_secret,
                                                  const TranscriptHash& transcript) {
  const size_t hash_len = HashLen(hash_);
  if (!finished_ || transcript.len != hash_len || !finished_->SetSecret(base_secret.bytes())) {
    return std::nullopt;
  }
  const Secret finished_key = finished_->ExpandSecret("finished", {}, hash_len);
  if (finished_key.empty()) return std::nullopt;
  // HKDF-Extract is HMAC, so the context serves once more.
  const Secret mac = finished_->Extract(finished_key.bytes(), transcript.view());
  if (mac.empty()) return std::nullopt;
  HashValue verify_data;
  verify_data.len = mac.size();
  std::copy(mac.bytes().begin(), mac.bytes().end(), verify_data.bytes.begin());
  return verify_data;
}

bool ExportKeyingMaterial(const Algorithms& algorithms, HashId hash, LabelPrefix prefix,
                          const Secret& exporter_secret, std::string_view label,
                          std::span<const uint8_t> context, std::span<uint8_t> out) {
  const Secret derived = DeriveSecret(algorithms, hash, exporter_secret.bytes(), prefix, label,
                                      algorithms.empty_hash(hash).view());
  const std::optional<HashValue> context_hash = Hash(algorithms, hash, context);
  return context_hash && HkdfExpandLabel(algorithms, hash, derived.bytes(), prefix, "exporter",
                                         context_hash->view(), out);
}

}  // namespace dtls13
