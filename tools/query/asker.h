// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_ASKER_H_
#define DTLS13_TOOLS_QUERY_ASKER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/wire/time.h"

namespace dtls13::query {

// ClosingOrder is when a client says that it has no more to ask.
enum class ClosingOrder : uint8_t {
  kEarly,     // with its query, and goes on reading
  kOrdinary,  // when it has its answer
};

// Asker is one query to one server, on an endpoint that is a client. With ClosingOrder::kOrdinary
// the query is repeated while no answer comes; behind a close_notify nothing may follow, so that
// with kEarly what is lost is lost, and the caller begins anew. It does not know DNS or sockets.
class Asker {
 public:
  // kRepeatAfter is DNS's usual first timeout.
  static constexpr Duration kRepeatAfter = std::chrono::seconds(1);
  // kMaxAssociations: behind an early close what is lost is asked again by so many in all.
  static constexpr int kMaxAssociations = 3;
  // kPatience is that of the whole of it.
  static constexpr Duration kPatience = std::chrono::seconds(5);

  // `endpoint` lives longer.
  Asker(Endpoint* endpoint, std::vector<uint8_t> query, ClosingOrder order);

  // Start begins the association. False where the endpoint makes none.
  bool Start(std::span<const uint8_t> server, ClientParameters parameters, Instant now);
  // HandleEvent takes every event of the endpoint's.
  void HandleEvent(const EndpointEvent& event, Instant now);
  void HandleTimeout(Instant now);
  std::optional<Instant> NextTimeout() const;

  // done: there is an answer, or none will come.
  bool done() const { return done_; }
  // answer is empty without one; failure then says why, a sentence for a person.
  const std::vector<uint8_t>& answer() const { return answer_; }
  const std::string& failure() const { return failure_; }
  // may_try_again: the server was there, and what was lost may not be the next time.
  bool may_try_again() const { return may_try_again_; }
  // What the answer took, from Start and from when the query left.
  Duration total_time() const { return ended_at_ - started_at_; }
  Duration answer_time() const { return ended_at_ - asked_at_; }

 private:
  void Ask(Instant now);
  void Finish(std::string failure, Instant now);

  Endpoint* const endpoint_;
  const std::vector<uint8_t> query_;
  const ClosingOrder order_;
  std::string server_name_;
  AssociationId id_ = 0;
  bool done_ = false;
  std::vector<uint8_t> answer_;
  std::string failure_;
  bool may_try_again_ = false;
  Instant started_at_{};
  Instant asked_at_{};
  Instant ended_at_{};
  std::optional<Instant> repeat_at_;
};

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_ASKER_H_
