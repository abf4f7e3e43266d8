// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SHARED_MATERIAL_H_
#define DTLS13_SHIM_ATTACHMENT_SHARED_MATERIAL_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/session/anti_replay.h"
#include "dtls13/session/cookie.h"
#include "dtls13/session/rotating_keys.h"
#include "dtls13/session/session_store.h"
#include "dtls13/session/ticket_keyring.h"
#include "shim/attachment/recent_hellos.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// SharedMaterial is what the associations of one SSL_CTX have in common, all of one library
// context: libcrypto's algorithms, randomness, and the keys and memory of a server. Each is made
// once, when it is first asked for, under a lock, so that SSLs of several threads may share it.
// What a process and those that it forks must have in common comes from seeds that are there
// before. It does not know whose settings ask for it.
class SharedMaterial {
 public:
  SharedMaterial() = default;
  SharedMaterial(const SharedMaterial&) = delete;
  SharedMaterial& operator=(const SharedMaterial&) = delete;

  // SetLibrary records what SSL_CTX_new_ex was given; the library context has no getter.
  void SetLibrary(OSSL_LIB_CTX* library_context, const char* property_query);
  OSSL_LIB_CTX* library_context() const { return library_context_; }
  // property_query is null for the library context's default.
  const char* property_query() const {
    return has_property_query_ ? property_query_.c_str() : nullptr;
  }

  // MakeSeeds comes with the SSL_CTX of a server: workers that are forked later are to take one
  // another's cookies and tickets.
  void MakeSeeds();

  // The algorithms are null when libcrypto lacks what DTLS 1.3 cannot do without.
  std::shared_ptr<const Algorithms> algorithms();
  std::shared_ptr<RandomSource> random();
  // cookie_keys are equal in all SSL_CTXs of this process and of its children: several listen on
  // one socket, and each hello comes to any of them.
  std::shared_ptr<CookieKeyring> cookie_keys();
  // ticket_keys seal tickets of `lifetime`, which is that of the first call.
  std::shared_ptr<TicketKeyring> ticket_keys(std::chrono::seconds lifetime);
  // stored_sessions is what stands in for tickets that must not be: sessions of `lifetime`, at most
  // `capacity` of them, both of the last call.
  std::shared_ptr<SessionStore> stored_sessions(std::chrono::seconds lifetime, size_t capacity);
  // ForgetStored takes the session of that name out of them.
  void ForgetStored(std::span<const uint8_t> name);
  // ForgetExpired takes those out of them whose time is over before `time`.
  void ForgetExpired(WallTime time);
  // ShareTicketKeys makes ticket_keys() depend on `secret` alone: SSL_CTX_set_tlsext_ticket_keys,
  // by which servers and processes share tickets. False when libcrypto fails.
  bool ShareTicketKeys(std::span<const uint8_t> secret);
  // replay_guard sees to it that early data is taken once: by the process that issued the ticket,
  // as in libssl, whose tickets with early data are in that process's cache of sessions. Null with
  // shared ticket keys: nobody here knows what another server has taken.
  std::shared_ptr<EarlyDataReplayGuard> replay_guard();
  // recent_hellos are those that DTLSv1_listen let through.
  const std::shared_ptr<RecentHellos>& recent_hellos() const { return recent_hellos_; }

 private:
  OSSL_LIB_CTX* library_context_ = nullptr;
  bool has_property_query_ = false;
  std::string property_query_;

  const std::shared_ptr<RecentHellos> recent_hellos_ = std::make_shared<RecentHellos>();

  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const Algorithms> algorithms_;
  std::shared_ptr<RandomSource> random_;
  std::shared_ptr<CookieKeyring> cookie_keys_;
  KeySeed ticket_seed_;  // until ticket_keys_ has it
  std::shared_ptr<TicketKeyring> ticket_keys_;
  std::shared_ptr<SessionStore> stored_sessions_;
  std::optional<TicketKey> shared_ticket_key_;
  std::shared_ptr<EarlyDataReplayGuard> replay_guard_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SHARED_MATERIAL_H_
