// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/transcript_provider.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <memory>
#include <string>

#include "dtls13/wire/bytes_test_util.h"

namespace dtls13::shim {
namespace {

Bytes Concatenate(const Bytes& first, const Bytes& second) {
  Bytes both = first;
  both.insert(both.end(), second.begin(), second.end());
  return both;
}

// A digest as libssl would fetch it.
class Fetched {
 public:
  Fetched(OSSL_LIB_CTX* library_context, const char* name, const char* query)
      : digest_(EVP_MD_fetch(library_context, name, query)) {}
  ~Fetched() { EVP_MD_free(digest_); }

  std::string provider() const {
    return digest_ == nullptr ? "" : OSSL_PROVIDER_get0_name(EVP_MD_get0_provider(digest_));
  }
  Bytes Hash(const Bytes& data) const {
    Bytes out(EVP_MAX_MD_SIZE);
    unsigned int len = 0;
    EXPECT_EQ(EVP_Digest(data.data(), data.size(), out.data(), &len, digest_, nullptr), 1);
    out.resize(len);
    return out;
  }
  EVP_MD* get() const { return digest_; }

 private:
  EVP_MD* digest_;
};

class TranscriptProviderTest : public testing::Test {
 protected:
  TranscriptProviderTest()
      : library_context_(OSSL_LIB_CTX_new()), digests_(library_context_, nullptr) {}
  ~TranscriptProviderTest() override {
    digests_ = TranscriptDigests();
    OSSL_LIB_CTX_free(library_context_);
  }

  Fetched Corrected(const char* name) const {
    return Fetched(library_context_, name, digests_.property_query().c_str());
  }
  Fetched Plain(const char* name) const { return Fetched(library_context_, name, nullptr); }

  OSSL_LIB_CTX* library_context_;
  TranscriptDigests digests_;
  const Bytes written_ = Bytes(60, 1);
  const Bytes sent_ = Bytes(90, 2);
  const Bytes rest_ = Bytes(200, 3);
};

constexpr const char* kNames[] = {"SHA256", "SHA384", "SHA512", "SHA224", "SHA1", "MD5-SHA1"};

TEST_F(TranscriptProviderTest, HashesAsLibcryptoDoes) {
  ASSERT_TRUE(digests_.available());
  for (const char* name : kNames) {
    const Fetched ours = Corrected(name);
    EXPECT_EQ(ours.provider(), "dtls13-transcript") << name;
    EXPECT_EQ(ours.Hash(rest_), Plain(name).Hash(rest_)) << name;
    EXPECT_EQ(EVP_MD_get_type(ours.get()), EVP_MD_get_type(Plain(name).get())) << name;
    EXPECT_EQ(EVP_MD_get_block_size(ours.get()), EVP_MD_get_block_size(Plain(name).get()));
  }
}

// Whoever says nothing of the kind is served by who served it before.
TEST_F(TranscriptProviderTest, IsOnlyForWhoAsks) {
  for (const char* name : kNames) EXPECT_EQ(Plain(name).provider(), "default") << name;
}

TEST_F(TranscriptProviderTest, TakesTheHelloThatWasSentForTheOneWritten) {
  const Bytes transcript = Concatenate(written_, rest_);
  for (const char* name : kNames) {
    const Fetched ours = Corrected(name);
    const Bytes as_written = Plain(name).Hash(transcript);
    EXPECT_EQ(ours.Hash(transcript), as_written);
    {
      const TranscriptCorrection correction(written_, sent_);
      EXPECT_EQ(ours.Hash(transcript), Plain(name).Hash(Concatenate(sent_, rest_))) << name;
      // Neither behind something else, nor cut short, nor with another byte is it that hello.
      EXPECT_EQ(ours.Hash(Concatenate(rest_, transcript)),
                Plain(name).Hash(Concatenate(rest_, transcript)));
      EXPECT_EQ(ours.Hash(Bytes(59, 1)), Plain(name).Hash(Bytes(59, 1)));
      // Others are not touched.
      EXPECT_EQ(Plain(name).Hash(transcript), as_written);
    }
    EXPECT_EQ(ours.Hash(transcript), as_written);
  }
}

// libssl copies the transcript for each Finished, and goes on with the original.
TEST_F(TranscriptProviderTest, CopiesGoOnFromWhereTheyWere) {
  const TranscriptCorrection correction(written_, sent_);
  const Fetched ours = Corrected("SHA256");
  EVP_MD_CTX* state = EVP_MD_CTX_new();
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  ASSERT_EQ(EVP_DigestInit_ex(state, ours.get(), nullptr), 1);
  ASSERT_EQ(EVP_DigestUpdate(state, written_.data(), written_.size()), 1);
  ASSERT_EQ(EVP_MD_CTX_copy_ex(copy, state), 1);
  // What is hashed next begins nothing.
  ASSERT_EQ(EVP_DigestUpdate(copy, written_.data(), written_.size()), 1);
  Bytes out(32);
  ASSERT_EQ(EVP_DigestFinal_ex(copy, out.data(), nullptr), 1);
  EXPECT_EQ(out, Plain("SHA256").Hash(Concatenate(sent_, written_)));
  EVP_MD_CTX_free(copy);
  EVP_MD_CTX_free(state);
}

// A client's CertificateVerify is made over the messages themselves.
TEST_F(TranscriptProviderTest, SignaturesCoverTheHelloThatWasSent) {
  const TranscriptCorrection correction(written_, sent_);
  EVP_PKEY* key = EVP_PKEY_Q_keygen(library_context_, nullptr, "EC", "P-256");
  const Bytes transcript = Concatenate(written_, rest_);
  Bytes signature(256);
  size_t len = signature.size();
  EVP_MD_CTX* signer = EVP_MD_CTX_new();
  ASSERT_EQ(EVP_DigestSignInit_ex(signer, nullptr, "SHA256", library_context_,
                                  digests_.property_query().c_str(), key, nullptr),
            1);
  ASSERT_EQ(EVP_DigestSign(signer, signature.data(), &len, transcript.data(), transcript.size()),
            1);
  EVP_MD_CTX_free(signer);
  const Bytes sent = Concatenate(sent_, rest_);
  EVP_MD_CTX* verifier = EVP_MD_CTX_new();
  ASSERT_EQ(
      EVP_DigestVerifyInit_ex(verifier, nullptr, "SHA256", library_context_, nullptr, key, nullptr),
      1);
  EXPECT_EQ(EVP_DigestVerify(verifier, signature.data(), len, sent.data(), sent.size()), 1);
  EVP_MD_CTX_free(verifier);
  EVP_PKEY_free(key);
}

TEST_F(TranscriptProviderTest, YieldsToTheApplicationsWishes) {
  EXPECT_FALSE(TranscriptDigests(library_context_, "provider=default").available());
  EXPECT_TRUE(TranscriptDigests(library_context_, "?provider=none").available());
}

TEST_F(TranscriptProviderTest, GoesAndComesBack) {
  digests_ = TranscriptDigests();
  EXPECT_EQ(OSSL_PROVIDER_available(library_context_, "dtls13-transcript"), 0);
  digests_ = TranscriptDigests(library_context_, nullptr);
  ASSERT_TRUE(digests_.available());
  const TranscriptCorrection correction(written_, sent_);
  EXPECT_EQ(Corrected("SHA256").Hash(written_), Plain("SHA256").Hash(sent_));
  EXPECT_EQ(Plain("SHA256").provider(), "default");
}

TEST_F(TranscriptProviderTest, StaysOutOfAContextUnderFipsRules) {
  OSSL_LIB_CTX* fips = OSSL_LIB_CTX_new();
  ASSERT_EQ(EVP_default_properties_enable_fips(fips, 1), 1);
  EXPECT_FALSE(TranscriptDigests(fips, nullptr).available());
  EXPECT_EQ(OSSL_PROVIDER_available(fips, "dtls13-transcript"), 0);
  OSSL_LIB_CTX_free(fips);
}

TEST(TranscriptProviderDefaultTest, ServesTheDefaultContextToo) {
  const TranscriptDigests digests(nullptr, nullptr);
  ASSERT_TRUE(digests.available());
  {
    // One may go while another stays.
    const TranscriptDigests another(nullptr, nullptr);
    EXPECT_TRUE(another.available());
  }
  EXPECT_EQ(Fetched(nullptr, "SHA256", digests.property_query().c_str()).provider(),
            "dtls13-transcript");
  EXPECT_EQ(Fetched(nullptr, "SHA256", nullptr).provider(), "default");
}

}  // namespace
}  // namespace dtls13::shim
