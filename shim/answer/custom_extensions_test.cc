// SPDX-License-Identifier: Apache-2.0
// The application's own extensions. What holds of DTLS 1.3 holds of libssl's TLS 1.3 too, which is
// the measure, and what comes before the version is known of its DTLS 1.2.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

using Calls = std::vector<std::string>;

constexpr unsigned int kType = 0xfe01;
constexpr unsigned int kOtherType = 0xfe02;

std::string NameOf(unsigned int context) {
  switch (context) {
    case SSL_EXT_CLIENT_HELLO:
      return "ClientHello";
    case SSL_EXT_TLS1_2_SERVER_HELLO:
      return "old ServerHello";
    case SSL_EXT_TLS1_3_SERVER_HELLO:
      return "ServerHello";
    case SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS:
      return "EncryptedExtensions";
    case SSL_EXT_TLS1_3_CERTIFICATE:
      return "Certificate";
    case SSL_EXT_TLS1_3_CERTIFICATE_REQUEST:
      return "CertificateRequest";
    default:
      return std::to_string(context);
  }
}

// Side is one side's callbacks: what they answer, and what was asked of them.
struct Side {
  std::string data;
  int add_result = 1;
  int parse_result = 1;
  int alert = SSL_AD_ILLEGAL_PARAMETER;
  Calls added = {};
  Calls parsed = {};
  int num_to_free = 0;

  static int Add(SSL* /*ssl*/, unsigned int /*type*/, unsigned int context,
                 const unsigned char** out, size_t* out_len, X509* certificate, size_t chain_index,
                 int* alert, void* arg) {
    auto* side = static_cast<Side*>(arg);
    std::string name = NameOf(context);
    if (context == SSL_EXT_TLS1_3_CERTIFICATE) {
      name += " " + std::to_string(chain_index);
      EXPECT_NE(certificate, nullptr);
    }
    side->added.push_back(name);
    *alert = side->alert;
    *out = reinterpret_cast<const unsigned char*>(side->data.data());
    *out_len = side->data.size();
    if (side->add_result == 1) ++side->num_to_free;
    return side->add_result;
  }

  static void Free(SSL* /*ssl*/, unsigned int /*type*/, unsigned int /*context*/,
                   const unsigned char* out, void* arg) {
    auto* side = static_cast<Side*>(arg);
    EXPECT_EQ(out, reinterpret_cast<const unsigned char*>(side->data.data()));
    --side->num_to_free;
  }

  static int Parse(SSL* /*ssl*/, unsigned int /*type*/, unsigned int context,
                   const unsigned char* in, size_t in_len, X509* /*certificate*/,
                   size_t /*chain_index*/, int* alert, void* arg) {
    auto* side = static_cast<Side*>(arg);
    side->parsed.push_back(NameOf(context) + ": " +
                           std::string(reinterpret_cast<const char*>(in), in_len));
    *alert = side->alert;
    return side->parse_result;
  }

  static int OldAdd(SSL* ssl, unsigned int type, const unsigned char** out, size_t* out_len,
                    int* alert, void* arg) {
    return Add(ssl, type, 0, out, out_len, nullptr, 0, alert, arg);
  }
  static void OldFree(SSL* ssl, unsigned int type, const unsigned char* out, void* arg) {
    Free(ssl, type, 0, out, arg);
  }
  static int OldParse(SSL* ssl, unsigned int type, const unsigned char* in, size_t in_len,
                      int* alert, void* arg) {
    return Parse(ssl, type, 0, in, in_len, nullptr, 0, alert, arg);
  }
};

class CustomExtensionsTest : public testing::TestWithParam<Protocol> {
 protected:
  CustomExtensionsTest() : pair_(GetParam()) {}
  ~CustomExtensionsTest() override {
    EXPECT_EQ(ERR_peek_error(), 0u);
    EXPECT_EQ(client_.num_to_free, 0);
    EXPECT_EQ(server_.num_to_free, 0);
  }

  void Register(unsigned int context) {
    EXPECT_EQ(SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kType, context, Side::Add, Side::Free,
                                     &client_, Side::Parse, &client_),
              1);
    EXPECT_EQ(SSL_CTX_add_custom_ext(pair_.server_ctx.get(), kType, context, Side::Add, Side::Free,
                                     &server_, Side::Parse, &server_),
              1);
  }

  void Run() {
    pair_.Make();
    pair_.Run();
  }

  void ExpectBothUp() {
    EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
    EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
  }

  SslPair pair_;
  Side client_ = {.data = "asks"};
  Side server_ = {.data = "answers"};
};

INSTANTIATE_TEST_SUITE_P(Protocols, CustomExtensionsTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(CustomExtensionsTest, GoThereAndBack) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.added, Calls{"ClientHello"});
  EXPECT_EQ(server_.parsed, Calls{"ClientHello: asks"});
  EXPECT_EQ(server_.added, Calls{"EncryptedExtensions"});
  EXPECT_EQ(client_.parsed, Calls{"EncryptedExtensions: answers"});
}

TEST_P(CustomExtensionsTest, StandInEveryMessageTheyAreFor) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_SERVER_HELLO |
           SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS | SSL_EXT_TLS1_3_CERTIFICATE |
           SSL_EXT_TLS1_3_CERTIFICATE_REQUEST);
  SSL_CTX_set_verify(pair_.server_ctx.get(), SSL_VERIFY_PEER,
                     [](int /*ok*/, X509_STORE_CTX* /*context*/) { return 1; });
  TestCertificate("client").UseOn(pair_.client_ctx.get());
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.added, (Calls{"ClientHello", "Certificate 0"}));
  EXPECT_EQ(server_.parsed, (Calls{"ClientHello: asks", "Certificate: asks"}));
  EXPECT_EQ(server_.added,
            (Calls{"ServerHello", "EncryptedExtensions", "CertificateRequest", "Certificate 0"}));
  EXPECT_EQ(client_.parsed, (Calls{"ServerHello: answers", "EncryptedExtensions: answers",
                                   "CertificateRequest: answers", "Certificate: answers"}));
}

TEST_P(CustomExtensionsTest, WhatNobodyAsksForIsNotAnswered) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS | SSL_EXT_TLS1_3_CERTIFICATE);
  client_.add_result = 0;
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.added, Calls{"ClientHello"});
  EXPECT_EQ(server_.parsed, Calls());
  EXPECT_EQ(server_.added, Calls());
  EXPECT_EQ(client_.parsed, Calls());
}

TEST_P(CustomExtensionsTest, OnesOfDtls12AreNotAnswered) {
  EXPECT_EQ(SSL_CTX_add_client_custom_ext(pair_.client_ctx.get(), kType, Side::OldAdd,
                                          Side::OldFree, &client_, Side::OldParse, &client_),
            1);
  EXPECT_EQ(SSL_CTX_add_server_custom_ext(pair_.server_ctx.get(), kType, Side::OldAdd,
                                          Side::OldFree, &server_, Side::OldParse, &server_),
            1);
  Run();
  ExpectBothUp();
  EXPECT_EQ(server_.parsed, Calls());
  EXPECT_EQ(server_.added, Calls());
  EXPECT_EQ(client_.parsed, Calls());
}

TEST_P(CustomExtensionsTest, ClientThatCannotAddDoesNotBegin) {
  Register(SSL_EXT_CLIENT_HELLO);
  client_.add_result = -1;
  Run();
  EXPECT_FALSE(pair_.client_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_CALLBACK_FAILED);
  EXPECT_FALSE(pair_.server_end.is_up);
}

TEST_P(CustomExtensionsTest, ServerRefusesWhatItDoesNotTake) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  server_.parse_result = 0;
  Run();
  EXPECT_FALSE(pair_.server_end.is_up);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_BAD_EXTENSION);
  EXPECT_FALSE(pair_.client_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
  EXPECT_EQ(server_.added, Calls());
}

TEST_P(CustomExtensionsTest, ServerThatCannotAddRefuses) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  server_.add_result = -1;
  Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_CALLBACK_FAILED);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

int num_verified = 0;

TEST_P(CustomExtensionsTest, ClientRefusesTheAnswer) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  client_.parse_result = 0;
  num_verified = 0;
  SSL_CTX_set_verify(pair_.client_ctx.get(), SSL_VERIFY_PEER,
                     [](int /*ok*/, X509_STORE_CTX* /*context*/) { return ++num_verified; });
  Run();
  EXPECT_EQ(num_verified, 0);
  EXPECT_FALSE(pair_.client_end.is_up);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_BAD_EXTENSION);
  EXPECT_FALSE(pair_.server_end.is_up);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

TEST_P(CustomExtensionsTest, EachSslHasWhatItsContextHad) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  pair_.Make();
  Side late = {.data = "late"};
  EXPECT_EQ(SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kOtherType, SSL_EXT_CLIENT_HELLO,
                                   Side::Add, Side::Free, &late, Side::Parse, &late),
            1);
  pair_.Run();
  ExpectBothUp();
  EXPECT_EQ(late.added, Calls());
}

// The client has both versions: its hello is to have what libssl's has, asked for once.
class CommonHelloTest : public testing::TestWithParam<bool> {
 protected:
  CommonHelloTest() : pair_(Protocol::kDtls13) {
    SSL_CTX_set_min_proto_version(pair_.client_ctx.get(), 0);
    if (GetParam()) {
      SSL_CTX_set_min_proto_version(pair_.server_ctx.get(), DTLS1_2_VERSION);
      SSL_CTX_set_max_proto_version(pair_.server_ctx.get(), DTLS1_2_VERSION);
    }
  }
  ~CommonHelloTest() override { ERR_clear_error(); }

  SslPair pair_;
  Side client_ = {.data = "asks"};
  Side server_ = {.data = "answers"};
};

INSTANTIATE_TEST_SUITE_P(Servers, CommonHelloTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& info) {
                           return info.param ? "WithDtls12" : "WithDtls13";
                         });

TEST_P(CommonHelloTest, HasTheExtensionsOfEitherVersion) {
  constexpr unsigned int kBoth =
      SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS;
  Side newer = {.data = "new"};
  SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kType, kBoth, Side::Add, Side::Free, &client_,
                         Side::Parse, &client_);
  SSL_CTX_add_custom_ext(pair_.server_ctx.get(), kType, kBoth, Side::Add, Side::Free, &server_,
                         Side::Parse, &server_);
  SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kOtherType,
                         SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ONLY, Side::Add, Side::Free, &newer,
                         Side::Parse, &newer);
  pair_.Make();
  pair_.Run();
  EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
  EXPECT_TRUE(pair_.server_end.is_up) << pair_.server_end.reason;
  EXPECT_EQ(SSL_version(pair_.client.get()), GetParam() ? DTLS1_2_VERSION : DTLS1_3_VERSION);
  EXPECT_EQ(client_.added, Calls{"ClientHello"});
  EXPECT_EQ(newer.added, Calls{"ClientHello"});
  EXPECT_EQ(server_.parsed, Calls{"ClientHello: asks"});
  const std::string answer = GetParam() ? "old ServerHello" : "EncryptedExtensions";
  EXPECT_EQ(server_.added, Calls{answer});
  EXPECT_EQ(client_.parsed, Calls{answer + ": answers"});
  EXPECT_EQ(client_.num_to_free, 0);
  EXPECT_EQ(newer.num_to_free, 0);
}

TEST_P(CommonHelloTest, HasTheOldOnes) {
  SSL_CTX_add_client_custom_ext(pair_.client_ctx.get(), kType, Side::OldAdd, Side::OldFree,
                                &client_, Side::OldParse, &client_);
  SSL_CTX_add_server_custom_ext(pair_.server_ctx.get(), kType, Side::OldAdd, Side::OldFree,
                                &server_, Side::OldParse, &server_);
  pair_.Make();
  pair_.Run();
  EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
  EXPECT_EQ(client_.added.size(), 1u);
  EXPECT_EQ(server_.parsed.size(), GetParam() ? 1u : 0u);
  EXPECT_EQ(client_.parsed.size(), GetParam() ? 1u : 0u);
}

TEST_P(CommonHelloTest, HasTheFragmentLength) {
  EXPECT_EQ(SSL_CTX_set_tlsext_max_fragment_length(pair_.client_ctx.get(),
                                                   TLSEXT_max_fragment_length_512),
            1);
  pair_.Make();
  pair_.Run();
  EXPECT_TRUE(pair_.client_end.is_up) << pair_.client_end.reason;
  if (GetParam()) {
    EXPECT_EQ(SSL_SESSION_get_max_fragment_length(SSL_get_session(pair_.server.get())),
              TLSEXT_max_fragment_length_512);
  }
  // As in libssl one record holds no more, in either version.
  const std::string data(2000, 'x');
  char received[2000];
  EXPECT_EQ(SSL_write(pair_.server.get(), data.data(), 512), 512);
  EXPECT_EQ(SSL_read(pair_.client.get(), received, sizeof(received)), 512);
  EXPECT_LE(SSL_write(pair_.server.get(), data.data(), 513), 0);
}

}  // namespace
}  // namespace dtls13::shim
