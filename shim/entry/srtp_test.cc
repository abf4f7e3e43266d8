// SPDX-License-Identifier: Apache-2.0
// DTLS-SRTP as GStreamer and its like use it. What holds for both is measured by libssl's DTLS 1.2.

#include <gtest/gtest.h>
#include <sys/time.h>

#include <chrono>
#include <string>

#include "shim/attachment/ssl_attachment.h"
#include "shim/drive/association_setup.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr char kLabel[] = "EXTRACTOR-dtls_srtp";
constexpr size_t kKeysLen = 60;  // two keys and two salts of AES-128

std::string ProfileOf(SSL* ssl) {
  const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(ssl);
  return profile == nullptr ? "none" : profile->name;
}

std::string Export(SSL* ssl, const std::string& label, size_t len) {
  std::string keys(len, '\0');
  const int result =
      SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(keys.data()), keys.size(),
                                 label.data(), label.size(), nullptr, 0, 0);
  return result == 1 ? keys : "";
}

std::string KeysOf(SSL* ssl) { return Export(ssl, kLabel, kKeysLen); }

class SrtpTest : public testing::TestWithParam<Protocol> {
 protected:
  SrtpTest() : pair_(GetParam()) {}
  ~SrtpTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  // Null offers nothing. Both return 0 for success.
  void Connect(const char* client_profiles, const char* server_profiles) {
    if (client_profiles != nullptr) {
      ASSERT_EQ(SSL_CTX_set_tlsext_use_srtp(pair_.client_ctx.get(), client_profiles), 0);
    }
    pair_.Make();
    if (server_profiles != nullptr) {
      ASSERT_EQ(SSL_set_tlsext_use_srtp(pair_.server.get(), server_profiles), 0);
    }
    pair_.Run();
    EXPECT_TRUE(pair_.client_end.is_up);
    EXPECT_TRUE(pair_.server_end.is_up);
  }
  void ExpectProfile(const char* name) {
    EXPECT_EQ(ProfileOf(pair_.client.get()), name);
    EXPECT_EQ(ProfileOf(pair_.server.get()), name);
  }

  SslPair pair_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, SrtpTest, testing::Values(Protocol::kDtls12, Protocol::kDtls13),
                         ProtocolName);

TEST_P(SrtpTest, ServersPreferenceCounts) {
  Connect("SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM",
          "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
  ExpectProfile("SRTP_AEAD_AES_128_GCM");
  EXPECT_EQ(SSL_get_selected_srtp_profile(pair_.client.get())->id,
            static_cast<unsigned long>(SRTP_AEAD_AES_128_GCM));
  EXPECT_FALSE(KeysOf(pair_.client.get()).empty());
  EXPECT_EQ(KeysOf(pair_.client.get()), KeysOf(pair_.server.get()));
}

struct ProfileLen {
  const char* profile;
  size_t len;
};
constexpr ProfileLen kProfileLens[] = {
    {"SRTP_AES128_CM_SHA1_80", 60},
    {"SRTP_AES128_CM_SHA1_32", 60},
    {"SRTP_AEAD_AES_128_GCM", 56},
    {"SRTP_AEAD_AES_256_GCM", 88},
};

// rtpengine asks for the keys of the longest profile, and uses the first bytes of it.
TEST_P(SrtpTest, MoreThanTheProfileNeedsBeginsWithWhatItNeeds) {
  constexpr size_t kMore = 128;
  for (const auto& [profile, len] : kProfileLens) {
    SslPair pair(GetParam());
    SSL_CTX_set_tlsext_use_srtp(pair.client_ctx.get(), profile);
    SSL_CTX_set_tlsext_use_srtp(pair.server_ctx.get(), profile);
    pair.Make();
    pair.Run();
    const std::string exact = Export(pair.client.get(), kLabel, len);
    const std::string more = Export(pair.server.get(), kLabel, kMore);
    ASSERT_EQ(exact.size(), len);
    ASSERT_EQ(more.size(), kMore);
    EXPECT_EQ(more.substr(0, len), exact) << profile;
    EXPECT_EQ(Export(pair.client.get(), kLabel, kMore), more) << profile;
    // What lies behind is no repetition, and nothing that was left as it was.
    const std::string rest = more.substr(len);
    EXPECT_EQ(exact.find(rest.substr(0, 8)), std::string::npos) << profile;
    EXPECT_NE(rest, std::string(rest.size(), '\0')) << profile;
  }
}

// RFC 8446 section 7.5 derives each length for itself; so does every other label.
TEST_P(SrtpTest, OtherLabelsAndNoProfileAreExportedAsTheVersionDoes) {
  const bool is_stream = GetParam() == Protocol::kDtls12;
  Connect("SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_SHA1_80");
  SSL* ssl = pair_.client.get();
  const std::string other = Export(ssl, "EXPERIMENTAL-other", 92);
  EXPECT_EQ(other.substr(0, kKeysLen) == Export(ssl, "EXPERIMENTAL-other", kKeysLen), is_stream);
  SslPair bare(GetParam());
  bare.Make();
  bare.Run();
  const std::string more = Export(bare.client.get(), kLabel, 92);
  EXPECT_EQ(more.substr(0, kKeysLen) == KeysOf(bare.client.get()), is_stream);
}

TEST_P(SrtpTest, WithoutACommonProfileThereIsNone) {
  Connect("SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_256_GCM");
  ExpectProfile("none");
}

TEST_P(SrtpTest, ClientAloneHasNone) {
  Connect("SRTP_AES128_CM_SHA1_80", nullptr);
  ExpectProfile("none");
}

TEST_P(SrtpTest, ServerAloneHasNone) {
  Connect(nullptr, "SRTP_AES128_CM_SHA1_80");
  ExpectProfile("none");
}

// GStreamer takes a profile or keys that are missing now for the end.
void LookWhenDone(const SSL* ssl, int where, int /*value*/) {
  if ((where & SSL_CB_HANDSHAKE_DONE) == 0) return;
  auto* seen = static_cast<std::string*>(SSL_get_app_data(ssl));
  auto* changeable = const_cast<SSL*>(ssl);
  *seen = SSL_is_init_finished(ssl) == 1 ? ProfileOf(changeable) + KeysOf(changeable) : "too early";
}

TEST_P(SrtpTest, ProfileAndKeysAreThereWhenTheHandshakeIsDone) {
  SSL_CTX_set_tlsext_use_srtp(pair_.client_ctx.get(), "SRTP_AES128_CM_SHA1_80");
  SSL_CTX_set_tlsext_use_srtp(pair_.server_ctx.get(), "SRTP_AES128_CM_SHA1_80");
  pair_.Make();
  std::string seen[2];
  SSL_set_app_data(pair_.client.get(), &seen[0]);
  SSL_set_app_data(pair_.server.get(), &seen[1]);
  SSL_set_info_callback(pair_.client.get(), LookWhenDone);
  SSL_set_info_callback(pair_.server.get(), LookWhenDone);
  pair_.Run();
  EXPECT_EQ(seen[0].size(), std::string("SRTP_AES128_CM_SHA1_80").size() + kKeysLen);
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], ProfileOf(pair_.server.get()) + KeysOf(pair_.server.get()));
}

Duration InitialTimeout(SSL* ssl) {
  return BuildConfig(*SslAttachment::Find(ssl))->retransmit.initial;
}

unsigned int LongTimer(SSL* /*ssl*/, unsigned int /*previous_us*/) { return 60'000'000; }

//= rfc9147#section-5.8.2
//= type=test
//# It is RECOMMENDED that for DTLS-SRTP [RFC5764], a default timeout of 400
//# ms be used; because customer experience degrades with one-way latencies
//# of greater than 200 ms, real-time deployments are less likely to have
//# long latencies.
TEST(SrtpTimerTest, IsShorterUnlessTheApplicationSetsOne) {
  SslPair pair(Protocol::kDtls13);
  SSL_CTX_set_tlsext_use_srtp(pair.client_ctx.get(), "SRTP_AES128_CM_SHA1_80");
  pair.Make();
  EXPECT_EQ(InitialTimeout(pair.client.get()), std::chrono::milliseconds(400));
  DTLS_set_timer_cb(pair.client.get(), LongTimer);
  SSL_do_handshake(pair.client.get());
  timeval left = {};
  EXPECT_EQ(DTLSv1_get_timeout(pair.client.get(), &left), 1);
  EXPECT_GT(left.tv_sec, 1);
}

}  // namespace
}  // namespace dtls13::shim
