// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/lent_objects.h"

#include <gtest/gtest.h>

#include <memory>

namespace dtls13::shim {
namespace {

// Counts the sessions that libssl frees.
int num_freed = 0;

void CountFree(void* /*parent*/, void* /*pointer*/, CRYPTO_EX_DATA* /*data*/, int /*index*/,
               long /*argl*/, void* /*argp*/) {
  ++num_freed;
}

TEST(LentObjectsTest, MakesAnOwedSessionOnceAndOnlyWhenAsked) {
  LentObjects lent;
  SSL_SESSION* const before = SSL_SESSION_new();
  lent.SetSession(before);
  int num_made = 0;
  const auto make = [&] {
    ++num_made;
    EXPECT_EQ(lent.session, before);
    return SSL_SESSION_new();
  };
  lent.OweSession(make);
  EXPECT_EQ(num_made, 0);
  lent.MakeOwedSession();
  EXPECT_EQ(num_made, 1);
  EXPECT_NE(lent.session, before);
  lent.MakeOwedSession();
  EXPECT_EQ(num_made, 1);
  // Another one takes the place of what is owed.
  lent.OweSession(make);
  lent.RefuseSession();
  lent.MakeOwedSession();
  EXPECT_EQ(num_made, 1);
  EXPECT_EQ(lent.session, nullptr);
}

TEST(LentObjectsTest, OwnsOneSession) {
  static const int index = SSL_SESSION_get_ex_new_index(0, nullptr, nullptr, nullptr, CountFree);
  ASSERT_GE(index, 0);
  num_freed = 0;
  auto lent = std::make_unique<LentObjects>();
  lent->SetSession(SSL_SESSION_new());
  EXPECT_EQ(num_freed, 0);
  SSL_SESSION* second = SSL_SESSION_new();
  lent->SetSession(second);
  EXPECT_EQ(num_freed, 1);
  // One more reference to the same object.
  SSL_SESSION_up_ref(second);
  lent->SetSession(second);
  EXPECT_EQ(lent->session, second);
  EXPECT_EQ(num_freed, 1);
  lent.reset();
  EXPECT_EQ(num_freed, 2);
}

TEST(LentObjectsTest, FindsTheProfilesThatWereOffered) {
  SRTP_PROTECTION_PROFILE profile = {"one", 1};
  LentObjects lent;
  EXPECT_EQ(lent.FindSrtpProfile(1), nullptr);
  lent.srtp_profiles.push_back(&profile);
  EXPECT_EQ(lent.FindSrtpProfile(1), &profile);
  EXPECT_EQ(lent.FindSrtpProfile(2), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
