// SPDX-License-Identifier: Apache-2.0
#include "udp_notif/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dtls13::udp_notif {
namespace {

using ::testing::HasSubstr;

TEST(MetricsTextTest, EachMetricHasHelpAndType) {
  MetricsText text;
  text.AddCounter("things_total", "Things.", 3);
  text.AddGauge("now", "Now.", 4);
  EXPECT_EQ(text.Take(),
            "# HELP udp_notif_things_total Things.\n"
            "# TYPE udp_notif_things_total counter\n"
            "udp_notif_things_total 3\n"
            "# HELP udp_notif_now Now.\n"
            "# TYPE udp_notif_now gauge\n"
            "udp_notif_now 4\n");
}

TEST(MetricsTextTest, LabelsAreQuoted) {
  MetricsText text;
  text.AddSample("x", "name", "a\"b\\c\nd", 1);
  EXPECT_EQ(text.Take(), "udp_notif_x{name=\"a\\\"b\\\\c\\nd\"} 1\n");
}

//= draft-ietf-netconf-udp-notif#section-10
//= type=test
//# the loss of segments and notifications SHOULD be monitored for each
//# Message Publisher ID
TEST(MetricsTextTest, ACollectorsNumbersAreThereByReasonAndPublisher) {
  StreamPool pool(10, 1 << 20);
  Collector collector({});
  for (const uint32_t id : {1, 9000}) {
    collector.Take("192.0.2.1", &pool,
                   {.header = {.publisher_id = 7, .message_id = id}, .payload = {}}, {});
  }
  collector.Count(DropReason::kFrameLength);
  MetricsText metrics;
  metrics.AddCollector(collector);
  const std::string text = metrics.Take();
  EXPECT_THAT(text, HasSubstr("\nudp_notif_messages_total 2\n"));
  EXPECT_THAT(text, HasSubstr("\nudp_notif_gaps_total 1\n"));
  EXPECT_THAT(text, HasSubstr("\nudp_notif_dropped_total{reason=\"frame_length\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nudp_notif_dropped_total{reason=\"version\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nudp_notif_publishers 1\n"));
  EXPECT_THAT(text, HasSubstr("\nudp_notif_publisher_messages_total{source=\"192.0.2.1\","
                              "publisher_id=\"7\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\nudp_notif_publisher_lost_total{source=\"192.0.2.1\","
                              "publisher_id=\"7\"} 7975\n"));
}

}  // namespace
}  // namespace dtls13::udp_notif
