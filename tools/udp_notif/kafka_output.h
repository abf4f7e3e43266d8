// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_UDP_NOTIF_KAFKA_OUTPUT_H_
#define DTLS13_TOOLS_UDP_NOTIF_KAFKA_OUTPUT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/udp_notif/output.h"

// librdkafka's, whose header only the source needs.
struct rd_kafka_s;
struct rd_kafka_message_s;

namespace dtls13::udp_notif {

// KafkaOptions say where lines go, and what may wait on the way.
struct KafkaOptions {
  std::string brokers;  // HOST:PORT, several with commas between
  std::string topic;
  std::string properties;  // a file of NAME=VALUE lines for librdkafka, for security; empty: none
  // Messages and their octets that wait for brokers.
  size_t max_queued = 100'000;
  size_t max_queued_kb = 65'536;
  // What brokers do not take for so long is lost: they may be started anew meanwhile.
  std::chrono::milliseconds delivery_timeout = std::chrono::minutes(2);
  // How long brokers may take to say at the beginning that they are there.
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  // Where the queue is full, how long Write waits in all before what is more is lost. The kernel
  // keeps what comes meanwhile.
  std::chrono::milliseconds max_wait = std::chrono::milliseconds(200);
};

// KafkaOutput gives each line to Kafka, its publisher's ID as the key, so that a publisher's lines
// keep their order: brokers tell an idempotent producer's repetitions from what is new. A line is
// delivered when all replicas that are in sync have it and Kafka has said so; before that it is
// counted nowhere. Where brokers take no idempotent producer, or it has failed for good, one that
// is none goes on with what waits, and keeps the order by one request at a time; a line may then be
// there twice.
class KafkaOutput : public Output {
 public:
  // Open asks the brokers whether they are there.
  static absl::StatusOr<std::unique_ptr<KafkaOutput>> Open(const KafkaOptions& options);
  ~KafkaOutput() override;

  void Write(uint32_t publisher_id, std::string_view line) override;
  void Pump() override;
  void Finish(std::chrono::milliseconds limit) override;
  uint64_t num_delivered() const override { return num_delivered_; }
  uint64_t num_lost() const override { return num_lost_; }
  // num_waiting is how many lines are neither.
  size_t num_waiting() const;

 private:
  struct Destroy {
    void operator()(rd_kafka_s* client) const;
  };
  using Client = std::unique_ptr<rd_kafka_s, Destroy>;
  struct Line {
    std::string key;
    std::string text;
  };

  explicit KafkaOutput(const KafkaOptions& options) : options_(options) {}

  absl::StatusOr<Client> NewClient();
  // Produce is librdkafka's answer, one of its errors or 0.
  int Produce(std::string_view key, std::string_view text);
  // RenewIfBroken goes on without idempotence where its producer has failed for good.
  void RenewIfBroken();
  static void OnDelivery(rd_kafka_s* client, const rd_kafka_message_s* message, void* self);
  static void OnError(rd_kafka_s* client, int error, const char* reason, void* self);
  void NoteDelivery(int error, const char* reason);

  const KafkaOptions options_;
  Client client_;
  bool is_idempotent_ = true;
  std::vector<Line> taken_back_;  // from a producer that is broken; no more than its queue had
  std::chrono::milliseconds waited_{};  // since the queue had room
  bool is_failing_ = false;
  uint64_t num_delivered_ = 0;
  uint64_t num_lost_ = 0;
};

}  // namespace dtls13::udp_notif

#endif  // DTLS13_TOOLS_UDP_NOTIF_KAFKA_OUTPUT_H_
