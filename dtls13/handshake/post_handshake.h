// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_POST_HANDSHAKE_H_
#define DTLS13_HANDSHAKE_POST_HANDSHAKE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/handshake/connection_ids.h"
#include "dtls13/handshake/handshake_action.h"
#include "dtls13/handshake/handshake_config.h"
#include "dtls13/handshake/handshake_result.h"
#include "dtls13/handshake/handshake_secrets.h"
#include "dtls13/handshake/post_handshake_auth.h"
#include "dtls13/handshake/resumption.h"
#include "dtls13/message/credential.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/status.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// PostHandshake is one side's messages after the handshake, RFC 8446 section 4.6 and RFC 9147
// sections 5.8.4, 8 and 9: whole messages in, actions out, as Handshake has it. It keeps both
// directions' application secrets and says when new keys come into use.
// It never sees records, fragments, message_seq, time or loss; messages come in order, once each,
// and it is told, in order, which of its own the peer has. After a failed Status it is dead.
class PostHandshake {
 public:
  // `result` and `secrets` are a completed handshake's; the application secrets, which are those of
  // `read_epoch` and `write_epoch`, and the transcript are taken out.
  PostHandshake(std::shared_ptr<const HandshakeConfig> config, bool is_client,
                const HandshakeResult& result, HandshakeSecrets* secrets,
                Epoch read_epoch = kFirstApplicationEpoch,
                Epoch write_epoch = kFirstApplicationEpoch);

  // HandleMessage takes the peer's next message, received under `epoch`. What is not allowed after
  // a handshake, or comes under any but the newest read epoch, is unexpected_message.
  Status HandleMessage(HandshakeType type, std::span<const uint8_t> body, Epoch epoch);
  // kMaxShortMessageLen: a NewConnectionId of 255 identifiers, as many as can be asked for, of 20
  // bytes each fits well.
  static constexpr size_t kMaxShortMessageLen = 8 * 1024;
  // max_message_len bounds what the peer may have to say at present, bytes: config's bound where it
  // may be a ticket, with a client's chain in it, or certificates that were asked for.
  size_t max_message_len() const;
  // NextAction yields what is owed, oldest first.
  std::optional<HandshakeAction> NextAction();
  // HasAction: it may yield one.
  bool HasAction() const {
    return !actions_.empty() ||
           (may_send_ && connection_ids_ != nullptr && connection_ids_->HasMessage());
  }

  // OnAcked: the peer has the oldest of our messages that it was not known to have.
  Status OnAcked(HandshakeType type);
  // IsOutstanding: a message of `type` is queued, or sent and not acknowledged.
  bool IsOutstanding(HandshakeType type) const;
  // IsAtRest: nothing is queued, held or unacknowledged, nor may the server ask this client for
  // authentication, whose transcript goes nowhere.
  bool IsAtRest() const { return IsQuiet() && auth_ == nullptr; }
  // IsQuiet: nothing is queued, held or unacknowledged.
  bool IsQuiet() const {
    return actions_.empty() && outstanding_.empty() && held_.empty() &&
           (connection_ids_ == nullptr || connection_ids_->IsAtRest());
  }

  // Carried is what of a quiet one is kept as it is while the association is cold. Few have any.
  struct Carried {
    std::unique_ptr<Resumption> resumption = {};
    std::unique_ptr<PostHandshakeAuth> auth = {};
  };
  Carried TakeCarried() {
    return {HasShortResumption() ? nullptr : std::move(resumption_), std::move(auth_)};
  }
  void Carry(Carried carried) {
    if (carried.resumption != nullptr) resumption_ = std::move(carried.resumption);
    auth_ = std::move(carried.auth);
  }
  // WriteMemory and ReadMemory have a new one, made with the same result and epochs and the secrets
  // that ReadSecrets reads, go on with the rest. Requires IsQuiet().
  void WriteMemory(ByteWriter* writer) const;
  [[nodiscard]] static bool ReadSecrets(ByteReader* reader, bool is_client,
                                        HandshakeSecrets* secrets);
  [[nodiscard]] bool ReadMemory(const HandshakeResult& result, ByteReader* reader);
  // kMaxTickets bounds the tickets on their way to a client, which may never acknowledge one.
  static constexpr size_t kMaxTickets = 8;

  // StopSending: from here on nothing is sent any more, whatever the peer asks for.
  void StopSending() { may_send_ = false; }

  // AllowTickets makes sessions of the connection: a server's for SendTicket, a client's of what it
  // is sent. Without it tickets are read and dropped.
  void AllowTickets(Resumption::Basis basis);
  // SendTicket owes one NewSessionTicket (server). False when there is none to be had, or
  // kMaxTickets are queued or unacknowledged.
  bool SendTicket(WallTime now);
  // IssuedSession is Resumption::LastIssued of a server; null for anybody else.
  std::unique_ptr<Session> IssuedSession() const {
    return is_client_ || resumption_ == nullptr ? nullptr : resumption_->LastIssued();
  }

  // RequestKeyUpdate starts a KeyUpdate of our sending keys, and asks the peer for one of its own
  // when `request_peer`. Nothing happens while an earlier one is outstanding.
  void RequestKeyUpdate(bool request_peer);

  // RequestClientCertificate asks the client, whose answer then comes at its leisure. False unless
  // this is a server that may: PostHandshakeAuth says when.
  bool RequestClientCertificate();
  // wait and the answers are PostHandshakeAuth's. Messages are taken all the while.
  HandshakeWait wait() const { return auth_ ? auth_->wait() : HandshakeWait::kMessage; }
  const PostHandshakeAuth* auth() const { return auth_.get(); }
  Status ProvideCredential(const std::shared_ptr<const Credential>& credential);
  Status ProvideSignature(std::span<const uint8_t> signature);
  Status ProvideVerification(bool ok, AlertDescription alert);

  // answers_update: the peer has requested the KeyUpdate that is under way.
  bool answers_update() const { return answers_update_; }

  // connection_ids is null where none were negotiated. Its messages leave with NextAction.
  ConnectionIds* connection_ids() { return connection_ids_.get(); }

 private:
  // Held is a message that waits for an outstanding KeyUpdate.
  struct Held {
    HandshakeType type;
    std::vector<uint8_t> body;
  };

  // kMaxHeld bounds what waits behind a KeyUpdate: two of each kind of message there is.
  static constexpr size_t kMaxHeld = 16;

  // Send queues a message, behind a KeyUpdate that is outstanding. False when it may not be sent.
  bool Send(HandshakeType type, std::vector<uint8_t> body);
  bool HasShortResumption() const { return resumption_ != nullptr && resumption_->IsShort(); }
  void Queue(HandshakeAction action) { actions_.push_back(std::move(action)); }
  Status HandleAuth(HandshakeType type, std::span<const uint8_t> body);
  // AdvanceAuth passes on what `status` lets it: outcomes, and answers that may leave.
  Status AdvanceAuth(Status status);
  Status HandleNewSessionTicket(std::span<const uint8_t> body);
  void SendConnectionIdMessages();
  Status HandleKeyUpdate(std::span<const uint8_t> body);
  Status AdvanceWriteKeys();

  std::shared_ptr<const HandshakeConfig> config_;
  const CipherSuite* suite_;
  bool is_client_;
  std::unique_ptr<Resumption> resumption_;  // null: no tickets
  bool may_send_ = true;
  bool answers_update_ = false;
  Epoch read_epoch_;
  Epoch write_epoch_;
  Secret read_secret_;
  Secret write_secret_;
  std::vector<HandshakeAction> actions_;
  std::vector<HandshakeType> outstanding_;  // in the order they were queued
  std::vector<Held> held_;
  std::unique_ptr<PostHandshakeAuth> auth_;  // null where the client did not offer it
  std::unique_ptr<ConnectionIds> connection_ids_;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_POST_HANDSHAKE_H_
