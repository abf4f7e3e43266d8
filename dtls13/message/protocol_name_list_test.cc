// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/protocol_name_list.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using Names = std::vector<std::string>;

Bytes Write(const Names& names, bool* ok = nullptr) {
  Bytes data;
  ByteWriter writer(&data);
  WriteProtocolNames(&writer, names);
  if (ok != nullptr) *ok = writer.ok();
  return data;
}

TEST(ProtocolNameListTest, RoundTrip) {
  const Names names = {"webrtc", "c-webrtc", std::string(255, 'x')};
  const Bytes data = Write(names);
  const auto list = ProtocolNameList::Parse(data);
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->ToStrings(), names);
  EXPECT_TRUE(list->Contains("c-webrtc"));
  EXPECT_FALSE(list->Contains("c-web"));
  EXPECT_FALSE(list->Only().has_value());
  bool ok = true;
  Write({std::string(256, 'x')}, &ok);
  EXPECT_FALSE(ok);
}

//= rfc7301#section-3.1
//= type=test
//# Empty strings
//# MUST NOT be included and byte strings MUST NOT be truncated.
TEST(ProtocolNameListTest, MalformedListsAreRefused) {
  const Bytes good = Write({"a", "bc"});
  for (size_t len = 0; len < good.size(); ++len) {
    EXPECT_FALSE(ProtocolNameList::Parse(std::span(good).first(len)).has_value()) << len;
  }
  for (const Bytes& bad : {Bytes{0, 0}, Bytes{0, 1, 0}, Bytes{0, 3, 1, 'a', 0}, Bytes{0, 2, 2, 'a'},
                           Bytes{0, 2, 1, 'a', 0}}) {
    EXPECT_FALSE(ProtocolNameList::Parse(bad).has_value());
  }
}

//= rfc7301#section-3.2
//= type=test
//# In that case, the server SHOULD select the most
//# highly preferred protocol that it supports and that is also
//# advertised by the client.
//= rfc7301#section-3.2
//= type=test
//# In the event that the server supports no
//# protocols that the client advertises, then the server SHALL respond
//# with a fatal "no_application_protocol" alert.
TEST(ProtocolNameListTest, SelectsByOurPreference) {
  const Bytes data = Write({"a", "b", "c"});
  const auto theirs = ProtocolNameList::Parse(data);
  std::string selected;
  ASSERT_TRUE(SelectProtocol(Names{"x", "c", "a"}, *theirs, &selected).ok());
  EXPECT_EQ(selected, "c");
  selected.clear();
  const Status none = SelectProtocol(Names{"x"}, *theirs, &selected);
  EXPECT_EQ(none.alert(), AlertDescription::kNoApplicationProtocol);
  EXPECT_TRUE(SelectProtocol({}, *theirs, &selected).ok());
  EXPECT_TRUE(SelectProtocol(Names{"x"}, ProtocolNameList(), &selected).ok());
  EXPECT_TRUE(selected.empty());
}

//= rfc7301#section-3.1
//= type=test
//# The "extension_data"
//# field of the ("application_layer_protocol_negotiation(16)") extension
//# is structured the same as described above for the client
//# "extension_data", except that the "ProtocolNameList" MUST contain
//# exactly one "ProtocolName".
TEST(ProtocolNameListTest, AnAnswerIsOneNameThatWasOffered) {
  const Names offered = {"a", "b"};
  std::string selected;
  ASSERT_TRUE(ReadSelectedProtocol(Write({"b"}), offered, &selected).ok());
  EXPECT_EQ(selected, "b");
  EXPECT_EQ(ReadSelectedProtocol(Write({"c"}), offered, &selected).alert(),
            AlertDescription::kIllegalParameter);
  EXPECT_EQ(ReadSelectedProtocol(Write({"a", "b"}), offered, &selected).alert(),
            AlertDescription::kDecodeError);
  EXPECT_EQ(ReadSelectedProtocol({}, offered, &selected).alert(), AlertDescription::kDecodeError);
}

}  // namespace
}  // namespace dtls13
