// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/replay_bio.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "shim/bio/filter_bio.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

class ReplayFilter final : public FilterBio {
 public:
  ReplayFilter(std::deque<std::vector<uint8_t>> datagrams, AfterReplay after)
      : datagrams_(std::move(datagrams)), after_(after) {}

  bool is_done() const { return datagrams_.empty(); }

  int Read(BIO* bio, std::span<uint8_t> out) override {
    if (!is_done()) {
      // As a datagram socket does it, what does not fit is lost.
      const size_t len = std::min(datagrams_.front().size(), out.size());
      std::memcpy(out.data(), datagrams_.front().data(), len);
      datagrams_.pop_front();
      return static_cast<int>(len);
    }
    if (after_ == AfterReplay::kPassThrough) return FilterBio::Read(bio, out);
    BIO_set_retry_read(bio);
    return -1;
  }

  long Control(BIO* bio, int command, long number, void* pointer) override {
    if (command == BIO_CTRL_PENDING && !is_done()) {
      return static_cast<long>(datagrams_.front().size());
    }
    if (command == BIO_CTRL_EOF && (!is_done() || after_ == AfterReplay::kWouldBlock)) return 0;
    return FilterBio::Control(bio, command, number, pointer);
  }

 private:
  std::deque<std::vector<uint8_t>> datagrams_;
  const AfterReplay after_;
};

// PresentReplay returns the SSL's replay filter, which is the first of its read BIO's.
ReplayFilter* PresentReplay(SSL* ssl) {
  return dynamic_cast<ReplayFilter*>(FilterOf(Real().SSL_get_rbio(ssl)));
}

}  // namespace

bool Replay(SSL* ssl, std::deque<std::vector<uint8_t>> datagrams, AfterReplay after) {
  DiscardReplay(ssl);
  auto filter =
      std::unique_ptr<ReplayFilter>(new (std::nothrow) ReplayFilter(std::move(datagrams), after));
  return filter != nullptr && PutBeforeReadBio(ssl, std::move(filter)) != nullptr;
}

void RestoreReadBio(SSL* ssl) {
  if (const ReplayFilter* filter = PresentReplay(ssl); filter != nullptr && filter->is_done()) {
    RemoveFromReadBio(ssl, filter);
  }
}

void DiscardReplay(SSL* ssl) {
  if (const ReplayFilter* filter = PresentReplay(ssl)) RemoveFromReadBio(ssl, filter);
}

}  // namespace dtls13::shim
