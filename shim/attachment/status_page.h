// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_STATUS_PAGE_H_
#define DTLS13_SHIM_ATTACHMENT_STATUS_PAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dtls13/association.h"
#include "dtls13/association_facts.h"
#include "dtls13/crypto/record_crypto.h"
#include "shim/attachment/libssl_cause.h"
#include "shim/libssl/status_layout.h"

namespace dtls13::shim {

// StatusPage is what a process tells `dtls13 status` (status_layout.h). There is none unless the
// policy asks for it. A child of fork has one of its own, with nothing in it. Any thread may count:
// each counter is by itself, and no sum of several is promised to fit.
class StatusPage {
 public:
  // Current returns null where the policy does not ask for a page, or none can be had.
  static StatusPage* Current();

  // Make makes the process's page; there is one at most. Null where the system has none.
  static StatusPage* Make();

  void Count(LibsslCause cause);
  // Of a connection that is begun.
  void Count(RecordCryptoStatus status);
  void CountRetransmission();

  // generation is another number in each child of a fork.
  uint32_t generation() const { return generation_; }

 private:
  friend class ConnectionStatus;

  StatusPage(uint8_t* page, int file);
  static void RenewInChild();
  void Renew();
  void Label();
  void Remember(int file);
  void Add(size_t counter, uint64_t difference);
  void Set(size_t counter, uint64_t value);

  uint8_t* const page_;
  int file_ = -1;
  uint64_t device_ = 0, inode_ = 0;  // of the file, whose number somebody may have closed
  uint32_t generation_ = 0;
};

// ConnectionStatus is the part of one connection in its process's page. Without a page it is a null
// pointer, which is all that it costs.
class ConnectionStatus {
 public:
  ConnectionStatus();
  ConnectionStatus(const ConnectionStatus&) = delete;
  ConnectionStatus& operator=(const ConnectionStatus&) = delete;
  // What is counted by state ends with the connection.
  ~ConnectionStatus();

  // Update notes what has changed since the last call.
  void Update(const Association& association) {
    if (counted_ != nullptr) UpdateCounted(association.facts());
  }
  void CountRetransmission();

 private:
  static constexpr size_t kNumDropReasons = static_cast<size_t>(DropReason::kCount);

  // kNone: in a page of another process, or in none so far.
  enum class State : uint8_t { kHandshaking, kOpen, kOver, kNone };

  // What the page has of this connection.
  struct Counted {
    StatusPage* page;
    uint32_t generation = 0;
    State state = State::kNone;
    bool is_completed = false;
    bool is_failed = false;
    std::array<uint64_t, kNumDropReasons> drops = {};
  };

  void UpdateCounted(const AssociationFacts& facts);
  void Enter(State state);
  void CountCompletion(const AssociationFacts& facts);

  std::unique_ptr<Counted> counted_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_STATUS_PAGE_H_
