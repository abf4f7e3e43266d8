// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SSL_ATTACHMENT_H_
#define DTLS13_SHIM_ATTACHMENT_SSL_ATTACHMENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/listener/hello_listener.h"
#include "shim/attachment/callback_progress.h"
#include "shim/attachment/ctx_attachment.h"
#include "shim/attachment/handshake_facts.h"
#include "shim/attachment/kept_hello.h"
#include "shim/attachment/lent_objects.h"
#include "shim/attachment/libssl_half.h"
#include "shim/attachment/timer_callback.h"
#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

struct DriveState;

// Owner says whose an SSL is; ownership.h settles it.
enum class Owner : uint8_t { kUndecided, kOurs, kLibssl };

// Side is what SSL_set_connect_state and SSL_set_accept_state chose; libssl tells only the result.
enum class Side : uint8_t { kUnset, kClient, kServer };

// EarlyUse is what an application makes of early data: SSL_write_early_data on a client,
// SSL_read_early_data on a server.
enum class EarlyUse : uint8_t { kNone, kWrites, kReads, kHasRead };

// DepthScope counts, while it lives, one more level of calls inside one another.
class DepthScope {
 public:
  explicit DepthScope(int& depth) : depth_(depth) { ++depth_; }
  ~DepthScope() { --depth_; }
  DepthScope(const DepthScope&) = delete;
  DepthScope& operator=(const DepthScope&) = delete;

 private:
  int& depth_;
};

// SslAttachment is what the shim knows of one SSL: the association, when the SSL is ours, and what
// libssl's object cannot hold for it. It lives in an ex_data slot of ours and dies with the SSL.
// The flags of SSL_get_shutdown and the verify result are kept in libssl's own object, through its
// own setters. It does not drive the association, nor know how libssl goes on with a connection.
//
// As with libssl, one thread at a time uses an SSL and its attachment.
class SslAttachment {
 public:
  // Find returns null for an SSL that the shim has nothing to do with.
  static SslAttachment* Find(const SSL* ssl);
  // FindOrCreate returns null for an SSL that can never be ours, and when memory is out. A new one
  // takes over the settings of the SSL's SSL_CTX.
  static SslAttachment* FindOrCreate(SSL* ssl);
  // Ours returns the attachment of an SSL that is ours by now, null for any other: the question
  // every query asks. It never decides.
  static SslAttachment* Ours(const SSL* ssl);

  explicit SslAttachment(SSL* ssl) : ssl_(ssl) {}
  SslAttachment(const SslAttachment&) = delete;
  SslAttachment& operator=(const SslAttachment&) = delete;

  SSL* ssl() const { return ssl_; }
  Owner owner() const { return owner_; }
  // ctx is the attachment of the SSL's present SSL_CTX, which the server name callback may have
  // changed. Null when that SSL_CTX is of a method that has none.
  CtxAttachment* ctx() const;
  // The association is null until the handshake began, also on an SSL that is ours.
  Association* association() const { return association_.get(); }
  // connected: the handshake went well, though its last flight may still wait for the write BIO.
  bool connected() const { return association_ != nullptr && association_->facts().connected; }

  bool failed() const { return association_ != nullptr && association_->facts().failed; }
  // ended_by_close: the peer closed before the handshake was over.
  bool ended_by_close() const {
    return failed() && association_->facts().failure.reason() == Reason::kPeerAlert &&
           association_->facts().failure.alert() == AlertDescription::kCloseNotify;
  }
  // handshake_over: connected, and the last flight has left.
  bool handshake_over() const { return connected() && handshake_state == TLS_ST_OK; }
  // is_up is what SSL_is_init_finished says: the handshake is over, and nothing went wrong since.
  bool is_up() const { return handshake_over() && !failed(); }

  // Busy stands around the work on a connection that calls the application back. What a callback
  // then does to the same SSL must neither end the connection nor drive it: the work still holds on
  // to its parts.
  class Busy : DepthScope {
   public:
    explicit Busy(SslAttachment& attachment) : DepthScope(attachment.busy_depth_) {}
  };
  bool busy() const { return busy_depth_ > 0; }

  // InLibssl stands around a call of libssl's: what libssl then calls by itself must not be taken
  // for the application's calls. Debian's libssl calls its own exports through its PLT, so calls
  // like SSL_clear come back to us from inside.
  class InLibssl : DepthScope {
   public:
    explicit InLibssl(SslAttachment& attachment) : DepthScope(attachment.libssl_depth_) {}
  };
  bool in_libssl() const { return libssl_depth_ > 0; }

  // What libssl's getters lend.
  LentObjects& lent() { return *lent_; }

  Side side = Side::kUnset;
  Want want = Want::kNothing;
  // Where SSL_get_state stands in the handshake; TLS_ST_OK once it is over.
  OSSL_HANDSHAKE_STATE handshake_state = TLS_ST_BEFORE;
  SslSettings settings;

  CallbackProgress callbacks;

  // What queries ask about the handshake. The driver hands it every Trace event, so an association
  // is always made with AssociationConfig::trace.
  HandshakeFacts facts;

  EarlyUse early_use = EarlyUse::kNone;

  KeptHello kept_hello;
  // The server's front door, while it is not known whose a ClientHello is to answer.
  std::unique_ptr<HelloListener> hello_listener;

  // What the application's callback has put into the tickets of this connection, or of the one that
  // it resumes.
  std::vector<uint8_t> ticket_data;
  bool tickets_prepared = false;  // the application was asked about them
  // The application's callback of ticket keys has given up on a ticket, which ends the handshake.
  bool ticket_callback_failed = false;

  // A server that has DTLS 1.3 leaves a client without it to libssl, whose ServerHello is to say
  // so.
  bool marks_downgrade = false;

  // libssl's half of a client, until the version is settled and libssl's handshake is over.
  std::unique_ptr<LibsslHalf> libssl_half;

  TimerCallback timer;

  // SSL_get_key_update_type: of a KeyUpdate that was asked for and has not left.
  int key_update_type = SSL_KEY_UPDATE_NONE;

  // The association's failure is on the error queue, or what says more than it does.
  bool failure_reported = false;

 private:
  friend SslAttachment* Decide(SSL* ssl);
  friend void GiveToLibssl(SslAttachment& attachment);
  friend void ForgetConnection(SslAttachment& attachment);
  // What shim/drive knows of the connection, defined there and there alone.
  friend struct DriveState;

  // Reset forgets the connection and keeps the settings; the owner is undecided then. As in libssl,
  // the next connection of a client resumes the session of this one, unless it was left without
  // SSL_shutdown.
  void Reset();
  void LeaveSession(SSL_SESSION* session, bool is_good);

  SSL* const ssl_;
  Owner owner_ = Owner::kUndecided;
  int busy_depth_ = 0;
  int libssl_depth_ = 0;
  std::unique_ptr<Association> association_;
  // Shared only because a unique_ptr would have to know the type here. Null without an association.
  std::shared_ptr<DriveState> drive_state_;
  std::unique_ptr<LentObjects> lent_ = std::make_unique<LentObjects>();
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SSL_ATTACHMENT_H_
