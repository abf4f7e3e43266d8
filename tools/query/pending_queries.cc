// SPDX-License-Identifier: Apache-2.0
#include "tools/query/pending_queries.h"

#include <array>

namespace dtls13::query {

std::optional<uint16_t> PendingQueries::NewId() {
  // With kMaxPending of 65536 in use a try fails once in sixteen.
  constexpr int kMaxTries = 32;
  for (int i = 0; i < kMaxTries; ++i) {
    std::array<uint8_t, 2> bytes;
    if (!random_->Fill(bytes)) return std::nullopt;
    const auto id = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
    if (pending_.count(id) == 0) return id;
  }
  return std::nullopt;
}

std::optional<std::vector<uint8_t>> PendingQueries::Add(AssociationId client, const Host& host,
                                                        const DnsMessage& query, Instant now) {
  const auto of_host = num_of_host_.find(host);
  if (pending_.size() >= kMaxPending || NumOf(client) >= kMaxPerClient ||
      (of_host != num_of_host_.end() && of_host->second >= kMaxPerHost)) {
    return std::nullopt;
  }
  const std::optional<uint16_t> id = NewId();
  if (!id) return std::nullopt;
  std::vector<uint8_t> message(query.bytes.begin(), query.bytes.end());
  pending_[*id] = {
      .query = {.client = client, .message = message}, .host = host, .expires = now + kPatience};
  by_age_.emplace_back(now + kPatience, *id);
  ++num_of_client_[client];
  ++num_of_host_[host];
  SetId(message, *id);
  return message;
}

void PendingQueries::Release(const Pending& pending) {
  const auto num = num_of_host_.find(pending.host);
  if (--num->second == 0) num_of_host_.erase(num);
}

PendingQueries::Query PendingQueries::Take(Entry entry) {
  Release(entry->second);
  Query query = std::move(entry->second.query);
  pending_.erase(entry);
  const auto num = num_of_client_.find(query.client);
  if (--num->second == 0) num_of_client_.erase(num);
  return query;
}

std::optional<PendingQueries::Query> PendingQueries::TakeAnswered(const DnsMessage& answer) {
  const auto entry = pending_.find(answer.header.id);
  if (entry == pending_.end()) return std::nullopt;
  std::optional<DnsMessage> asked = ParseDnsMessage(entry->second.query.message);
  if (!asked) return std::nullopt;
  asked->header.id = answer.header.id;
  if (!Answers(answer, *asked)) return std::nullopt;
  return Take(entry);
}

std::optional<PendingQueries::Query> PendingQueries::TakeExpired(Instant now) {
  while (!by_age_.empty() && by_age_.front().first <= now) {
    const auto [expires, id] = by_age_.front();
    by_age_.pop_front();
    const auto entry = pending_.find(id);
    // The id may be another query's by now.
    if (entry != pending_.end() && entry->second.expires == expires) return Take(entry);
  }
  return std::nullopt;
}

void PendingQueries::Forget(AssociationId client) {
  num_of_client_.erase(client);
  for (auto entry = pending_.begin(); entry != pending_.end();) {
    if (entry->second.query.client != client) {
      ++entry;
      continue;
    }
    Release(entry->second);
    entry = pending_.erase(entry);
  }
}

size_t PendingQueries::NumOf(AssociationId client) const {
  const auto num = num_of_client_.find(client);
  return num == num_of_client_.end() ? 0 : num->second;
}

}  // namespace dtls13::query
