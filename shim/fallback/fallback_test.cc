// SPDX-License-Identifier: Apache-2.0
// Clients of ours and servers without DTLS 1.3, and those who would have them speak less than they
// can. Two SSLs in one process: each datagram passes through the test's hands.

#include "shim/fallback/fallback.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "dtls13/message/server_hello.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/real_libssl.h"
#include "shim/testing/queue_bio.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {
namespace {

constexpr uint8_t kClientHello = 1;
constexpr uint8_t kServerHello = 2;
constexpr uint8_t kHelloVerifyRequest = 3;
constexpr int kIllegalParameter = 47;
constexpr int kInappropriateFallback = 86;

int GenerateCookie(SSL* /*ssl*/, unsigned char* cookie, unsigned int* cookie_len) {
  cookie[0] = 'c';
  *cookie_len = 1;
  return 1;
}

int VerifyCookie(SSL* /*ssl*/, const unsigned char* cookie, unsigned int cookie_len) {
  return cookie_len == 1 && cookie[0] == 'c';
}

int AcceptAnyone(int /*ok*/, X509_STORE_CTX* /*context*/) { return 1; }

unsigned int ExpireSoon(SSL* /*ssl*/, unsigned int /*last_us*/) { return 50'000; }

// The messages that a message callback was shown, by type.
std::vector<int>* shown_types = nullptr;

void Show(int write_p, int /*version*/, int content_type, const void* buf, size_t /*len*/,
          SSL* /*ssl*/, void* /*arg*/) {
  if (write_p == 0 && content_type == SSL3_RT_HANDSHAKE) {
    shown_types->push_back(*static_cast<const uint8_t*>(buf));
  }
}

std::vector<PlaintextFragment> Fragments(const Datagram& datagram) {
  std::vector<PlaintextFragment> fragments;
  PlaintextFragmentReader reader(datagram);
  PlaintextFragment fragment;
  while (reader.Next(&fragment)) fragments.push_back(fragment);
  return fragments;
}

bool HasMessage(const Datagram& datagram, uint8_t type) {
  return std::ranges::any_of(Fragments(datagram), [type](const PlaintextFragment& found) {
    return static_cast<uint8_t>(found.fragment.header.type) == type;
  });
}

// The description of a plaintext alert; -1 for any other datagram.
int AlertIn(const Datagram& datagram) {
  return datagram.size() == 15 && datagram[0] == SSL3_RT_ALERT ? datagram[14] : -1;
}

class FallbackTest : public testing::Test {
 protected:
  FallbackTest()
      : certificate_("localhost"),
        server_ctx_(SSL_CTX_new(DTLS_server_method())),
        client_ctx_(SSL_CTX_new(DTLS_client_method())) {
    certificate_.UseOn(server_ctx_.get());
    SSL_CTX_set_cookie_generate_cb(server_ctx_.get(), GenerateCookie);
    SSL_CTX_set_cookie_verify_cb(server_ctx_.get(), VerifyCookie);
  }
  ~FallbackTest() override { ERR_clear_error(); }

  // Without DTLS 1.3 the server is libssl's alone.
  void LimitServer() { SSL_CTX_set_max_proto_version(server_ctx_.get(), DTLS1_2_VERSION); }

  void Make() {
    server_.reset(SSL_new(server_ctx_.get()));
    client_.reset(SSL_new(client_ctx_.get()));
    SSL_set_accept_state(server_.get());
    SSL_set_connect_state(client_.get());
    server_queue_ = {.incoming = &to_server_, .outgoing = &from_server_, .told_mtu = 1400};
    client_queue_ = {.incoming = &to_client_, .outgoing = &from_client_, .told_mtu = 1400};
    BIO* server_bio = NewQueueBio(&server_queue_);
    BIO* client_bio = NewQueueBio(&client_queue_);
    SSL_set_bio(server_.get(), server_bio, server_bio);
    SSL_set_bio(client_.get(), client_bio, client_bio);
  }

  // Carry moves what one side sent to the other, by way of `tamper`, and keeps it.
  void Carry(std::deque<Datagram>* from, std::deque<Datagram>* to, std::vector<Datagram>* log,
             const std::function<bool(Datagram*)>& tamper) {
    for (; !from->empty(); from->pop_front()) {
      Datagram datagram = from->front();
      log->push_back(datagram);
      if (!tamper || tamper(&datagram)) to->push_back(datagram);
    }
  }

  // Connect lets both sides act by turns; true when both are up.
  bool Connect() {
    ERR_clear_error();
    for (int turn = 0; turn < 20; ++turn) {
      client_up_ = Act(client_.get(), &client_reason_);
      Carry(&from_client_, &to_server_, &client_log_, tamper_client_);
      server_up_ = Act(server_.get(), &server_reason_);
      Carry(&from_server_, &to_client_, &server_log_, tamper_server_);
      std::this_thread::sleep_for(pause_);
      if (client_up_ && server_up_) return true;
    }
    return false;
  }

  static bool Act(SSL* ssl, int* reason) {
    const bool is_up = SSL_do_handshake(ssl) == 1;
    const unsigned long error = ERR_peek_error();
    if (error != 0 && *reason == 0) *reason = ERR_GET_REASON(error);
    ERR_clear_error();
    return is_up;
  }

  bool DataFlows() {
    char buffer[64];
    if (SSL_write(client_.get(), "question", 8) != 8) return false;
    Carry(&from_client_, &to_server_, &client_log_, nullptr);
    if (SSL_read(server_.get(), buffer, sizeof(buffer)) != 8) return false;
    if (SSL_write(server_.get(), "answer", 6) != 6) return false;
    Carry(&from_server_, &to_client_, &server_log_, nullptr);
    return SSL_read(client_.get(), buffer, sizeof(buffer)) == 6;
  }

  // The last ClientHello that was sent.
  Datagram LastHello() const {
    const auto found =
        std::find_if(client_log_.rbegin(), client_log_.rend(),
                     [](const Datagram& one) { return HasMessage(one, kClientHello); });
    return found == client_log_.rend() ? Datagram() : *found;
  }

  static bool SignalsFallback(const Datagram& datagram) {
    const std::vector<PlaintextFragment> fragments = Fragments(datagram);
    const auto hello = ParseClientHello(fragments.at(0).fragment.body);
    return hello.has_value() && hello->cipher_suites.Contains(kFallbackScsv);
  }

  void ExpectVersion(int version) {
    EXPECT_EQ(SSL_version(client_.get()), version);
    EXPECT_EQ(SSL_version(server_.get()), version);
  }

  // Neither side is left with less than both can do.
  void ExpectNoDowngrade() {
    EXPECT_FALSE(Connect());
    EXPECT_FALSE(client_up_ && SSL_version(client_.get()) != DTLS1_3_VERSION);
    EXPECT_FALSE(server_up_ && SSL_version(server_.get()) != DTLS1_3_VERSION);
  }

  void ExpectGrowingRecordNumbers() const {
    int64_t last = -1;
    for (const Datagram& datagram : client_log_) {
      for (const PlaintextFragment& found : Fragments(datagram)) {
        EXPECT_GT(static_cast<int64_t>(found.record_number.value), last);
        last = static_cast<int64_t>(found.record_number.value);
      }
    }
    EXPECT_GE(last, 3);
  }

  bool ClientSentAlert(int description) const {
    return std::ranges::any_of(client_log_,
                               [=](const Datagram& one) { return AlertIn(one) == description; });
  }

  TestCertificate certificate_;
  CtxPtr server_ctx_;
  CtxPtr client_ctx_;
  SslPtr server_;
  SslPtr client_;
  QueueBio server_queue_;
  QueueBio client_queue_;
  std::deque<Datagram> to_server_, from_server_, to_client_, from_client_;
  std::vector<Datagram> client_log_, server_log_;
  // False loses the datagram.
  std::function<bool(Datagram*)> tamper_client_, tamper_server_;
  std::chrono::milliseconds pause_{0};  // between turns, for timers to expire
  bool client_up_ = false, server_up_ = false;
  int client_reason_ = 0, server_reason_ = 0;
};

TEST_F(FallbackTest, GoesOnWithTheServerHelloThatAnswersOurHello) {
  LimitServer();
  Make();
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_TRUE(DataFlows());
  // One hello, which offered DTLS 1.3 too and signalled no fallback.
  EXPECT_EQ(std::ranges::count_if(
                client_log_, [](const Datagram& one) { return HasMessage(one, kClientHello); }),
            1);
  EXPECT_TRUE(OffersDtls13(*ParseClientHello(Fragments(LastHello())[0].fragment.body)));
  EXPECT_FALSE(SignalsFallback(LastHello()));
}

TEST_F(FallbackTest, ClientCertificateCoversTheHelloThatWasSent) {
  LimitServer();
  SSL_CTX_set_verify(server_ctx_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     AcceptAnyone);
  for (const char* key : {"P-256", "P-384", "RSA"}) {
    const TestCertificate own("client", nullptr, key);
    own.UseOn(client_ctx_.get());
    Make();
    ASSERT_TRUE(Connect()) << key << " " << client_reason_ << " " << server_reason_;
    ExpectVersion(DTLS1_2_VERSION);
    EXPECT_NE(SSL_get0_peer_certificate(server_.get()), nullptr);
    EXPECT_TRUE(DataFlows());
  }
}

TEST_F(FallbackTest, EverySuiteOfLibsslsHashesAlike) {
  LimitServer();
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                            "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    SSL_CTX_set_cipher_list(server_ctx_.get(), suite);
    Make();
    ASSERT_TRUE(Connect()) << suite << " " << client_reason_ << " " << server_reason_;
    EXPECT_STREQ(SSL_get_cipher_name(client_.get()), suite);
    EXPECT_TRUE(DataFlows());
  }
}

TEST_F(FallbackTest, SecondHelloSignalsTheFallback) {
  LimitServer();
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
  Make();
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_TRUE(DataFlows());
  EXPECT_TRUE(SignalsFallback(LastHello()));
  // The application's modes are its own again.
  EXPECT_EQ(SSL_get_mode(client_.get()) & SSL_MODE_SEND_FALLBACK_SCSV, 0);
}

TEST_F(FallbackTest, RecordNumbersGoOnFromOurs) {
  LimitServer();
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
  Make();
  DTLS_set_timer_cb(client_.get(), ExpireSoon);
  pause_ = std::chrono::milliseconds(60);
  int num_lost = 0;
  tamper_client_ = [&num_lost](Datagram*) { return ++num_lost > 3; };
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_TRUE(DataFlows());
  ExpectGrowingRecordNumbers();
}

TEST_F(FallbackTest, MessageCallbackSeesEachMessageOnce) {
  LimitServer();
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
  std::vector<int> types;
  shown_types = &types;
  SSL_CTX_set_msg_callback(client_ctx_.get(), Show);
  Make();
  ASSERT_TRUE(Connect());
  EXPECT_EQ(std::ranges::count(types, kHelloVerifyRequest), 1);
  EXPECT_EQ(std::ranges::count(types, kServerHello), 1);
}

TEST_F(FallbackTest, ClearedClientSpeaksDtls13Again) {
  LimitServer();
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
  Make();
  ASSERT_TRUE(Connect());
  SslPtr cleared = std::move(client_);
  SSL_CTX_set_max_proto_version(server_ctx_.get(), 0);
  Make();
  client_ = std::move(cleared);
  ASSERT_EQ(SSL_clear(client_.get()), 1);
  client_log_.clear();
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_3_VERSION);
  EXPECT_FALSE(SignalsFallback(LastHello()));
}

// A server goes on with who comes next as with the one before, by whichever call.
TEST_F(FallbackTest, AServerThatBeginsAnewByReadingGoesOnWithDtls12) {
  SSL_CTX_set_max_proto_version(client_ctx_.get(), DTLS1_2_VERSION);
  Make();
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ASSERT_TRUE(DataFlows());
  SslPtr server = std::move(server_);
  Make();
  server_ = std::move(server);
  SSL_set_accept_state(server_.get());
  char byte;
  for (int turn = 0; turn < 20 && !(client_up_ && SSL_is_init_finished(server_.get())); ++turn) {
    client_up_ = Act(client_.get(), &client_reason_);
    Carry(&from_client_, &to_server_, &client_log_, nullptr);
    EXPECT_LE(SSL_read(server_.get(), &byte, 1), 0);
    EXPECT_EQ(SslAttachment::Find(server_.get())->owner(), Owner::kLibssl);
    Carry(&from_server_, &to_client_, &server_log_, nullptr);
  }
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_TRUE(DataFlows());
}

TEST_F(FallbackTest, LowerLimitForbidsIt) {
  LimitServer();
  SSL_CTX_set_min_proto_version(client_ctx_.get(), DTLS1_3_VERSION);
  Make();
  EXPECT_FALSE(Connect());
  // Nothing of DTLS 1.2's was offered, so there is nothing to answer.
  EXPECT_FALSE(client_up_ || server_up_);
}

// Whose lists are of DTLS 1.2 alone means just that.
TEST_F(FallbackTest, ListsOfDtls12AloneAreLibssls) {
  TestCertificate("localhost", nullptr, "RSA").UseOn(server_ctx_.get());
  ASSERT_EQ(SSL_CTX_set1_groups_list(server_ctx_.get(), "brainpoolP256r1"), 1);
  ASSERT_EQ(SSL_CTX_set1_groups_list(client_ctx_.get(), "brainpoolP256r1"), 1);
  Make();
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
}

// --- The forger

// Replace puts `forged` in place of the server's first answer.
std::function<bool(Datagram*)> Replace(Datagram forged) {
  return [forged, done = false](Datagram* datagram) mutable {
    if (!done) *datagram = forged;
    done = true;
    return true;
  };
}

Datagram Record(uint8_t type, const Datagram& body) {
  const Datagram message = WholeMessage(static_cast<HandshakeType>(type), 0, body);
  Datagram record(kPlaintextHeaderLen + message.size());
  WritePlaintextRecord(ContentType::kHandshake, SequenceNumber{0}, message, record);
  return record;
}

TEST_F(FallbackTest, ForgedHelloVerifyRequestBuysNoDowngrade) {
  Make();
  tamper_server_ = Replace(Record(kHelloVerifyRequest, {0xfe, 0xff, 1, 'f'}));
  ExpectNoDowngrade();
  EXPECT_TRUE(SignalsFallback(LastHello()));
}

// A server that asked nobody for a cookie, and hears the second hello first.
TEST_F(FallbackTest, ServerRefusesAHelloThatSignalsAFallback) {
  Make();
  tamper_server_ = Replace(Record(kHelloVerifyRequest, {0xfe, 0xff, 1, 'f'}));
  // The forger keeps the first hello, and answers it.
  bool first = true;
  tamper_client_ = [&](Datagram*) {
    if (!first) return true;
    first = false;
    to_client_.push_back(Record(kHelloVerifyRequest, {0xfe, 0xff, 1, 'f'}));
    return false;
  };
  tamper_server_ = nullptr;
  ExpectNoDowngrade();
  EXPECT_TRUE(std::ranges::any_of(
      server_log_, [](const Datagram& one) { return AlertIn(one) == kInappropriateFallback; }));
  EXPECT_EQ(client_reason_, SSL_R_TLSV1_ALERT_INAPPROPRIATE_FALLBACK);
}

Datagram Dtls12ServerHello(const std::string& end_of_random) {
  Datagram body = {0xfe, 0xfd};
  body.resize(2 + kRandomLen, 4);
  std::copy(end_of_random.begin(), end_of_random.end(), body.end() - 8);
  body.insert(body.end(), {0, 0xc0, 0x2b, 0, 0, 9, 0xff, 0x01, 0, 1, 0, 0, 23, 0, 0});
  return body;
}

TEST_F(FallbackTest, ForgedServerHelloBuysNoDowngrade) {
  Make();
  tamper_server_ = Replace(Record(kServerHello, Dtls12ServerHello("12345678")));
  ExpectNoDowngrade();
}

// libssl drops a record of another major version, which we do not look at, and then takes a
// HelloVerifyRequest.
TEST_F(FallbackTest, ServerHelloThatLibsslDropsBuysNoDowngrade) {
  Make();
  bool first = true;
  tamper_client_ = [&](Datagram*) {
    if (!first) return true;
    first = false;
    Datagram hello = Record(kServerHello, Dtls12ServerHello("12345678"));
    hello[1] = hello[2] = 1;
    to_client_.push_back(hello);
    to_client_.push_back(Record(kHelloVerifyRequest, {0xfe, 0xff, 1, 'f'}));
    return false;
  };
  ExpectNoDowngrade();
  EXPECT_TRUE(SignalsFallback(LastHello()));
}

TEST_F(FallbackTest, JunkDoesNotCrowdOutWhatLibsslIsToRead) {
  LimitServer();
  Make();
  bool first = true;
  tamper_server_ = [&](Datagram*) {
    for (int i = 0; first && i < 2000; ++i) to_client_.push_back(Datagram(100, 0x40));
    first = false;
    return true;
  };
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
}

// --- BIOs

TEST_F(FallbackTest, ApplicationSeesItsOwnBios) {
  LimitServer();
  Make();
  BIO* const bio = SSL_get_rbio(client_.get());
  for (int turn = 0; turn < 20 && !(client_up_ && server_up_); ++turn) {
    client_up_ = Act(client_.get(), &client_reason_);
    EXPECT_EQ(SSL_get_rbio(client_.get()), bio);
    EXPECT_EQ(SSL_get_wbio(client_.get()), bio);
    // What changes nothing for libssl changes nothing here.
    SSL_set_bio(client_.get(), bio, bio);
    Carry(&from_client_, &to_server_, &client_log_, nullptr);
    server_up_ = Act(server_.get(), &server_reason_);
    BIO* const server_bio = SSL_get_rbio(server_.get());
    SSL_set_bio(server_.get(), server_bio, server_bio);
    Carry(&from_server_, &to_client_, &server_log_, nullptr);
  }
  EXPECT_TRUE(client_up_ && server_up_) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_TRUE(DataFlows());
}

// The numbers go on whatever BIO the application uses meanwhile.
TEST_F(FallbackTest, FreshBiosKeepTheRecordNumbers) {
  LimitServer();
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
  Make();
  DTLS_set_timer_cb(client_.get(), ExpireSoon);
  int num_lost = 0;
  tamper_client_ = [&num_lost](Datagram*) { return ++num_lost > 2; };
  pause_ = std::chrono::milliseconds(60);
  for (int turn = 0; turn < 20 && !(client_up_ && server_up_); ++turn) {
    client_up_ = Act(client_.get(), &client_reason_);
    BIO* const fresh = NewQueueBio(&client_queue_);
    SSL_set_bio(client_.get(), fresh, fresh);
    Carry(&from_client_, &to_server_, &client_log_, tamper_client_);
    server_up_ = Act(server_.get(), &server_reason_);
    Carry(&from_server_, &to_client_, &server_log_, nullptr);
    std::this_thread::sleep_for(pause_);
  }
  EXPECT_TRUE(client_up_ && server_up_) << client_reason_ << " " << server_reason_;
  ExpectGrowingRecordNumbers();
  // They are this connection's alone.
  SSL_clear(client_.get());
  EXPECT_EQ(BIO_method_type(SSL_get_wbio(client_.get())),
            BIO_method_type(SSL_get_rbio(client_.get())));
}

// SSL_set_connect_state begins anew: what has gone before was somebody's, and settles nothing.
TEST_F(FallbackTest, ClientThatBeginsAnewMayFindDtls13) {
  LimitServer();
  SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
  Make();
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_FALSE(Act(client_.get(), &client_reason_));
    Carry(&from_client_, &to_server_, &client_log_, nullptr);
    if (turn == 0) Act(server_.get(), &server_reason_);
    Carry(&from_server_, &to_client_, &server_log_, nullptr);
  }
  ASSERT_TRUE(SignalsFallback(LastHello()));
  to_server_.clear();
  SslPtr former = std::move(client_);
  SSL_CTX_set_max_proto_version(server_ctx_.get(), 0);
  Make();
  client_ = std::move(former);
  SSL_set_connect_state(client_.get());
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_3_VERSION);
}

// An attacker who makes the hello look as if it offered less: the server's Finished tells.
TEST_F(FallbackTest, HelloThatLostItsVersionsBuysNoDowngrade) {
  Make();
  tamper_client_ = [](Datagram* datagram) {
    const Datagram versions = {0, 43, 0, 5, 4, 0xfe, 0xfc, 0xfe, 0xfd};
    const auto at =
        std::search(datagram->begin(), datagram->end(), versions.begin(), versions.end());
    if (at != datagram->end()) at[1] = 77;
    return true;
  };
  ExpectNoDowngrade();
  // It did come that far.
  EXPECT_EQ(SSL_version(server_.get()), DTLS1_2_VERSION);
}

// With a cookie exchange of the attacker's as well.
TEST_F(FallbackTest, HelloThatLostItsSignalBuysNoDowngrade) {
  Make();
  bool first = true;
  tamper_client_ = [&](Datagram* datagram) {
    if (first) {
      first = false;
      to_client_.push_back(Record(kHelloVerifyRequest, {0xfe, 0xff, 1, 'f'}));
      return false;
    }
    const Datagram signal = {0x56, 0x00};
    const auto at = std::search(datagram->begin(), datagram->end(), signal.begin(), signal.end());
    if (at != datagram->end()) at[1] = 0x13;
    return true;
  };
  ExpectNoDowngrade();
}

// MarkDowngrade makes a ServerHello's random that of a server with DTLS 1.3.
bool MarkDowngrade(Datagram* datagram, uint8_t last) {
  const std::string mark = std::string("DOWNGRD") + static_cast<char>(last);
  for (const PlaintextFragment& found : Fragments(*datagram)) {
    if (found.fragment.header.type != HandshakeType::kServerHello) continue;
    const size_t at = static_cast<size_t>(found.fragment.body.data() - datagram->data());
    std::copy(mark.begin(), mark.end(), datagram->begin() + static_cast<ptrdiff_t>(at + 2 + 24));
  }
  return true;
}

//= rfc8446#section-4.1.3
//= type=test
//# TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below
//# MUST check that the last 8 bytes are not equal to either of these
//# values.
TEST_F(FallbackTest, MarkOfADowngradeEndsIt) {
  LimitServer();
  // A key exchange that does not sign the random, which the test writes over.
  TestCertificate("localhost", nullptr, "RSA").UseOn(server_ctx_.get());
  SSL_CTX_set_cipher_list(server_ctx_.get(), "AES128-GCM-SHA256");
  for (const bool cookies : {false, true}) {
    if (cookies) SSL_CTX_set_options(server_ctx_.get(), SSL_OP_COOKIE_EXCHANGE);
    for (const uint8_t last : {0, 1}) {
      client_reason_ = 0;
      client_log_.clear();
      Make();
      tamper_server_ = [last](Datagram* datagram) { return MarkDowngrade(datagram, last); };
      EXPECT_FALSE(Connect());
      EXPECT_FALSE(client_up_);
      EXPECT_EQ(client_reason_, SSL_R_INAPPROPRIATE_FALLBACK);
      EXPECT_TRUE(ClientSentAlert(kIllegalParameter)) << cookies;
      // Nothing brings it up again.
      EXPECT_NE(SSL_do_handshake(client_.get()), 1);
    }
  }
}

// What an application's BIO does before it writes: it looks how far its SSL is.
SSL* asks_inside = nullptr;
int num_asked_inside = 0;

long AskInside(BIO* /*bio*/, int operation, const char* /*data*/, size_t /*len*/, int /*number*/,
               long /*larg*/, int result, size_t* /*processed*/) {
  if (operation == BIO_CB_WRITE && asks_inside != nullptr) {
    ++num_asked_inside;
    EXPECT_NE(SSL_do_handshake(asks_inside), 1);
  }
  return result;
}

TEST_F(FallbackTest, BioMayComeBackWhileItIsRefused) {
  LimitServer();
  // Without the shim's digests nothing can vouch for the hello that the server answered.
  client_ctx_.reset(Real().SSL_CTX_new_ex(nullptr, nullptr, DTLS_client_method()));
  Make();
  EXPECT_EQ(SSL_do_handshake(client_.get()), -1);
  Carry(&from_client_, &to_server_, &client_log_, nullptr);
  SSL_do_handshake(server_.get());
  Carry(&from_server_, &to_client_, &server_log_, nullptr);
  BIO_set_callback_ex(SSL_get_wbio(client_.get()), AskInside);
  asks_inside = client_.get();
  num_asked_inside = 0;
  EXPECT_EQ(SSL_do_handshake(client_.get()), -1);
  asks_inside = nullptr;
  EXPECT_GT(num_asked_inside, 0);
  EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_UNSUPPORTED_PROTOCOL);
  Carry(&from_client_, &to_server_, &client_log_, nullptr);
  EXPECT_TRUE(ClientSentAlert(SSL_AD_PROTOCOL_VERSION));
  EXPECT_EQ(SSL_do_handshake(client_.get()), -1);
}

// Many SSLs may fall back at a time; each transcript is its own.
TEST_F(FallbackTest, SeveralAtATime) {
  LimitServer();
  Make();
  SslPtr first_server = std::move(server_), first_client = std::move(client_);
  // The first client's hello is under way when the second connects.
  SSL_do_handshake(first_client.get());
  const std::deque<Datagram> first_hello = std::exchange(from_client_, {});
  QueueBio first_server_queue = server_queue_, first_client_queue = client_queue_;
  BIO_set_data(SSL_get_rbio(first_server.get()), &first_server_queue);
  BIO_set_data(SSL_get_rbio(first_client.get()), &first_client_queue);
  Make();
  ASSERT_TRUE(Connect());
  server_ = std::move(first_server);
  client_ = std::move(first_client);
  to_server_ = first_hello;
  ASSERT_TRUE(Connect()) << client_reason_ << " " << server_reason_;
  ExpectVersion(DTLS1_2_VERSION);
  EXPECT_TRUE(DataFlows());
}

}  // namespace
}  // namespace dtls13::shim
