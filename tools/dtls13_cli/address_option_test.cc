// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/address_option.h"

#include <gtest/gtest.h>

#include <vector>

namespace dtls13::cli {
namespace {

constexpr OptionSpec kSpecs[] = {{"at", "ADDRESS:PORT", ""}};

Options Given(const char* value) {
  const std::vector<const char*> arguments = {"--at", value};
  return *Options::Parse(kSpecs, arguments);
}

TEST(AddressOptionTest, IsWhatWasGivenOrTheFallback) {
  EXPECT_EQ(LocalAddress(Given("192.0.2.1:7"), "at", "[::]:853")->ToString(), "192.0.2.1:7");
  EXPECT_EQ(LocalAddress(Options(), "at", "[::]:853")->ToString(), "[::]:853");
  EXPECT_EQ(PeerAddress(Given("[2001:db8::1]:7"), "at", "")->port(), 7);
}

TEST(AddressOptionTest, WhatIsNoAddressIsAWrongUse) {
  for (const char* text : {"", "localhost:7", "192.0.2.1", "192.0.2.1:65536"}) {
    EXPECT_EQ(LocalAddress(Given(text), "at", "").status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_EQ(PeerAddress(Given("nowhere"), "at", "").status().message(),
            "--at needs an address and a port, as 192.0.2.1:4433 or [2001:db8::1]:4433, not "
            "'nowhere'.");
}

TEST(AddressOptionTest, WhoIsSentToHasAPort) {
  EXPECT_TRUE(LocalAddress(Given("192.0.2.1:0"), "at", "").ok());
  EXPECT_EQ(PeerAddress(Given("192.0.2.1:0"), "at", "").status().message(),
            "--at needs a port from 1 to 65535.");
}

}  // namespace
}  // namespace dtls13::cli
