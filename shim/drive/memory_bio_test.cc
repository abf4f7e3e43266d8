// SPDX-License-Identifier: Apache-2.0
// Two SSLs in one process, connected by memory BIOs and by BIOs of an application's own: what real
// programs that carry the datagrams themselves depend on.

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "shim/attachment/ssl_attachment.h"
#include "shim/bio/clock.h"
#include "shim/drive/transmit.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/testing/queue_bio.h"

namespace {

using dtls13::shim::Datagram;
using dtls13::shim::NewQueueBio;
using dtls13::shim::Now;
using dtls13::shim::QueueBio;
using dtls13::shim::SslAttachment;
using dtls13::shim::Transmit;

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using CtxPtr = std::unique_ptr<SSL_CTX, SslFree>;

EVP_PKEY* NewKey() { return EVP_EC_gen("P-256"); }

X509* NewCertificate(EVP_PKEY* key) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  return certificate;
}

CtxPtr NewServerCtx() {
  CtxPtr ctx(SSL_CTX_new(DTLS_server_method()));
  EVP_PKEY* key = NewKey();
  X509* certificate = NewCertificate(key);
  SSL_CTX_use_certificate(ctx.get(), certificate);
  SSL_CTX_use_PrivateKey(ctx.get(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return ctx;
}

constexpr char kCookie[] = "application's cookie";

int GenerateCookie(SSL* ssl, unsigned char* cookie, unsigned int* cookie_len) {
  // coturn derives its cookie from what it finds behind the SSL's BIO.
  if (BIO_get_data(SSL_get_rbio(ssl)) == nullptr) return 0;
  *cookie_len = sizeof(kCookie);
  std::memcpy(cookie, kCookie, sizeof(kCookie));
  return 1;
}

int VerifyCookie(SSL* ssl, const unsigned char* cookie, unsigned int cookie_len) {
  if (BIO_get_data(SSL_get_rbio(ssl)) == nullptr) return 0;
  return cookie_len == sizeof(kCookie) && std::memcmp(cookie, kCookie, cookie_len) == 0;
}

class MemoryBioTest : public testing::Test {
 protected:
  MemoryBioTest() : server_ctx_(NewServerCtx()), client_ctx_(SSL_CTX_new(DTLS_client_method())) {
    SSL_CTX_set_cookie_generate_cb(server_ctx_.get(), GenerateCookie);
    SSL_CTX_set_cookie_verify_cb(server_ctx_.get(), VerifyCookie);
    server_.reset(SSL_new(server_ctx_.get()));
    client_.reset(SSL_new(client_ctx_.get()));
    SSL_set_accept_state(server_.get());
    SSL_set_connect_state(client_.get());
  }
  ~MemoryBioTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  void UseQueues() {
    server_queue_ = {.incoming = &to_server_, .outgoing = &to_client_};
    client_queue_ = {.incoming = &to_client_, .outgoing = &to_server_};
    BIO* server_bio = NewQueueBio(&server_queue_);
    BIO* client_bio = NewQueueBio(&client_queue_);
    SSL_set_bio(server_.get(), server_bio, server_bio);
    SSL_set_bio(client_.get(), client_bio, client_bio);
  }

  // A pair of byte queues that know no datagrams.
  void UseMemoryBios() {
    BIO* to_server = BIO_new(BIO_s_mem());
    BIO* to_client = BIO_new(BIO_s_mem());
    BIO_up_ref(to_server);
    BIO_up_ref(to_client);
    SSL_set_bio(server_.get(), to_server, to_client);
    SSL_set_bio(client_.get(), to_client, to_server);
  }

  // Both sides by turns; true when both are up.
  bool Connect() {
    for (int turn = 0; turn < 20; ++turn) {
      const int client = SSL_do_handshake(client_.get());
      if (client <= 0 && !WouldBlock(client_.get(), client)) return false;
      const int server = SSL_do_handshake(server_.get());
      if (server <= 0 && !WouldBlock(server_.get(), server)) return false;
      if (client == 1 && server == 1) return true;
    }
    return false;
  }

  static bool WouldBlock(SSL* ssl, int result) {
    return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
  }

  static std::string ReadAll(SSL* ssl) {
    char buffer[4096];
    const int len = SSL_read(ssl, buffer, sizeof(buffer));
    return len > 0 ? std::string(buffer, static_cast<size_t>(len)) : "";
  }

  CtxPtr server_ctx_;
  CtxPtr client_ctx_;
  std::deque<Datagram> to_server_;
  std::deque<Datagram> to_client_;
  QueueBio server_queue_;
  QueueBio client_queue_;
  SslPtr server_;
  SslPtr client_;
};

TEST_F(MemoryBioTest, HandshakeOverByteQueues) {
  UseMemoryBios();
  ASSERT_TRUE(Connect());
  EXPECT_EQ(SSL_version(client_.get()), DTLS1_3_VERSION);
  EXPECT_EQ(SSL_version(server_.get()), DTLS1_3_VERSION);
  // Several records in one read: each carries its length, for the boundaries are gone.
  for (const char* word : {"one", "two", "three"}) {
    ASSERT_EQ(SSL_write(client_.get(), word, static_cast<int>(strlen(word))),
              static_cast<int>(strlen(word)));
  }
  EXPECT_EQ(ReadAll(server_.get()), "one");
  EXPECT_EQ(SSL_pending(server_.get()), 8);
  EXPECT_EQ(ReadAll(server_.get()), "two");
  EXPECT_EQ(ReadAll(server_.get()), "three");
  EXPECT_EQ(SSL_has_pending(server_.get()), 0);
}

TEST_F(MemoryBioTest, HandshakeDrivenByRead) {
  UseQueues();
  char byte;
  for (int turn = 0; turn < 10 && !SSL_is_init_finished(client_.get()); ++turn) {
    EXPECT_TRUE(WouldBlock(client_.get(), SSL_read(client_.get(), &byte, 1)));
    EXPECT_TRUE(WouldBlock(server_.get(), SSL_read(server_.get(), &byte, 1)));
  }
  EXPECT_TRUE(SSL_is_init_finished(client_.get()));
  EXPECT_TRUE(SSL_is_init_finished(server_.get()));
  EXPECT_EQ(SSL_get_state(server_.get()), TLS_ST_OK);
}

TEST_F(MemoryBioTest, PartOfARecordLeavesTheRestPending) {
  UseQueues();
  ASSERT_TRUE(Connect());
  ASSERT_EQ(SSL_write(client_.get(), "length and body", 15), 15);
  char part[6];
  ASSERT_EQ(SSL_peek(server_.get(), part, sizeof(part)), 6);
  ASSERT_EQ(SSL_read(server_.get(), part, sizeof(part)), 6);
  EXPECT_EQ(std::string(part, 6), "length");
  EXPECT_EQ(SSL_pending(server_.get()), 9);
  EXPECT_EQ(ReadAll(server_.get()), " and body");
  EXPECT_EQ(SSL_pending(server_.get()), 0);
}

TEST_F(MemoryBioTest, EmptyBioWithoutRetryFlagIsSyscallAndHarmless) {
  UseQueues();
  client_queue_.retries = server_queue_.retries = false;
  for (int turn = 0; turn < 10; ++turn) {
    for (SSL* ssl : {client_.get(), server_.get()}) {
      const int result = SSL_do_handshake(ssl);
      if (result == 1) continue;
      EXPECT_EQ(SSL_get_error(ssl, result), SSL_ERROR_SYSCALL);
    }
  }
  EXPECT_TRUE(SSL_is_init_finished(client_.get()));
  EXPECT_TRUE(SSL_is_init_finished(server_.get()));
}

TEST_F(MemoryBioTest, MissingReadBioIsAnErrorThatLeavesTheConnectionAlive) {
  UseMemoryBios();
  ASSERT_TRUE(Connect());
  BIO* bio = SSL_get_rbio(server_.get());
  BIO_up_ref(bio);
  SSL_set0_rbio(server_.get(), nullptr);
  char byte;
  EXPECT_EQ(SSL_read(server_.get(), &byte, 1), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_READ_BIO_NOT_SET);
  SSL_set0_rbio(server_.get(), bio);
  ASSERT_EQ(SSL_write(client_.get(), "x", 1), 1);
  EXPECT_EQ(ReadAll(server_.get()), "x");
}

TEST_F(MemoryBioTest, AFreshReadBioForEachDatagram) {
  UseQueues();
  ASSERT_TRUE(Connect());
  for (const std::string word : {"one", "two"}) {
    ASSERT_EQ(SSL_write(client_.get(), word.data(), 3), 3);
    const Datagram datagram = to_server_.back();
    to_server_.clear();
    BIO* bio = BIO_new_mem_buf(datagram.data(), static_cast<int>(datagram.size()));
    BIO_set_mem_eof_return(bio, -1);
    SSL_set0_rbio(server_.get(), bio);
    EXPECT_EQ(ReadAll(server_.get()), word);
    char byte;
    EXPECT_TRUE(WouldBlock(server_.get(), SSL_read(server_.get(), &byte, 1)));
    SSL_set0_rbio(server_.get(), nullptr);
  }
}

TEST_F(MemoryBioTest, ReadMayOverwriteTheDatagramItComesFrom) {
  UseQueues();
  ASSERT_TRUE(Connect());
  ASSERT_EQ(SSL_write(client_.get(), "word", 4), 4);
  Datagram datagram = to_server_.back();
  const int len = static_cast<int>(datagram.size());
  SSL_set0_rbio(server_.get(), BIO_new_mem_buf(datagram.data(), len));
  // GStreamer decrypts in place.
  ASSERT_EQ(SSL_read(server_.get(), datagram.data(), len), 4);
  EXPECT_EQ(std::string(datagram.begin(), datagram.begin() + 4), "word");
}

TEST_F(MemoryBioTest, TimeoutsAreToldAndMayBeAskedForMeanwhile) {
  UseQueues();
  client_queue_.ssl = client_.get();
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_GT(client_queue_.num_timeouts_told, 0);
  EXPECT_NE(client_queue_.next_timeout.tv_sec, 0);
  timeval left;
  ASSERT_EQ(DTLSv1_get_timeout(client_.get(), &left), 1);
  EXPECT_LE(left.tv_sec, 1);
  // Nothing has expired yet, so nothing is sent again.
  const size_t num_sent = to_server_.size();
  EXPECT_EQ(DTLSv1_handle_timeout(client_.get()), 0);
  EXPECT_EQ(to_server_.size(), num_sent);
  ASSERT_TRUE(Connect());
  // The last ACK brings the timer to rest.
  char byte;
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_read(client_.get(), &byte, 1)));
  EXPECT_EQ(DTLSv1_get_timeout(client_.get(), &left), 0);
  EXPECT_EQ(client_queue_.next_timeout.tv_sec, 0);
}

unsigned int ShortTimer(SSL* /*ssl*/, unsigned int /*previous_us*/) { return 1000; }

TEST_F(MemoryBioTest, LostFlightIsSentAgainByWhicheverCallComes) {
  UseQueues();
  DTLS_set_timer_cb(client_.get(), ShortTimer);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  ASSERT_GE(to_server_.size(), 1u);  // a machine that was busy meanwhile saw it expire already
  to_server_.clear();
  // The timer's whole length is below what counts as due, so no time need pass.
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_GE(to_server_.size(), 1u);
  ASSERT_TRUE(Connect());
}

// F3: libssl's DTLS has no timer once the handshake is over, and programs take one for a handshake
// that goes on. Tickets that nobody acknowledges are sent again a few times only.
TEST_F(MemoryBioTest, F3TicketsThatNobodyTakesLeaveNoTimer) {
  UseQueues();
  ASSERT_TRUE(Connect());
  timeval left;
  int num_timeouts = 0;
  while (num_timeouts < 10 && DTLSv1_get_timeout(server_.get(), &left) == 1) {
    std::this_thread::sleep_for(std::chrono::seconds(left.tv_sec) +
                                std::chrono::microseconds(left.tv_usec));
    const int result = DTLSv1_handle_timeout(server_.get());
    ASSERT_GE(result, 0);
    num_timeouts += result;
  }
  EXPECT_LE(num_timeouts, 4);
  EXPECT_EQ(DTLSv1_get_timeout(server_.get(), &left), 0);
  EXPECT_EQ(server_queue_.next_timeout.tv_sec, 0);
  EXPECT_GE(to_client_.size(), 4u) << "they left several times";
  // The connection is none the worse, and takes the ACK when it comes.
  ASSERT_EQ(SSL_write(client_.get(), "word", 4), 4);
  EXPECT_EQ(ReadAll(server_.get()), "word");
  EXPECT_EQ(ReadAll(client_.get()), "");
  EXPECT_EQ(ReadAll(server_.get()), "");
  EXPECT_EQ(DTLSv1_get_timeout(server_.get(), &left), 0);
  EXPECT_EQ(DTLSv1_get_timeout(client_.get(), &left), 0);
}

unsigned int TwoMilliseconds(SSL* /*ssl*/, unsigned int /*previous_us*/) { return 2000; }

TEST_F(MemoryBioTest, ClockOfMillisecondsMayCallTooEarly) {
  UseQueues();
  DTLS_set_timer_cb(client_.get(), TwoMilliseconds);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  const size_t num_sent = to_server_.size();
  // Deadline and present may each have been rounded by a millisecond.
  EXPECT_EQ(DTLSv1_handle_timeout(client_.get()), 1);
  EXPECT_GT(to_server_.size(), num_sent);
  ASSERT_TRUE(Connect());
}

//= rfc9147#section-4.4
//= type=test
//# For DTLS over UDP, the upper layer protocol SHOULD be allowed to obtain
//# the PMTU estimate maintained in the IP layer.
//= rfc9147#section-4.4
//= type=test
//# If the DTLS record layer informs the DTLS handshake layer that a message
//# is too big, the handshake layer SHOULD immediately attempt to fragment the
//# message, using any existing information about the PMTU.
//= rfc9147#section-4.4
//= type=test
//# If there is a transport protocol indication that the PMTU was exceeded
//# (either via ICMP or via a refusal to send the datagram as in Section 14 of
//# [RFC4340]), then the DTLS record layer MUST inform the upper layer
//# protocol of the error.
TEST_F(MemoryBioTest, FlightTooLargeForThePathIsCutAtOnce) {
  UseQueues();
  server_queue_.path_mtu = 400;
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_TRUE(WouldBlock(server_.get(), SSL_accept(server_.get())));
  EXPECT_TRUE(server_queue_.refused);
  EXPECT_GE(to_client_.size(), 2u);
  ASSERT_TRUE(Connect());
  const std::string data(500, 'x');
  EXPECT_EQ(SSL_write(server_.get(), data.data(), static_cast<int>(data.size())), -1);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_LT(DTLS_get_data_mtu(server_.get()), 400u);
}

// What ICMP says of a datagram comes with a later one, which leaves with the second try.
TEST_F(MemoryBioTest, RefusalForAnEarlierDatagramSaysNothingOfTheOneRefused) {
  for (const int path_mtu : {672, 65536}) {
    client_.reset(SSL_new(client_ctx_.get()));
    SSL_set_connect_state(client_.get());
    SSL_clear(server_.get());
    to_server_.clear();
    to_client_.clear();
    UseQueues();
    ASSERT_TRUE(Connect());
    const size_t data_mtu = DTLS_get_data_mtu(client_.get());
    ASSERT_GT(data_mtu, 1100u);
    client_queue_.path_mtu = path_mtu;  // 65536: this BIO does not know
    client_queue_.num_late_errors = 1;
    to_server_.clear();
    ASSERT_EQ(SSL_key_update(client_.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(client_.get()), 1);
    EXPECT_EQ(client_queue_.num_late_errors, 0);
    EXPECT_FALSE(to_server_.empty());
    EXPECT_EQ(DTLS_get_data_mtu(client_.get()), path_mtu < 65536 ? 650u : data_mtu);
  }
}

// The caller hears of it, as in libssl; that the datagram is lost is for it to mend.
TEST_F(MemoryBioTest, ApplicationDataThatIsRefusedFindsTheMtu) {
  UseQueues();
  ASSERT_TRUE(Connect());
  client_queue_.path_mtu = 672;
  client_queue_.num_late_errors = 1;
  to_server_.clear();
  EXPECT_EQ(SSL_write(client_.get(), "word", 4), -1);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(SSL_get_error(client_.get(), -1), SSL_ERROR_SYSCALL);
  EXPECT_EQ(DTLS_get_data_mtu(client_.get()), 650u);
  EXPECT_TRUE(to_server_.empty());
  const std::string data(650, 'x');
  EXPECT_EQ(SSL_write(client_.get(), data.data(), 650), 650);
  EXPECT_EQ(SSL_write(client_.get(), data.data(), 100), 100);
}

TEST_F(MemoryBioTest, ReadThatTellsOfTheDatagramFindsTheMtu) {
  UseQueues();
  ASSERT_TRUE(Connect());
  client_queue_.path_mtu = 672;
  client_queue_.num_late_errors = 1;
  char byte;
  EXPECT_EQ(SSL_read(client_.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(SSL_get_error(client_.get(), -1), SSL_ERROR_SYSCALL);
  EXPECT_EQ(DTLS_get_data_mtu(client_.get()), 650u);
}

TEST_F(MemoryBioTest, MtuThatFellRisesAgainOnceTheBioKnowsBetter) {
  UseQueues();
  ASSERT_TRUE(Connect());
  const size_t data_mtu = DTLS_get_data_mtu(client_.get());
  client_queue_.path_mtu = 672;
  const std::string data(1000, 'x');
  EXPECT_EQ(SSL_write(client_.get(), data.data(), 1000), -1);
  ASSERT_EQ(DTLS_get_data_mtu(client_.get()), 650u);
  SslAttachment& attachment = *SslAttachment::Find(client_.get());
  client_queue_.path_mtu = 972;
  const dtls13::Instant start = Now();
  Transmit(attachment, start + std::chrono::minutes(9));
  EXPECT_EQ(DTLS_get_data_mtu(client_.get()), 650u);
  Transmit(attachment, start + std::chrono::minutes(11));
  EXPECT_EQ(DTLS_get_data_mtu(client_.get()), 950u);
  client_queue_.path_mtu = 65536;
  client_queue_.refused = false;
  Transmit(attachment, start + std::chrono::minutes(20));
  EXPECT_EQ(DTLS_get_data_mtu(client_.get()), 950u);
  Transmit(attachment, start + std::chrono::minutes(22));
  EXPECT_EQ(DTLS_get_data_mtu(client_.get()), data_mtu);
}

//= rfc9147#section-4.4
//= type=test
//# Note that DTLS does not defend against spoofed ICMP messages;
//# implementations SHOULD ignore any such messages that indicate PMTUs below
//# the IPv4 and IPv6 minimums of 576 and 1280 bytes, respectively.
TEST_F(MemoryBioTest, NoSocketsPathIsTakenForLessThanIpv4s) {
  UseQueues();
  server_queue_.is_socket = true;
  server_queue_.told_mtu = 100;  // what forged ICMP could have made of the system's estimate
  BIO* bio = NewQueueBio(&server_queue_);
  SSL_set_bio(server_.get(), bio, bio);
  ASSERT_TRUE(Connect());
  EXPECT_GT(DTLS_get_data_mtu(server_.get()), 500u);
}

TEST_F(MemoryBioTest, ListenKeepsTheSecondHelloForAccept) {
  UseQueues();
  BIO_ADDR* address = BIO_ADDR_new();
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(DTLSv1_listen(server_.get(), address), 0);  // a HelloRetryRequest went out
  ASSERT_EQ(to_client_.size(), 1u);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(DTLSv1_listen(server_.get(), address), 1);
  BIO_ADDR_free(address);
  EXPECT_TRUE(to_server_.empty());
  // libcoap accepts with nothing to read.
  EXPECT_TRUE(WouldBlock(server_.get(), SSL_accept(server_.get())));
  EXPECT_FALSE(to_client_.empty());
  EXPECT_TRUE(Connect());
}

int GenerateStatelessCookie(SSL* /*ssl*/, unsigned char* cookie, size_t* cookie_len) {
  *cookie_len = sizeof(kCookie);
  std::memcpy(cookie, kCookie, sizeof(kCookie));
  return 1;
}

int VerifyStatelessCookie(SSL* /*ssl*/, const unsigned char* cookie, size_t cookie_len) {
  return cookie_len == sizeof(kCookie) && std::memcmp(cookie, kCookie, cookie_len) == 0;
}

TEST_F(MemoryBioTest, StatelessHasItsOwnCookieCallbacks) {
  UseQueues();
  SSL_CTX_set_stateless_cookie_generate_cb(server_ctx_.get(), GenerateStatelessCookie);
  SSL_CTX_set_stateless_cookie_verify_cb(server_ctx_.get(), VerifyStatelessCookie);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(SSL_stateless(server_.get()), 0);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(SSL_stateless(server_.get()), 1);
  EXPECT_TRUE(Connect());
}

int GenerateLongCookie(SSL* /*ssl*/, unsigned char* cookie, size_t* cookie_len) {
  *cookie_len = 4096;
  std::memset(cookie, 0, *cookie_len);
  return 1;
}

TEST_F(MemoryBioTest, CookieThatDoesNotFitOursIsAnErrorAndNoOverflow) {
  UseQueues();
  SSL_CTX_set_stateless_cookie_generate_cb(server_ctx_.get(), GenerateLongCookie);
  SSL_CTX_set_stateless_cookie_verify_cb(server_ctx_.get(), VerifyStatelessCookie);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(SSL_stateless(server_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_COOKIE_GEN_CALLBACK_FAILURE);
  EXPECT_TRUE(to_client_.empty());
}

int SuspendVerification(X509_STORE_CTX* context, void* /*arg*/) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return SSL_set_retry_verify(ssl);
}

TEST_F(MemoryBioTest, SuspendedVerificationIsNoSuccess) {
  for (const int mode : {SSL_VERIFY_PEER, SSL_VERIFY_NONE}) {
    SSL_CTX_set_cert_verify_callback(client_ctx_.get(), SuspendVerification, nullptr);
    client_.reset(SSL_new(client_ctx_.get()));
    SSL_set_connect_state(client_.get());
    SSL_set_verify(client_.get(), mode, nullptr);
    SSL_clear(server_.get());
    to_server_.clear();
    to_client_.clear();
    UseQueues();
    EXPECT_FALSE(Connect());
    EXPECT_EQ(SSL_do_handshake(client_.get()), -1);
    EXPECT_EQ(SSL_get_error(client_.get(), -1), SSL_ERROR_WANT_RETRY_VERIFY);
    EXPECT_FALSE(SSL_is_init_finished(client_.get()));
    EXPECT_NE(SSL_get_verify_result(client_.get()), X509_V_OK);
  }
}

TEST_F(MemoryBioTest, NothingAllowedIsRefusedAndNeverLibssls) {
  UseQueues();
  for (SSL* ssl : {client_.get(), server_.get()}) {
    ASSERT_EQ(SSL_set_min_proto_version(ssl, DTLS1_3_VERSION), 1);
    SSL_set_options(ssl, SSL_OP_NO_TLSv1_3);
    const int result = SSL_do_handshake(ssl);
    EXPECT_EQ(result, -1);
    EXPECT_EQ(SSL_get_error(ssl, result), SSL_ERROR_SSL);
    EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_NO_PROTOCOLS_AVAILABLE);
    ERR_clear_error();
  }
  EXPECT_TRUE(to_server_.empty());
}

TEST_F(MemoryBioTest, ListsWithoutAnythingUsableNeverBecomeDefaults) {
  UseQueues();
  ASSERT_EQ(SSL_set_min_proto_version(client_.get(), DTLS1_3_VERSION), 1);
  ASSERT_EQ(SSL_set1_groups_list(client_.get(), "brainpoolP256r1"), 1);
  EXPECT_EQ(SSL_connect(client_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_NO_SUITABLE_GROUPS);
  ASSERT_EQ(SSL_set1_groups_list(client_.get(), "P-256"), 1);
  ASSERT_EQ(SSL_set1_sigalgs_list(client_.get(), "DSA+SHA256"), 1);
  EXPECT_EQ(SSL_connect(client_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM);
  ERR_clear_error();
  ASSERT_EQ(SSL_set1_sigalgs_list(client_.get(), "ECDSA+SHA256"), 1);
  EXPECT_TRUE(Connect());
}

TEST_F(MemoryBioTest, NoSuitesOfTls13LeaveDtls12) {
  UseQueues();
  ASSERT_EQ(SSL_set_ciphersuites(server_.get(), ""), 1);
  ASSERT_TRUE(Connect());
  EXPECT_EQ(SSL_version(server_.get()), DTLS1_2_VERSION);
}

TEST_F(MemoryBioTest, SecurityLevelBoundsGroups) {
  UseQueues();
  ASSERT_EQ(SSL_set_min_proto_version(client_.get(), DTLS1_3_VERSION), 1);
  SSL_set_security_level(client_.get(), 4);  // 192 bits
  ASSERT_EQ(SSL_set1_groups_list(client_.get(), "P-256"), 1);
  EXPECT_EQ(SSL_connect(client_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_NO_SUITABLE_GROUPS);
  ASSERT_EQ(SSL_set1_groups_list(client_.get(), "P-256:P-384"), 1);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
}

TEST_F(MemoryBioTest, ServerPreferenceChoosesTheCipherSuite) {
  UseQueues();
  ASSERT_EQ(SSL_set_ciphersuites(client_.get(), "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"),
            1);
  ASSERT_EQ(SSL_set_ciphersuites(server_.get(), "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"),
            1);
  SSL_set_options(server_.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  ASSERT_TRUE(Connect());
  EXPECT_STREQ(SSL_get_cipher_name(server_.get()), "TLS_AES_128_GCM_SHA256");
}

TEST_F(MemoryBioTest, ALinksMtuHoldsUntilItWasUsed) {
  UseQueues();
  SSL_set_options(client_.get(), SSL_OP_NO_QUERY_MTU);
  ASSERT_GT(DTLS_set_link_mtu(client_.get(), 1400), 0);
  ASSERT_GT(SSL_set_mtu(client_.get(), 300), 0);
  ASSERT_TRUE(Connect());
  EXPECT_GT(DTLS_get_data_mtu(client_.get()), 1000u);
  ASSERT_GT(SSL_set_mtu(client_.get(), 300), 0);
  EXPECT_LT(DTLS_get_data_mtu(client_.get()), 300u);
  ASSERT_GT(DTLS_set_link_mtu(client_.get(), 1400), 0);
  EXPECT_GT(DTLS_get_data_mtu(client_.get()), 1000u);
}

// What Reenter read of a server's data.
std::string& ReadInside() {
  thread_local std::string read;
  return read;
}

// Reenter does to an SSL from inside its own callbacks all that would pull the ground from under
// the call that is in progress.
void Reenter(SSL* ssl) {
  thread_local bool inside = false;
  if (inside) return;
  inside = true;
  char bytes[4];
  DTLSv1_handle_timeout(ssl);
  SSL_do_handshake(ssl);
  const int len = SSL_read(ssl, bytes, sizeof(bytes));
  if (len > 0 && SSL_is_server(ssl)) ReadInside().append(bytes, static_cast<size_t>(len));
  if (SSL_is_init_finished(ssl)) {
    SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
    SSL_write(ssl, "from inside", 11);
  }
  EXPECT_EQ(SSL_clear(ssl), 0);
  if (SSL_is_server(ssl)) {
    SSL_set_accept_state(ssl);
  } else {
    SSL_set_connect_state(ssl);
  }
  ERR_clear_error();
  inside = false;
}

void ReenterOnInfo(const SSL* ssl, int /*where*/, int /*value*/) { Reenter(const_cast<SSL*>(ssl)); }

void ReenterOnHandshakeMessage(int /*write_p*/, int /*version*/, int content_type,
                               const void* /*buf*/, size_t /*len*/, SSL* ssl, void* /*arg*/) {
  if (content_type == SSL3_RT_HANDSHAKE) Reenter(ssl);
}

TEST_F(MemoryBioTest, CallbacksMayComeBackIn) {
  UseQueues();
  for (SSL* ssl : {client_.get(), server_.get()}) {
    SSL_set_info_callback(ssl, ReenterOnInfo);
    SSL_set_msg_callback(ssl, ReenterOnHandshakeMessage);
  }
  ReadInside().clear();
  ASSERT_TRUE(Connect());
  // What the client wrote before its Finished left comes too, and the server's callbacks read of
  // it.
  EXPECT_EQ((ReadInside() + ReadAll(server_.get())).substr(0, 11), "from inside");
}

void ShutDownWhenDone(const SSL* ssl, int where, int /*value*/) {
  if (where != SSL_CB_HANDSHAKE_DONE) return;
  EXPECT_EQ(SSL_shutdown(const_cast<SSL*>(ssl)), 0);
}

TEST_F(MemoryBioTest, ACallbackMayClose) {
  UseQueues();
  SSL_set_info_callback(server_.get(), ShutDownWhenDone);
  ASSERT_TRUE(Connect());
  char byte;
  EXPECT_EQ(SSL_read(client_.get(), &byte, 1), 0);
  EXPECT_EQ(SSL_get_shutdown(client_.get()), SSL_RECEIVED_SHUTDOWN);
}

TEST_F(MemoryBioTest, CloseDuringTheHandshakeIsNoError) {
  UseQueues();
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  to_client_.push_back({0x15, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0});
  const int result = SSL_connect(client_.get());
  EXPECT_LE(result, 0);
  EXPECT_EQ(SSL_get_error(client_.get(), result), SSL_ERROR_ZERO_RETURN);
}

int RefuseHello(SSL* /*ssl*/, int* /*alert*/, void* /*arg*/) { return SSL_CLIENT_HELLO_ERROR; }

TEST_F(MemoryBioTest, OneErrorForOneFailure) {
  UseQueues();
  SSL_CTX_set_client_hello_cb(server_ctx_.get(), RefuseHello, nullptr);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(SSL_accept(server_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_CALLBACK_FAILED);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

int RefuseCookie(SSL* /*ssl*/, const unsigned char* /*cookie*/, unsigned int /*cookie_len*/) {
  return 0;
}

TEST_F(MemoryBioTest, RefusedCookieGetsNoSecondRetry) {
  UseQueues();
  SSL_CTX_set_cookie_verify_cb(server_ctx_.get(), RefuseCookie);
  SSL_set_options(server_.get(), SSL_OP_COOKIE_EXCHANGE);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_TRUE(WouldBlock(server_.get(), SSL_accept(server_.get())));
  EXPECT_EQ(to_client_.size(), 1u);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_TRUE(WouldBlock(server_.get(), SSL_accept(server_.get())));
  // A client aborts at a second HelloRetryRequest; the alert lets it begin anew without the cookie.
  EXPECT_EQ(SSL_connect(client_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SSLV3_ALERT_ILLEGAL_PARAMETER);
}

TEST_F(MemoryBioTest, RefusalsAreSentOnce) {
  UseQueues();
  SSL_set_min_proto_version(server_.get(), DTLS1_3_VERSION);
  SSL_set_max_proto_version(client_.get(), DTLS1_2_VERSION);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  const size_t num_hellos = to_server_.size();
  EXPECT_TRUE(WouldBlock(server_.get(), SSL_accept(server_.get())));
  EXPECT_EQ(num_hellos, 1u);
  EXPECT_EQ(to_client_.size(), 1u);
}

TEST_F(MemoryBioTest, FallbackIsRefused) {
  UseQueues();
  SSL_set_max_proto_version(client_.get(), DTLS1_2_VERSION);
  SSL_set_mode(client_.get(), SSL_MODE_SEND_FALLBACK_SCSV);
  EXPECT_FALSE(Connect());
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_TLSV1_ALERT_INAPPROPRIATE_FALLBACK);
  ERR_clear_error();
}

TEST_F(MemoryBioTest, FailureIsReportedOnceAndStays) {
  UseQueues();
  SSL_set_verify(client_.get(), SSL_VERIFY_PEER, nullptr);
  EXPECT_FALSE(Connect());
  const int result = SSL_connect(client_.get());
  EXPECT_EQ(result, -1);
  EXPECT_EQ(SSL_get_error(client_.get(), result), SSL_ERROR_SSL);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_CERTIFICATE_VERIFY_FAILED);
  EXPECT_EQ(SSL_get_verify_result(client_.get()), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  EXPECT_STREQ(SSL_state_string_long(client_.get()), "error");
  ERR_clear_error();
  // The alert reached the server as libssl's reason for it.
  const int refused = SSL_accept(server_.get());
  EXPECT_EQ(SSL_get_error(server_.get(), refused), SSL_ERROR_SSL);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_TLSV1_ALERT_UNKNOWN_CA);
}

TEST_F(MemoryBioTest, ListenServesDtls12ClientsThroughLibssl) {
  UseQueues();
  SSL_set_max_proto_version(client_.get(), DTLS1_2_VERSION);
  BIO* const bio = SSL_get_rbio(server_.get());
  BIO_ADDR* address = BIO_ADDR_new();
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(DTLSv1_listen(server_.get(), address), 0);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(DTLSv1_listen(server_.get(), address), 1);
  BIO_ADDR_free(address);
  EXPECT_EQ(SSL_get_rbio(server_.get()), bio);
  ASSERT_TRUE(Connect());
  EXPECT_EQ(SSL_version(server_.get()), DTLS1_2_VERSION);
  EXPECT_EQ(SSL_get_rbio(server_.get()), bio);
  ASSERT_EQ(SSL_write(client_.get(), "old", 3), 3);
  EXPECT_EQ(ReadAll(server_.get()), "old");
}

TEST_F(MemoryBioTest, CookieExchangeWithinAccept) {
  UseQueues();
  SSL_set_options(server_.get(), SSL_OP_COOKIE_EXCHANGE);
  EXPECT_TRUE(Connect());
  EXPECT_EQ(SSL_version(server_.get()), DTLS1_3_VERSION);
}

TEST_F(MemoryBioTest, FragmentedHelloReachesWhoeverIsToAnswerIt) {
  // libssl's clients cut their ClientHello to 256 bytes over a BIO that knows no MTU.
  const std::string long_name =
      std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".example";
  UseQueues();
  for (const int version : {DTLS1_3_VERSION, DTLS1_2_VERSION}) {
    for (const bool cookie_exchange : {false, true}) {
      SCOPED_TRACE(testing::Message() << "version " << version << " cookie " << cookie_exchange);
      SSL_set_max_proto_version(client_.get(), version);
      SSL_set_tlsext_host_name(client_.get(), long_name.c_str());
      SSL_set_options(client_.get(), SSL_OP_NO_QUERY_MTU);
      SSL_set_mtu(client_.get(), 256);
      SSL_set_options(server_.get(), cookie_exchange ? SSL_OP_COOKIE_EXCHANGE : 0);
      EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
      EXPECT_GE(to_server_.size(), 2u);
      ASSERT_TRUE(Connect());
      EXPECT_EQ(SSL_version(server_.get()), version);
      SSL_clear(server_.get());
      SSL_clear(client_.get());
      SSL_clear_options(server_.get(), SSL_OP_COOKIE_EXCHANGE);
      to_server_.clear();
      to_client_.clear();
    }
  }
}

TEST_F(MemoryBioTest, MissingCookieCallbackIsLibsslsError) {
  UseQueues();
  SSL_CTX_set_cookie_generate_cb(server_ctx_.get(), nullptr);
  SSL_set_options(server_.get(), SSL_OP_COOKIE_EXCHANGE);
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  const int result = SSL_accept(server_.get());
  EXPECT_EQ(result, -1);
  EXPECT_EQ(SSL_get_error(server_.get(), result), SSL_ERROR_SSL);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_COOKIE_GEN_CALLBACK_FAILURE);
}

TEST_F(MemoryBioTest, ClearMakesRoomForTheNextClient) {
  UseQueues();
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(Connect()) << round;
    ASSERT_EQ(SSL_write(client_.get(), "round", 5), 5);
    EXPECT_EQ(ReadAll(server_.get()), "round");
    ASSERT_EQ(SSL_clear(server_.get()), 1);
    ASSERT_EQ(SSL_clear(client_.get()), 1);
    EXPECT_TRUE(SSL_in_before(server_.get()));
    to_server_.clear();
    to_client_.clear();
  }
}

TEST_F(MemoryBioTest, ClearLetsAnSslChangeHands) {
  // The same server SSL: DTLS 1.3, then libssl's DTLS 1.2, then 1.3 again.
  UseQueues();
  for (const int version : {DTLS1_3_VERSION, DTLS1_2_VERSION, DTLS1_3_VERSION}) {
    SSL_set_max_proto_version(client_.get(), version);
    ASSERT_TRUE(Connect()) << version;
    EXPECT_EQ(SSL_version(server_.get()), version);
    SSL_clear(server_.get());
    SSL_clear(client_.get());
    to_server_.clear();
    to_client_.clear();
  }
}

TEST_F(MemoryBioTest, WritingAfterOurCloseIsRefusedAndReadingGoesOn) {
  UseQueues();
  ASSERT_TRUE(Connect());
  EXPECT_EQ(SSL_shutdown(client_.get()), 0);
  EXPECT_EQ(SSL_write(client_.get(), "late", 4), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_PROTOCOL_IS_SHUTDOWN);
  ASSERT_EQ(SSL_write(server_.get(), "still", 5), 5);
  EXPECT_EQ(ReadAll(client_.get()), "still");
  char byte;
  const int end = SSL_read(server_.get(), &byte, 1);
  EXPECT_EQ(end, 0);
  EXPECT_EQ(SSL_get_error(server_.get(), end), SSL_ERROR_ZERO_RETURN);
  EXPECT_EQ(SSL_shutdown(server_.get()), 1);
  EXPECT_EQ(SSL_shutdown(client_.get()), 1);
  EXPECT_EQ(SSL_get_shutdown(client_.get()), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TEST_F(MemoryBioTest, WaitingForTheCloseEndsAtData) {
  UseQueues();
  ASSERT_TRUE(Connect());
  EXPECT_EQ(SSL_shutdown(client_.get()), 0);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(SSL_write(server_.get(), "data", 4), 4);
  const int result = SSL_shutdown(client_.get());
  EXPECT_EQ(result, -1);
  EXPECT_EQ(SSL_get_error(client_.get(), result), SSL_ERROR_SSL);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_APPLICATION_DATA_AFTER_CLOSE_NOTIFY);
  // One datagram's data at most was taken in, and none is lost.
  EXPECT_EQ(SSL_pending(client_.get()), 4);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ReadAll(client_.get()), "data");
}

TEST_F(MemoryBioTest, DataBeforeTheCloseIsReadBeforeIt) {
  UseMemoryBios();
  ASSERT_TRUE(Connect());
  ASSERT_EQ(SSL_write(client_.get(), "last", 4), 4);
  EXPECT_EQ(SSL_shutdown(client_.get()), 0);
  EXPECT_EQ(ReadAll(server_.get()), "last");
  EXPECT_EQ(SSL_get_shutdown(server_.get()), 0);
  char byte;
  EXPECT_EQ(SSL_read(server_.get(), &byte, 1), 0);
  EXPECT_EQ(SSL_get_shutdown(server_.get()), SSL_RECEIVED_SHUTDOWN);
}

TEST_F(MemoryBioTest, ShutdownDuringTheHandshakeIsAnError) {
  UseQueues();
  EXPECT_TRUE(WouldBlock(client_.get(), SSL_connect(client_.get())));
  EXPECT_EQ(SSL_shutdown(client_.get()), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_SHUTDOWN_WHILE_IN_INIT);
}

TEST_F(MemoryBioTest, QuietShutdownSendsNothing) {
  UseQueues();
  ASSERT_TRUE(Connect());
  to_server_.clear();
  SSL_set_quiet_shutdown(client_.get(), 1);
  EXPECT_EQ(SSL_shutdown(client_.get()), 1);
  EXPECT_TRUE(to_server_.empty());
}

TEST_F(MemoryBioTest, TooMuchForOneRecordIsRefused) {
  UseQueues();
  ASSERT_TRUE(Connect());
  const std::string data(16385, 'x');
  EXPECT_EQ(SSL_write(client_.get(), data.data(), static_cast<int>(data.size())), -1);
  EXPECT_EQ(ERR_GET_REASON(ERR_get_error()), SSL_R_DTLS_MESSAGE_TOO_BIG);
  EXPECT_EQ(SSL_write(client_.get(), data.data(), 16384), 16384);
}

TEST_F(MemoryBioTest, GarbageIsDroppedWithoutAnErrorOrAnAnswer) {
  UseQueues();
  ASSERT_TRUE(Connect());
  to_client_.clear();
  to_server_.push_back(Datagram(40, 0x2f));
  to_server_.push_back(Datagram{0x16, 0xfe, 0xfd});
  to_server_.push_back(Datagram(1, 0));
  char byte;
  EXPECT_TRUE(WouldBlock(server_.get(), SSL_read(server_.get(), &byte, 1)));
  EXPECT_TRUE(to_client_.empty());
  ASSERT_EQ(SSL_write(client_.get(), "x", 1), 1);
  EXPECT_EQ(ReadAll(server_.get()), "x");
}

TEST_F(MemoryBioTest, AnotherReferenceIsWhatDupGivesOfAnSslInUse) {
  UseQueues();
  ASSERT_TRUE(Connect());
  SslPtr copy(SSL_dup(client_.get()));
  EXPECT_EQ(copy.get(), client_.get());
}

TEST_F(MemoryBioTest, DupOfAnUnusedSslIsAnSslOfItsOwn) {
  SslPtr copy(SSL_dup(client_.get()));
  ASSERT_NE(copy, nullptr);
  EXPECT_NE(copy.get(), client_.get());
  client_ = std::move(copy);
  UseQueues();
  EXPECT_TRUE(Connect());
  EXPECT_EQ(SSL_version(client_.get()), DTLS1_3_VERSION);
}

}  // namespace
