// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/shared_material.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "dtls13/session/cookie.h"
#include "shim/attachment/process_seed.h"
#include "shim/bio/clock.h"
#include "shim/libssl/policy.h"

namespace dtls13::shim {
namespace {

TicketKey Copy(const TicketKey& key) {
  return {.name = key.name, .key = Secret::CopyOf(key.key.bytes())};
}

// OwnClaims is a guard whose memory is this process's alone: a child has another, and begins with
// no ticket of its own.
class OwnClaims final : public EarlyDataReplayGuard {
 public:
  explicit OwnClaims(std::shared_ptr<RandomSource> random) : random_(std::move(random)) {}

  uint64_t Number() override { return ProcessNumber(random_.get()); }
  bool TryClaim(const Claim& claim, WallTime now) override {
    const uint64_t number = Number();
    return number != 0 && claim.guard == number && claims_.TryClaim(claim, now);
  }

 private:
  const std::shared_ptr<RandomSource> random_;
  // No ticket of our own keys that allows early data is older than the guard, so there is no time
  // before it that a claim could come from.
  RecentClaims claims_{WallTime{}};
};

}  // namespace

void SharedMaterial::SetLibrary(OSSL_LIB_CTX* library_context, const char* property_query) {
  library_context_ = library_context;
  has_property_query_ = property_query != nullptr;
  if (has_property_query_) property_query_ = property_query;
}

void SharedMaterial::MakeSeeds() {
  std::shared_ptr<RandomSource> random = this->random();
  ProcessSeed(random.get());
  // Not of the process's: SSL_CTXs open one another's tickets only where the application says so.
  Secret secret(KeySeed::kLen);
  if (!random->Fill(secret.mutable_bytes())) return;
  std::lock_guard lock(mutex_);
  ticket_seed_ = {.secret = std::move(secret), .since = WallNow()};
}

std::shared_ptr<const Algorithms> SharedMaterial::algorithms() {
  std::lock_guard lock(mutex_);
  if (algorithms_ == nullptr) {
    algorithms_ =
        Algorithms::Fetch(library_context_, property_query(), CurrentPolicy().record_crypto);
  }
  return algorithms_;
}

std::shared_ptr<RandomSource> SharedMaterial::random() {
  std::lock_guard lock(mutex_);
  if (random_ == nullptr) random_ = SystemRandom(library_context_);
  return random_;
}

std::shared_ptr<CookieKeyring> SharedMaterial::cookie_keys() {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  std::shared_ptr<RandomSource> random = this->random();
  std::lock_guard lock(mutex_);
  if (cookie_keys_ == nullptr && algorithms != nullptr) {
    KeySeed seed = ProcessSeed(random.get());
    CookieKeyring::Options options;
    options.lifetime = CurrentPolicy().cookie_lifetime.value_or(options.lifetime);
    cookie_keys_ =
        CookieKeyring::Create(std::move(algorithms), std::move(random), options, std::move(seed));
  }
  return cookie_keys_;
}

std::shared_ptr<TicketKeyring> SharedMaterial::ticket_keys(std::chrono::seconds lifetime) {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  std::shared_ptr<RandomSource> random = this->random();
  std::lock_guard lock(mutex_);
  if (ticket_keys_ != nullptr || algorithms == nullptr) return ticket_keys_;
  std::shared_ptr<TicketKeyring> made = TicketKeyring::Create(
      std::move(algorithms), std::move(random), {.lifetime = lifetime}, std::move(ticket_seed_));
  if (shared_ticket_key_) {
    std::vector<TicketKey> keys;
    keys.push_back(Copy(*shared_ticket_key_));
    if (!made->SetKeys(std::move(keys))) return nullptr;
  }
  ticket_keys_ = std::move(made);
  return ticket_keys_;
}

std::shared_ptr<SessionStore> SharedMaterial::stored_sessions(std::chrono::seconds lifetime,
                                                              size_t capacity) {
  std::shared_ptr<RandomSource> random = this->random();
  const auto lifetime_s = static_cast<uint32_t>(
      std::clamp<int64_t>(lifetime.count(), 0, static_cast<int64_t>(kMaxTicketLifetime_s)));
  std::lock_guard lock(mutex_);
  if (stored_sessions_ == nullptr) {
    stored_sessions_ = std::make_shared<SessionStore>(std::move(random), lifetime_s, capacity);
  } else {
    stored_sessions_->Reconfigure(lifetime_s, capacity);
  }
  return stored_sessions_;
}

void SharedMaterial::ForgetStored(std::span<const uint8_t> name) {
  std::lock_guard lock(mutex_);
  if (stored_sessions_ != nullptr) stored_sessions_->Remove(name);
}

void SharedMaterial::ForgetExpired(WallTime time) {
  std::lock_guard lock(mutex_);
  if (stored_sessions_ != nullptr) stored_sessions_->RemoveExpired(time);
}

bool SharedMaterial::ShareTicketKeys(std::span<const uint8_t> secret) {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  if (algorithms == nullptr) return false;
  std::optional<TicketKey> key = DeriveTicketKey(*algorithms, secret);
  if (!key) return false;
  std::lock_guard lock(mutex_);
  std::vector<TicketKey> keys;
  keys.push_back(Copy(*key));
  shared_ticket_key_ = std::move(key);
  return ticket_keys_ == nullptr || ticket_keys_->SetKeys(std::move(keys));
}

std::shared_ptr<EarlyDataReplayGuard> SharedMaterial::replay_guard() {
  std::shared_ptr<RandomSource> random = this->random();
  std::lock_guard lock(mutex_);
  if (shared_ticket_key_) return nullptr;
  if (replay_guard_ == nullptr) replay_guard_ = std::make_shared<OwnClaims>(random);
  return replay_guard_;
}

}  // namespace dtls13::shim
