// SPDX-License-Identifier: Apache-2.0
// SSL_check_chain, of a connection that is under way: libssl's TLS 1.3 is the measure.

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr int kAll = CERT_PKEY_VALID | CERT_PKEY_SIGN | CERT_PKEY_EE_SIGNATURE |
                     CERT_PKEY_CA_SIGNATURE | CERT_PKEY_EE_PARAM | CERT_PKEY_CA_PARAM |
                     CERT_PKEY_EXPLICIT_SIGN | CERT_PKEY_ISSUER_NAME | CERT_PKEY_CERT_TYPE;

// Asked is what a callback asks, and what it hears.
struct Asked {
  const TestCertificate* shown = nullptr;
  STACK_OF(X509) * chain = nullptr;
  int flags = -1;

  static int Ask(SSL* ssl, void* arg) {
    auto* asked = static_cast<Asked*>(arg);
    asked->flags = SSL_check_chain(ssl, asked->shown->certificate.get(), asked->shown->key.get(),
                                   asked->chain);
    return 1;
  }
};

class ChainCheckTest : public testing::TestWithParam<Protocol> {
 protected:
  ChainCheckTest()
      : pair_(GetParam()),
        authority_("authority"),
        chain_(sk_X509_new_null()),
        ecdsa_("ecdsa", &authority_),
        rsa_("rsa", &authority_, "RSA") {
    sk_X509_push(chain_, authority_.certificate.get());
  }
  ~ChainCheckTest() override {
    sk_X509_free(chain_);
    ERR_clear_error();
  }

  int OnServer(const TestCertificate& shown) {
    Asked asked = {.shown = &shown, .chain = chain_};
    SSL_CTX_set_cert_cb(pair_.server_ctx.get(), Asked::Ask, &asked);
    Run();
    return asked.flags;
  }

  int OnClient(const TestCertificate& shown) {
    SSL_CTX_set_verify(pair_.server_ctx.get(), SSL_VERIFY_PEER,
                       [](int /*ok*/, X509_STORE_CTX* /*context*/) { return 1; });
    Asked asked = {.shown = &shown, .chain = chain_};
    SSL_CTX_set_cert_cb(pair_.client_ctx.get(), Asked::Ask, &asked);
    Run();
    return asked.flags;
  }

  void Run() {
    pair_.Make();
    pair_.Run();
  }

  SslPair pair_;
  TestCertificate authority_;
  STACK_OF(X509) * chain_;
  TestCertificate ecdsa_;
  TestCertificate rsa_;
};

INSTANTIATE_TEST_SUITE_P(Protocols, ChainCheckTest,
                         testing::Values(Protocol::kTls13, Protocol::kDtls13), ProtocolName);

TEST_P(ChainCheckTest, WhatSuitsTheClientIsValid) {
  EXPECT_EQ(OnServer(ecdsa_), kAll);
  EXPECT_EQ(OnServer(rsa_), kAll);
}

TEST_P(ChainCheckTest, AKeyThatMakesNoSignatureOfTheClientsIsNot) {
  SSL_CTX_set1_sigalgs_list(pair_.client_ctx.get(), "ECDSA+SHA256");
  EXPECT_EQ(OnServer(ecdsa_), kAll);
  EXPECT_EQ(OnServer(rsa_), kAll & ~(CERT_PKEY_VALID | CERT_PKEY_EE_SIGNATURE | CERT_PKEY_SIGN |
                                     CERT_PKEY_EXPLICIT_SIGN));
}

// The scheme has its curve in TLS 1.3; the place for the certificate has none.
TEST_P(ChainCheckTest, ACurveThatMakesNoSignatureOfTheClientsIsNot) {
  const TestCertificate longer("longer", &authority_, "P-384");
  SSL_CTX_set1_sigalgs_list(pair_.client_ctx.get(), "ECDSA+SHA256");
  EXPECT_EQ(OnServer(longer), kAll & ~(CERT_PKEY_VALID | CERT_PKEY_EE_SIGNATURE));
}

TEST_P(ChainCheckTest, ACurveThatIsNoGroupOfTheClientsIsNot) {
  const TestCertificate longer("longer", &authority_, "P-384");
  SSL_CTX_set1_groups_list(pair_.client_ctx.get(), "P-256");
  EXPECT_EQ(OnServer(ecdsa_), kAll);
  EXPECT_EQ(OnServer(longer), kAll & ~(CERT_PKEY_VALID | CERT_PKEY_EE_PARAM));
}

TEST_P(ChainCheckTest, TheAuthorityIsJudgedToo) {
  const TestCertificate longer("longer", nullptr, "P-384");
  sk_X509_set(chain_, 0, longer.certificate.get());
  SSL_CTX_set1_groups_list(pair_.client_ctx.get(), "P-256");
  EXPECT_EQ(OnServer(ecdsa_), kAll & ~CERT_PKEY_CA_PARAM) << "valid, but to a strict application";
  SSL_CTX_set_cert_flags(pair_.server_ctx.get(), SSL_CERT_FLAG_TLS_STRICT);
  EXPECT_EQ(OnServer(ecdsa_), kAll & ~(CERT_PKEY_VALID | CERT_PKEY_CA_PARAM));
}

TEST_P(ChainCheckTest, AClientsIsHeldAgainstTheAuthoritiesThatItsServerNames) {
  EXPECT_EQ(OnClient(ecdsa_), kAll & ~CERT_PKEY_CERT_TYPE);
  const TestCertificate other("other authority");
  SSL_CTX_add_client_CA(pair_.server_ctx.get(), other.certificate.get());
  EXPECT_EQ(OnClient(ecdsa_), kAll & ~(CERT_PKEY_CERT_TYPE | CERT_PKEY_ISSUER_NAME));
  SSL_CTX_add_client_CA(pair_.server_ctx.get(), authority_.certificate.get());
  EXPECT_EQ(OnClient(ecdsa_), kAll & ~CERT_PKEY_CERT_TYPE);
}

TEST_P(ChainCheckTest, WithoutAKeyThereIsNothingToSay) {
  TestCertificate keyless("keyless", &authority_);
  keyless.key = nullptr;
  EXPECT_EQ(OnServer(keyless), 0);
}

// Table is each certificate with each chain, as one connection of either protocol has them judged.
class Table {
 public:
  Table() {
    const auto add = [this](const char* name, const TestCertificate* issuer, const char* key) {
      return &all_.emplace_back(Row{name, TestCertificate(name, issuer, key)}).certificate;
    };
    const TestCertificate* ecdsa = add("ECDSA", nullptr, "P-256");
    const TestCertificate* rsa = add("RSA", nullptr, "RSA");
    const TestCertificate* pss = add("RSA-PSS", nullptr, "RSA-PSS");
    const TestCertificate* ed = add("Ed25519", nullptr, "ED25519");
    add("P-384", nullptr, "P-384");
    add("brainpool", nullptr, "brainpoolP256r1");
    add("ECDSA by ECDSA", ecdsa, "P-256");
    add("ECDSA by RSA", rsa, "P-256");
    add("ECDSA by RSA-PSS", pss, "P-256");
    add("ECDSA by Ed25519", ed, "P-256");
    add("RSA by ECDSA", ecdsa, "RSA");
    add("SHA-1", nullptr, "RSA");
    all_.back().certificate.SignAgain(nullptr, EVP_sha1());
    add("ECDSA by RSA and SHA-1", rsa, "P-256");
    all_.back().certificate.SignAgain(rsa, EVP_sha1());
    add("SHA-384", nullptr, "RSA");
    all_.back().certificate.SignAgain(nullptr, EVP_sha384());
  }

  static int Ask(SSL* ssl, void* arg) {
    static_cast<Table*>(arg)->AskAll(ssl);
    return 1;
  }
  std::vector<std::pair<std::string, int>> TakeAnswers() { return std::exchange(answers_, {}); }

 private:
  struct Row {
    std::string name;
    TestCertificate certificate;
  };

  void AskAll(SSL* ssl) {
    for (const Row& shown : all_) {
      AskOne(ssl, shown, nullptr);
      for (const Row& authority : all_) AskOne(ssl, shown, &authority);
    }
  }
  void AskOne(SSL* ssl, const Row& shown, const Row* authority) {
    STACK_OF(X509)* chain = sk_X509_new_null();
    if (authority != nullptr) sk_X509_push(chain, authority->certificate.certificate.get());
    answers_.emplace_back(shown.name + ", " + (authority == nullptr ? "alone" : authority->name),
                          SSL_check_chain(ssl, shown.certificate.certificate.get(),
                                          shown.certificate.key.get(), chain));
    sk_X509_free(chain);
  }

  std::list<Row> all_;
  std::vector<std::pair<std::string, int>> answers_;
};

// The parameter is strictness, and the signature algorithms of both sides.
class ChainCheckTableTest : public testing::TestWithParam<std::tuple<bool, const char*>> {};

TEST_P(ChainCheckTableTest, IsLibssls) {
  const auto& [is_strict, algorithms] = GetParam();
  static Table& table = *new Table;
  std::vector<std::pair<std::string, int>> answers[2];
  for (const bool of_server : {true, false}) {
    for (const Protocol protocol : {Protocol::kTls13, Protocol::kDtls13}) {
      SslPair pair(protocol);
      SSL_CTX_set_verify(pair.server_ctx.get(), SSL_VERIFY_PEER,
                         [](int /*ok*/, X509_STORE_CTX* /*context*/) { return 1; });
      for (SSL_CTX* ctx : {pair.client_ctx.get(), pair.server_ctx.get()}) {
        if (is_strict) SSL_CTX_set_cert_flags(ctx, SSL_CERT_FLAG_TLS_STRICT);
        if (*algorithms != '\0') {
          EXPECT_EQ(SSL_CTX_set1_sigalgs_list(ctx, algorithms), 1);
        }
      }
      SSL_CTX_set_cert_cb(of_server ? pair.server_ctx.get() : pair.client_ctx.get(), Table::Ask,
                          &table);
      pair.Make();
      pair.Run();
      answers[protocol == Protocol::kDtls13 ? 1 : 0] = table.TakeAnswers();
    }
    EXPECT_FALSE(answers[0].empty());
    EXPECT_EQ(answers[0], answers[1]) << (of_server ? "server" : "client");
  }
  ERR_clear_error();
}

INSTANTIATE_TEST_SUITE_P(All, ChainCheckTableTest,
                         testing::Combine(testing::Bool(),
                                          testing::Values("", "ECDSA+SHA256:RSA-PSS+SHA256")));

}  // namespace
}  // namespace dtls13::shim
