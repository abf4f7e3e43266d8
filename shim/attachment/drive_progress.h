// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_DRIVE_PROGRESS_H_
#define DTLS13_SHIM_ATTACHMENT_DRIVE_PROGRESS_H_

#include <cstdint>

#include "dtls13/wire/code_points.h"
#include "shim/attachment/callback_progress.h"
#include "shim/libssl/handshake_state.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// LastCall is what the last call on an SSL waits for, if it returned without a result. It does not
// know which call that was.
class LastCall {
 public:
  Want want() const { return want_; }

  // Each call begins with WaitForNothing, and may end with one of the others.
  void WaitForNothing() { want_ = Want::kNothing; }
  void WaitToRead() { want_ = Want::kRead; }
  void WaitToWrite() { want_ = Want::kWrite; }
  void WaitForCallback(const CallbackProgress& callbacks) { want_ = callbacks.want(); }

 private:
  Want want_ = Want::kNothing;
};

// HandshakePosition is where SSL_get_state stands in the handshake.
class HandshakePosition {
 public:
  OSSL_HANDSHAKE_STATE state() const { return state_; }
  // The handshake is over, and its last flight has left.
  bool is_over() const { return state_ == TLS_ST_OK; }

  // Follow is told of each handshake message, and is false where that moved nothing: messages after
  // the handshake leave the state at TLS_ST_OK. Applications take anything else for a
  // renegotiation, or for the end.
  bool Follow(bool is_server, bool outgoing, HandshakeType type) {
    if (is_over()) return false;
    state_ = HandshakeStateOf(is_server, outgoing, type, state_);
    return true;
  }
  void Finish() { state_ = TLS_ST_OK; }

 private:
  OSSL_HANDSHAKE_STATE state_ = TLS_ST_BEFORE;
};

// EarlyDataUse is what an application makes of early data: SSL_write_early_data on a client,
// SSL_read_early_data on a server.
class EarlyDataUse {
 public:
  bool has_begun() const { return use_ != Use::kNone; }
  bool writes() const { return use_ == Use::kWrites; }
  bool reads() const { return use_ == Use::kReads; }
  // MayRead: SSL_read_early_data begins before the handshake does, and ends once.
  bool MayRead(bool has_begun) const { return has_begun ? reads() : use_ != Use::kHasRead; }

  void OnWrite() { use_ = Use::kWrites; }
  void OnRead() { use_ = Use::kReads; }
  void OnReadToEnd() { use_ = Use::kHasRead; }

 private:
  enum class Use : uint8_t { kNone, kWrites, kReads, kHasRead };
  Use use_ = Use::kNone;
};

// DriveProgress is how far the calls of an SSL have brought its connection, before there is an
// association too. Everybody may read it; shim/drive alone, which makes the progress, reaches one
// that can be changed.
struct DriveProgress {
  LastCall last_call;
  HandshakePosition handshake;
  EarlyDataUse early_data;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_DRIVE_PROGRESS_H_
