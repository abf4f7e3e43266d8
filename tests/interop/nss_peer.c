// nss_peer: DTLS 1.3 associations of NSS over UDP on loopback, one after the other, as client or as
// server. It is the independent peer of nss_test.py, which runs it inside prepare_nss's folder;
// --help lists its options.
//
// Facts go to standard output, one line each, "<when> name=value ..."; what stopped it goes to
// standard error. Exit status 0: all that was asked for happened; 1: not; 2: wrong options.
//
// Messages are those of messages.py: byte for byte and in order the same sequence.
#include <arpa/inet.h>
#include <cert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <keyhi.h>
#include <limits.h>
#include <nspr.h>
#include <nss.h>
#include <pk11pub.h>
#include <poll.h>
#include <private/pprio.h>
#include <secerr.h>
#include <ssl.h>
#include <sslerr.h>
#include <sslexp.h>
#include <sslproto.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  kMaxGroups = 8,
  kMaxSuites = 8,
  kMaxKeyUpdates = 8,
  kMaxPskLen = 64,
  kMaxMessageLen = 1350,
  kMaxDatagramLen = 65536,
  kWaitSliceMs = 50,
  kReplayWindowMs = 500,
};

enum CloseOrder { kCloseFirst, kCloseSecond };

static struct {
  bool server;
  uint16_t port;
  const char* db;
  const char* nickname;
  const char* host_name;
  SSLNamedGroup groups[kMaxGroups];
  unsigned num_groups;
  unsigned additional_key_shares;
  uint16_t suites[kMaxSuites];
  unsigned num_suites;
  bool hrr_cookie;
  bool settle;
  unsigned key_updates[kMaxKeyUpdates];  // numbers of messages, ascending
  unsigned num_key_updates;
  unsigned associations;
  bool early_data;
  bool no_end_of_early_data;
  const char* psk_name;  // NULL: no external PSK
  uint8_t psk_key[kMaxPskLen];
  unsigned psk_key_len;
  bool echo;
  unsigned count;
  unsigned size;  // 0: mixed
  unsigned window;
  enum CloseOrder close_order;
  int timeout_ms;
} options = {
    .db = "db",
    .host_name = "server.example",
    .window = 8,
    .close_order = kCloseSecond,
    .associations = 1,
    .timeout_ms = 30000,
};

static struct {
  PRFileDesc* fd;
  int native;
  int64_t deadline_ms;
  bool retry_sent;       // the cookie callback asked for a HelloRetryRequest
  bool forgot_hello;     // the state that sent it is gone
  bool cookie_returned;  // the client brought its token back
  const char* verify;
  bool peer_close_notify;
  int alert_received;  // description, -1 for none; close_notify is not counted here
  int alert_sent;
  bool ended;  // the peer's end of data was read
  unsigned num_received;
  unsigned next_key_update;
  int early_len;  // of the message that went or came as early data, 0 for none
} peer;

// Of each association its own; the deadline is the program's.
static void ResetPeer(void) {
  const int64_t deadline_ms = peer.deadline_ms;
  memset(&peer, 0, sizeof(peer));
  peer.deadline_ms = deadline_ms;
  peer.verify = "none";
  peer.alert_received = -1;
  peer.alert_sent = -1;
}

static uint8_t early_message[65536];
static SSLAntiReplayContext* anti_replay;

static void Fact(const char* format, ...) __attribute__((format(printf, 1, 2)));
static void Fact(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

static const char* LastError(void) {
  const char* name = PR_ErrorToName(PR_GetError());
  return name != NULL ? name : "unknown";
}

static void PrintOutcome(const char* error) {
  Fact("ended error=%s alert_received=%d alert_sent=%d verify=%s", error, peer.alert_received,
       peer.alert_sent, peer.verify);
}

static void Die(const char* what) {
  const char* error = LastError();
  fprintf(stderr, "nss_peer: %s: %s\n", what, error);
  PrintOutcome(error);
  exit(1);
}

static void Usage(const char* complaint) {
  fprintf(stderr, "nss_peer: %s; see --help.\n", complaint);
  exit(2);
}

static int64_t NowMs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The sizes cover 1 to 1350 evenly; the two ends are always among them. The first message is long
// enough to be recognised in a stream.
static unsigned MessageLen(unsigned index) {
  if (index == 0) return 64;
  if (options.size != 0) return options.size;
  if (index == 1) return kMaxMessageLen;
  if (index == 2) return 1;
  return index * 7919u % kMaxMessageLen + 1;
}

// The first byte is a letter that neither s_client nor s_server takes for a command.
static unsigned MakeMessage(unsigned index, uint8_t* out) {
  static const char kStart[] = "m: dtls13 interop start\n";
  const unsigned len = MessageLen(index);
  uint32_t state = index * 2654435761u + 1;
  for (unsigned i = 0; i < len; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    out[i] = (uint8_t)state;
  }
  out[0] = 'm';
  if (index == 0) memcpy(out, kStart, sizeof(kStart) - 1);
  return len;
}

// Waits until a datagram is there, NSS's retransmission timer runs out, or a slice of time has
// passed; never on the SSL descriptor, which in mid-handshake answers for states of its own.
static void Wait(void) {
  if (NowMs() >= peer.deadline_ms) {
    PR_SetError(PR_IO_TIMEOUT_ERROR, 0);
    Die("no end in sight");
  }
  int timeout_ms = kWaitSliceMs;
  PRIntervalTime interval;
  if (peer.fd != NULL && DTLS_GetHandshakeTimeout(peer.fd, &interval) == SECSuccess) {
    const int handshake_ms = (int)PR_IntervalToMilliseconds(interval);
    if (handshake_ms < timeout_ms) timeout_ms = handshake_ms;
  }
  struct pollfd readable = {.fd = peer.native, .events = POLLIN};
  (void)poll(&readable, 1, timeout_ms);
}

static void OnAlertReceived(const PRFileDesc* fd, void* arg, const SSLAlert* alert) {
  (void)fd;
  (void)arg;
  if (alert->description == 0) {
    peer.peer_close_notify = true;
  } else {
    peer.alert_received = alert->description;
  }
}

static void OnAlertSent(const PRFileDesc* fd, void* arg, const SSLAlert* alert) {
  (void)fd;
  (void)arg;
  if (alert->description != 0) peer.alert_sent = alert->description;
}

static SECStatus OnCertificate(void* arg, PRFileDesc* fd, PRBool check_signature,
                               PRBool is_server) {
  const SECStatus status = SSL_AuthCertificate(arg, fd, check_signature, is_server);
  peer.verify = status == SECSuccess ? "ok" : LastError();
  return status;
}

static SSLHelloRetryRequestAction OnClientHello(PRBool first_hello, const PRUint8* client_token,
                                                unsigned client_token_len, PRUint8* retry_token,
                                                unsigned* retry_token_len, unsigned retry_token_max,
                                                void* arg) {
  static const uint8_t kToken[] = "a token of the application";
  (void)arg;
  if (first_hello) {
    if (sizeof(kToken) > retry_token_max) return ssl_hello_retry_fail;
    memcpy(retry_token, kToken, sizeof(kToken));
    *retry_token_len = sizeof(kToken);
    peer.retry_sent = true;
    return ssl_hello_retry_request;
  }
  if (client_token_len != sizeof(kToken) || memcmp(client_token, kToken, sizeof(kToken)) != 0) {
    return ssl_hello_retry_fail;
  }
  peer.cookie_returned = true;
  return ssl_hello_retry_accept;
}

static void SetOption(PRFileDesc* fd, PRInt32 option, PRIntn value) {
  if (SSL_OptionSet(fd, option, value) != SECSuccess) Die("cannot set an option");
}

static void SetSuites(PRFileDesc* fd) {
  const PRUint16* all = SSL_GetImplementedCiphers();
  for (PRUint16 i = 0; i < SSL_GetNumImplementedCiphers(); ++i) {
    bool wanted = options.num_suites == 0 && (all[i] & 0xff00) == 0x1300;
    for (unsigned j = 0; j < options.num_suites; ++j) wanted |= options.suites[j] == all[i];
    if (SSL_CipherPrefSet(fd, all[i], wanted) != SECSuccess) Die("cannot choose the suites");
  }
}

static void SetServerCertificate(PRFileDesc* fd) {
  CERTCertificate* certificate = PK11_FindCertFromNickname(options.nickname, NULL);
  if (certificate == NULL) Die("no such certificate");
  SECKEYPrivateKey* key = PK11_FindKeyByAnyCert(certificate, NULL);
  if (key == NULL) Die("no key of the certificate");
  if (SSL_ConfigServerCert(fd, certificate, key, NULL, 0) != SECSuccess) {
    Die("cannot use the certificate");
  }
  CERT_DestroyCertificate(certificate);
  SECKEY_DestroyPrivateKey(key);
}

static void AddPsk(PRFileDesc* fd) {
  PK11SlotInfo* slot = PK11_GetInternalSlot();
  if (slot == NULL) Die("no slot");
  SECItem bytes = {siBuffer, options.psk_key, options.psk_key_len};
  PK11SymKey* key =
      PK11_ImportSymKey(slot, CKM_HKDF_KEY_GEN, PK11_OriginUnwrap, CKA_DERIVE, &bytes, NULL);
  if (key == NULL) Die("cannot import the PSK");
  const unsigned name_len = (unsigned)strlen(options.psk_name);
  if (SSL_AddExternalPsk(fd, key, (const PRUint8*)options.psk_name, name_len, ssl_hash_sha256) !=
      SECSuccess) {
    Die("cannot use the PSK");
  }
  PK11_FreeSymKey(key);
  PK11_FreeSlot(slot);
}

// The state that sent the HelloRetryRequest must not read the answer to it.
static PRInt32 ReceiveThroughGate(PRFileDesc* gate, void* buffer, PRInt32 size, PRIntn flags,
                                  PRIntervalTime timeout) {
  if (peer.retry_sent && !peer.forgot_hello) {
    PR_SetError(PR_WOULD_BLOCK_ERROR, 0);
    return -1;
  }
  return gate->lower->methods->recv(gate->lower, buffer, size, flags, timeout);
}

static void PushGate(PRFileDesc* udp) {
  static PRIOMethods methods;
  methods = *PR_GetDefaultIOMethods();
  methods.recv = ReceiveThroughGate;
  PRFileDesc* gate = PR_CreateIOLayerStub(PR_GetUniqueIdentity("gate"), &methods);
  if (gate == NULL || PR_PushIOLayer(udp, PR_TOP_IO_LAYER, gate) != PR_SUCCESS) {
    Die("cannot put a gate on the socket");
  }
}

// Puts DTLS 1.3 on the UDP socket `udp`, which it takes over.
static PRFileDesc* ImportSocket(PRFileDesc* udp) {
  PRSocketOptionData nonblocking = {.option = PR_SockOpt_Nonblocking};
  nonblocking.value.non_blocking = PR_TRUE;
  if (PR_SetSocketOption(udp, &nonblocking) != PR_SUCCESS) Die("cannot set a socket option");
  PushGate(udp);
  PRFileDesc* fd = DTLS_ImportFD(NULL, udp);
  if (fd == NULL) Die("cannot import the socket");
  const SSLVersionRange versions = {SSL_LIBRARY_VERSION_TLS_1_3, SSL_LIBRARY_VERSION_TLS_1_3};
  if (SSL_VersionRangeSet(fd, &versions) != SECSuccess) Die("cannot set the version");
  SetOption(fd, SSL_SECURITY, PR_TRUE);
  SetOption(fd, options.server ? SSL_HANDSHAKE_AS_SERVER : SSL_HANDSHAKE_AS_CLIENT, PR_TRUE);
  SetSuites(fd);
  if (options.num_groups != 0 &&
      SSL_NamedGroupConfig(fd, options.groups, options.num_groups) != SECSuccess) {
    Die("cannot choose the groups");
  }
  if (SSL_SendAdditionalKeyShares(fd, options.additional_key_shares) != SECSuccess) {
    Die("cannot choose the key shares");
  }
  if (SSL_AuthCertificateHook(fd, OnCertificate, CERT_GetDefaultCertDB()) != SECSuccess ||
      SSL_AlertReceivedCallback(fd, OnAlertReceived, NULL) != SECSuccess ||
      SSL_AlertSentCallback(fd, OnAlertSent, NULL) != SECSuccess) {
    Die("cannot set a callback");
  }
  // One association leaves nothing to the next unless there is one. But a client of NSS names its
  // PSK modes, which an external PSK needs too, only if it may keep sessions.
  const bool offers_psk = options.psk_name != NULL && !options.server;
  SetOption(fd, SSL_ENABLE_SESSION_TICKETS, options.associations > 1);
  SetOption(fd, SSL_NO_CACHE, options.associations == 1 && !offers_psk);
  SetOption(fd, SSL_ENABLE_0RTT_DATA, options.early_data);
  SetOption(fd, SSL_SUPPRESS_END_OF_EARLY_DATA, options.no_end_of_early_data);
  if (options.psk_name != NULL) AddPsk(fd);
  if (options.server) {
    SetServerCertificate(fd);
    if (options.early_data && SSL_SetAntiReplayContext(fd, anti_replay) != SECSuccess) {
      Die("cannot guard against replay");
    }
    if (options.hrr_cookie &&
        SSL_HelloRetryRequestCallback(fd, OnClientHello, NULL) != SECSuccess) {
      Die("cannot set the cookie callback");
    }
  } else if (SSL_SetURL(fd, options.host_name) != SECSuccess) {
    Die("cannot set the host name");
  }
  if (SSL_ResetHandshake(fd, options.server) != SECSuccess) Die("cannot start a handshake");
  return fd;
}

static PRFileDesc* OpenSocket(void) {
  PRFileDesc* udp = PR_OpenUDPSocket(PR_AF_INET);
  if (udp == NULL) Die("cannot make a UDP socket");
  PRNetAddr address;
  memset(&address, 0, sizeof(address));
  PR_InitializeNetAddr(PR_IpAddrLoopback, options.port, &address);
  if (!options.server) {
    if (PR_Connect(udp, &address, PR_INTERVAL_NO_WAIT) != PR_SUCCESS) Die("cannot reach the port");
    return udp;
  }
  if (PR_Bind(udp, &address) != PR_SUCCESS) Die("cannot listen on the port");
  return udp;
}

// Answers only the sender of the first datagram, which stays queued for the handshake.
static void AwaitClient(PRFileDesc* udp) {
  PRNetAddr address;
  if (PR_GetSockName(udp, &address) != PR_SUCCESS) Die("the socket has no name");
  options.port = ntohs(address.inet.port);  // the next association's too
  Fact("listening port=%u", options.port);
  struct sockaddr_in from;
  for (;;) {
    socklen_t from_len = sizeof(from);
    uint8_t byte;
    if (recvfrom(peer.native, &byte, 1, MSG_PEEK | MSG_DONTWAIT, (struct sockaddr*)&from,
                 &from_len) >= 0) {
      break;
    }
    Wait();
  }
  if (connect(peer.native, (struct sockaddr*)&from, sizeof(from)) != 0) Die("cannot connect");
}

// Goes on from the cookie alone: the state that sent the HelloRetryRequest is thrown away.
static void ForgetFirstHello(void) {
  const int native = dup(peer.native);
  PRFileDesc* udp = native < 0 ? NULL : PR_ImportUDPSocket(native);
  if (udp == NULL) Die("cannot keep the socket");
  PRFileDesc* fd = ImportSocket(udp);
  (void)PR_Close(peer.fd);
  peer.fd = fd;
  peer.native = native;
  peer.forgot_hello = true;
}

// The handshake cannot complete: NSS, which has taken the early data, awaits EndOfEarlyData.
static void EndWithEarlyData(void) {
  SSLPreliminaryChannelInfo info;
  if (SSL_GetPreliminaryChannelInfo(peer.fd, &info, sizeof(info)) != SECSuccess) {
    Die("no channel information");
  }
  Fact("early_data suite=0x%04x received=%d", info.zeroRttCipherSuite, peer.early_len);
  exit(0);
}

// The first message is the early data: a client sends it behind its ClientHello, a server keeps it
// for its echo.
static void ExchangeEarlyData(void) {
  if (!options.early_data || peer.early_len > 0) return;
  if (options.server) {
    const PRInt32 len =
        PR_Recv(peer.fd, early_message, sizeof(early_message), 0, PR_INTERVAL_NO_WAIT);
    if (len <= 0) return;
    peer.early_len = len;
    if (options.no_end_of_early_data) EndWithEarlyData();
    return;
  }
  SSLPreliminaryChannelInfo info;
  if (SSL_GetPreliminaryChannelInfo(peer.fd, &info, sizeof(info)) != SECSuccess ||
      !(info.valuesSet & ssl_preinfo_0rtt_cipher_suite)) {
    return;
  }
  const int len = (int)MakeMessage(0, early_message);
  if (PR_Send(peer.fd, early_message, len, 0, PR_INTERVAL_NO_WAIT) == len) peer.early_len = len;
}

static void Handshake(void) {
  while (SSL_ForceHandshake(peer.fd) != SECSuccess) {
    if (PR_GetError() != PR_WOULD_BLOCK_ERROR) Die("the handshake failed");
    ExchangeEarlyData();
    if (peer.retry_sent && !peer.forgot_hello) ForgetFirstHello();
    Wait();
  }
  SSLChannelInfo info;
  if (SSL_GetChannelInfo(peer.fd, &info, sizeof(info)) != SECSuccess) Die("no channel information");
  Fact(
      "connected version=0x%04x suite=0x%04x group=%d signature=0x%04x resumed=%d psk=%s early=%d "
      "verify=%s cookie=%d",
      info.protocolVersion, info.cipherSuite, (int)info.keaGroup, (int)info.signatureScheme,
      info.resumed ? 1 : 0, info.pskType == ssl_psk_external ? "external" : "none",
      info.earlyDataAccepted ? 1 : 0, peer.verify, peer.cookie_returned ? 1 : 0);
  // What was not accepted has not been sent, or not been received.
  if (!info.earlyDataAccepted) peer.early_len = 0;
}

// Returns the next message's length, 0 where there is none now, -1 at the peer's end of data.
static int Receive(uint8_t* buffer, int size) {
  if (peer.ended) return -1;
  const PRInt32 len = PR_Recv(peer.fd, buffer, size, 0, PR_INTERVAL_NO_WAIT);
  if (len > 0) {
    ++peer.num_received;
    return len;
  }
  if (len == 0) {
    peer.ended = true;
    return -1;
  }
  if (PR_GetError() != PR_WOULD_BLOCK_ERROR) Die("cannot receive");
  return 0;
}

static void Send(const uint8_t* message, unsigned len) {
  for (;;) {
    const PRInt32 sent = PR_Send(peer.fd, message, (PRInt32)len, 0, PR_INTERVAL_NO_WAIT);
    if (sent == (PRInt32)len) return;
    if (sent >= 0) Die("a message was sent in part");
    if (PR_GetError() != PR_WOULD_BLOCK_ERROR) Die("cannot send");
    Wait();
  }
}

static void GetEpochs(PRUint16* read_epoch, PRUint16* write_epoch) {
  if (SSL_GetCurrentEpoch(peer.fd, read_epoch, write_epoch) != SECSuccess) Die("no epochs");
}

// Whether NSS still owes an ACK, which it sends when a short timer runs out. A server's longest
// timer, which keeps the handshake's keys, is none of these.
static bool AckIsOwed(void) {
  enum { kLongestAckDelayMs = 1000 };
  PRIntervalTime interval;
  return DTLS_GetHandshakeTimeout(peer.fd, &interval) == SECSuccess &&
         PR_IntervalToMilliseconds(interval) < kLongestAckDelayMs;
}

// Whether each KeyUpdate so far is acknowledged, answered, and the answer acknowledged.
static bool KeysAreUpdated(void) {
  PRUint16 read_epoch = 0;
  PRUint16 write_epoch = 0;
  GetEpochs(&read_epoch, &write_epoch);
  const unsigned goal = 3 + peer.next_key_update;
  return read_epoch >= goal && write_epoch >= goal && !AckIsOwed();
}

// Updates the keys, and asks the peer to, once the next number of messages is reached; but one at a
// time, since of two requests a peer need answer only the last.
static void UpdateKeysAt(unsigned num_messages) {
  if (peer.next_key_update == options.num_key_updates) return;
  if (num_messages < options.key_updates[peer.next_key_update]) return;
  if (peer.next_key_update != 0 && !KeysAreUpdated()) return;
  if (SSL_KeyUpdate(peer.fd, PR_TRUE) != SECSuccess) Die("cannot update the keys");
  ++peer.next_key_update;
}

// Sends all messages, at most a window ahead of what came back, and compares each.
static void Drive(void) {
  static uint8_t sent[kMaxMessageLen];
  static uint8_t received[kMaxDatagramLen];
  unsigned num_sent = peer.early_len > 0 ? 1 : 0;
  unsigned num_echoed = 0;
  while (num_echoed < options.count) {
    while (num_sent < options.count && num_sent - num_echoed < options.window) {
      UpdateKeysAt(num_sent);
      Send(sent, MakeMessage(num_sent, sent));
      ++num_sent;
    }
    const int len = Receive(received, sizeof(received));
    if (len == 0) {
      Wait();
      continue;
    }
    if (len < 0) break;
    const unsigned expected_len = MakeMessage(num_echoed, sent);
    if ((unsigned)len != expected_len || memcmp(sent, received, expected_len) != 0) {
      fprintf(stderr, "nss_peer: message %u of %u bytes came back as %d other bytes\n", num_echoed,
              expected_len, len);
      break;
    }
    ++num_echoed;
  }
  Fact("data sent=%u echoed=%u", num_sent, num_echoed);
  if (num_echoed != options.count) {
    PrintOutcome("echo");
    exit(1);
  }
}

// Returns every message until `options.count` of them are done, or, where that is 0, the peer
// closes.
static void Echo(void) {
  static uint8_t message[kMaxDatagramLen];
  unsigned num_echoed = 0;
  if (peer.early_len > 0) {
    Send(early_message, (unsigned)peer.early_len);
    ++peer.num_received;
    ++num_echoed;
  }
  while (options.count == 0 || num_echoed < options.count) {
    const int len = Receive(message, sizeof(message));
    if (len < 0) break;
    if (len == 0) {
      Wait();
      continue;
    }
    Send(message, (unsigned)len);
    ++num_echoed;
    UpdateKeysAt(num_echoed);
  }
  Fact("data sent=%u echoed=%u", num_echoed, num_echoed);
}

// Sends the ACKs that are owed, and has those of the peer; after the close neither can go.
static void AwaitAcks(void) {
  static uint8_t message[kMaxDatagramLen];
  while (AckIsOwed()) {
    const int len = Receive(message, sizeof(message));
    if (len < 0) return;
    if (len == 0) Wait();
  }
}

static void AwaitPeerClose(void) {
  static uint8_t message[kMaxDatagramLen];
  for (;;) {
    const int len = Receive(message, sizeof(message));
    if (len < 0) return;
    if (len == 0) Wait();
  }
}

// Ends the KeyUpdates that were asked for.
static void AwaitKeyUpdates(void) {
  static uint8_t message[kMaxDatagramLen];
  if (options.num_key_updates == 0) return;
  for (;;) {
    UpdateKeysAt(UINT_MAX);
    if (peer.next_key_update == options.num_key_updates && KeysAreUpdated()) return;
    const int len = Receive(message, sizeof(message));
    if (len < 0) Die("closed in mid-update");
    if (len == 0) Wait();
  }
}

static void PrintEpochs(void) {
  PRUint16 read_epoch = 0;
  PRUint16 write_epoch = 0;
  GetEpochs(&read_epoch, &write_epoch);
  Fact("epochs read=%u write=%u", read_epoch, write_epoch);
}

static void CloseAssociation(void) {
  AwaitAcks();
  PrintEpochs();
  if (options.close_order == kCloseFirst) {
    if (PR_Shutdown(peer.fd, PR_SHUTDOWN_SEND) != PR_SUCCESS) Die("cannot shut down");
    AwaitPeerClose();
  } else {
    AwaitPeerClose();
    if (PR_Shutdown(peer.fd, PR_SHUTDOWN_SEND) != PR_SUCCESS) Die("cannot shut down");
  }
  const char* how = peer.peer_close_notify ? "clean" : "abrupt";
  Fact("closed order=%s end=%s received=%u",
       options.close_order == kCloseFirst ? "first" : "second", how, peer.num_received);
  PrintOutcome("none");
  (void)PR_Close(peer.fd);
  if (!peer.peer_close_notify) exit(1);
}

static SSLNamedGroup GroupByName(const char* name) {
  static const struct {
    const char* name;
    SSLNamedGroup group;
  } kGroups[] = {
      {"x25519", ssl_grp_ec_curve25519},
      {"p256", ssl_grp_ec_secp256r1},
      {"p384", ssl_grp_ec_secp384r1},
      {"p521", ssl_grp_ec_secp521r1},
      {"x25519mlkem768", ssl_grp_kem_mlkem768x25519},
  };
  for (size_t i = 0; i < sizeof(kGroups) / sizeof(kGroups[0]); ++i) {
    if (strcmp(name, kGroups[i].name) == 0) return kGroups[i].group;
  }
  Usage("unknown group");
  return ssl_grp_none;
}

static unsigned Number(const char* text, unsigned max) {
  char* end = NULL;
  errno = 0;
  const unsigned long number = strtoul(text, &end, 0);
  if (errno != 0 || end == text || *end != '\0' || number > max) Usage("not a number in range");
  return (unsigned)number;
}

static void SetPsk(char* text) {
  char* digits = strrchr(text, ':');
  if (digits == NULL || digits == text) Usage("--psk takes a name, a colon and hexadecimal digits");
  *digits++ = '\0';
  options.psk_name = text;
  for (; *digits != '\0'; digits += 2) {
    unsigned byte = 0;
    int len = 0;
    if (options.psk_key_len == kMaxPskLen || sscanf(digits, "%2x%n", &byte, &len) != 1 ||
        len != 2) {
      Usage("--psk: not such a key");
    }
    options.psk_key[options.psk_key_len++] = (uint8_t)byte;
  }
}

// Calls `add` for each comma-separated part.
static void ForEach(char* list, void (*add)(const char*)) {
  for (char* part = strtok(list, ","); part != NULL; part = strtok(NULL, ",")) add(part);
}

static void AddGroup(const char* name) {
  if (options.num_groups == kMaxGroups) Usage("too many groups");
  options.groups[options.num_groups++] = GroupByName(name);
}

static void AddSuite(const char* number) {
  if (options.num_suites == kMaxSuites) Usage("too many suites");
  options.suites[options.num_suites++] = (uint16_t)Number(number, 0xffff);
}

static void AddKeyUpdate(const char* number) {
  if (options.num_key_updates == kMaxKeyUpdates) Usage("too many key updates");
  options.key_updates[options.num_key_updates++] = Number(number, 1000000);
}

enum {
  kPort = 256,
  kDb,
  kNickname,
  kHostName,
  kGroups,
  kKeyShares,
  kSuites,
  kCookie,
  kKeyUpdate,
  kAssociations,
  kEarlyData,
  kNoEndOfEarlyData,
  kPsk,
  kSettle,
  kEcho,
  kCount,
  kSize,
  kWindow,
  kFirst,
  kSecond,
  kTimeout,
  kClient,
  kServer,
  kHelp
};

static const char kHelpText[] =
    "usage: nss_peer --client|--server --port N --db DIR [OPTIONS]\n"
    "  --nickname NAME    server: its certificate in the database\n"
    "  --host-name NAME   client: whom it expects (server.example)\n"
    "  --groups LIST      x25519,p256,p384,p521,x25519mlkem768, the first preferred\n"
    "  --key-shares N     client: key shares beyond the first group's (0)\n"
    "  --suites LIST      0x1301,0x1302,0x1303\n"
    "  --hrr-cookie       server: answer with a HelloRetryRequest and go on from its cookie alone\n"
    "  --key-update LIST  update keys after these numbers of messages, and ask the peer to\n"
    "  --associations N   so many, one after the other, each resuming the one before (1)\n"
    "  --early-data       the first message of those that resume goes, or may come, as early data\n"
    "  --psk ID:KEY       a key both sides have: its name, and its bytes in hexadecimal\n"
    "  --no-end-of-early-data  as DTLS 1.3 has it, where NSS has the message of TLS 1.3: a client "
    "sends\n"
    "                     none; a server, which waits for it in vain, is done with the early data "
    "itself\n"
    "  --settle           send nothing before the handshake is acknowledged\n"
    "  --count N          send N messages and compare what comes back (0); with --echo: return N\n"
    "  --echo             return what comes; without --count until the peer closes\n"
    "  --size N           every message but the first has N bytes (otherwise 1 to 1350, mixed)\n"
    "  --window N         messages ahead of their echoes (8)\n"
    "  --close-first, --close-second\n"
    "  --timeout-ms N     give up after so long (30000)\n";

static void ParseOptions(int argc, char** argv) {
  static const struct option kOptions[] = {
      {"client", 0, NULL, kClient},
      {"server", 0, NULL, kServer},
      {"port", 1, NULL, kPort},
      {"db", 1, NULL, kDb},
      {"nickname", 1, NULL, kNickname},
      {"host-name", 1, NULL, kHostName},
      {"groups", 1, NULL, kGroups},
      {"key-shares", 1, NULL, kKeyShares},
      {"suites", 1, NULL, kSuites},
      {"hrr-cookie", 0, NULL, kCookie},
      {"key-update", 1, NULL, kKeyUpdate},
      {"associations", 1, NULL, kAssociations},
      {"early-data", 0, NULL, kEarlyData},
      {"psk", 1, NULL, kPsk},
      {"no-end-of-early-data", 0, NULL, kNoEndOfEarlyData},
      {"settle", 0, NULL, kSettle},
      {"echo", 0, NULL, kEcho},
      {"count", 1, NULL, kCount},
      {"size", 1, NULL, kSize},
      {"window", 1, NULL, kWindow},
      {"close-first", 0, NULL, kFirst},
      {"close-second", 0, NULL, kSecond},
      {"timeout-ms", 1, NULL, kTimeout},
      {"help", 0, NULL, kHelp},
      {NULL, 0, NULL, 0},
  };
  int roles = 0;
  for (int option; (option = getopt_long(argc, argv, "", kOptions, NULL)) != -1;) {
    switch (option) {
      case kClient:
        ++roles;
        break;
      case kServer:
        ++roles;
        options.server = true;
        break;
      case kPort:
        options.port = (uint16_t)Number(optarg, 0xffff);
        break;
      case kDb:
        options.db = optarg;
        break;
      case kNickname:
        options.nickname = optarg;
        break;
      case kHostName:
        options.host_name = optarg;
        break;
      case kGroups:
        ForEach(optarg, AddGroup);
        break;
      case kKeyShares:
        options.additional_key_shares = Number(optarg, kMaxGroups);
        break;
      case kSuites:
        ForEach(optarg, AddSuite);
        break;
      case kCookie:
        options.hrr_cookie = true;
        break;
      case kKeyUpdate:
        ForEach(optarg, AddKeyUpdate);
        break;
      case kAssociations:
        options.associations = Number(optarg, 16);
        break;
      case kEarlyData:
        options.early_data = true;
        break;
      case kPsk:
        SetPsk(optarg);
        break;
      case kNoEndOfEarlyData:
        options.no_end_of_early_data = true;
        break;
      case kSettle:
        options.settle = true;
        break;
      case kEcho:
        options.echo = true;
        break;
      case kCount:
        options.count = Number(optarg, 1000000);
        break;
      case kSize:
        options.size = Number(optarg, kMaxMessageLen);
        break;
      case kWindow:
        options.window = Number(optarg, 64);
        break;
      case kFirst:
        options.close_order = kCloseFirst;
        break;
      case kSecond:
        options.close_order = kCloseSecond;
        break;
      case kTimeout:
        options.timeout_ms = (int)Number(optarg, 600000);
        break;
      case kHelp:
        fputs(kHelpText, stdout);
        exit(0);
      default:
        exit(2);
    }
  }
  if (optind != argc) Usage("a bare word is no option");
  if (roles != 1) Usage("either --client or --server");
  if (options.window == 0) Usage("--window needs at least 1");
  if (options.associations == 0) Usage("--associations needs at least 1");
  if (options.server && options.nickname == NULL) Usage("--server needs --nickname");
  if (!options.server && options.port == 0) Usage("--client needs --port");
}

// NSS takes no early data before two windows have passed, in which it could have missed a first
// flight.
static void GuardAgainstReplay(void) {
  const PRTime window = kReplayWindowMs * PR_USEC_PER_MSEC;
  if (SSL_CreateAntiReplayContext(PR_Now(), window, 7, 14, &anti_replay) != SECSuccess) {
    Die("cannot make the guard against replay");
  }
  usleep(2 * kReplayWindowMs * 1000);
}

static void RunAssociation(void) {
  ResetPeer();
  PRFileDesc* udp = OpenSocket();
  peer.native = (int)PR_FileDesc2NativeHandle(udp);
  if (options.server) AwaitClient(udp);
  peer.fd = ImportSocket(udp);
  Handshake();
  if (options.settle) AwaitAcks();
  if (options.echo) {
    Echo();
  } else {
    Drive();
  }
  AwaitKeyUpdates();
  CloseAssociation();
}

int main(int argc, char** argv) {
  ParseOptions(argc, argv);
  peer.deadline_ms = NowMs() + options.timeout_ms;
  if (NSS_Init(options.db) != SECSuccess) Die("cannot open the database");
  if (NSS_SetDomesticPolicy() != SECSuccess) Die("cannot set the policy");
  if (options.server && SSL_ConfigServerSessionIDCache(0, 0, 0, NULL) != SECSuccess) {
    Die("cannot make a session cache");
  }
  if (options.early_data && options.server) GuardAgainstReplay();
  for (unsigned i = 0; i < options.associations; ++i) {
    RunAssociation();
  }
  return 0;
}
