// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_TESTING_QUEUE_BIO_H_
#define DTLS13_SHIM_TESTING_QUEUE_BIO_H_

#include <sys/time.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

using Datagram = std::vector<uint8_t>;

// QueueBio is an application's own BIO: each write is one datagram, each read takes one. What an
// empty queue answers is the application's choice.
struct QueueBio {
  std::deque<Datagram>* incoming = nullptr;
  std::deque<Datagram>* outgoing = nullptr;
  bool retries = true;   // an empty queue sets the retry flag
  bool is_full = false;  // writes are to be tried again
  int num_full = 0;      // so many are, and no more
  int path_mtu = 65536;  // what is longer is refused, and QUERY_MTU says so only then
  bool refused = false;
  // So many reads and writes tell, whatever their length, that an earlier datagram was too long.
  int num_late_errors = 0;
  int told_mtu = 0;          // what QUERY_MTU says otherwise
  bool is_socket = false;    // passes for libcrypto's own datagram socket
  SSL* ssl = nullptr;        // asked for its timeout inside SET_NEXT_TIMEOUT, if given
  uint16_t sender_port = 0;  // on loopback: what GET_PEER says; 0 when it cannot tell
  uint16_t sends_to = 0;     // the port that SET_PEER named last
  timeval next_timeout = {};
  int num_timeouts_told = 0;
};

// NewQueueBio returns a BIO over `*queue`, which outlives it.
BIO* NewQueueBio(QueueBio* queue);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_TESTING_QUEUE_BIO_H_
