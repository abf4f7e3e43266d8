// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kWaitSliceMs = 50 };

struct Options options = {
    .authority = "ca",
    .host_name = "server.example",
    .window = 8,
    .associations = 1,
    .timeout_ms = 30000,
};
struct Peer peer;
uint8_t early_message[kMaxDatagramLen];

void Fact(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  putchar('\n');
  fflush(stdout);
}

static void PrintOutcome(const char* error) {
  Fact("ended error=%s alert_received=%d alert_sent=%d verify=%s", error, peer.alert_received,
       peer.alert_sent, peer.verify);
}

__attribute__((noreturn)) static void Stop(const char* what, const char* error) {
  fprintf(stderr, "%s: %s: %s\n", kProgram, what, error);
  PrintOutcome(error);
  exit(1);
}

void Die(const char* what) { Stop(what, LastError()); }

void Usage(const char* complaint) {
  fprintf(stderr, "%s: %s; see --help.\n", kProgram, complaint);
  exit(2);
}

int64_t NowMs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char* FileName(const char* name, const char* suffix) {
  static char names[4][PATH_MAX];
  static unsigned next;
  char* const result = names[next++ % 4];
  if (snprintf(result, PATH_MAX, "%s/%s%s", options.files, name, suffix) >= PATH_MAX) {
    Usage("--files: too long");
  }
  return result;
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
unsigned MakeMessage(unsigned index, uint8_t* out) {
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

// Never on what the library makes of the socket, which in mid-handshake answers for states of its
// own.
void Wait(void) {
  if (NowMs() >= peer.deadline_ms) Stop("no end in sight", "timeout");
  int timeout_ms = TimeoutMs();
  if (timeout_ms < 0 || timeout_ms > kWaitSliceMs) timeout_ms = kWaitSliceMs;
  struct pollfd readable = {.fd = peer.socket, .events = POLLIN};
  (void)poll(&readable, 1, timeout_ms);
  if (TimeoutMs() == 0) HandleTimeout();
}

static struct sockaddr_in Loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Answers only the sender of the first datagram, which stays queued for the handshake.
static void AwaitClient(void) {
  struct sockaddr_in address = Loopback();
  socklen_t len = sizeof(address);
  if (bind(peer.socket, (struct sockaddr*)&address, sizeof(address)) != 0 ||
      getsockname(peer.socket, (struct sockaddr*)&address, &len) != 0) {
    Stop("cannot listen on the port", strerrorname_np(errno));
  }
  options.port = ntohs(address.sin_port);  // the next association's too
  Fact("listening port=%u", options.port);
  uint8_t byte;
  for (;;) {
    len = sizeof(address);
    if (recvfrom(peer.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT, (struct sockaddr*)&address,
                 &len) >= 0) {
      break;
    }
    Wait();
  }
  if (connect(peer.socket, (struct sockaddr*)&address, sizeof(address)) != 0)
    Stop("cannot connect", strerrorname_np(errno));
}

static void OpenSocket(void) {
  peer.socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (peer.socket < 0) Stop("cannot make a UDP socket", strerrorname_np(errno));
  if (options.server) {
    AwaitClient();
    return;
  }
  const struct sockaddr_in address = Loopback();
  if (connect(peer.socket, (const struct sockaddr*)&address, sizeof(address)) != 0) {
    Stop("cannot reach the port", strerrorname_np(errno));
  }
}

static void Handshake(void) {
  while (!TryHandshake()) Wait();
  const struct Connection connection = DescribeConnection();
  Fact(
      "connected version=0x%04x suite=0x%04x group=%d signature=0x%04x resumed=%d psk=%s early=%d "
      "verify=%s cookie=%d",
      connection.version, connection.suite, connection.group, connection.signature,
      connection.resumed, connection.external_psk ? "external" : "none",
      connection.early_data_accepted, peer.verify, peer.cookie_returned);
  // What was not accepted has not been sent, or not been received.
  if (!connection.early_data_accepted) peer.early_len = 0;
}

static int Receive(uint8_t* buffer, int size) {
  if (peer.ended) return -1;
  const int len = TryReceive(buffer, size);
  peer.num_received += len > 0;
  peer.ended = len < 0;
  return len;
}

static void Send(const uint8_t* message, unsigned len) {
  while (!TrySend(message, len)) Wait();
}

// Updates the keys, and asks the peer to, once the next number of messages is reached; but one at a
// time, since of two requests a peer need answer only the last.
static void UpdateKeysAt(unsigned num_messages) {
  if (peer.next_key_update == options.num_key_updates) return;
  if (num_messages < options.key_updates[peer.next_key_update]) return;
  if (peer.next_key_update != 0 && !KeysAreUpdated()) return;
  UpdateKeys();
  ++peer.next_key_update;
}

static bool IsEcho(unsigned index, const uint8_t* received, int len) {
  static uint8_t sent[kMaxMessageLen];
  const unsigned expected_len = MakeMessage(index, sent);
  if ((unsigned)len == expected_len && memcmp(sent, received, expected_len) == 0) return true;
  fprintf(stderr, "%s: message %u of %u bytes came back as %d other bytes\n", kProgram, index,
          expected_len, len);
  return false;
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
    if (len < 0 || !IsEcho(num_echoed, received, len)) break;
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

// Receives until `done()`; returns false if the peer closes before.
static bool ReceiveUntil(bool (*done)(void)) {
  static uint8_t message[kMaxDatagramLen];
  while (!done()) {
    const int len = Receive(message, sizeof(message));
    if (len < 0) return false;
    if (len == 0) Wait();
  }
  return true;
}

static bool Never(void) { return false; }
static bool NoAckIsOwed(void) { return !AckIsOwed(); }

static bool AllKeysAreUpdated(void) {
  UpdateKeysAt(UINT_MAX);
  return peer.next_key_update == options.num_key_updates && KeysAreUpdated();
}

static bool IsAuthenticated(void) { return strcmp(peer.verify, "none") != 0; }

static void PrintEpochs(void) {
  unsigned read_epoch = 0;
  unsigned write_epoch = 0;
  if (GetEpochs(&read_epoch, &write_epoch)) {
    Fact("epochs read=%u write=%u", read_epoch, write_epoch);
  } else {
    Fact("epochs read=unknown write=unknown");
  }
}

static void CloseAssociation(void) {
  // What is owed goes, and comes, before the close; after it neither can.
  (void)ReceiveUntil(NoAckIsOwed);
  PrintEpochs();
  if (options.close_first) {
    CloseWriteSide();
    (void)ReceiveUntil(Never);
  } else {
    (void)ReceiveUntil(Never);
    CloseWriteSide();
  }
  const char* how = peer.peer_close_notify ? "clean" : "abrupt";
  Fact("closed order=%s end=%s received=%u", options.close_first ? "first" : "second", how,
       peer.num_received);
  PrintOutcome("none");
  EndAssociation();
  if (!peer.peer_close_notify) exit(1);
}

static void RunAssociation(void) {
  const int64_t deadline_ms = peer.deadline_ms;
  peer = (struct Peer){
      .deadline_ms = deadline_ms, .verify = "none", .alert_received = -1, .alert_sent = -1};
  OpenSocket();
  StartAssociation();
  Handshake();
  if (options.settle) (void)ReceiveUntil(NoAckIsOwed);
  const bool awaits_certificate = options.late_authentication && options.server;
  if (awaits_certificate) AskCertificate();
  if (options.echo) {
    Echo();
  } else {
    Drive();
  }
  if (awaits_certificate && !ReceiveUntil(IsAuthenticated)) {
    Stop("closed without a certificate", "closed");
  }
  if (options.num_key_updates != 0 && !ReceiveUntil(AllKeysAreUpdated))
    Stop("closed in mid-update", "closed");
  CloseAssociation();
}

static unsigned Number(const char* text, unsigned max) {
  char* end = NULL;
  errno = 0;
  const unsigned long number = strtoul(text, &end, 0);
  if (errno != 0 || end == text || *end != '\0' || number > max) Usage("not a number in range");
  return (unsigned)number;
}

// Returns how many bytes the hexadecimal `digits` are.
static unsigned Bytes(const char* digits, uint8_t* out, unsigned max) {
  unsigned num_bytes = 0;
  for (; *digits != '\0'; digits += 2) {
    unsigned byte = 0;
    int len = 0;
    if (num_bytes == max || sscanf(digits, "%2x%n", &byte, &len) != 1 || len != 2) {
      Usage("not such hexadecimal digits");
    }
    out[num_bytes++] = (uint8_t)byte;
  }
  return num_bytes;
}

static void SetPsk(char* text) {
  char* digits = strrchr(text, ':');
  if (digits == NULL || digits == text) Usage("--psk takes a name, a colon and hexadecimal digits");
  *digits++ = '\0';
  options.psk_name = text;
  options.psk_key_len = Bytes(digits, options.psk_key, kMaxPskLen);
}

static void SetConnectionId(char* digits) {
  options.use_connection_id = true;
  options.connection_id_len = Bytes(digits, options.connection_id, kMaxConnectionIdLen);
}

static enum Group GroupByName(const char* name) {
  static const struct {
    const char* name;
    enum Group group;
  } kGroups[] = {
      {"x25519", kX25519},
      {"p256", kSecp256r1},
      {"p384", kSecp384r1},
      {"p521", kSecp521r1},
      {"x25519mlkem768", kX25519MlKem768},
  };
  for (size_t i = 0; i < sizeof(kGroups) / sizeof(kGroups[0]); ++i) {
    if (strcmp(name, kGroups[i].name) == 0) return kGroups[i].group;
  }
  Usage("unknown group");
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
  options.suites[options.num_suites++] = Number(number, 0xffff);
}

static void AddKeyUpdate(const char* number) {
  if (options.num_key_updates == kMaxKeyUpdates) Usage("too many key updates");
  options.key_updates[options.num_key_updates++] = Number(number, 1000000);
}

static void SetGroups(char* list) { ForEach(list, AddGroup); }
static void SetSuites(char* list) { ForEach(list, AddSuite); }
static void SetKeyUpdates(char* list) { ForEach(list, AddKeyUpdate); }

// One of flag, text, number and set says what the option does.
static const struct {
  const char* name;
  bool* flag;
  const char** text;
  unsigned* number;
  unsigned max;  // of number
  void (*set)(char* value);
  const char* help;
} kOptions[] = {
    {"client", .flag = &options.client, .help = ""},
    {"server", .flag = &options.server, .help = ""},
    {"port", .number = &options.port, .max = 0xffff,
     .help = "where the server listens (any free one)"},
    {"files", .text = &options.files, .help = "the folder of the run's certificates"},
    {"certificate", .text = &options.certificate, .help = "which of them it shows"},
    {"authority", .text = &options.authority, .help = "whose it trusts (ca)"},
    {"ask-certificate", .flag = &options.ask_certificate,
     .help = "server: the client must show one"},
    {"host-name", .text = &options.host_name, .help = "client: whom it expects (server.example)"},
    {"dtls12", .flag = &options.dtls12, .help = "speak DTLS 1.2 and nothing later"},
    {"also-dtls12", .flag = &options.also_dtls12, .help = "speak DTLS 1.2 as well"},
    {"groups", .set = SetGroups,
     .help = "x25519,p256,p384,p521,x25519mlkem768, the first preferred"},
    {"key-shares", .number = &options.additional_key_shares, .max = kMaxGroups,
     .help = "client: key shares beyond the first group's (0)"},
    {"no-key-share", .flag = &options.no_key_share,
     .help = "client: no key share in its first hello"},
    {"suites", .set = SetSuites, .help = "0x1301,0x1302,0x1303"},
    {"hrr-cookie", .flag = &options.hrr_cookie,
     .help = "server: answer with a HelloRetryRequest and go on from its cookie alone"},
    {"key-update", .set = SetKeyUpdates,
     .help = "update keys after these numbers of messages, and ask the peer to"},
    {"associations", .number = &options.associations, .max = 16,
     .help = "so many, one after the other, each resuming the one before (1)"},
    {"early-data", .flag = &options.early_data,
     .help = "the first message of those that resume goes, or may come, as early data"},
    {"no-end-of-early-data", .flag = &options.no_end_of_early_data,
     .help =
         "as DTLS 1.3 has it, where the library has the message of TLS 1.3: a client sends none; a "
         "server, which waits for it in vain, is done with the early data itself"},
    {"psk", .set = SetPsk,
     .help = "ID:KEY, what both sides have: its name, and its bytes in hexadecimal"},
    {"connection-id", .set = SetConnectionId,
     .help = "what the other end is to put into its records, in hexadecimal, perhaps nothing"},
    {"raw-public-keys", .flag = &options.raw_public_keys,
     .help = "of the server, and no certificate"},
    {"late-authentication", .flag = &options.late_authentication,
     .help = "of the client, asked for after the handshake"},
    {"settle", .flag = &options.settle,
     .help = "send nothing before the handshake is acknowledged"},
    {"count", .number = &options.count, .max = 1000000,
     .help = "send so many messages and compare what comes back (0); with --echo: return so many"},
    {"echo", .flag = &options.echo,
     .help = "return what comes; without --count until the peer closes"},
    {"size", .number = &options.size, .max = kMaxMessageLen,
     .help = "bytes of every message but the first (otherwise 1 to 1350, mixed)"},
    {"window", .number = &options.window, .max = 64, .help = "messages ahead of their echoes (8)"},
    {"close-first", .flag = &options.close_first, .help = ""},
    {"close-second", .flag = &options.close_second, .help = "(the default)"},
    {"timeout-ms", .number = &options.timeout_ms, .max = 600000,
     .help = "give up after so long (30000)"},
};
enum { kNumOptions = sizeof(kOptions) / sizeof(kOptions[0]) };

static void PrintHelp(void) {
  printf("usage: %s --client|--server --port N --files DIR [OPTIONS]\n", kProgram);
  for (int i = 0; i < kNumOptions; ++i) {
    printf("  --%-22s %s\n", kOptions[i].name, kOptions[i].help);
  }
}

static void SetOption(int index, char* value) {
  if (kOptions[index].flag != NULL) *kOptions[index].flag = true;
  if (kOptions[index].text != NULL) *kOptions[index].text = value;
  if (kOptions[index].number != NULL) *kOptions[index].number = Number(value, kOptions[index].max);
  if (kOptions[index].set != NULL) kOptions[index].set(value);
}

static void ParseOptions(int argc, char** argv) {
  struct option long_options[kNumOptions + 2] = {0};
  for (int i = 0; i < kNumOptions; ++i) {
    long_options[i] = (struct option){kOptions[i].name, kOptions[i].flag == NULL, NULL, 0};
  }
  long_options[kNumOptions] = (struct option){"help", 0, NULL, 0};
  for (int index = 0, option; (option = getopt_long(argc, argv, "", long_options, &index)) != -1;) {
    if (option != 0) exit(2);
    if (index == kNumOptions) {
      PrintHelp();
      exit(0);
    }
    SetOption(index, optarg);
  }
  if (optind != argc) Usage("a bare word is no option");
  if (options.client == options.server) Usage("either --client or --server");
  if (options.window == 0) Usage("--window needs at least 1");
  if (options.associations == 0) Usage("--associations needs at least 1");
  if (options.files == NULL) Usage("--files is needed");
  if (options.server && options.certificate == NULL) Usage("--server needs --certificate");
  if (options.client && options.port == 0) Usage("--client needs --port");
}

int main(int argc, char** argv) {
  ParseOptions(argc, argv);
  peer.deadline_ms = NowMs() + options.timeout_ms;
  StartLibrary();
  for (unsigned i = 0; i < options.associations; ++i) RunAssociation();
  return 0;
}
