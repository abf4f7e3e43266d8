// SPDX-License-Identifier: Apache-2.0
#include "shim/bio/peer_guard.h"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "shim/bio/bio_transport.h"
#include "shim/bio/filter_bio.h"

namespace dtls13::shim {
namespace {

class GuardFilter final : public FilterBio {
 public:
  explicit GuardFilter(SSL* ssl) : ssl_(ssl) {}

  int Read(BIO* bio, std::span<uint8_t> out) override {
    for (;;) {
      guard_.BeforeRead(ssl_);
      const int len = FilterBio::Read(bio, out);
      const bool is_strangers = guard_.IsFromStranger(ssl_);
      // Where two BIOs are used, the one that was read goes on naming the stranger at its end.
      const bool is_datagram = SharesBio(ssl_) ? len >= 0 : len > 0;
      // As of a record that is not valid, libssl hears nothing of it and reads on.
      if (!is_strangers || !is_datagram) return len;
    }
  }

 private:
  SSL* const ssl_;  // whose BIO this is
  PeerGuard guard_;
};

}  // namespace

void PeerGuard::BeforeRead(SSL* ssl) {
  if (peer_ == nullptr) peer_.reset(BIO_ADDR_new());
  if (sender_ == nullptr) sender_.reset(BIO_ADDR_new());
  if (peer_ != nullptr && !ReadDestination(ssl, peer_.get())) BIO_ADDR_clear(peer_.get());
}

//= rfc9147#section-11
//# DTLS implementations MUST NOT update the address they send to in
//# response to packets from a different address unless they first
//# perform some reachability test; no such test is defined in this
//# specification and a future specification would need to specify a
//# complete procedure for how and when to update addresses.
bool PeerGuard::IsFromStranger(SSL* ssl) {
  const EncodedAddress peer(peer_.get());
  if (!peer.names_one_host() || sender_ == nullptr || !ReadPeer(ssl, sender_.get())) return false;
  const EncodedAddress sender(sender_.get());
  if (sender.empty() || std::ranges::equal(sender.bytes(), peer.bytes())) return false;
  SetPeer(ssl, peer_.get());
  return true;
}

bool GuardReadBio(SSL* ssl) {
  auto filter = std::unique_ptr<GuardFilter>(new (std::nothrow) GuardFilter(ssl));
  return filter != nullptr && PutBeforeReadBio(ssl, std::move(filter)) != nullptr;
}

}  // namespace dtls13::shim
