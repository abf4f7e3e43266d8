// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_RECENT_HELLOS_H_
#define DTLS13_SHIM_ATTACHMENT_RECENT_HELLOS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "dtls13/session/cookie.h"
#include "dtls13/wire/time.h"

namespace dtls13::shim {

// RecentHellos is which clients a listening server let through a moment ago. DTLSv1_listen keeps
// nothing of a client, so a second ClientHello that comes again, or was under way twice, before the
// program has given its client a socket would be let through a second time; of the two sockets then
// connected to the client, one starves. Thread-safe. It does not know addresses, nor what became of
// a client.
class RecentHellos {
 public:
  // kMaxHellos bounds the memory, some 32 KB. Whoever shows more cookies within kMemory makes the
  // oldest be forgotten, which brings no more than what is the case without this memory.
  static constexpr size_t kMaxHellos = 1024;
  // kMemory: a client sends its hello again after 1 and 3 seconds, and by the next time, after 7,
  // it may have been dropped by a program that wants to be asked again.
  static constexpr Duration kMemory = std::chrono::seconds(5);

  // LetThrough is true for a good cookie that was not let through within kMemory, and is now.
  bool LetThrough(const CookieTag& cookie, Instant now);
  // Forget has the client of a cookie that was let through at `let_through` let through again;
  // nothing where another was given it since.
  void Forget(const CookieTag& cookie, Instant let_through);

 private:
  struct Entry {
    CookieTag cookie;
    Instant let_through;
  };

  std::mutex mutex_;
  std::deque<Entry> entries_;  // the oldest first
};

// LetThroughHello is an SSL's hold on a client that it was given, which is another's to have when
// the SSL goes and has answered nothing. Behind a fork nobody knows that: the SSL's copy in the
// other process may be the one that answers.
class LetThroughHello {
 public:
  LetThroughHello(std::shared_ptr<RecentHellos> hellos, const CookieTag& cookie,
                  Instant let_through);
  ~LetThroughHello();
  LetThroughHello(const LetThroughHello&) = delete;
  LetThroughHello& operator=(const LetThroughHello&) = delete;

  // OnAnswered: the client is this SSL's for good.
  void OnAnswered() { hellos_.reset(); }

 private:
  std::shared_ptr<RecentHellos> hellos_;
  const CookieTag cookie_;
  const Instant let_through_;
  const uint32_t num_forks_;  // of this process, when the SSL was given the client
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_RECENT_HELLOS_H_
