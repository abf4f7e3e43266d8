// SPDX-License-Identifier: Apache-2.0
// nss_peer: the peer program (peer.h) on NSS. Its --files is a folder with NSS's databases: db-NAME
// trusts the authority NAME and has every certificate of the run.
#include <cert.h>
#include <keyhi.h>
#include <limits.h>
#include <nspr.h>
#include <nss.h>
#include <pk11pub.h>
#include <private/pprio.h>
#include <secerr.h>
#include <ssl.h>
#include <sslerr.h>
#include <sslexp.h>
#include <sslproto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

enum { kReplayWindowMs = 500 };

const char kProgram[] = "nss_peer";

// Of each association its own.
static struct {
  PRFileDesc* fd;
  bool retry_sent;    // the cookie callback asked for a HelloRetryRequest
  bool forgot_hello;  // the state that sent it is gone
} state;

static SSLAntiReplayContext* anti_replay;

const char* LastError(void) {
  const char* name = PR_ErrorToName(PR_GetError());
  return name != NULL ? name : "unknown";
}

int TimeoutMs(void) {
  PRIntervalTime interval;
  if (state.fd == NULL || DTLS_GetHandshakeTimeout(state.fd, &interval) != SECSuccess) return -1;
  return (int)PR_IntervalToMilliseconds(interval);
}

// Every call that reads does it.
void HandleTimeout(void) {}

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
    state.retry_sent = true;
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
    // Those of DTLS 1.2 stay as they are where that is spoken too.
    if ((all[i] & 0xff00) != 0x1300 && options.also_dtls12) continue;
    if (SSL_CipherPrefSet(fd, all[i], wanted) != SECSuccess) Die("cannot choose the suites");
  }
}

static void FindCertificate(CERTCertificate** certificate, SECKEYPrivateKey** key) {
  *certificate = PK11_FindCertFromNickname(options.certificate, NULL);
  if (*certificate == NULL) Die("no such certificate");
  *key = PK11_FindKeyByAnyCert(*certificate, NULL);
  if (*key == NULL) Die("no key of the certificate");
}

static SECStatus OnCertificateWanted(void* arg, PRFileDesc* fd, CERTDistNames* authorities,
                                     CERTCertificate** certificate, SECKEYPrivateKey** key) {
  (void)arg;
  (void)fd;
  (void)authorities;
  FindCertificate(certificate, key);
  return SECSuccess;
}

static void SetServerCertificate(PRFileDesc* fd) {
  CERTCertificate* certificate = NULL;
  SECKEYPrivateKey* key = NULL;
  FindCertificate(&certificate, &key);
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
  if (state.retry_sent && !state.forgot_hello) {
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

static void SetNegotiation(PRFileDesc* fd) {
  const bool has_dtls12 = options.dtls12 || options.also_dtls12;
  const SSLVersionRange versions = {
      has_dtls12 ? SSL_LIBRARY_VERSION_TLS_1_2 : SSL_LIBRARY_VERSION_TLS_1_3,
      options.dtls12 ? SSL_LIBRARY_VERSION_TLS_1_2 : SSL_LIBRARY_VERSION_TLS_1_3};
  if (SSL_VersionRangeSet(fd, &versions) != SECSuccess) Die("cannot set the version");
  if (!options.dtls12) SetSuites(fd);
  SSLNamedGroup groups[kMaxGroups];
  for (unsigned i = 0; i < options.num_groups; ++i) groups[i] = (SSLNamedGroup)options.groups[i];
  if (options.num_groups != 0 &&
      SSL_NamedGroupConfig(fd, groups, options.num_groups) != SECSuccess) {
    Die("cannot choose the groups");
  }
  if (SSL_SendAdditionalKeyShares(fd, options.additional_key_shares) != SECSuccess) {
    Die("cannot choose the key shares");
  }
}

// One association leaves nothing to the next unless there is one. But a client of NSS names its PSK
// modes, which an external PSK needs too, only if it may keep sessions.
static void SetResumption(PRFileDesc* fd) {
  const bool offers_psk = options.psk_name != NULL && options.client;
  SetOption(fd, SSL_ENABLE_SESSION_TICKETS, options.associations > 1);
  SetOption(fd, SSL_NO_CACHE, options.associations == 1 && !offers_psk);
  SetOption(fd, SSL_ENABLE_0RTT_DATA, options.early_data);
  // Nothing that can be set where NSS has no such message in DTLS (3.132).
  if (options.no_end_of_early_data) SetOption(fd, SSL_SUPPRESS_END_OF_EARLY_DATA, PR_TRUE);
  if (options.psk_name != NULL) AddPsk(fd);
}

static void SetServer(PRFileDesc* fd) {
  SetServerCertificate(fd);
  SetOption(fd, SSL_REQUEST_CERTIFICATE, options.ask_certificate);
  SetOption(fd, SSL_REQUIRE_CERTIFICATE,
            options.ask_certificate ? SSL_REQUIRE_ALWAYS : SSL_REQUIRE_NEVER);
  if (options.early_data && SSL_SetAntiReplayContext(fd, anti_replay) != SECSuccess) {
    Die("cannot guard against replay");
  }
  if (options.hrr_cookie && SSL_HelloRetryRequestCallback(fd, OnClientHello, NULL) != SECSuccess) {
    Die("cannot set the cookie callback");
  }
}

static void SetClient(PRFileDesc* fd) {
  if (SSL_SetURL(fd, options.host_name) != SECSuccess) Die("cannot set the host name");
  if (options.certificate != NULL &&
      SSL_GetClientAuthDataHook(fd, OnCertificateWanted, NULL) != SECSuccess) {
    Die("cannot offer a certificate");
  }
}

// Puts DTLS on the socket, which the result takes over.
static PRFileDesc* ImportSocket(int socket) {
  PRFileDesc* udp = PR_ImportUDPSocket(socket);
  if (udp == NULL) Die("cannot import the socket");
  PRSocketOptionData nonblocking = {.option = PR_SockOpt_Nonblocking};
  nonblocking.value.non_blocking = PR_TRUE;
  if (PR_SetSocketOption(udp, &nonblocking) != PR_SUCCESS) Die("cannot set a socket option");
  PushGate(udp);
  PRFileDesc* fd = DTLS_ImportFD(NULL, udp);
  if (fd == NULL) Die("cannot import the socket");
  SetOption(fd, SSL_SECURITY, PR_TRUE);
  SetOption(fd, options.server ? SSL_HANDSHAKE_AS_SERVER : SSL_HANDSHAKE_AS_CLIENT, PR_TRUE);
  SetNegotiation(fd);
  if (SSL_AuthCertificateHook(fd, OnCertificate, CERT_GetDefaultCertDB()) != SECSuccess ||
      SSL_AlertReceivedCallback(fd, OnAlertReceived, NULL) != SECSuccess ||
      SSL_AlertSentCallback(fd, OnAlertSent, NULL) != SECSuccess) {
    Die("cannot set a callback");
  }
  SetResumption(fd);
  if (options.server) {
    SetServer(fd);
  } else {
    SetClient(fd);
  }
  if (SSL_ResetHandshake(fd, options.server) != SECSuccess) Die("cannot start a handshake");
  return fd;
}

void StartAssociation(void) {
  memset(&state, 0, sizeof(state));
  state.fd = ImportSocket(peer.socket);
}

// Goes on from the cookie alone: the state that sent the HelloRetryRequest is thrown away.
static void ForgetFirstHello(void) {
  const int copy = dup(peer.socket);
  if (copy < 0) Die("cannot keep the socket");
  (void)PR_Close(state.fd);
  state.fd = ImportSocket(copy);
  peer.socket = copy;
  state.forgot_hello = true;
}

// The handshake cannot complete: NSS, which has taken the early data, awaits EndOfEarlyData.
static void EndWithEarlyData(void) {
  SSLPreliminaryChannelInfo info;
  if (SSL_GetPreliminaryChannelInfo(state.fd, &info, sizeof(info)) != SECSuccess) {
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
        PR_Recv(state.fd, early_message, sizeof(early_message), 0, PR_INTERVAL_NO_WAIT);
    if (len <= 0) return;
    peer.early_len = len;
    if (options.no_end_of_early_data) EndWithEarlyData();
    return;
  }
  SSLPreliminaryChannelInfo info;
  if (SSL_GetPreliminaryChannelInfo(state.fd, &info, sizeof(info)) != SECSuccess ||
      !(info.valuesSet & ssl_preinfo_0rtt_cipher_suite)) {
    return;
  }
  const int len = (int)MakeMessage(0, early_message);
  if (PR_Send(state.fd, early_message, len, 0, PR_INTERVAL_NO_WAIT) == len) peer.early_len = len;
}

bool TryHandshake(void) {
  if (SSL_ForceHandshake(state.fd) == SECSuccess) return true;
  if (PR_GetError() != PR_WOULD_BLOCK_ERROR) Die("the handshake failed");
  ExchangeEarlyData();
  if (state.retry_sent && !state.forgot_hello) ForgetFirstHello();
  return false;
}

struct Connection DescribeConnection(void) {
  SSLChannelInfo info;
  if (SSL_GetChannelInfo(state.fd, &info, sizeof(info)) != SECSuccess)
    Die("no channel information");
  return (struct Connection){
      .version = info.protocolVersion == SSL_LIBRARY_VERSION_TLS_1_3 ? 0xfefc : 0xfefd,
      .suite = info.cipherSuite,
      .group = (int)info.keaGroup,
      .signature = (int)info.signatureScheme,
      .resumed = info.resumed,
      .external_psk = info.pskType == ssl_psk_external,
      .early_data_accepted = info.earlyDataAccepted,
  };
}

int TryReceive(uint8_t* buffer, int size) {
  const PRInt32 len = PR_Recv(state.fd, buffer, size, 0, PR_INTERVAL_NO_WAIT);
  if (len > 0) return len;
  if (len == 0) return -1;
  if (PR_GetError() != PR_WOULD_BLOCK_ERROR) Die("cannot receive");
  return 0;
}

bool TrySend(const uint8_t* message, unsigned len) {
  const PRInt32 sent = PR_Send(state.fd, message, (PRInt32)len, 0, PR_INTERVAL_NO_WAIT);
  if (sent == (PRInt32)len) return true;
  if (sent >= 0) Die("a message was sent in part");
  if (PR_GetError() != PR_WOULD_BLOCK_ERROR) Die("cannot send");
  return false;
}

bool GetEpochs(unsigned* read_epoch, unsigned* write_epoch) {
  PRUint16 read = 0;
  PRUint16 write = 0;
  if (SSL_GetCurrentEpoch(state.fd, &read, &write) != SECSuccess) Die("no epochs");
  *read_epoch = read;
  *write_epoch = write;
  return true;
}

// NSS sends an ACK when a short timer runs out. A server's longest timer, which keeps the
// handshake's keys, is none of these.
bool AckIsOwed(void) {
  enum { kLongestAckDelayMs = 1000 };
  const int timeout_ms = TimeoutMs();
  return timeout_ms >= 0 && timeout_ms < kLongestAckDelayMs;
}

bool KeysAreUpdated(void) {
  unsigned read_epoch = 0;
  unsigned write_epoch = 0;
  (void)GetEpochs(&read_epoch, &write_epoch);
  const unsigned goal = 3 + peer.next_key_update;
  return read_epoch >= goal && write_epoch >= goal && !AckIsOwed();
}

void UpdateKeys(void) {
  if (SSL_KeyUpdate(state.fd, PR_TRUE) != SECSuccess) Die("cannot update the keys");
}

void AskCertificate(void) {
  if (SSL_SendCertificateRequest(state.fd) != SECSuccess) Die("cannot ask for a certificate");
}

void CloseWriteSide(void) {
  if (PR_Shutdown(state.fd, PR_SHUTDOWN_SEND) != PR_SUCCESS) Die("cannot shut down");
}

void EndAssociation(void) { (void)PR_Close(state.fd); }

// NSS takes no early data before two windows have passed, in which it could have missed a first
// flight.
static void GuardAgainstReplay(void) {
  const PRTime window = kReplayWindowMs * PR_USEC_PER_MSEC;
  if (SSL_CreateAntiReplayContext(PR_Now(), window, 7, 14, &anti_replay) != SECSuccess) {
    Die("cannot make the guard against replay");
  }
  usleep(2 * kReplayWindowMs * 1000);
}

void StartLibrary(void) {
  if (options.use_connection_id || options.raw_public_keys || options.no_key_share ||
      options.late_authentication) {
    Usage("NSS has no such thing in DTLS");
  }
  if (NSS_Init(FileName("db-", options.authority)) != SECSuccess) Die("cannot open the database");
  if (NSS_SetDomesticPolicy() != SECSuccess) Die("cannot set the policy");
  if (options.server && SSL_ConfigServerSessionIDCache(0, 0, 0, NULL) != SECSuccess) {
    Die("cannot make a session cache");
  }
  if (options.early_data && options.server) GuardAgainstReplay();
}
