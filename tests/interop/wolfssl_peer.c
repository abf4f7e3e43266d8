// SPDX-License-Identifier: Apache-2.0
// wolfssl_peer: the peer program (peer.h) on wolfSSL. Its --files is a folder with NAME.pem and
// NAME.key.
#include <wolfssl/options.h>
// The options come first.
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wolfssl/error-ssl.h>
#include <wolfssl/ssl.h>

#include "peer.h"

const char kProgram[] = "wolfssl_peer";

static WOLFSSL_CTX* context;
static WOLFSSL_SESSION* session;  // a client's, to resume; NULL: none

// Of each association its own.
static struct {
  WOLFSSL* ssl;
  bool connected;
  bool has_shown_psk;  // asked for, or looked up by its name
  int64_t timer_started_ms;
} state;

static int last_error;

// One word.
const char* LastError(void) {
  static char word[128];
  snprintf(word, sizeof(word), "%s", wolfSSL_ERR_reason_error_string((unsigned long)last_error));
  for (char* space = word; (space = strchr(space, ' ')) != NULL;) *space = '_';
  return word;
}

static void NoteAlerts(void) {
  WOLFSSL_ALERT_HISTORY history;
  if (wolfSSL_get_alert_history(state.ssl, &history) != WOLFSSL_SUCCESS) return;
  if (history.last_rx.code > 0) peer.alert_received = history.last_rx.code;
  if (history.last_tx.code > 0) peer.alert_sent = history.last_tx.code;
}

// Returns whether `result` of a call means success, false if it is to be called again; anything
// else is the end.
static bool Succeeded(int result, const char* what) {
  if (result > 0) return true;
  last_error = wolfSSL_get_error(state.ssl, result);
  if (last_error == WOLFSSL_ERROR_WANT_READ || last_error == WOLFSSL_ERROR_WANT_WRITE) return false;
  NoteAlerts();
  Die(what);
}

static void Check(int result, const char* what) {
  if (result == WOLFSSL_SUCCESS) return;
  last_error = result;
  Die(what);
}

// The timer runs from the last datagram, while there is something to wait for.
int TimeoutMs(void) {
  if (state.ssl == NULL) return -1;
  if (state.connected && !wolfSSL_dtls13_has_pending_msg(state.ssl)) return -1;
  int64_t timeout_ms = wolfSSL_dtls_get_current_timeout(state.ssl) * 1000;
  if (wolfSSL_dtls13_use_quick_timeout(state.ssl)) timeout_ms /= 4;
  const int64_t left_ms = state.timer_started_ms + timeout_ms - NowMs();
  return left_ms > 0 ? (int)left_ms : 0;
}

void HandleTimeout(void) {
  state.timer_started_ms = NowMs();
  const int result = wolfSSL_dtls_got_timeout(state.ssl);
  if (result != WOLFSSL_SUCCESS) (void)Succeeded(result, "the timer gave up");
}

static void RestartTimerIfReadable(void) {
  struct pollfd readable = {.fd = peer.socket, .events = POLLIN};
  if (poll(&readable, 1, 0) > 0) state.timer_started_ms = NowMs();
}

static int OnVerify(int is_good, WOLFSSL_X509_STORE_CTX* store) {
  static char error[32];
  snprintf(error, sizeof(error), "error%d", wolfSSL_X509_STORE_CTX_get_error(store));
  peer.verify = is_good ? "ok" : error;
  return is_good;
}

// A raw public key has no authority: the test trusts whom it asked.
static int OnVerifyKey(int is_good, WOLFSSL_X509_STORE_CTX* store) {
  (void)is_good;
  (void)store;
  peer.verify = "ok";
  return 1;
}

// Of SHA-256, as the key is.
static const char kPskSuite[] = "TLS13-AES128-GCM-SHA256";

static unsigned OnClientPsk(WOLFSSL* ssl, const char* hint, char* identity,
                            unsigned max_identity_len, unsigned char* key, unsigned max_key_len,
                            const char** suite) {
  (void)ssl;
  (void)hint;
  if (options.psk_key_len > max_key_len || strlen(options.psk_name) >= max_identity_len) return 0;
  snprintf(identity, max_identity_len, "%s", options.psk_name);
  memcpy(key, options.psk_key, options.psk_key_len);
  *suite = kPskSuite;
  state.has_shown_psk = true;
  return options.psk_key_len;
}

static unsigned OnServerPsk(WOLFSSL* ssl, const char* identity, unsigned char* key,
                            unsigned max_key_len, const char** suite) {
  (void)ssl;
  if (strcmp(identity, options.psk_name) != 0 || options.psk_key_len > max_key_len) return 0;
  memcpy(key, options.psk_key, options.psk_key_len);
  *suite = kPskSuite;
  state.has_shown_psk = true;
  return options.psk_key_len;
}

static void SetSuites(void) {
  static const struct {
    unsigned suite;
    const char* name;
  } kSuites[] = {
      {0x1301, "TLS13-AES128-GCM-SHA256"},
      {0x1302, "TLS13-AES256-GCM-SHA384"},
      {0x1303, "TLS13-CHACHA20-POLY1305-SHA256"},
  };
  char list[160] = "";
  for (unsigned i = 0; i < options.num_suites; ++i) {
    for (size_t j = 0; j < sizeof(kSuites) / sizeof(kSuites[0]); ++j) {
      if (options.suites[i] != kSuites[j].suite) continue;
      if (list[0] != '\0') strcat(list, ":");
      strcat(list, kSuites[j].name);
    }
  }
  if (list[0] != '\0')
    Check(wolfSSL_CTX_set_cipher_list(context, list), "cannot choose the suites");
}

static void SetTrust(void) {
  Check(wolfSSL_CTX_load_verify_locations(context, FileName(options.authority, ".pem"), NULL),
        "cannot load the authority");
  int mode = WOLFSSL_VERIFY_NONE;
  if (options.client || options.ask_certificate || options.late_authentication) {
    mode = WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  if (options.server && options.late_authentication) mode |= WOLFSSL_VERIFY_POST_HANDSHAKE;
  wolfSSL_CTX_set_verify(context, mode, options.raw_public_keys ? OnVerifyKey : OnVerify);
  if (options.client && options.late_authentication) {
    Check(wolfSSL_CTX_allow_post_handshake_auth(context) == 0 ? WOLFSSL_SUCCESS : BAD_FUNC_ARG,
          "cannot offer to authenticate later");
  }
}

static void SetCertificate(void) {
  if (options.certificate == NULL) return;
  if (options.server && options.raw_public_keys) {
    Check(wolfSSL_CTX_use_certificate_file(context, FileName(options.certificate, ".spki"),
                                           WOLFSSL_FILETYPE_ASN1),
          "cannot load the public key");
  } else {
    Check(wolfSSL_CTX_use_certificate_chain_file(context, FileName(options.certificate, ".pem")),
          "cannot load the certificate");
  }
  Check(wolfSSL_CTX_use_PrivateKey_file(context, FileName(options.certificate, ".key"),
                                        WOLFSSL_FILETYPE_PEM),
        "cannot load its key");
}

static WOLFSSL_METHOD* Method(void) {
  if (options.dtls12) {
    return options.server ? wolfDTLSv1_2_server_method() : wolfDTLSv1_2_client_method();
  }
  if (options.also_dtls12) {
    return options.server ? wolfDTLS_server_method() : wolfDTLS_client_method();
  }
  return options.server ? wolfDTLSv1_3_server_method() : wolfDTLSv1_3_client_method();
}

void StartLibrary(void) {
  if (options.early_data) Usage("Debian's wolfSSL has no early data");
  if (wolfSSL_Init() != WOLFSSL_SUCCESS) Die("cannot start wolfSSL");
  context = wolfSSL_CTX_new(Method());
  if (context == NULL) Die("no context");
  if (!options.dtls12) SetSuites();
  SetTrust();
  SetCertificate();
  if (options.psk_name != NULL) {
    wolfSSL_CTX_set_psk_client_tls13_callback(context, OnClientPsk);
    wolfSSL_CTX_set_psk_server_tls13_callback(context, OnServerPsk);
  }
  if (options.associations == 1 && options.server && !options.dtls12) {
    (void)wolfSSL_CTX_no_ticket_TLSv13(context);
  }
}

static void SetGroups(void) {
  int groups[kMaxGroups];
  for (unsigned i = 0; i < options.num_groups; ++i) groups[i] = (int)options.groups[i];
  if (options.num_groups != 0) {
    Check(wolfSSL_set_groups(state.ssl, groups, (int)options.num_groups),
          "cannot choose the groups");
  }
  if (options.server || options.dtls12) return;
  if (options.no_key_share) {
    Check(wolfSSL_NoKeyShares(state.ssl), "cannot leave out the key shares");
    return;
  }
  for (unsigned i = 0; i <= options.additional_key_shares && i < options.num_groups; ++i) {
    Check(wolfSSL_UseKeyShare(state.ssl, (word16)groups[i]), "cannot make a key share");
  }
}

static void SetServer(void) {
  if (options.dtls12) return;
  Check(options.hrr_cookie ? wolfSSL_send_hrr_cookie(state.ssl, NULL, 0)
                           : wolfSSL_disable_hrr_cookie(state.ssl),
        "cannot choose whether to send cookies");
  // The second ClientHello may be in parts; the first never, since it is answered without state.
  Check(wolfSSL_dtls13_allow_ch_frag(state.ssl, 1), "cannot allow a hello in parts");
}

static void SetClient(void) {
  const word16 len = (word16)strlen(options.host_name);
  Check(wolfSSL_UseSNI(state.ssl, WOLFSSL_SNI_HOST_NAME, options.host_name, len),
        "cannot set the host name");
  if (!options.raw_public_keys) {
    Check(wolfSSL_check_domain_name(state.ssl, options.host_name), "cannot expect the host name");
  }
  if (session != NULL) Check(wolfSSL_set_session(state.ssl, session), "cannot resume");
}

void StartAssociation(void) {
  enum { kMtu = 1450 };
  memset(&state, 0, sizeof(state));
  state.timer_started_ms = NowMs();
  state.ssl = wolfSSL_new(context);
  if (state.ssl == NULL) Die("no association");
  Check(wolfSSL_set_dtls_fd_connected(state.ssl, peer.socket), "cannot use the socket");
  wolfSSL_dtls_set_using_nonblock(state.ssl, 1);
  Check(wolfSSL_dtls_set_mtu(state.ssl, kMtu), "cannot set the MTU");
  SetGroups();
  if (options.use_connection_id) {
    Check(wolfSSL_dtls_cid_use(state.ssl), "cannot use connection IDs");
    Check(wolfSSL_dtls_cid_set(state.ssl, options.connection_id, options.connection_id_len),
          "cannot choose the connection ID");
  }
  if (options.raw_public_keys) {
    const char type = WOLFSSL_CERT_TYPE_RPK;
    Check(wolfSSL_set_server_cert_type(state.ssl, &type, 1), "cannot use raw public keys");
  }
  if (options.server) {
    SetServer();
  } else {
    SetClient();
  }
}

bool TryHandshake(void) {
  RestartTimerIfReadable();
  state.connected = Succeeded(wolfSSL_negotiate(state.ssl), "the handshake failed");
  return state.connected;
}

static int GroupOf(const char* curve) {
  static const struct {
    const char* name;
    enum Group group;
  } kCurves[] = {{"X25519", kX25519},
                 {"SECP256R1", kSecp256r1},
                 {"SECP384R1", kSecp384r1},
                 {"SECP521R1", kSecp521r1},
                 {"X25519MLKEM768", kX25519MlKem768}};
  for (size_t i = 0; i < sizeof(kCurves) / sizeof(kCurves[0]); ++i) {
    if (curve != NULL && strcmp(curve, kCurves[i].name) == 0) return (int)kCurves[i].group;
  }
  fprintf(stderr, "%s: curve %s\n", kProgram, curve != NULL ? curve : "unknown");
  return -1;
}

struct Connection DescribeConnection(void) {
  // wolfSSL's client does not tell whether its key was taken; if it was, there is no certificate.
  const bool external_psk = state.has_shown_psk && strcmp(peer.verify, "none") == 0;
  return (struct Connection){
      .version = wolfSSL_version(state.ssl),
      .suite = wolfSSL_get_current_cipher_suite(state.ssl),
      .group = GroupOf(wolfSSL_get_curve_name(state.ssl)),
      .signature = -1,
      .resumed = wolfSSL_session_reused(state.ssl) && !external_psk,
      .external_psk = external_psk,
  };
}

int TryReceive(uint8_t* buffer, int size) {
  RestartTimerIfReadable();
  const int len = wolfSSL_read(state.ssl, buffer, size);
  if (len > 0) return len;
  if (wolfSSL_get_error(state.ssl, len) == WOLFSSL_ERROR_ZERO_RETURN) {
    peer.peer_close_notify = true;
    return -1;
  }
  (void)Succeeded(len, "cannot receive");
  return 0;
}

bool TrySend(const uint8_t* message, unsigned len) {
  const int sent = wolfSSL_write(state.ssl, message, (int)len);
  if (sent > 0 && (unsigned)sent != len) Die("a message was sent in part");
  return Succeeded(sent, "cannot send");
}

bool GetEpochs(unsigned* read_epoch, unsigned* write_epoch) {
  (void)read_epoch;
  (void)write_epoch;
  return false;
}

bool AckIsOwed(void) { return wolfSSL_dtls13_has_pending_msg(state.ssl); }

bool KeysAreUpdated(void) {
  int awaits_answer = 0;
  if (wolfSSL_key_update_response(state.ssl, &awaits_answer) != 0) Die("no state of the keys");
  return awaits_answer == 0 && !AckIsOwed();
}

void UpdateKeys(void) {
  while (!Succeeded(wolfSSL_update_keys(state.ssl), "cannot update the keys")) Wait();
}

void AskCertificate(void) {
  Check(wolfSSL_request_certificate(state.ssl), "cannot ask for a certificate");
}

void CloseWriteSide(void) {
  const int result = wolfSSL_shutdown(state.ssl);
  if (result < 0) (void)Succeeded(result, "cannot shut down");
}

void EndAssociation(void) {
  if (options.client && options.associations > 1) {
    wolfSSL_SESSION_free(session);
    session = wolfSSL_get1_session(state.ssl);
  }
  wolfSSL_free(state.ssl);
  state.ssl = NULL;
  (void)close(peer.socket);
}
