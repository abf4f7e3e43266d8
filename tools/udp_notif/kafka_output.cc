// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/kafka_output.h"

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace dtls13::udp_notif {
namespace {

using std::chrono::milliseconds;

constexpr size_t kErrorLen = 512;
// The reports of what was purged are there by then, and only wait to be taken.
constexpr int kReportsMs = 1000;

struct DestroyConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, DestroyConf>;

absl::Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char error[kErrorLen] = "";
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof(error)) ==
      RD_KAFKA_CONF_OK) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("librdkafka does not take ", name, " = '", value, "': ", error));
}

// A property a line, "NAME=VALUE"; lines that are empty or begin with # are nothing.
absl::Status SetFromFile(rd_kafka_conf_t* conf, const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::UnavailableError(absl::StrCat("cannot read '", path, "'."));
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    const size_t sign = line.find('=');
    if (sign == std::string::npos) {
      return absl::UnavailableError(
          absl::StrCat("'", path, "' has a line without '=': '", line, "'."));
    }
    const absl::Status status = Set(conf, line.substr(0, sign), line.substr(sign + 1));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// Without idempotence a request that is repeated may arrive behind the one after it, unless there
// is one at a time; who has said how many there may be knows that.
absl::Status KeepOrder(rd_kafka_conf_t* conf) {
  constexpr char kInFlight[] = "max.in.flight.requests.per.connection";
  constexpr std::string_view kDefault = "1000000";
  char value[kErrorLen] = "";
  size_t size = sizeof(value);
  if (rd_kafka_conf_get(conf, "enable.idempotence", value, &size) != RD_KAFKA_CONF_OK ||
      value == std::string_view("true")) {
    return absl::OkStatus();
  }
  size = sizeof(value);
  if (rd_kafka_conf_get(conf, kInFlight, value, &size) != RD_KAFKA_CONF_OK || value != kDefault) {
    return absl::OkStatus();
  }
  return Set(conf, kInFlight, "1");
}

absl::StatusOr<Conf> MakeConf(const KafkaOptions& options, bool is_idempotent) {
  Conf conf(rd_kafka_conf_new());
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"bootstrap.servers", options.brokers},
      {"acks", "all"},
      {"enable.idempotence", "true"},
      {"queue.buffering.max.messages", absl::StrCat(options.max_queued)},
      {"queue.buffering.max.kbytes", absl::StrCat(options.max_queued_kb)},
      {"message.timeout.ms", absl::StrCat(options.delivery_timeout.count())},
      // What comes within so many milliseconds goes together.
      {"linger.ms", "5"},
  };
  for (const auto& [name, value] : settings) {
    if (absl::Status status = Set(conf.get(), name, value); !status.ok()) return status;
  }
  if (!options.properties.empty()) {
    if (absl::Status status = SetFromFile(conf.get(), options.properties); !status.ok()) {
      return status;
    }
  }
  if (!is_idempotent) {
    if (absl::Status status = Set(conf.get(), "enable.idempotence", "false"); !status.ok()) {
      return status;
    }
  }
  if (absl::Status status = KeepOrder(conf.get()); !status.ok()) return status;
  // It logs each attempt to connect; the error callback says what matters.
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return conf;
}

}  // namespace

void KafkaOutput::Destroy::operator()(rd_kafka_s* client) const { rd_kafka_destroy(client); }

absl::StatusOr<KafkaOutput::Client> KafkaOutput::NewClient() {
  absl::StatusOr<Conf> conf = MakeConf(options_, is_idempotent_);
  if (!conf.ok()) return conf.status();
  rd_kafka_conf_set_opaque(conf->get(), this);
  rd_kafka_conf_set_dr_msg_cb(conf->get(), OnDelivery);
  rd_kafka_conf_set_error_cb(conf->get(), [](rd_kafka_t* client, int error, const char* reason,
                                             void* self) { OnError(client, error, reason, self); });
  char error[kErrorLen] = "";
  Client client(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), error, sizeof(error)));
  if (!client) return absl::UnavailableError(absl::StrCat("librdkafka: ", error, "."));
  (void)conf->release();  // the client's
  return client;
}

absl::StatusOr<std::unique_ptr<KafkaOutput>> KafkaOutput::Open(const KafkaOptions& options) {
  std::unique_ptr<KafkaOutput> output(new KafkaOutput(options));
  // A broker that is not there yet is Open's to say, and not the callback's.
  output->is_failing_ = true;
  absl::StatusOr<Client> client = output->NewClient();
  if (!client.ok()) return client.status();
  output->client_ = *std::move(client);
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t result =
      rd_kafka_metadata(output->client_.get(), 0, nullptr, &metadata,
                        static_cast<int>(options.connect_timeout.count()));
  if (result != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return absl::UnavailableError(absl::StrCat("no Kafka broker answers at ", options.brokers, ": ",
                                               rd_kafka_err2str(result), "."));
  }
  rd_kafka_metadata_destroy(metadata);
  output->is_failing_ = false;
  return output;
}

KafkaOutput::~KafkaOutput() {
  if (!client_) return;
  // What waits is given up: Finish was the time to hand it on.
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_.get(), 0);
}

void KafkaOutput::OnDelivery(rd_kafka_s* client, const rd_kafka_message_s* message, void* self) {
  auto* output = static_cast<KafkaOutput*>(self);
  const bool is_broken = output->is_idempotent_ &&
                         rd_kafka_fatal_error(client, nullptr, 0) != RD_KAFKA_RESP_ERR_NO_ERROR;
  if (is_broken && message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    output->taken_back_.push_back(
        {.key = std::string(static_cast<const char*>(message->key), message->key_len),
         .text = std::string(static_cast<const char*>(message->payload), message->len)});
    return;
  }
  output->NoteDelivery(message->err, rd_kafka_err2str(message->err));
}

void KafkaOutput::NoteDelivery(int error, const char* reason) {
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++num_delivered_;
    if (!std::exchange(is_failing_, false)) return;
    std::fprintf(stderr, "udp_notif: Kafka takes lines again; %llu are lost.\n",
                 static_cast<unsigned long long>(num_lost_));
    return;
  }
  ++num_lost_;
  OnError(nullptr, error, reason, this);
}

void KafkaOutput::OnError(rd_kafka_s*, int error, const char* reason, void* self) {
  auto* output = static_cast<KafkaOutput*>(self);
  // One broker of several that is down is librdkafka's to deal with, and what is purged is ours.
  // What is fatal to an idempotent producer is RenewIfBroken's.
  const bool is_news = error != RD_KAFKA_RESP_ERR__TRANSPORT && error != RD_KAFKA_RESP_ERR__FATAL &&
                       error != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
                       error != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  if (!is_news || std::exchange(output->is_failing_, true)) return;
  std::fprintf(stderr, "udp_notif: Kafka takes nothing: %s.\n", reason);
}

int KafkaOutput::Produce(std::string_view key, std::string_view text) {
  return rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(options_.topic.c_str()),
                           RD_KAFKA_V_KEY(key.data(), key.size()),
                           RD_KAFKA_V_VALUE(const_cast<char*>(text.data()), text.size()),
                           RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
}

// Brokers before 0.11, and those that grant no right of IdempotentWrite, give the producer no
// number to be known by; one that brokers have lost track of is of no more use either. What waits
// was not acknowledged, and librdkafka gives it back in the order of its keys.
void KafkaOutput::RenewIfBroken() {
  char reason[kErrorLen] = "";
  if (!is_idempotent_ ||
      rd_kafka_fatal_error(client_.get(), reason, sizeof(reason)) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  std::fprintf(stderr,
               "udp_notif: Kafka takes no idempotent producer any more: %s. Going on without, one "
               "request at a time.\n",
               reason);
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_.get(), kReportsMs);
  is_idempotent_ = false;
  absl::StatusOr<Client> client = NewClient();
  if (client.ok()) client_ = *std::move(client);
  for (const Line& line : std::exchange(taken_back_, {})) {
    const int result = Produce(line.key, line.text);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) {
      NoteDelivery(result, rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(result)));
    }
  }
}

void KafkaOutput::Write(uint32_t publisher_id, std::string_view line) {
  const std::string key = absl::StrCat(publisher_id);
  if (line.ends_with('\n')) line.remove_suffix(1);
  RenewIfBroken();
  for (;;) {
    const int result = Produce(key, line);
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) {
      waited_ = milliseconds(0);
      return;
    }
    if (result != RD_KAFKA_RESP_ERR__QUEUE_FULL || waited_ >= options_.max_wait) {
      NoteDelivery(result, rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(result)));
      return;
    }
    constexpr milliseconds kStep(10);
    rd_kafka_poll(client_.get(), static_cast<int>(kStep.count()));
    waited_ += kStep;
  }
}

void KafkaOutput::Pump() {
  rd_kafka_poll(client_.get(), 0);
  RenewIfBroken();
}

void KafkaOutput::Finish(milliseconds limit) {
  // In steps, as a producer may turn out to be of no use with the last of what waits.
  constexpr milliseconds kStep(50);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (rd_kafka_flush(client_.get(), static_cast<int>(kStep.count())) !=
             RD_KAFKA_RESP_ERR_NO_ERROR &&
         std::chrono::steady_clock::now() < end) {
    RenewIfBroken();
  }
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_flush(client_.get(), kReportsMs);
  num_lost_ += std::exchange(taken_back_, {}).size();
}

size_t KafkaOutput::num_waiting() const {
  return static_cast<size_t>(rd_kafka_outq_len(client_.get()));
}

}  // namespace dtls13::udp_notif
