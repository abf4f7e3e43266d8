// SPDX-License-Identifier: Apache-2.0
// The application's own extensions. What holds of DTLS 1.3 holds of libssl's TLS 1.3 too, which is
// the measure, and what comes before the version is known of its DTLS 1.2.

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <string>
#include <vector>

#include "dtls13/crypto/openssl_ptr.h"
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
    case SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST:
      return "HelloRetryRequest";
    case SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS:
      return "EncryptedExtensions";
    case SSL_EXT_TLS1_3_CERTIFICATE:
      return "Certificate";
    case SSL_EXT_TLS1_3_CERTIFICATE_REQUEST:
      return "CertificateRequest";
    case SSL_EXT_TLS1_3_NEW_SESSION_TICKET:
      return "NewSessionTicket";
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

  // RunAgain resumes the session of the connection before.
  void RunAgain() {
    SSL_SESSION* session = SSL_get1_session(pair_.client.get());
    // Or libssl resumes it no more.
    for (SSL* ssl : {pair_.client.get(), pair_.server.get()}) {
      SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    pair_.Make();
    EXPECT_EQ(SSL_set_session(pair_.client.get(), session), 1);
    SSL_SESSION_free(session);
    for (Side* side : {&client_, &server_}) side->added = side->parsed = {};
    pair_.Run();
    EXPECT_EQ(SSL_session_reused(pair_.client.get()), 1);
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

TEST_P(CustomExtensionsTest, StandInTickets) {
  Register(SSL_EXT_TLS1_3_NEW_SESSION_TICKET);
  SSL_CTX_set_num_tickets(pair_.server_ctx.get(), 3);
  Run();
  ExpectBothUp();
  EXPECT_EQ(server_.added, Calls(3, "NewSessionTicket"));
  EXPECT_EQ(client_.parsed, Calls(3, "NewSessionTicket: answers"));
  EXPECT_EQ(client_.added, Calls());
  EXPECT_EQ(server_.parsed, Calls());
  server_.added = client_.parsed = {};
  EXPECT_EQ(SSL_new_session_ticket(pair_.server.get()), 1);
  EXPECT_EQ(SSL_do_handshake(pair_.server.get()), 1);
  char byte;
  EXPECT_EQ(SSL_read(pair_.client.get(), &byte, 1), -1);
  EXPECT_EQ(server_.added, Calls{"NewSessionTicket"});
  EXPECT_EQ(client_.parsed, Calls{"NewSessionTicket: answers"});
}

TEST_P(CustomExtensionsTest, TicketWithoutOne) {
  Register(SSL_EXT_TLS1_3_NEW_SESSION_TICKET);
  server_.add_result = 0;
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, Calls());
  EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get_session(pair_.client.get())), 1);
}

TEST_P(CustomExtensionsTest, ServerThatCannotAddToATicketEnds) {
  Register(SSL_EXT_TLS1_3_NEW_SESSION_TICKET);
  server_.add_result = -1;
  Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_CALLBACK_FAILED);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

TEST_P(CustomExtensionsTest, ClientEndsWithATicketThatItDoesNotTake) {
  Register(SSL_EXT_TLS1_3_NEW_SESSION_TICKET);
  client_.parse_result = 0;
  Run();
  EXPECT_EQ(pair_.client_end.reason, SSL_R_BAD_EXTENSION);
}

TEST_P(CustomExtensionsTest, SomeAreOfNewSessionsAlone) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS |
           SSL_EXT_IGNORE_ON_RESUMPTION);
  Run();
  ExpectBothUp();
  EXPECT_EQ(server_.parsed, Calls{"ClientHello: asks"});
  EXPECT_EQ(client_.parsed, Calls{"EncryptedExtensions: answers"});
  RunAgain();
  ExpectBothUp();
  EXPECT_EQ(client_.added, Calls{"ClientHello"});
  EXPECT_EQ(server_.parsed, Calls());
  EXPECT_EQ(server_.added, Calls());
  EXPECT_EQ(client_.parsed, Calls());
}

TEST_P(CustomExtensionsTest, OthersAreOfResumedSessionsToo) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  Run();
  RunAgain();
  ExpectBothUp();
  EXPECT_EQ(server_.parsed, Calls{"ClientHello: asks"});
  EXPECT_EQ(client_.parsed, Calls{"EncryptedExtensions: answers"});
}

class RetriedTest : public CustomExtensionsTest {
 protected:
  // A group that the client has sent no share of makes the server ask again.
  RetriedTest() {
    SSL_CTX_set1_groups_list(pair_.client_ctx.get(), "P-256:P-384");
    SSL_CTX_set1_groups_list(pair_.server_ctx.get(), "P-384");
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, RetriedTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(RetriedTest, StandInTheHelloRetryRequest) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST |
           SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.added, (Calls{"ClientHello", "ClientHello"}));
  EXPECT_EQ(server_.parsed, (Calls{"ClientHello: asks", "ClientHello: asks"}));
  EXPECT_EQ(server_.added, (Calls{"HelloRetryRequest", "EncryptedExtensions"}));
  EXPECT_EQ(client_.parsed, (Calls{"HelloRetryRequest: answers", "EncryptedExtensions: answers"}));
}

// Echo is a client's extension that says first what it has, and then what the server has said.
int AddEcho(SSL* ssl, unsigned int type, unsigned int context, const unsigned char** out,
            size_t* out_len, X509* certificate, size_t chain_index, int* alert, void* arg) {
  auto* side = static_cast<Side*>(arg);
  if (!side->parsed.empty()) side->data = side->parsed.back();
  return Side::Add(ssl, type, context, out, out_len, certificate, chain_index, alert, arg);
}

TEST_P(RetriedTest, ClientAnswersTheHelloRetryRequest) {
  constexpr unsigned int kContext = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST;
  SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kType, kContext, AddEcho, Side::Free, &client_,
                         Side::Parse, &client_);
  SSL_CTX_add_custom_ext(pair_.server_ctx.get(), kType, kContext, Side::Add, Side::Free, &server_,
                         Side::Parse, &server_);
  Run();
  ExpectBothUp();
  EXPECT_EQ(server_.parsed,
            (Calls{"ClientHello: asks", "ClientHello: HelloRetryRequest: answers"}));
}

TEST_P(RetriedTest, ClientThatCannotAddAgainEnds) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST);
  pair_.Make();
  SSL_do_handshake(pair_.client.get());
  ERR_clear_error();
  client_.add_result = -1;
  pair_.Run();
  EXPECT_EQ(client_.added, (Calls{"ClientHello", "ClientHello"}));
  EXPECT_EQ(pair_.client_end.reason, SSL_R_CALLBACK_FAILED);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

TEST_P(RetriedTest, WhatNobodyAsksForIsNotInTheHelloRetryRequest) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST);
  client_.add_result = 0;
  Run();
  ExpectBothUp();
  EXPECT_EQ(server_.parsed, Calls());
  EXPECT_EQ(server_.added, Calls());
  EXPECT_EQ(client_.parsed, Calls());
}

TEST_P(RetriedTest, ServerRefusesTheFirstHello) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST);
  server_.parse_result = 0;
  Run();
  EXPECT_EQ(server_.parsed, Calls{"ClientHello: asks"});
  EXPECT_EQ(pair_.server_end.reason, SSL_R_BAD_EXTENSION);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

// In DTLS the first hello may be anybody's: the application sees what it has to answer there.
TEST_P(RetriedTest, ServerSeesNoMoreOfTheFirstHello) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS);
  Run();
  ExpectBothUp();
  const size_t num_seen = GetParam() == Protocol::kTls13 ? 2 : 1;
  EXPECT_EQ(server_.parsed, Calls(num_seen, "ClientHello: asks"));
  EXPECT_EQ(server_.added, Calls{"EncryptedExtensions"});
  EXPECT_EQ(client_.parsed, Calls{"EncryptedExtensions: answers"});
}

TEST_P(RetriedTest, ServerThatCannotAddToItRefuses) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST);
  server_.add_result = -1;
  Run();
  EXPECT_EQ(server_.added, Calls{"HelloRetryRequest"});
  EXPECT_EQ(pair_.server_end.reason, SSL_R_CALLBACK_FAILED);
  EXPECT_EQ(pair_.client_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

TEST_P(RetriedTest, ClientRefusesIt) {
  Register(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST);
  client_.parse_result = 0;
  Run();
  EXPECT_EQ(client_.parsed, Calls{"HelloRetryRequest: answers"});
  EXPECT_EQ(pair_.client_end.reason, SSL_R_BAD_EXTENSION);
  EXPECT_EQ(pair_.server_end.reason, SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

// ServerInfo is one entry of SSL_SERVERINFOV2.
std::string ServerInfo(unsigned int context, const std::string& data) {
  std::string entry;
  for (int shift = 24; shift >= 0; shift -= 8) entry.push_back(static_cast<char>(context >> shift));
  entry.push_back(static_cast<char>(kType >> 8));
  entry.push_back(static_cast<char>(kType & 0xff));
  entry.push_back(static_cast<char>(data.size() >> 8));
  entry.push_back(static_cast<char>(data.size()));
  return entry + data;
}

class ServerInfoTest : public CustomExtensionsTest {
 protected:
  void Use(unsigned int context, const std::string& data) {
    const std::string info = ServerInfo(context, data);
    EXPECT_EQ(
        SSL_CTX_use_serverinfo_ex(pair_.server_ctx.get(), SSL_SERVERINFOV2,
                                  reinterpret_cast<const unsigned char*>(info.data()), info.size()),
        1);
    client_.data.clear();
    EXPECT_EQ(SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kType, context, Side::Add, Side::Free,
                                     &client_, Side::Parse, &client_),
              1);
  }
};

INSTANTIATE_TEST_SUITE_P(Protocols, ServerInfoTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(ServerInfoTest, IsSent) {
  Use(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS | SSL_EXT_TLS1_3_CERTIFICATE,
      "info");
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, (Calls{"EncryptedExtensions: info", "Certificate: info"}));
  RunAgain();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, Calls());
}

TEST_P(ServerInfoTest, IsOfTheKeyThatItWasLoadedFor) {
  Use(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_CERTIFICATE, "info");
  TestCertificate("other", nullptr, "RSA").UseOn(pair_.server_ctx.get());
  SSL_CTX_set1_sigalgs_list(pair_.client_ctx.get(), "RSA-PSS+SHA256");
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, Calls());
  SSL_CTX_set1_sigalgs_list(pair_.client_ctx.get(), "ECDSA+SHA256");
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, Calls{"Certificate: info"});
}

TEST_P(ServerInfoTest, ComesFromAFile) {
  constexpr unsigned int kContext = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS;
  const std::string info = ServerInfo(kContext, "info");
  const std::string path = testing::TempDir() + "/serverinfo.pem";
  const OpenSslPtr<BIO> file(BIO_new_file(path.c_str(), "w"));
  PEM_write_bio(file.get(), "SERVERINFOV2 FOR TEST", "",
                reinterpret_cast<const unsigned char*>(info.data()),
                static_cast<long>(info.size()));
  ASSERT_EQ(BIO_flush(file.get()), 1);
  ASSERT_EQ(SSL_CTX_use_serverinfo_file(pair_.server_ctx.get(), path.c_str()), 1);
  client_.data.clear();
  SSL_CTX_add_custom_ext(pair_.client_ctx.get(), kType, kContext, Side::Add, Side::Free, &client_,
                         Side::Parse, &client_);
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, Calls{"EncryptedExtensions: info"});
}

TEST_P(ServerInfoTest, IsAskedForEmptily) {
  Use(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_CERTIFICATE, "info");
  client_.data = "asks";
  Run();
  EXPECT_EQ(pair_.server_end.reason, SSL_R_BAD_EXTENSION);
}

TEST_P(ServerInfoTest, OfTheFirstVersionIsNotOfThis) {
  const std::string info = ServerInfo(0, "info").substr(4);
  EXPECT_EQ(
      SSL_CTX_use_serverinfo(pair_.server_ctx.get(),
                             reinterpret_cast<const unsigned char*>(info.data()), info.size()),
      1);
  client_.data.clear();
  EXPECT_EQ(SSL_CTX_add_client_custom_ext(pair_.client_ctx.get(), kType, Side::OldAdd,
                                          Side::OldFree, &client_, Side::OldParse, &client_),
            1);
  Run();
  ExpectBothUp();
  EXPECT_EQ(client_.parsed, Calls());
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
