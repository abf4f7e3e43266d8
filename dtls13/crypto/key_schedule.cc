#include "dtls13/crypto/key_schedule.h"

#include <array>
#include <utility>

#include "dtls13/crypto/hmac.h"

namespace dtls13 {
namespace {

// RFC 8446 section 7.1: where there is no PSK or no (EC)DHE secret, hash_len zero bytes stand in.
constexpr std::array<uint8_t, kMaxHashLen> kZeros{};

std::span<const uint8_t> OrZeros(std::span<const uint8_t> input, HashId hash) {
  return input.empty() ? std::span(kZeros).first(HashLen(hash)) : input;
}

}  // namespace

KeySchedule::KeySchedule(std::shared_ptr<const Algorithms> algorithms, HashId hash,
                         LabelPrefix prefix)
    : algorithms_(std::move(algorithms)), hash_(hash), prefix_(prefix) {}

bool KeySchedule::StartEarly(std::span<const uint8_t> psk) {
  if (rung_ != Rung::kNone) return false;
  const Secret early = HkdfExtract(*algorithms_, hash_, {}, OrZeros(psk, hash_));
  secret_ = LabelExpander::Create(*algorithms_, hash_, early.bytes(), prefix_);
  if (!secret_) return false;
  rung_ = Rung::kEarly;
  return true;
}

bool KeySchedule::Advance(Rung from, std::span<const uint8_t> input) {
  const Secret salt = Derive(from, "derived", algorithms_->empty_hash(hash_));
  if (salt.empty()) return false;
  const Secret next = HkdfExtract(*algorithms_, hash_, salt.bytes(), OrZeros(input, hash_));
  secret_ = LabelExpander::Create(*algorithms_, hash_, next.bytes(), prefix_);
  rung_ = !secret_ ? Rung::kNone : from == Rung::kEarly ? Rung::kHandshake : Rung::kMaster;
  return secret_.has_value();
}

bool KeySchedule::EnterHandshake(std::span<const uint8_t> shared_secret) {
  return Advance(Rung::kEarly, shared_secret);
}

bool KeySchedule::EnterMaster() { return Advance(Rung::kHandshake, {}); }

Secret KeySchedule::Derive(Rung rung, std::string_view label, const TranscriptHash& transcript) {
  const size_t hash_len = HashLen(hash_);
  if (rung_ != rung || transcript.len != hash_len) return Secret();
  return secret_->ExpandSecret(label, transcript.view(), hash_len);
}

Secret KeySchedule::BinderKey(PskKind kind) {
  return Derive(Rung::kEarly, kind == PskKind::kExternal ? "ext binder" : "res binder",
                algorithms_->empty_hash(hash_));
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
                                                  const TranscriptHash& transcript) const {
  if (transcript.len != HashLen(hash_)) return std::nullopt;
  const Secret finished_key =
      DeriveSecret(*algorithms_, hash_, base_secret.bytes(), prefix_, "finished", {});
  return Hmac(*algorithms_, hash_, finished_key.bytes(), {transcript.view()});
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
