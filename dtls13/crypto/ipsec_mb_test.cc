// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/ipsec_mb.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

namespace dtls13 {
namespace {

// A library of version 1 on any processor: each function leaves its name's mark.
void PrepareKey(const void* key, void* prepared) { std::memcpy(prepared, key, 16); }
void CopyText(const void*, void*, uint8_t* out, const uint8_t* in, uint64_t len, const uint8_t*,
              const uint8_t*, uint64_t, uint8_t* tag, uint64_t tag_len) {
  std::memmove(out, in, len);
  std::memset(tag, 0x5a, tag_len);
}

void* FakeSymbol(const std::string& name) {
  return name.starts_with("aes_gcm_pre") ? reinterpret_cast<void*>(&PrepareKey)
                                         : reinterpret_cast<void*>(&CopyText);
}

bool HasProcessor() { return FindIpsecMb(FakeSymbol).status != RecordCryptoStatus::kProcessor; }

TEST(IpsecMbTest, WithoutTheLibraryThereIsNothing) {
  const char* const files[] = {"libIPSec_MB.so.none"};
  const IpsecMb found = LoadIpsecMb(files);
  EXPECT_EQ(found.status, RecordCryptoStatus::kNotInstalled);
  EXPECT_EQ(found.aes128.seal, nullptr);
}

TEST(IpsecMbTest, AnyOtherLibraryLacksItsFunctions) {
  if (!HasProcessor()) GTEST_SKIP() << "not on this processor";
  const char* const files[] = {"libc.so.6"};
  EXPECT_EQ(LoadIpsecMb(files).status, RecordCryptoStatus::kNotInstalled);
}

TEST(IpsecMbTest, TakesTheSlowerFunctionsWhereAFasterOneIsNotThere) {
  if (!HasProcessor()) GTEST_SKIP() << "not on this processor";
  std::vector<std::string> asked;
  const IpsecMb found = FindIpsecMb([&asked](const std::string& name) -> void* {
    asked.push_back(name);
    return name.ends_with("_avx_gen4") ? FakeSymbol(name) : nullptr;
  });
  EXPECT_EQ(found.status, RecordCryptoStatus::kIpsecMb);
  for (const char* name :
       {"aes_gcm_pre_128_avx_gen4", "aes_gcm_enc_128_avx_gen4", "aes_gcm_dec_128_avx_gen4",
        "aes_gcm_pre_256_avx_gen4", "aes_gcm_enc_256_avx_gen4", "aes_gcm_dec_256_avx_gen4"}) {
    EXPECT_NE(std::ranges::find(asked, name), asked.end()) << name;
  }
}

TEST(IpsecMbTest, OneMissingFunctionIsNoLibrary) {
  if (!HasProcessor()) GTEST_SKIP() << "not on this processor";
  const IpsecMb found = FindIpsecMb([](const std::string& name) -> void* {
    return name.starts_with("aes_gcm_dec_256") ? nullptr : FakeSymbol(name);
  });
  EXPECT_EQ(found.status, RecordCryptoStatus::kNotInstalled);
}

constexpr IpsecMbGcm kFake{
    .key_len = 16, .prepare = PrepareKey, .seal = CopyText, .open = CopyText};

TEST(IpsecMbKeyTest, OpensWhatHasTheSameTagOnly) {
  const std::vector<uint8_t> key(16, 0x77);
  const std::array<uint8_t, kAeadIvLen> nonce{};
  const auto prepared = std::make_unique<IpsecMbKey>(kFake, key);
  std::vector<uint8_t> text(5, 1);
  std::array<uint8_t, kAeadTagLen> tag{};
  prepared->Seal(nonce, {}, text, tag);
  EXPECT_TRUE(prepared->Open(nonce, {}, text, tag));
  for (size_t i = 0; i < tag.size(); ++i) {
    std::array<uint8_t, kAeadTagLen> other = tag;
    other[i] ^= 0x80;
    EXPECT_FALSE(prepared->Open(nonce, {}, text, other)) << i;
  }
}

TEST(IpsecMbKeyTest, IsWiped) {
  const std::vector<uint8_t> key(16, 0x77);
  // Storage that outlives the object, so that it may be looked at.
  alignas(IpsecMbKey) static std::array<uint8_t, sizeof(IpsecMbKey)> storage;
  auto* const prepared = new (storage.data()) IpsecMbKey(kFake, key);
  const auto has_key = [&] {
    return std::search(storage.begin(), storage.end(), key.begin(), key.end()) != storage.end();
  };
  ASSERT_TRUE(has_key());
  prepared->~IpsecMbKey();
  EXPECT_FALSE(has_key());
}

}  // namespace
}  // namespace dtls13
