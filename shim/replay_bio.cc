#include "shim/replay_bio.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "shim/real_libssl.h"

namespace dtls13::shim {
namespace {

struct Replay {
  std::vector<uint8_t> datagram;
  AfterReplay after;
  bool was_read = false;
};

void FreeReplay(void* /*parent*/, void* pointer, CRYPTO_EX_DATA* /*data*/, int /*index*/,
                long /*argl*/, void* /*argp*/) {
  delete static_cast<Replay*>(pointer);
}

// The BIO's own data pointer shows the application's; ours is in a slot.
int Index() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_BIO, 0, nullptr, nullptr, nullptr, FreeReplay);
  return index;
}

Replay* ReplayOf(BIO* bio) { return static_cast<Replay*>(BIO_get_ex_data(bio, Index())); }

int Read(BIO* bio, char* out, int out_len) {
  BIO_clear_retry_flags(bio);
  Replay* replay = ReplayOf(bio);
  if (replay == nullptr || out == nullptr || out_len <= 0) return 0;
  if (!replay->was_read) {
    replay->was_read = true;
    // As a datagram socket does it, what does not fit is lost.
    const size_t len = std::min(replay->datagram.size(), static_cast<size_t>(out_len));
    std::memcpy(out, replay->datagram.data(), len);
    return static_cast<int>(len);
  }
  if (replay->after == AfterReplay::kWouldBlock) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const int result = BIO_read(BIO_next(bio), out, out_len);
  BIO_copy_next_retry(bio);
  return result;
}

int Write(BIO* bio, const char* data, int len) {
  const int result = BIO_write(BIO_next(bio), data, len);
  BIO_clear_retry_flags(bio);
  BIO_copy_next_retry(bio);
  return result;
}

long Control(BIO* bio, int command, long number, void* pointer) {
  switch (command) {
    case BIO_CTRL_PUSH:
    case BIO_CTRL_POP:
    case BIO_CTRL_DUP:
      return 0;
    case BIO_CTRL_EOF: {
      const Replay* replay = ReplayOf(bio);
      if (replay != nullptr && (!replay->was_read || replay->after == AfterReplay::kWouldBlock)) {
        return 0;
      }
      return BIO_ctrl(BIO_next(bio), command, number, pointer);
    }
    case BIO_CTRL_PENDING: {
      const Replay* replay = ReplayOf(bio);
      if (replay != nullptr && !replay->was_read) return static_cast<long>(replay->datagram.size());
      return BIO_ctrl(BIO_next(bio), command, number, pointer);
    }
    default:
      return BIO_next(bio) == nullptr ? 0 : BIO_ctrl(BIO_next(bio), command, number, pointer);
  }
}

long CallbackControl(BIO* bio, int command, BIO_info_cb* callback) {
  return BIO_next(bio) == nullptr ? 0 : BIO_callback_ctrl(BIO_next(bio), command, callback);
}

int Create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* NewMethod() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_FILTER, "DTLS 1.3 replay");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, Read);
  BIO_meth_set_write(method, Write);
  BIO_meth_set_ctrl(method, Control);
  BIO_meth_set_callback_ctrl(method, CallbackControl);
  BIO_meth_set_create(method, Create);
  return method;
}

const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = NewMethod();
  return method;
}

// PresentReplay returns the SSL's read BIO if it is a replay BIO.
BIO* PresentReplay(SSL* ssl) {
  BIO* bio = Real().SSL_get_rbio(ssl);
  return bio != nullptr && ReplayOf(bio) != nullptr ? bio : nullptr;
}

void TakeAway(SSL* ssl, BIO* replay) {
  BIO* behind = BIO_next(replay);
  BIO_set_next(replay, nullptr);      // its reference is ours now
  Real().SSL_set0_rbio(ssl, behind);  // and the SSL's; this frees `replay`
}

}  // namespace

bool ReplayDatagram(SSL* ssl, std::vector<uint8_t> datagram, AfterReplay after) {
  DiscardReplay(ssl);
  BIO* behind = Real().SSL_get_rbio(ssl);
  if (behind == nullptr || Method() == nullptr || Index() < 0) return false;
  BIO* bio = BIO_new(Method());
  if (bio == nullptr) return false;
  auto replay = std::unique_ptr<Replay>(
      new (std::nothrow) Replay{.datagram = std::move(datagram), .after = after});
  if (replay == nullptr || BIO_set_ex_data(bio, Index(), replay.get()) != 1) {
    BIO_free(bio);
    return false;
  }
  replay.release();
  BIO_set_data(bio, BIO_get_data(behind));
  BIO_up_ref(behind);
  // Not BIO_push, which would leave in the application's BIO a pointer back to one that may be
  // freed first.
  BIO_set_next(bio, behind);
  Real().SSL_set0_rbio(ssl, bio);
  return true;
}

void RestoreReadBio(SSL* ssl) {
  BIO* bio = PresentReplay(ssl);
  if (bio == nullptr) return;
  if (ReplayOf(bio)->was_read) TakeAway(ssl, bio);
}

void DiscardReplay(SSL* ssl) {
  if (BIO* bio = PresentReplay(ssl)) TakeAway(ssl, bio);
}

}  // namespace dtls13::shim
