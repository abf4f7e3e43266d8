// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_SSL_ATTACHMENT_H_
#define DTLS13_SHIM_ATTACHMENT_SSL_ATTACHMENT_H_

#include <atomic>
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
#include "shim/attachment/drive_progress.h"
#include "shim/attachment/failure_report.h"
#include "shim/attachment/handshake_facts.h"
#include "shim/attachment/kept_hello.h"
#include "shim/attachment/lent_objects.h"
#include "shim/attachment/libssl_share.h"
#include "shim/attachment/settled_ssls.h"
#include "shim/attachment/ssl_settings.h"
#include "shim/attachment/ticket_progress.h"
#include "shim/attachment/timer_callback.h"
#include "shim/libssl/dtls_method.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {

struct DriveState;

// Owner says whose an SSL is; ownership.h settles it.
enum class Owner : uint8_t { kUndecided, kOurs, kLibssl };

// Side is what SSL_set_connect_state and SSL_set_accept_state chose; libssl tells only the result.
enum class Side : uint8_t { kUnset, kClient, kServer };

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
  static SslAttachment* Find(const SSL* ssl) {
    const int slot = slot_.load(std::memory_order_acquire);
    if (ssl == nullptr || slot < 0) return nullptr;
    return static_cast<SslAttachment*>(Real().SSL_get_ex_data(ssl, slot));
  }
  // FindOrCreate returns null for an SSL that can never be ours, and when memory is out. A new one
  // takes over the settings of the SSL's SSL_CTX.
  static SslAttachment* FindOrCreate(SSL* ssl) {
    SslAttachment* found = Find(ssl);
    return found != nullptr ? found : Create(ssl);
  }
  // IsLibssls is true where libssl's function can be called at once, with nothing around it; false
  // says nothing. What is libssl's is to cost no more than this where that can be.
  static bool IsLibssls(const SSL* ssl) {
    return SettledSsls::Has(ssl) ||
           (ssl != nullptr && IsLastOtherMethod(Real().SSL_get_ssl_method(ssl)));
  }
  // Ours returns the attachment of an SSL that is ours by now, null for any other: the question
  // every query asks. It never decides.
  static SslAttachment* Ours(const SSL* ssl) {
    if (slot_.load(std::memory_order_relaxed) < 0 || IsLibssls(ssl)) return nullptr;
    SslAttachment* attachment = Find(ssl);
    return attachment != nullptr && attachment->owner() == Owner::kOurs ? attachment : nullptr;
  }

  explicit SslAttachment(SSL* ssl) : ssl_(ssl) {}
  ~SslAttachment() { SettledSsls::Remove(ssl_); }
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
  bool connected() const { return association_ != nullptr && association_->standing().connected; }

  bool failed() const { return association_ != nullptr && association_->standing().failed; }
  // ended_by_close: the peer closed before the handshake was over.
  bool ended_by_close() const {
    return failed() && association_->facts().failure.reason() == Reason::kPeerAlert &&
           association_->facts().failure.alert() == AlertDescription::kCloseNotify;
  }
  // handshake_over: connected, and the last flight has left.
  bool handshake_over() const { return progress_.handshake.is_over(); }
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

  Side side() const { return side_; }
  // TakeSide is for an SSL without a connection.
  void TakeSide(Side side) { side_ = side; }

  // What shim/drive alone moves on.
  const DriveProgress& progress() const { return progress_; }

  // Set by the application, and kept when the connection goes.
  SslSettings settings;

  CallbackProgress callbacks;

  // What queries ask about the handshake. The driver hands it every Trace event, so an association
  // is always made with AssociationConfig::trace.
  HandshakeFacts facts;

  KeptHello kept_hello;
  TicketProgress tickets;
  LibsslShare libssl_share;
  FailureReport failure_report;
  TimerCallback timer;

 private:
  friend bool SettleOwner(SslAttachment& attachment);
  friend void GiveToLibssl(SslAttachment& attachment);
  friend void ForgetConnection(SslAttachment& attachment);
  // What shim/drive knows of the connection, defined there and there alone; its way to the rest
  // that nobody else changes.
  friend struct DriveState;

  static SslAttachment* Create(SSL* ssl);

  // Reset forgets the connection and keeps the settings; the owner is undecided then. As in libssl,
  // the next connection of a client resumes the session of this one, unless it was left without
  // SSL_shutdown.
  void Reset();
  void LeaveSession(SSL_SESSION* session, bool is_good);

  // The slot of all SSLs, negative as long as none has an attachment and none need be asked.
  static inline constinit std::atomic<int> slot_ = -1;

  SSL* const ssl_;
  Owner owner_ = Owner::kUndecided;
  Side side_ = Side::kUnset;
  int busy_depth_ = 0;
  int libssl_depth_ = 0;
  std::unique_ptr<Association> association_;
  // Shared only because a unique_ptr would have to know the type here. Null without an association.
  std::shared_ptr<DriveState> drive_state_;
  DriveProgress progress_;
  // The server's front door, while it is not known whose a ClientHello is to answer.
  std::unique_ptr<HelloListener> hello_listener_;
  std::unique_ptr<LentObjects> lent_ = std::make_unique<LentObjects>();
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_SSL_ATTACHMENT_H_
