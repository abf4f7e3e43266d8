// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/psk_binder.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <string>
#include <string_view>
#include <vector>

#include "dtls13/crypto/crypto_test_util.h"
#include "dtls13/crypto/rfc8448_vectors.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

using PskKind = KeySchedule::PskKind;

void Append(Bytes* out, std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) out->push_back(byte);
}

std::string Hex(const std::optional<HashValue>& value) {
  return value.has_value() ? ToHex(value->view()) : "none";
}

// --- the same by hand, with libcrypto's one-shot functions and nothing of ours

const char* Name(HashId hash) { return hash == HashId::kSha256 ? "SHA256" : "SHA384"; }

Bytes RawHash(HashId hash, const Bytes& data) {
  Bytes out(HashLen(hash));
  size_t len = 0;
  EXPECT_EQ(EVP_Q_digest(nullptr, Name(hash), nullptr, data.data(), data.size(), out.data(), &len),
            1);
  EXPECT_EQ(len, out.size());
  return out;
}

Bytes RawHmac(HashId hash, const Bytes& key, const Bytes& data) {
  Bytes out(HashLen(hash));
  size_t len = 0;
  EXPECT_NE(EVP_Q_mac(nullptr, "HMAC", nullptr, Name(hash), nullptr, key.data(), key.size(),
                      data.data(), data.size(), out.data(), out.size(), &len),
            nullptr);
  return out;
}

// One block of HKDF-Expand-Label is all that is needed.
Bytes RawExpandLabel(HashId hash, const Bytes& secret, std::string_view label,
                     const Bytes& context) {
  Bytes info = {0, static_cast<uint8_t>(HashLen(hash)), static_cast<uint8_t>(6 + label.size())};
  for (const char c : std::string("dtls13") + std::string(label)) {
    info.push_back(static_cast<uint8_t>(c));
  }
  info.push_back(static_cast<uint8_t>(context.size()));
  Append(&info, context);
  info.push_back(1);
  return RawHmac(hash, secret, info);
}

Bytes RawBinder(HashId hash, const Bytes& psk, std::string_view label, const Bytes& transcript) {
  const Bytes early = RawHmac(hash, Bytes(HashLen(hash)), psk);
  const Bytes binder_key = RawExpandLabel(hash, early, label, RawHash(hash, {}));
  const Bytes finished_key = RawExpandLabel(hash, binder_key, "finished", {});
  return RawHmac(hash, finished_key, RawHash(hash, transcript));
}

// A stand-in for a ClientHello of 300 bytes whose last 35 are its binders.
constexpr size_t kBindersLen = 35;
Bytes Hello() {
  Bytes body(300);
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<uint8_t>(i);
  return body;
}

Bytes WithHeader(HandshakeType type, const Bytes& body) {
  Bytes message = {static_cast<uint8_t>(type), 0, static_cast<uint8_t>(body.size() >> 8),
                   static_cast<uint8_t>(body.size())};
  Append(&message, body);
  return message;
}

Bytes Truncated(Bytes message) {
  message.resize(message.size() - kBindersLen);
  return message;
}

struct KindAndLabel {
  PskKind kind;
  const char* label;
};
constexpr KindAndLabel kKinds[] = {{PskKind::kExternal, "ext binder"},
                                   {PskKind::kResumption, "res binder"},
                                   {PskKind::kImported, "imp binder"}};

std::optional<HashValue> Compute(HashId hash, LabelPrefix prefix, const Bytes& psk, PskKind kind,
                                 const Transcript& transcript, const Bytes& body,
                                 size_t binders_len) {
  KeySchedule schedule(DefaultAlgorithms(), hash, prefix);
  EXPECT_TRUE(schedule.StartEarly(psk));
  return ComputePskBinder(&schedule, kind, transcript, body, binders_len);
}

TEST(PskBinderTest, Rfc8448ResumedHandshake) {
  const Bytes message = FromHex(rfc8448::kResumedClientHello);
  Transcript transcript(DefaultAlgorithms());
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  EXPECT_EQ(Hex(Compute(HashId::kSha256, LabelPrefix::kTls13, FromHex(rfc8448::kSimpleTicketSecret),
                        PskKind::kResumption, transcript, Bytes(message.begin() + 4, message.end()),
                        kBindersLen)),
            rfc8448::kResumedBinder);
}

TEST(PskBinderTest, FirstHelloIsHashedAlone) {
  const Bytes psk = {1, 2, 3, 4, 5};
  for (const HashId hash : {HashId::kSha256, HashId::kSha384}) {
    for (const KindAndLabel& kind : kKinds) {
      Transcript transcript(DefaultAlgorithms());
      ASSERT_TRUE(transcript.SelectHash(hash));
      const Bytes expected = RawBinder(hash, psk, kind.label,
                                       Truncated(WithHeader(HandshakeType::kClientHello, Hello())));
      EXPECT_EQ(Hex(Compute(hash, LabelPrefix::kDtls13, psk, kind.kind, transcript, Hello(),
                            kBindersLen)),
                ToHex(expected));
    }
  }
}

// RFC 8446 section 4.2.11.2: Transcript-Hash(ClientHello1, HelloRetryRequest,
// Truncate(ClientHello2)), where ClientHello1 is a message_hash.
TEST(PskBinderTest, SecondHelloFollowsMessageHashAndRetry) {
  const Bytes psk(48, 7);
  const Bytes first_hello(200, 1);
  const Bytes retry(90, 2);
  for (const HashId hash : {HashId::kSha256, HashId::kSha384}) {
    Transcript transcript(DefaultAlgorithms());
    ASSERT_TRUE(transcript.Add(HandshakeType::kClientHello, first_hello));
    ASSERT_TRUE(transcript.SelectHash(hash));
    ASSERT_TRUE(transcript.ReplaceWithMessageHash());
    ASSERT_TRUE(transcript.Add(HandshakeType::kServerHello, retry));

    Bytes messages =
        WithHeader(HandshakeType::kMessageHash,
                   RawHash(hash, WithHeader(HandshakeType::kClientHello, first_hello)));
    Append(&messages, WithHeader(HandshakeType::kServerHello, retry));
    Append(&messages, Truncated(WithHeader(HandshakeType::kClientHello, Hello())));
    EXPECT_EQ(Hex(Compute(hash, LabelPrefix::kDtls13, psk, PskKind::kExternal, transcript, Hello(),
                          kBindersLen)),
              ToHex(RawBinder(hash, psk, "ext binder", messages)));
  }
}

TEST(PskBinderTest, RefusesWhatCannotBe) {
  const Bytes psk(32, 7);
  Transcript transcript(DefaultAlgorithms());
  EXPECT_FALSE(Compute(HashId::kSha256, LabelPrefix::kDtls13, psk, PskKind::kExternal, transcript,
                       Hello(), kBindersLen)
                   .has_value());  // no hash is selected
  ASSERT_TRUE(transcript.SelectHash(HashId::kSha256));
  EXPECT_FALSE(Compute(HashId::kSha384, LabelPrefix::kDtls13, psk, PskKind::kExternal, transcript,
                       Hello(), kBindersLen)
                   .has_value());
  EXPECT_FALSE(Compute(HashId::kSha256, LabelPrefix::kDtls13, psk, PskKind::kExternal, transcript,
                       Hello(), Hello().size() + 1)
                   .has_value());
  KeySchedule without_psk(DefaultAlgorithms(), HashId::kSha256, LabelPrefix::kDtls13);
  ASSERT_TRUE(without_psk.StartEarly({}));
  EXPECT_FALSE(ComputePskBinder(&without_psk, PskKind::kExternal, transcript, Hello(), kBindersLen)
                   .has_value());
}

}  // namespace
}  // namespace dtls13
