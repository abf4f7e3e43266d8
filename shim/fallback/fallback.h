// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_FALLBACK_FALLBACK_H_
#define DTLS13_SHIM_FALLBACK_FALLBACK_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "shim/attachment/ssl_attachment.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/transcript_provider.h"

namespace dtls13::shim {

// Fallback is libssl's half of a client that has DTLS 1.3 and older versions, until it is known
// which of them its server has.
//
// libssl begins by writing a ClientHello that is not sent. Ours is sent instead, with all in it
// that libssl's offers. A server that answers with DTLS 1.3 ends the Fallback. One that answers
// with a ServerHello of DTLS 1.2, or with a HelloVerifyRequest, is libssl's from then on, which is
// given the server's datagrams as if it had sent our hello itself:
//
// * After a HelloVerifyRequest it writes a second ClientHello, which is all that the server counts
//   as the beginning. Anybody may have sent the HelloVerifyRequest, so every ClientHello that
//   libssl writes from here on carries TLS_FALLBACK_SCSV: a server that has DTLS 1.3 refuses it.
// * A ServerHello answers our hello, so that a TranscriptCorrection tells libssl's hash of it. That
//   hello offers DTLS 1.3, and the server's Finished covers it.
//
// In both cases a ServerHello whose random bears the mark of a server that has DTLS 1.3 (RFC 8446
// section 4.1.3) ends the connection.
class Fallback final : public LibsslHalf {
 public:
  // Prepare lets libssl write its hello. Null where it has none to write: then the connection is
  // DTLS 1.3's or nobody's, and libssl's object is as before.
  static std::unique_ptr<Fallback> Prepare(SslAttachment& attachment);

  // Of returns the attachment's Fallback, null where it has none.
  static Fallback* Of(const SslAttachment& attachment) {
    return static_cast<Fallback*>(attachment.libssl_share.half());
  }

  // The body of libssl's ClientHello.
  std::span<const uint8_t> hello() const { return hello_; }

  // committed: libssl has the connection, and its message callback is OnMessage.
  bool committed() const { return committed_; }

  // NoteSent and NoteReceived are told of each datagram while the version is open.
  void NoteSent(std::span<const uint8_t> datagram);
  void NoteReceived(std::span<const uint8_t> datagram);

  // Commit gives libssl what was received, and from then on it has the connection. Comes before
  // the attachment forgets its association. False where libssl cannot go on: the server has been
  // told, and the reason is on the error queue.
  bool Commit(SslAttachment& attachment);

  // IsShimsMessageCallback says whether `callback`, a message callback, is not the application's
  // but one that the shim gave libssl.
  static bool IsShimsMessageCallback(void (*callback)(void));

  // BeforeCall and AfterCall stand around each call of libssl's once it has the connection.
  // AfterCall is true when the handshake is over, and the Fallback with it.
  void BeforeCall(SslAttachment& attachment);
  bool AfterCall(SslAttachment& attachment);

  void Withdraw(SslAttachment& attachment) override;

 private:
  Fallback() = default;

  // Guard returns the filter before the write BIO, put there anew where the application has
  // exchanged its BIO. Null when that cannot be.
  class GuardFilter;
  GuardFilter* Guard(SSL* ssl);
  bool ReadCapture(const std::vector<std::vector<uint8_t>>& written);
  void LetExpiredTimerPass(SslAttachment& attachment);
  void Refuse(SslAttachment& attachment, int reason, uint8_t alert);
  static void OnMessage(int write_p, int version, int content_type, const void* buf, size_t len,
                        SSL* ssl, void* arg);

  std::vector<uint8_t> hello_;
  uint64_t libssl_next_number_ = 0;  // of libssl's plaintext records
  uint64_t next_number_ = 0;         // of those that were sent, by us or by libssl
  uint64_t offset_ = 0;              // between libssl's numbers and those sent
  std::deque<std::vector<uint8_t>> received_;
  size_t received_len_ = 0;
  std::optional<TranscriptCorrection> correction_;
  bool committed_ = false;
  bool signals_fallback_ = false;  // we have set SSL_MODE_SEND_FALLBACK_SCSV
  bool saw_downgrade_ = false;
  bool refused_ = false;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_FALLBACK_FALLBACK_H_
