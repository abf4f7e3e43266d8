// SPDX-License-Identifier: Apache-2.0
// What the peer programs have in common: options, facts, messages and the course of an association.
// Each of nss_peer.c and wolfssl_peer.c puts one library beneath it, by defining the functions at
// the end of this file.
//
// A peer program runs DTLS associations over UDP on loopback, one after the other, as client or as
// server;
// --help lists its options. Facts go to standard output, one line each, "<when> name=value ...";
// what stopped it goes to standard error. Exit status 0: all that was asked for happened; 1: not;
// 2: wrong options.
//
// Messages are those of messages.py: byte for byte and in order the same sequence.
#ifndef DTLS13_TESTS_INTEROP_PEER_H_
#define DTLS13_TESTS_INTEROP_PEER_H_

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  kMaxGroups = 8,
  kMaxSuites = 8,
  kMaxKeyUpdates = 8,
  kMaxPskLen = 64,
  kMaxConnectionIdLen = 64,
  kMaxMessageLen = 1350,
  kMaxDatagramLen = 65536,
};

// Code points of RFC 8446 section 4.2.7, and of ML-KEM's hybrids.
enum Group {
  kSecp256r1 = 23,
  kSecp384r1 = 24,
  kSecp521r1 = 25,
  kX25519 = 29,
  kX25519MlKem768 = 0x11ec,
};

struct Options {
  bool client;
  bool server;
  unsigned port;  // host order
  // Where the run's certificates are; what certificate is shown (NULL: none); whose are trusted.
  const char* files;
  const char* certificate;
  const char* authority;
  const char* host_name;
  bool ask_certificate;  // a server, of its client
  bool dtls12;           // and no later version
  bool also_dtls12;      // beside DTLS 1.3
  enum Group groups[kMaxGroups];
  unsigned num_groups;
  unsigned additional_key_shares;
  bool no_key_share;
  unsigned suites[kMaxSuites];
  unsigned num_suites;
  bool hrr_cookie;
  bool settle;
  unsigned key_updates[kMaxKeyUpdates];  // numbers of messages, ascending
  unsigned num_key_updates;
  unsigned associations;
  bool early_data;
  bool no_end_of_early_data;
  char* psk_name;  // NULL: no external PSK
  uint8_t psk_key[kMaxPskLen];
  unsigned psk_key_len;
  bool use_connection_id;
  uint8_t connection_id[kMaxConnectionIdLen];  // what the other end is to send, perhaps of no bytes
  unsigned connection_id_len;
  bool raw_public_keys;
  bool late_authentication;  // of the client, asked for once the first message is there
  bool echo;
  unsigned count;
  unsigned size;  // 0: mixed
  unsigned window;
  bool close_first;
  bool close_second;
  unsigned timeout_ms;
};
extern struct Options options;

// Of each association its own, but for the deadline.
struct Peer {
  int socket;
  int64_t deadline_ms;
  bool cookie_returned;  // the client brought its token back
  const char* verify;    // "ok", an error's name, or "none" where there was no certificate
  bool peer_close_notify;
  int alert_received;  // description, -1 for none; close_notify is not counted here
  int alert_sent;
  bool ended;  // the peer's end of data was read
  unsigned num_received;
  unsigned next_key_update;
  int early_len;  // of the message that went or came as early data, 0 for none
};
extern struct Peer peer;
extern uint8_t early_message[kMaxDatagramLen];

// What an association came to. -1: the library does not tell.
struct Connection {
  int version;
  int suite;
  int group;
  int signature;  // the server's SignatureScheme
  bool resumed;
  bool external_psk;
  bool early_data_accepted;
};

void Fact(const char* format, ...) __attribute__((format(printf, 1, 2)));
// Says what stopped the program, with LastError(), and ends it.
void Die(const char* what) __attribute__((noreturn));
// Ends the program: its options make no sense.
void Usage(const char* complaint) __attribute__((noreturn));
int64_t NowMs(void);
// Makes message `index` of the sequence in `out`, kMaxMessageLen bytes; returns its length.
unsigned MakeMessage(unsigned index, uint8_t* out);
// Waits until a datagram is there, the library's timer runs out, or a slice of time has passed.
void Wait(void);
// The file of the run's certificates, in a buffer that the next call but three takes.
const char* FileName(const char* name, const char* suffix);

// The library's part. Each may Die. `kProgram` is the program's name.
extern const char kProgram[];
const char* LastError(void);
void StartLibrary(void);
// Puts DTLS on peer.socket, which is connected and does not block.
void StartAssociation(void);
// Goes on with the handshake; returns whether it is complete.
bool TryHandshake(void);
struct Connection DescribeConnection(void);
// Returns the next message's length, 0 where there is none now, -1 at the peer's end of data.
int TryReceive(uint8_t* buffer, int size);
// Returns false where it cannot go now.
bool TrySend(const uint8_t* message, unsigned len);
// Milliseconds until the library wants to do something by itself, -1 for never; and has it do that.
int TimeoutMs(void);
void HandleTimeout(void);
// Whether the library still owes an ACK, or awaits one.
bool AckIsOwed(void);
// Updates the keys, and asks the peer to.
void UpdateKeys(void);
// Whether all of peer.next_key_update updates are acknowledged, answered, and the answers
// acknowledged.
bool KeysAreUpdated(void);
// Returns false where the library does not tell.
bool GetEpochs(unsigned* read_epoch, unsigned* write_epoch);
// A server's: asks the client for its certificate, after the handshake.
void AskCertificate(void);
void CloseWriteSide(void);
// Frees the association and closes the socket.
void EndAssociation(void);

#endif  // DTLS13_TESTS_INTEROP_PEER_H_
