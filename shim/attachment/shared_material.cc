// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/shared_material.h"

#include <utility>
#include <vector>

#include "dtls13/session/cookie.h"

namespace dtls13::shim {
namespace {

TicketKey Copy(const TicketKey& key) {
  return {.name = key.name, .key = Secret::CopyOf(key.key.bytes())};
}

}  // namespace

void SharedMaterial::SetLibrary(OSSL_LIB_CTX* library_context, const char* property_query) {
  library_context_ = library_context;
  has_property_query_ = property_query != nullptr;
  if (has_property_query_) property_query_ = property_query;
}

std::shared_ptr<const Algorithms> SharedMaterial::algorithms() {
  std::lock_guard lock(mutex_);
  if (algorithms_ == nullptr) algorithms_ = Algorithms::Fetch(library_context_, property_query());
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
    cookie_keys_ = CookieKeyring::Create(std::move(algorithms), std::move(random), {});
  }
  return cookie_keys_;
}

std::shared_ptr<TicketKeyring> SharedMaterial::ticket_keys(std::chrono::seconds lifetime) {
  std::shared_ptr<const Algorithms> algorithms = this->algorithms();
  std::shared_ptr<RandomSource> random = this->random();
  std::lock_guard lock(mutex_);
  if (ticket_keys_ != nullptr || algorithms == nullptr) return ticket_keys_;
  std::shared_ptr<TicketKeyring> made =
      TicketKeyring::Create(std::move(algorithms), std::move(random), {.lifetime = lifetime});
  if (shared_ticket_key_) {
    std::vector<TicketKey> keys;
    keys.push_back(Copy(*shared_ticket_key_));
    if (!made->SetKeys(std::move(keys))) return nullptr;
  }
  ticket_keys_ = std::move(made);
  return ticket_keys_;
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
  std::lock_guard lock(mutex_);
  if (shared_ticket_key_) return nullptr;
  // No ticket of our own keys that allows early data is older than the guard, so there is no time
  // before it that a claim could come from.
  if (replay_guard_ == nullptr) replay_guard_ = std::make_shared<RecentClaims>(WallTime{});
  return replay_guard_;
}

}  // namespace dtls13::shim
