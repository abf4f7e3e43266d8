// SPDX-License-Identifier: Apache-2.0
#include "dtls13/version.h"

#include <gtest/gtest.h>

namespace dtls13 {
namespace {

TEST(VersionTest, IsTheOneThatTheBuildSays) { EXPECT_STREQ(dtls13_version(), DTLS13_EXPECTED); }

}  // namespace
}  // namespace dtls13
