// SPDX-License-Identifier: Apache-2.0
#include "shim/testing/queue_bio.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace dtls13::shim {
namespace {

// Refuse is what a socket does with a datagram that is too long, or tells of an earlier one.
int Refuse(QueueBio* queue) {
  queue->refused = queue->path_mtu < 65536;
  errno = EMSGSIZE;
  return -1;
}

// TellsLate counts the call as one that tells of an earlier datagram.
bool TellsLate(QueueBio* queue) {
  if (queue->num_late_errors == 0) return false;
  --queue->num_late_errors;
  return true;
}

int QueueRead(BIO* bio, char* out, int out_len) {
  auto* queue = static_cast<QueueBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (TellsLate(queue)) return Refuse(queue);
  if (queue->incoming->empty()) {
    if (!queue->retries) return 0;
    BIO_set_retry_read(bio);
    return -1;
  }
  const Datagram datagram = std::move(queue->incoming->front());
  queue->incoming->pop_front();
  const size_t len = std::min(datagram.size(), static_cast<size_t>(out_len));
  std::memcpy(out, datagram.data(), len);
  return static_cast<int>(len);
}

int QueueWrite(BIO* bio, const char* data, int len) {
  auto* queue = static_cast<QueueBio*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (queue->is_full || queue->num_full > 0) {
    queue->num_full = std::max(queue->num_full - 1, 0);
    BIO_set_retry_write(bio);
    return -1;
  }
  if (TellsLate(queue) || len > queue->path_mtu) return Refuse(queue);
  queue->outgoing->emplace_back(data, data + len);
  return len;
}

long SayPeer(const QueueBio& queue, void* address) {
  if (queue.sender_port == 0) return 0;
  const in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
  return BIO_ADDR_rawmake(static_cast<BIO_ADDR*>(address), AF_INET, &loopback, sizeof(loopback),
                          htons(queue.sender_port));
}

long QueueControl(BIO* bio, int command, long /*number*/, void* pointer) {
  auto* queue = static_cast<QueueBio*>(BIO_get_data(bio));
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_GET_PEER:
      return SayPeer(*queue, pointer);
    case BIO_CTRL_DGRAM_SET_PEER:
      queue->sends_to = ntohs(BIO_ADDR_rawport(static_cast<BIO_ADDR*>(pointer)));
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
      return queue->refused ? queue->path_mtu : queue->told_mtu;
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      std::memcpy(&queue->next_timeout, pointer, sizeof(timeval));
      ++queue->num_timeouts_told;
      if (queue->ssl != nullptr) {
        timeval left;
        DTLSv1_get_timeout(queue->ssl, &left);
      }
      return 1;
    default:
      return 0;
  }
}

BIO_METHOD* NewQueueMethod(int type, const char* name) {
  BIO_METHOD* made = BIO_meth_new(type, name);
  BIO_meth_set_read(made, QueueRead);
  BIO_meth_set_write(made, QueueWrite);
  BIO_meth_set_ctrl(made, QueueControl);
  return made;
}

}  // namespace

BIO* NewQueueBio(QueueBio* queue) {
  static BIO_METHOD* const own =
      NewQueueMethod(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "queue");
  static BIO_METHOD* const socket = NewQueueMethod(BIO_TYPE_DGRAM, "datagram socket");
  BIO* bio = BIO_new(queue->is_socket ? socket : own);
  BIO_set_data(bio, queue);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace dtls13::shim
