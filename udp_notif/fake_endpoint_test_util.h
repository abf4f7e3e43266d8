// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_UDP_NOTIF_FAKE_ENDPOINT_TEST_UTIL_H_
#define DTLS13_UDP_NOTIF_FAKE_ENDPOINT_TEST_UTIL_H_

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/endpoint.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::udp_notif {

// FakeEndpoint notes what is asked of it, in order, and answers as its fields say. It has no
// associations.
class FakeEndpoint : public Endpoint {
 public:
  void HandleDatagrams(std::span<const ReceivedDatagrams>, Instant, WallTime) override {}
  void HandleTimeout(Instant) override {}
  std::optional<Instant> NextTimeout() const override { return std::nullopt; }
  std::optional<EndpointEvent> PollEvent() override { return std::nullopt; }
  std::span<const OutputBatch> PollTransmit(Instant) override { return {}; }
  void OnTransmitted(size_t) override {}
  void OnDatagramTooLarge(AssociationId, size_t, Instant) override {}

  AssociationId Connect(std::span<const uint8_t>, ClientParameters parameters, Instant,
                        std::shared_ptr<const AssociationConfig>) override {
    log.push_back(parameters.early_data ? "connect with early data" : "connect");
    return next_id;
  }
  SendOutcome Send(AssociationId, std::span<const uint8_t> plaintext) override {
    if (outcome == SendOutcome::kQueued) {
      log.push_back("send");
      sent.push_back(ToBytes(plaintext));
    }
    return outcome;
  }
  SendOutcome SendEarly(AssociationId, std::span<const uint8_t>) override {
    log.push_back("send early");
    return SendOutcome::kQueued;
  }
  size_t MaxPlaintext(AssociationId) const override { return max_plaintext; }
  void Close(AssociationId) override { log.push_back("close"); }
  void Remove(AssociationId) override { log.push_back("remove"); }
  Association* Use(AssociationId) override { return nullptr; }
  std::span<const uint8_t> peer_address(AssociationId id) const override {
    const auto found = addresses.find(id);
    return found == addresses.end() ? std::span<const uint8_t>() : std::span(found->second);
  }
  const EndpointOptions& options() const override { return options_; }
  size_t size() const override { return 0; }
  size_t num_half_open() const override { return 0; }
  size_t num_queued_bytes() const override { return 0; }
  const EndpointCounters& counters() const override { return counters_; }

  std::vector<std::string> log;
  std::vector<Bytes> sent;
  SendOutcome outcome = SendOutcome::kQueued;
  AssociationId next_id = 1;
  size_t max_plaintext = 1000;
  std::map<AssociationId, Bytes> addresses;

 private:
  EndpointOptions options_;
  EndpointCounters counters_;
};

// Happened is an event of an association.
inline EndpointEvent Happened(AssociationId id, EventType type) {
  EndpointEvent event;
  event.id = id;
  event.event.type = type;
  return event;
}

// Gone is its last.
inline EndpointEvent Gone(AssociationId id, GoneReason reason) {
  EndpointEvent event;
  event.type = EndpointEventType::kGone;
  event.id = id;
  event.gone = reason;
  return event;
}

}  // namespace dtls13::udp_notif

#endif  // DTLS13_UDP_NOTIF_FAKE_ENDPOINT_TEST_UTIL_H_
