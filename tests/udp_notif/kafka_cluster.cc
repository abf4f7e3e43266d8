// SPDX-License-Identifier: Apache-2.0
// kafka_cluster TOPIC: librdkafka's mock cluster of three brokers, in a process of its own. It
// prints the brokers' addresses, and takes orders on standard input:
//
//   down N, up N   broker N takes no connections, or takes them again
//   refuse N       the next N requests to produce are refused at each broker, as with no replicas
//   read N         prints the different payloads of TOPIC, once there are N, a line each, and "end"
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace {

constexpr int kNumBrokers = 3;
constexpr int kNumPartitions = 4;
constexpr int16_t kProduceRequest = 0;

rd_kafka_t* NewClient(rd_kafka_type_t type, const std::string& brokers) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[256] = "";
  rd_kafka_conf_set_log_cb(conf, nullptr);
  if (!brokers.empty()) {
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), error, sizeof(error));
    rd_kafka_conf_set(conf, "group.id", "test", error, sizeof(error));
  }
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof(error));
  if (client == nullptr) {
    std::fprintf(stderr, "kafka_cluster: %s\n", error);
    std::exit(1);
  }
  return client;
}

// Reader takes what is produced as it comes: a mock broker keeps no more than some megabytes.
class Reader {
 public:
  Reader(const std::string& brokers, const std::string& topic)
      : consumer_(NewClient(RD_KAFKA_CONSUMER, brokers)) {
    rd_kafka_poll_set_consumer(consumer_);
    rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(kNumPartitions);
    for (int i = 0; i < kNumPartitions; ++i) {
      rd_kafka_topic_partition_list_add(partitions, topic.c_str(), i)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer_, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
    thread_ = std::thread([this] { Run(); });
  }
  ~Reader() {
    is_over_ = true;
    thread_.join();
    rd_kafka_consumer_close(consumer_);
    rd_kafka_destroy(consumer_);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Waits for `num_wanted` payloads, or for no more to have come for long.
  void Print(size_t num_wanted) {
    size_t last = 0;
    constexpr int kPatience = 200;
    for (int idle = 0; idle < kPatience; ++idle) {
      const size_t now = size();
      if (now >= num_wanted) break;
      if (now > last) idle = 0;
      last = now;
      std::this_thread::sleep_for(std::chrono::milliseconds(kPollMs));
    }
    const std::lock_guard lock(mutex_);
    for (const std::string& payload : payloads_) std::cout << payload << '\n';
    std::cout << "end" << std::endl;
  }

 private:
  static constexpr int kPollMs = 100;

  size_t size() {
    const std::lock_guard lock(mutex_);
    return payloads_.size();
  }
  void Run() {
    while (!is_over_) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer_, kPollMs);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const std::lock_guard lock(mutex_);
        payloads_.emplace(static_cast<const char*>(message->payload), message->len);
      }
      rd_kafka_message_destroy(message);
    }
  }

  rd_kafka_t* consumer_;
  std::atomic<bool> is_over_ = false;
  std::mutex mutex_;
  std::set<std::string> payloads_;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: kafka_cluster TOPIC\n");
    return 2;
  }
  const std::string topic = argv[1];
  rd_kafka_t* client = NewClient(RD_KAFKA_PRODUCER, "");
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(client, kNumBrokers);
  rd_kafka_mock_topic_create(cluster, topic.c_str(), kNumPartitions, kNumBrokers);
  const std::string brokers = rd_kafka_mock_cluster_bootstraps(cluster);
  std::cout << brokers << std::endl;
  auto reader = std::make_unique<Reader>(brokers, topic);
  std::string order;
  int number = 0;
  while (std::cin >> order >> number) {
    if (order == "down") rd_kafka_mock_broker_set_down(cluster, number);
    if (order == "up") rd_kafka_mock_broker_set_up(cluster, number);
    if (order == "read") reader->Print(static_cast<size_t>(number));
    for (int i = 0; order == "refuse" && i < number; ++i) {
      rd_kafka_mock_push_request_errors(cluster, kProduceRequest, 1,
                                        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    }
  }
  reader.reset();
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
  return 0;
}
