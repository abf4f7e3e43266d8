// SPDX-License-Identifier: Apache-2.0
#include "shim/testing/ring_bio.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace dtls13::shim {
namespace {

struct Rings {
  DatagramRing* incoming;
  DatagramRing* outgoing;
  bool knows_peer;
};

int RingRead(BIO* bio, char* out, int out_len) {
  DatagramRing* ring = static_cast<Rings*>(BIO_get_data(bio))->incoming;
  BIO_clear_retry_flags(bio);
  if (!ring->empty()) return ring->Read(out, static_cast<size_t>(out_len));
  BIO_set_retry_read(bio);
  return -1;
}

int RingWrite(BIO* bio, const char* data, int len) {
  DatagramRing* ring = static_cast<Rings*>(BIO_get_data(bio))->outgoing;
  BIO_clear_retry_flags(bio);
  const int written = ring->Write(data, static_cast<size_t>(len));
  if (written < 0) BIO_set_retry_write(bio);
  return written;
}

long RingControl(BIO* bio, int command, long /*number*/, void* pointer) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command != BIO_CTRL_DGRAM_GET_PEER || !static_cast<Rings*>(BIO_get_data(bio))->knows_peer) {
    return 0;
  }
  constexpr unsigned char kLoopback[] = {127, 0, 0, 1};
  constexpr unsigned short kPort = 4433;
  return BIO_ADDR_rawmake(static_cast<BIO_ADDR*>(pointer), AF_INET, kLoopback, sizeof(kLoopback),
                          kPort);
}

int RingDestroy(BIO* bio) {
  delete static_cast<Rings*>(BIO_get_data(bio));
  return 1;
}

BIO_METHOD* NewRingMethod() {
  BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ring");
  BIO_meth_set_read(made, RingRead);
  BIO_meth_set_write(made, RingWrite);
  BIO_meth_set_ctrl(made, RingControl);
  BIO_meth_set_destroy(made, RingDestroy);
  return made;
}

}  // namespace

int DatagramRing::Write(const void* data, size_t len) {
  if (num_ == kMaxDatagrams || len > kMaxLen) return -1;
  Datagram& datagram = datagrams_[(first_ + num_++) % kMaxDatagrams];
  std::memcpy(datagram.bytes.data(), data, len);
  datagram.len = len;
  ++num_written_;
  bytes_written_ += len;
  return static_cast<int>(len);
}

int DatagramRing::Read(void* out, size_t out_len) {
  const Datagram& datagram = datagrams_[first_];
  first_ = (first_ + 1) % kMaxDatagrams;
  --num_;
  const size_t len = std::min(datagram.len, out_len);
  std::memcpy(out, datagram.bytes.data(), len);
  return static_cast<int>(len);
}

void DatagramRing::Join() {
  if (empty()) return;
  Datagram& whole = datagrams_[first_];
  for (size_t i = 1; i < num_; ++i) {
    const Datagram& next = datagrams_[(first_ + i) % kMaxDatagrams];
    std::memcpy(whole.bytes.data() + whole.len, next.bytes.data(), next.len);
    whole.len += next.len;
  }
  num_ = 1;
}

BIO* NewRingBio(DatagramRing* incoming, DatagramRing* outgoing, bool knows_peer) {
  static BIO_METHOD* const method = NewRingMethod();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, new Rings{incoming, outgoing, knows_peer});
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace dtls13::shim
