// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_SESSION_STORE_H_
#define DTLS13_SESSION_SESSION_STORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/random_source.h"
#include "dtls13/session/session.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// SessionStore keeps sessions on the server: a ticket is a random name of one, and says nothing to
// whoever sees it. What is forgotten resumes nothing: sessions of another process, those whose time
// is over, and the oldest where there are too many. Thread-safe.
class SessionStore final : public TicketSealer {
 public:
  // `capacity` is how many sessions are kept at the most; each takes some hundred bytes, and the
  // client's certificates.
  SessionStore(std::shared_ptr<RandomSource> random, uint32_t lifetime_s, size_t capacity);

  // Reconfigure sets both anew. What is too much already goes with the next session that comes.
  void Reconfigure(uint32_t lifetime_s, size_t capacity);

  uint32_t lifetime_s() const override { return lifetime_s_; }
  // Empty when there is no randomness, or no room at all.
  std::vector<uint8_t> Seal(const Session& session, WallTime now) override;
  // It forgets one whose time is over.
  std::optional<Session> Open(std::span<const uint8_t> ticket, WallTime now) override;
  // Keep stores a session from elsewhere under a ticket that has 32 bytes, as Seal's have.
  void Keep(std::span<const uint8_t> ticket, const Session& session, WallTime now);
  // Remove forgets the session of `ticket`, if there is one.
  void Remove(std::span<const uint8_t> ticket);
  // RemoveExpired forgets those whose time is over before `time`.
  void RemoveExpired(WallTime time);

 private:
  static constexpr size_t kNameLen = 32;
  using Name = std::array<uint8_t, kNameLen>;
  struct Stored {
    std::vector<uint8_t> session;  // serialized; cleansed when it goes
    WallTime expires{};
    std::list<Name>::iterator at;
  };

  static std::optional<Name> NameOf(std::span<const uint8_t> ticket);
  // Both need mutex_.
  void Insert(const Name& name, std::vector<uint8_t> session, WallTime expires, WallTime now);
  void Forget(std::map<Name, Stored>::iterator stored);

  const std::shared_ptr<RandomSource> random_;
  std::atomic<uint32_t> lifetime_s_;
  std::atomic<size_t> capacity_;

  std::mutex mutex_;  // guards what follows
  std::map<Name, Stored> sessions_;
  std::list<Name> by_age_;  // oldest first
};

}  // namespace dtls13

#endif  // DTLS13_SESSION_SESSION_STORE_H_
