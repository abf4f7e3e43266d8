// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/session_store.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dtls13 {

SessionStore::SessionStore(std::shared_ptr<RandomSource> random, uint32_t lifetime_s,
                           size_t capacity)
    : random_(std::move(random)),
      lifetime_s_(std::min(lifetime_s, kMaxTicketLifetime_s)),
      capacity_(capacity) {}

void SessionStore::Reconfigure(uint32_t lifetime_s, size_t capacity) {
  lifetime_s_ = std::min(lifetime_s, kMaxTicketLifetime_s);
  capacity_ = capacity;
}

std::vector<uint8_t> SessionStore::Seal(const Session& session, WallTime now) {
  Name name;
  if (capacity_ == 0 || !random_->Fill(name)) return {};
  std::vector<uint8_t> bytes = SerializeSession(session);
  if (bytes.empty()) return {};
  const std::lock_guard lock(mutex_);
  Insert(name, std::move(bytes), now + std::chrono::seconds(session.lifetime_s), now);
  return {name.begin(), name.end()};
}

void SessionStore::Keep(std::span<const uint8_t> ticket, const Session& session, WallTime now) {
  const std::optional<Name> name = NameOf(ticket);
  std::vector<uint8_t> bytes = SerializeSession(session);
  if (!name || bytes.empty() || capacity_ == 0 || IsExpired(session, now)) {
    Cleanse(bytes);
    return;
  }
  const std::lock_guard lock(mutex_);
  const auto stored = sessions_.find(*name);
  if (stored != sessions_.end()) Forget(stored);
  Insert(*name, std::move(bytes), session.issued_at + std::chrono::seconds(session.lifetime_s),
         now);
}

void SessionStore::Insert(const Name& name, std::vector<uint8_t> session, WallTime expires,
                          WallTime now) {
  // All live equally long, or nearly so: the oldest are those whose time is over first.
  while (!by_age_.empty()) {
    const auto oldest = sessions_.find(by_age_.front());
    if (sessions_.size() < capacity_ && oldest->second.expires > now) break;
    Forget(oldest);
  }
  by_age_.push_back(name);
  sessions_[name] = {
      .session = std::move(session), .expires = expires, .at = std::prev(by_age_.end())};
}

std::optional<SessionStore::Name> SessionStore::NameOf(std::span<const uint8_t> ticket) {
  Name name;
  if (ticket.size() != name.size()) return std::nullopt;
  std::ranges::copy(ticket, name.begin());
  return name;
}

std::optional<Session> SessionStore::Open(std::span<const uint8_t> ticket, WallTime now) {
  const std::optional<Name> name = NameOf(ticket);
  if (!name) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto stored = sessions_.find(*name);
  if (stored == sessions_.end()) return std::nullopt;
  std::optional<Session> session = ParseSession(stored->second.session);
  if (!session.has_value() || IsExpired(*session, now)) Forget(stored);
  return session;
}

void SessionStore::Remove(std::span<const uint8_t> ticket) {
  const std::optional<Name> name = NameOf(ticket);
  if (!name) return;
  const std::lock_guard lock(mutex_);
  const auto stored = sessions_.find(*name);
  if (stored != sessions_.end()) Forget(stored);
}

void SessionStore::RemoveExpired(WallTime time) {
  const std::lock_guard lock(mutex_);
  for (auto stored = sessions_.begin(); stored != sessions_.end();) {
    const auto next = std::next(stored);
    if (stored->second.expires < time) Forget(stored);
    stored = next;
  }
}

void SessionStore::Forget(std::map<Name, Stored>::iterator stored) {
  Cleanse(stored->second.session);
  by_age_.erase(stored->second.at);
  sessions_.erase(stored);
}

}  // namespace dtls13
