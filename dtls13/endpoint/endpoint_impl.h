// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_ENDPOINT_IMPL_H_
#define DTLS13_ENDPOINT_ENDPOINT_IMPL_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dtls13/association.h"
#include "dtls13/endpoint.h"
#include "dtls13/endpoint/address_map.h"
#include "dtls13/endpoint/datagram_cursor.h"
#include "dtls13/endpoint/half_open.h"
#include "dtls13/endpoint/hello_rate.h"
#include "dtls13/endpoint/issued_connection_ids.h"
#include "dtls13/endpoint/output_queue.h"
#include "dtls13/endpoint/timer_wheel.h"
#include "dtls13/listener/hello_listener.h"
#include "dtls13/path_id.h"

namespace dtls13 {

// EndpointImpl joins the associations of a port to what they share. What a datagram is for, and
// what begins with it, is in input.cc; polls, time and ends are in endpoint.cc.
class EndpointImpl final : public Endpoint {
 public:
  // `hash_seed` is random.
  EndpointImpl(EndpointOptions options, uint64_t hash_seed);

  void HandleDatagrams(std::span<const ReceivedDatagrams> received, Instant now,
                       WallTime wall_now) override;
  void HandleTimeout(Instant now) override;
  std::optional<Instant> NextTimeout() const override;
  std::optional<EndpointEvent> PollEvent() override;
  std::span<const OutputBatch> PollTransmit(Instant now) override;
  void OnTransmitted(size_t count) override;
  void OnDatagramTooLarge(AssociationId id, size_t len, Instant now) override;

  AssociationId Connect(std::span<const uint8_t> peer_address, ClientParameters parameters,
                        Instant now, std::shared_ptr<const AssociationConfig> config) override;
  SendOutcome Send(AssociationId id, std::span<const uint8_t> plaintext) override;
  SendOutcome SendEarly(AssociationId id, std::span<const uint8_t> plaintext) override;
  size_t MaxPlaintext(AssociationId id) const override;
  void Close(AssociationId id) override;
  void Remove(AssociationId id) override;
  Association* Use(AssociationId id) override;
  std::span<const uint8_t> peer_address(AssociationId id) const override;

  const EndpointOptions& options() const override { return options_; }
  size_t size() const override { return entries_.size(); }
  size_t num_half_open() const override { return half_open_.size(); }
  size_t num_queued_bytes() const override { return output_.num_bytes(); }
  const EndpointCounters& counters() const override { return counters_; }

 private:
  // Entry is one association and what the endpoint knows of it. Its timer is its next deadline.
  struct Entry : TimerWheel::Timer, AddressMap::Resident {
    std::unique_ptr<Association> association;
    std::vector<uint8_t> connection_ids;  // that it is found by, one behind the other
    ClientRandom hello_random{};          // a server's: of the ClientHello it was made for
    Instant made_at{};
    Instant active_at{};               // when it was made, or carried application data last
    std::optional<Instant> remove_at;  // once it is over
    uint32_t mtu = 0;
    GoneReason gone = GoneReason::kClosed;  // only if remove_at
    bool is_client = false;
    bool owes = false;             // it may have to send something before application data
    bool may_transmit = false;     // it stands in to_transmit_
    bool may_have_events = false;  // it stands in to_poll_

    void SetMtu(size_t len) { mtu = static_cast<uint32_t>(std::min<size_t>(len, UINT32_MAX)); }
  };
  using Place = AddressMap::Place;

  // --- input.cc
  void TakeDatagram(const DatagramCursor::Datagram& datagram);
  void TakeClientHello(const DatagramCursor::Datagram& datagram, const PathId& from,
                       bool may_have_cookie);
  bool AwaitsConnectionId(AssociationId id) const;
  void Deliver(AssociationId id, const PathId& from, std::span<uint8_t> datagram);
  void Reply(const PathId& to, std::span<const uint8_t> answer, InputCount what);
  void Accept(const PathId& from, std::span<const uint8_t> host, HelloReport report);
  bool MakeRoom(std::span<const uint8_t> host);
  // ForgetLingering gives up the one that has been over for longest, where all room is taken.
  void ForgetLingering();
  void Count(InputCount what) { ++counters_.input[static_cast<size_t>(what)]; }
  std::shared_ptr<const AssociationConfig> ClientConfig(
      std::shared_ptr<const AssociationConfig> config);

  // --- endpoint.cc
  // PollAssociations is false when no association has an event that is the caller's.
  bool PollAssociations(EndpointEvent* happened);
  // Answer is true for a question that the options answer.
  bool Answer(Entry* entry, const Event& event);
  void Note(Entry* entry, const Event& event);
  void OnConnected(Entry* entry);
  void AddConnectionId(Entry* entry, std::span<const uint8_t> connection_id);
  void RemoveConnectionId(Entry* entry, std::span<const uint8_t> connection_id);
  // All Connection IDs have one length.
  size_t connection_id_len() const { return config_->handshake.connection_ids.receive_len; }
  void FollowPath(Entry* entry);
  // TransmitAll has every association that was woken queue what it owes, and is true when one did.
  bool TransmitAll();
  enum class Transmitted : uint8_t { kNothing, kSomething, kBlocked };
  Transmitted Transmit(Entry* entry);
  // Queue commits what was written to what output_ has reserved; `id` as in OutputBatch.
  void Queue(const PathId& to, size_t len, AssociationId id);
  template <typename Seal>
  SendOutcome SendBy(AssociationId id, Seal seal);
  void Wake(Entry* entry);
  void WakeToTransmit(Entry* entry);
  void WakeToPoll(Entry* entry);
  void Settle(Entry* entry);
  void RunTimers();
  void GiveUpIfIdle(Entry* entry);
  void EndLater(Entry* entry, GoneReason reason);
  Duration IdleLimit(const AssociationStanding& standing) const;
  Entry* Find(AssociationId id) const;
  Entry* Insert(const PathId& address, std::unique_ptr<Association> association);
  void End(AssociationId id, GoneReason reason, AssociationId successor = 0);

  const EndpointOptions options_;
  const std::shared_ptr<IssuedConnectionIds> connection_ids_;
  const std::shared_ptr<const AssociationConfig> config_;
  // The last that Connect was given, and what was made of it: many have the same.
  std::shared_ptr<const AssociationConfig> given_client_config_;
  std::shared_ptr<const AssociationConfig> client_config_;
  HelloListener listener_;
  HelloRate hello_rate_;
  EndpointCounters counters_;
  Instant now_{};  // of the latest call that told it
  WallTime wall_now_{};
  AssociationId next_id_ = 1;

  absl::flat_hash_map<AssociationId, std::unique_ptr<Entry>> entries_;
  mutable Entry* found_ = nullptr;  // the last that was, as it is asked for again and again
  AddressMap places_;
  TimerWheel timers_;
  HalfOpen half_open_;                                // servers'
  std::set<std::pair<Instant, AssociationId>> over_;  // lingering, who has for longest first

  // What is to be polled. Bounded by the associations there are, each in each at most once but for
  // those that are gone.
  std::deque<AssociationId> to_transmit_;
  std::deque<AssociationId> to_poll_;
  std::deque<EndpointEvent> notices_;  // at most three for each datagram, or one for each deadline

  const EndpointEvent no_event_;
  DatagramCursor received_;
  bool timers_are_due_ = false;  // once what was received is looked at
  OutputQueue output_;
  std::vector<uint8_t> copy_;  // of a datagram that two associations are shown
};

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_ENDPOINT_IMPL_H_
