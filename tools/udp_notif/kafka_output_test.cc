// SPDX-License-Identifier: Apache-2.0
// librdkafka's own cluster of brokers, inside this process, is what lines go to.
#include "tools/udp_notif/kafka_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdio>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kTopic[] = "notifications";
constexpr char kOtherTopic[] = "others";
constexpr int16_t kProduce = 0;  // the number of its requests
constexpr int kNumBrokers = 3;
constexpr int kNumPartitions = 4;
constexpr seconds kEnough(60);

// A client, in which the cluster lives, and which reads what is in it.
class KafkaOutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP()
        << "NOT TESTED HERE: ThreadSanitizer cannot follow librdkafka's threads, which are C11's";
#endif
    client_ = NewClient(RD_KAFKA_PRODUCER, "");
    cluster_ = rd_kafka_mock_cluster_new(client_, kNumBrokers);
    brokers_ = rd_kafka_mock_cluster_bootstraps(cluster_);
    for (const char* topic : {kTopic, kOtherTopic}) {
      rd_kafka_mock_topic_create(cluster_, topic, kNumPartitions, kNumBrokers);
    }
  }
  void TearDown() override {
    if (cluster_ == nullptr) return;
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }

  static rd_kafka_t* NewClient(rd_kafka_type_t type, const std::string& brokers) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char error[256];
    rd_kafka_conf_set_log_cb(conf, nullptr);
    if (!brokers.empty()) {
      rd_kafka_conf_set(conf, "bootstrap.servers", brokers.c_str(), error, sizeof(error));
      rd_kafka_conf_set(conf, "group.id", "test", error, sizeof(error));
    }
    return rd_kafka_new(type, conf, error, sizeof(error));
  }

  KafkaOptions Options() const {
    KafkaOptions options;
    options.brokers = brokers_;
    options.topic = kTopic;
    return options;
  }

  // Reads until `num_lines` different ones were there, each with its key, and leaves in lines_
  // which came first.
  std::map<std::string, std::string> ReadBack(size_t num_lines, const std::string& topic = kTopic) {
    rd_kafka_t* consumer = NewClient(RD_KAFKA_CONSUMER, brokers_);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(kNumPartitions);
    for (int i = 0; i < kNumPartitions; ++i) {
      rd_kafka_topic_partition_list_add(partitions, topic.c_str(), i)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    }
    rd_kafka_assign(consumer, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
    std::map<std::string, std::string> keys;
    for (int i = 0; i < 600 && keys.size() < num_lines; ++i) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 100);
      if (message == nullptr) continue;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const std::string line(static_cast<const char*>(message->payload), message->len);
        const bool is_new = keys.emplace(line, std::string(static_cast<const char*>(message->key),
                                                           message->key_len))
                                .second;
        if (is_new) lines_.push_back(line);
        i = 0;
      }
      rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return keys;
  }

  rd_kafka_t* client_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  std::string brokers_;
  std::vector<std::string> lines_;
};

// What a test writes as one publisher, and expects to read.
std::vector<std::string> Lines(size_t num) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < num; ++i) lines.push_back(absl::StrCat("line ", i));
  return lines;
}

TEST_F(KafkaOutputTest, LinesAreThereByTheirPublishers) {
  auto output = KafkaOutput::Open(Options());
  ASSERT_TRUE(output.ok()) << output.status();
  constexpr size_t kNumLines = 2000;
  for (size_t i = 0; i < kNumLines; ++i) {
    (*output)->Write(static_cast<uint32_t>(i % 7), absl::StrCat("line ", i, "\n"));
  }
  (*output)->Finish(kEnough);
  EXPECT_EQ((*output)->num_delivered(), kNumLines);
  EXPECT_EQ((*output)->num_lost(), 0u);
  const auto keys = ReadBack(kNumLines);
  ASSERT_EQ(keys.size(), kNumLines);
  EXPECT_EQ(keys.at("line 15"), "1");
}

TEST_F(KafkaOutputTest, ABrokerThatFailsLosesNothing) {
  auto output = KafkaOutput::Open(Options());
  ASSERT_TRUE(output.ok()) << output.status();
  constexpr size_t kNumLines = 3000;
  for (size_t i = 0; i < kNumLines; ++i) {
    if (i == kNumLines / 3) {
      // Each broker's next answers: it does not lead, it did not get it to the others.
      for (int broker = 1; broker <= kNumBrokers; ++broker) {
        rd_kafka_mock_broker_push_request_error_rtts(cluster_, broker, kProduce, 2,
                                                     RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 0,
                                                     RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 0);
      }
    }
    if (i == kNumLines / 2) rd_kafka_mock_broker_set_down(cluster_, 1);
    if (i == kNumLines - 1) rd_kafka_mock_broker_set_up(cluster_, 1);
    (*output)->Write(static_cast<uint32_t>(i % 7), absl::StrCat("line ", i, "\n"));
    (*output)->Pump();
  }
  (*output)->Finish(kEnough);
  EXPECT_EQ((*output)->num_delivered(), kNumLines);
  EXPECT_EQ((*output)->num_lost(), 0u);
  EXPECT_EQ(ReadBack(kNumLines).size(), kNumLines);
}

// Brokers before Kafka 0.11, and brokers that grant no right to it. Requests that fail are repeated
// before the next.
TEST_F(KafkaOutputTest, BrokersThatTakeNoIdempotentProducerTakeAllInOrder) {
  constexpr int16_t kInitProducerId = 22;
  for (const bool is_old : {true, false}) {
    SCOPED_TRACE(is_old);
    if (is_old) {
      rd_kafka_mock_set_apiversion(cluster_, kInitProducerId, -1, -1);
    } else {
      rd_kafka_mock_set_apiversion(cluster_, kInitProducerId, 0, 4);
      rd_kafka_mock_push_request_errors(cluster_, kInitProducerId, 1,
                                        RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
    }
    KafkaOptions options = Options();
    options.topic = is_old ? kTopic : kOtherTopic;
    auto output = KafkaOutput::Open(options);
    ASSERT_TRUE(output.ok()) << output.status();
    const std::vector<std::string> lines = Lines(300);
    for (size_t i = 0; i < lines.size(); ++i) {
      if (i % 50 == 20) {
        rd_kafka_mock_push_request_errors(cluster_, kProduce, 2,
                                          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                          RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
      }
      (*output)->Write(1, lines[i] + "\n");
      (*output)->Pump();
      std::this_thread::sleep_for(milliseconds(1));  // for several requests
    }
    (*output)->Finish(kEnough);
    EXPECT_EQ((*output)->num_delivered(), lines.size());
    EXPECT_EQ((*output)->num_lost(), 0u);
    lines_.clear();
    ReadBack(lines.size(), options.topic);
    EXPECT_EQ(lines_, lines);
  }
}

// As after an outage that brokers came back from without what they knew of their producers.
TEST_F(KafkaOutputTest, AProducerThatFailsForGoodLosesNothing) {
  auto output = KafkaOutput::Open(Options());
  ASSERT_TRUE(output.ok()) << output.status();
  const std::vector<std::string> lines = Lines(300);
  rd_kafka_mock_push_request_errors(cluster_, kProduce, 1,
                                    RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  for (const std::string& line : lines) {
    (*output)->Write(1, line + "\n");
    (*output)->Pump();
    std::this_thread::sleep_for(milliseconds(1));
  }
  (*output)->Finish(kEnough);
  EXPECT_EQ((*output)->num_delivered(), lines.size());
  EXPECT_EQ((*output)->num_lost(), 0u);
  ReadBack(lines.size());
  EXPECT_EQ(lines_, lines);
}

TEST_F(KafkaOutputTest, WhatBrokersNeverTakeIsLostAndCounted) {
  KafkaOptions options = Options();
  options.max_queued = 50;
  options.delivery_timeout = milliseconds(2000);
  options.max_wait = milliseconds(100);
  auto output = KafkaOutput::Open(options);
  ASSERT_TRUE(output.ok()) << output.status();
  for (int broker = 1; broker <= kNumBrokers; ++broker) {
    rd_kafka_mock_broker_set_down(cluster_, broker);
  }
  for (int i = 0; i < 80; ++i) (*output)->Write(1, absl::StrCat("line ", i, "\n"));
  EXPECT_EQ((*output)->num_lost(), 30u) << "the queue is bounded, and so is the wait for it";
  EXPECT_EQ((*output)->num_waiting(), 50u);
  (*output)->Finish(milliseconds(100));
  EXPECT_EQ((*output)->num_delivered(), 0u);
  EXPECT_EQ((*output)->num_lost(), 80u);
}

TEST_F(KafkaOutputTest, BrokersThatAreNotThereAreASentence) {
  KafkaOptions options = Options();
  options.brokers = "127.0.0.1:1";
  options.connect_timeout = milliseconds(500);
  const auto output = KafkaOutput::Open(options);
  ASSERT_FALSE(output.ok());
  EXPECT_THAT(std::string(output.status().message()),
              ::testing::StartsWith("no Kafka broker answers at 127.0.0.1:1: "));
}

TEST_F(KafkaOutputTest, PropertiesComeFromAFile) {
  KafkaOptions options = Options();
  options.properties = "/nonexistent";
  EXPECT_EQ(KafkaOutput::Open(options).status().message(), "cannot read '/nonexistent'.");
  options.properties = ::testing::TempDir() + "/properties";
  for (const auto& [text, is_ok] :
       std::map<std::string, bool>{{"# a comment\n\nclient.id=collector\n", true},
                                   {"client.id\n", false},
                                   {"no.such=1\n", false}}) {
    std::FILE* file = std::fopen(options.properties.c_str(), "w");
    std::fputs(text.c_str(), file);
    std::fclose(file);
    EXPECT_EQ(KafkaOutput::Open(options).ok(), is_ok) << text;
  }
}

}  // namespace
}  // namespace dtls13::udp_notif
