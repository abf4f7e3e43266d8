// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_ISSUED_CONNECTION_IDS_H_
#define DTLS13_ENDPOINT_ISSUED_CONNECTION_IDS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/handshake/connection_id_policy.h"

namespace dtls13 {

// IssuedConnectionIds is the Connection IDs that the associations of one endpoint have handed out,
// with the association that each leads to, and the source of new ones: none that is in use. It does
// not know associations, but by a number that is not 0.
class IssuedConnectionIds final : public ConnectionIdSource {
 public:
  // kMaxTries: where so many identifiers in a row are in use, nearly all of their length are.
  static constexpr int kMaxTries = 64;
  // kMaxFresh: those that were made and are not added yet. An association makes eight at once, and
  // adds them before the next one has its turn.
  static constexpr size_t kMaxFresh = 32;

  // `source` makes them; null: `random` does.
  IssuedConnectionIds(std::shared_ptr<ConnectionIdSource> source,
                      std::shared_ptr<RandomSource> random)
      : source_(std::move(source)), random_(std::move(random)) {}

  [[nodiscard]] bool Generate(std::span<uint8_t> id) override;

  // Add makes `id` lead to `association`. False where it leads to another, and stays there.
  [[nodiscard]] bool Add(std::span<const uint8_t> id, uint64_t association);
  void Remove(std::span<const uint8_t> id);
  // Find is 0 for an identifier that leads nowhere.
  uint64_t Find(std::span<const uint8_t> id) const;

 private:
  using Id = std::string;  // short ones lie in the object itself

  bool IsInUse(const Id& id) const;

  std::shared_ptr<ConnectionIdSource> source_;
  std::shared_ptr<RandomSource> random_;
  // Hashed without a secret: no peer chooses an identifier of ours.
  absl::flat_hash_map<Id, uint64_t> associations_;
  std::deque<Id> fresh_;  // made and not added, oldest first
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_ISSUED_CONNECTION_IDS_H_
