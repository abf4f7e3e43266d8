// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/replay_bio.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace dtls13::shim {
namespace {

class ReplayBioTest : public testing::Test {
 protected:
  ReplayBioTest() : ctx_(SSL_CTX_new(DTLS_method())), ssl_(SSL_new(ctx_)) {
    behind_ = BIO_new(BIO_s_mem());
    BIO_up_ref(behind_);
    SSL_set_bio(ssl_, behind_, behind_);
  }
  ~ReplayBioTest() override {
    SSL_free(ssl_);
    SSL_CTX_free(ctx_);
    BIO_free(behind_);
  }

  std::string Read() {
    std::array<char, 64> buffer;
    const int len = BIO_read(SSL_get_rbio(ssl_), buffer.data(), buffer.size());
    return len > 0 ? std::string(buffer.data(), static_cast<size_t>(len)) : "";
  }

  SSL_CTX* ctx_;
  SSL* ssl_;
  BIO* behind_;
};

TEST_F(ReplayBioTest, GivesTheDatagramBackOnceAndThenWhatIsBehind) {
  BIO_write(behind_, "next", 4);
  ASSERT_TRUE(Replay(ssl_, {{'f', 'i', 'r', 's', 't'}}, AfterReplay::kPassThrough));
  EXPECT_EQ(BIO_pending(SSL_get_rbio(ssl_)), 5);
  EXPECT_EQ(Read(), "first");
  EXPECT_EQ(Read(), "next");
  EXPECT_EQ(Read(), "");
  EXPECT_TRUE(BIO_should_read(SSL_get_rbio(ssl_)));
}

TEST_F(ReplayBioTest, KeepsWhatIsBehindFromACallThatMayNotHaveIt) {
  BIO_write(behind_, "next", 4);
  ASSERT_TRUE(Replay(ssl_, {{'x'}}, AfterReplay::kWouldBlock));
  EXPECT_EQ(Read(), "x");
  EXPECT_EQ(Read(), "");
  EXPECT_TRUE(BIO_should_read(SSL_get_rbio(ssl_)));
  EXPECT_FALSE(BIO_eof(SSL_get_rbio(ssl_)));
  DiscardReplay(ssl_);
  EXPECT_EQ(Read(), "next");
}

TEST_F(ReplayBioTest, IsTakenAwayOnceRead) {
  ASSERT_TRUE(Replay(ssl_, {{'x'}}, AfterReplay::kPassThrough));
  RestoreReadBio(ssl_);
  EXPECT_NE(SSL_get_rbio(ssl_), behind_);
  EXPECT_EQ(Read(), "x");
  RestoreReadBio(ssl_);
  EXPECT_EQ(SSL_get_rbio(ssl_), behind_);
  EXPECT_EQ(SSL_get_wbio(ssl_), behind_);
  // Where there is none, nothing happens.
  RestoreReadBio(ssl_);
  DiscardReplay(ssl_);
  EXPECT_EQ(SSL_get_rbio(ssl_), behind_);
}

TEST_F(ReplayBioTest, ShowsTheApplicationsData) {
  int data = 0;
  void* const before = BIO_get_data(behind_);
  BIO_set_data(behind_, &data);
  ASSERT_TRUE(Replay(ssl_, {{'x'}}, AfterReplay::kPassThrough));
  EXPECT_EQ(BIO_get_data(SSL_get_rbio(ssl_)), &data);
  DiscardReplay(ssl_);
  BIO_set_data(behind_, before);
}

TEST_F(ReplayBioTest, NeedsAReadBio) {
  SSL_set0_rbio(ssl_, nullptr);
  EXPECT_FALSE(Replay(ssl_, {{'x'}}, AfterReplay::kPassThrough));
}

TEST_F(ReplayBioTest, DiesWithItsSsl) {
  ASSERT_TRUE(Replay(ssl_, {{'x'}}, AfterReplay::kPassThrough));
  SSL_free(ssl_);
  ssl_ = nullptr;
  // What was behind it knows nothing of it.
  EXPECT_EQ(BIO_pop(behind_), nullptr);
}

}  // namespace
}  // namespace dtls13::shim
