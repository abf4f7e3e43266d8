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

absl::StatusOr<Conf> MakeConf(const KafkaOptions& options) {
  Conf conf(rd_kafka_conf_new());
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"bootstrap.servers", options.brokers},
      {"acks", "all"},
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
  // It logs each attempt to connect; the error callback says what matters.
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return conf;
}

}  // namespace

void KafkaOutput::Destroy::operator()(rd_kafka_s* client) const { rd_kafka_destroy(client); }

absl::StatusOr<std::unique_ptr<KafkaOutput>> KafkaOutput::Open(const KafkaOptions& options) {
  absl::StatusOr<Conf> conf = MakeConf(options);
  if (!conf.ok()) return conf.status();
  std::unique_ptr<KafkaOutput> output(new KafkaOutput);
  output->topic_ = options.topic;
  output->max_wait_ = options.max_wait;
  rd_kafka_conf_set_opaque(conf->get(), output.get());
  rd_kafka_conf_set_dr_msg_cb(conf->get(), OnDelivery);
  rd_kafka_conf_set_error_cb(conf->get(), [](rd_kafka_t* client, int error, const char* reason,
                                             void* self) { OnError(client, error, reason, self); });
  char error[kErrorLen] = "";
  // A broker that is not there yet is Open's to say, and not the callback's.
  output->is_failing_ = true;
  output->client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf->get(), error, sizeof(error)));
  if (!output->client_) return absl::UnavailableError(absl::StrCat("librdkafka: ", error, "."));
  (void)conf->release();  // the client's
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

void KafkaOutput::OnDelivery(rd_kafka_s*, const rd_kafka_message_s* message, void* self) {
  static_cast<KafkaOutput*>(self)->NoteDelivery(message->err, rd_kafka_err2str(message->err));
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
  const bool is_news = error != RD_KAFKA_RESP_ERR__TRANSPORT &&
                       error != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
                       error != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
  if (!is_news || std::exchange(output->is_failing_, true)) return;
  std::fprintf(stderr, "udp_notif: Kafka takes nothing: %s.\n", reason);
}

void KafkaOutput::Write(uint32_t publisher_id, std::string_view line) {
  const std::string key = absl::StrCat(publisher_id);
  if (line.ends_with('\n')) line.remove_suffix(1);
  for (;;) {
    const rd_kafka_resp_err_t result = rd_kafka_producev(
        client_.get(), RD_KAFKA_V_TOPIC(topic_.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(line.data()), line.size()),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (result == RD_KAFKA_RESP_ERR_NO_ERROR) {
      waited_ = milliseconds(0);
      return;
    }
    if (result != RD_KAFKA_RESP_ERR__QUEUE_FULL || waited_ >= max_wait_) {
      NoteDelivery(result, rd_kafka_err2str(result));
      return;
    }
    constexpr milliseconds kStep(10);
    rd_kafka_poll(client_.get(), static_cast<int>(kStep.count()));
    waited_ += kStep;
  }
}

void KafkaOutput::Pump() { rd_kafka_poll(client_.get(), 0); }

void KafkaOutput::Finish(milliseconds limit) {
  rd_kafka_flush(client_.get(), static_cast<int>(limit.count()));
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  // The reports of what was purged are there by now, and only wait to be taken.
  constexpr int kReportsMs = 1000;
  rd_kafka_flush(client_.get(), kReportsMs);
}

size_t KafkaOutput::num_waiting() const {
  return static_cast<size_t>(rd_kafka_outq_len(client_.get()));
}

}  // namespace dtls13::udp_notif
