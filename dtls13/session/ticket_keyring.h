// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SESSION_TICKET_KEYRING_H_
#define DTLS13_SESSION_TICKET_KEYRING_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/session/rotating_keys.h"
#include "dtls13/session/session.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// kMaxSealedTicketLen bounds a ticket in bytes: the client sends it back in its ClientHello, where
// each datagram more is one more to lose. A session that takes more (a long client chain) gets no
// ticket.
inline constexpr size_t kMaxSealedTicketLen = 16 * 1024;

inline constexpr size_t kTicketKeyNameLen = 16;
inline constexpr size_t kTicketKeyLen = 32;

// TicketKey is one key that a fleet of servers shares. Names are public and tell keys apart. A key
// may seal 2^32 tickets at the most (random nonces, NIST SP 800-38D section 8.3).
struct TicketKey {
  std::array<uint8_t, kTicketKeyNameLen> name{};
  Secret key;  // kTicketKeyLen bytes
};

// DeriveTicketKey makes a key, and its name, out of what servers share already, of any length: keys
// of another protocol, for one. Nothing when libcrypto fails.
std::optional<TicketKey> DeriveTicketKey(const Algorithms& algorithms,
                                         std::span<const uint8_t> secret);

// TicketSealer makes and reads stateless tickets.
class TicketSealer {
 public:
  virtual ~TicketSealer() = default;
  // The lifetime of each ticket, seconds.
  virtual uint32_t lifetime_s() const = 0;
  // Seal returns the ticket of `session`, whose own `ticket` is left out. Empty for none.
  virtual std::vector<uint8_t> Seal(const Session& session, WallTime now) = 0;
  // Open returns the session of a ticket that Seal has made, and nothing for any other. One whose
  // time is over may come too: whoever resumes it looks.
  virtual std::optional<Session> Open(std::span<const uint8_t> ticket, WallTime now) = 0;
};

// TicketKeyring seals with keys that it has: a serialised Session sealed with AES-256-GCM
// under a random nonce. Its own keys rotate by time, and the present and the previous key open; or
// its caller brings keys, and rotates them. Thread-safe: one keyring serves all associations of a
// server. It stores nothing per client, so a ticket opens as often as it comes: what must be used
// once only (early data) takes an EarlyDataReplayGuard as well.
class TicketKeyring final : public TicketSealer {
 public:
  struct Options {
    // The lifetime of each ticket; 0 to seven days. Longer ones are cut.
    std::chrono::seconds lifetime{7200};
    // The time between two keys of ours; at least a lifetime, so that no ticket outlives the key it
    // needs. What an attacker who takes a key can read of resumed sessions reaches back two of
    // these.
    std::chrono::seconds rotation{12 * 3600};
  };
  // kMaxKeys bounds a caller's keys: one to seal, and as many generations before it as anybody
  // keeps.
  static constexpr size_t kMaxKeys = 16;

  // Never null; its own keys come from `seed`, and without one from `random` when first needed.
  // Keyrings of one seed and the same options open one another's tickets, in whatever process.
  static std::shared_ptr<TicketKeyring> Create(std::shared_ptr<const Algorithms> algorithms,
                                               std::shared_ptr<RandomSource> random,
                                               Options options, KeySeed seed = {});

  // SetKeys replaces all keys by the caller's, for good: the first one seals and all of them open.
  // False, and nothing is changed, for none, too many, or a key of another length.
  [[nodiscard]] bool SetKeys(std::vector<TicketKey> keys);

  uint32_t lifetime_s() const override { return lifetime_s_; }

  // Empty when randomness or libcrypto fails, or the session does not fit.
  std::vector<uint8_t> Seal(const Session& session, WallTime now) override;
  // Forged, cut, expired and of a key that is not here are all the same: nothing.
  std::optional<Session> Open(std::span<const uint8_t> ticket, WallTime now) override;

 private:
  TicketKeyring(const Options& options, uint32_t lifetime_s, KeySeed seed);
  // The key named `name`; empty if there is none. Needs mutex_, and a Rotate before it.
  Secret FindKey(std::span<const uint8_t> name) const;

  std::shared_ptr<const Algorithms> algorithms_;
  std::shared_ptr<RandomSource> random_;
  const uint32_t lifetime_s_;

  std::mutex mutex_;
  RotatingKeys own_keys_;               // each is a name and a key
  std::vector<TicketKey> shared_keys_;  // not empty: these instead of our own
};

}  // namespace dtls13

#endif  // DTLS13_SESSION_TICKET_KEYRING_H_
