#ifndef DTLS13_ASSOCIATION_H_
#define DTLS13_ASSOCIATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dtls13/association_config.h"
#include "dtls13/event.h"
#include "dtls13/event_queue.h"
#include "dtls13/flight/ack_scheduler.h"
#include "dtls13/flight/instant.h"
#include "dtls13/flight/outgoing_flight.h"
#include "dtls13/flight/reassembler.h"
#include "dtls13/flight/retransmit_timer.h"
#include "dtls13/flight/sent_record_log.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/record/record_layer.h"

namespace dtls13 {

// Role of this side.
enum class Role : uint8_t { kClient, kServer };

// SendResult is what became of application data offered to Seal.
enum class SendResult : uint8_t {
  kSealed,
  kNotConnected,  // the handshake is not that far
  kClosed,        // our close_notify was queued, or the association failed
  kTooLarge,      // over kMaxPlaintextLen, or `out` is too small
  kExhausted,     // the write keys' limit is reached and no KeyUpdate got through
};

// Association is one side of one DTLS 1.3 association: datagrams, time and the caller's answers in;
// datagrams, deadlines and events out. The contract after any Handle*, Provide* or Close:
// PollTransmit until it returns 0, PollEvent until it is empty, both again if there was an event,
// then NextTimeout.
//
// It does not know sockets, clocks, threads, private keys, trust anchors, or other associations.
// Not thread-safe; distinct associations are independent and may share their config.
class Association {
 public:
  // The client's ClientHello is owed at once. `config` must hold algorithms and random.
  static std::unique_ptr<Association> NewClient(std::shared_ptr<const AssociationConfig> config,
                                                ClientParameters parameters);
  static std::unique_ptr<Association> NewServer(std::shared_ptr<const AssociationConfig> config,
                                                ServerParameters parameters);
  ~Association();
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  // HandleDatagram takes one received datagram (or several records of a stream transport) and
  // decrypts it in place. Bad records are dropped silently and counted. `datagram` must stay
  // untouched until the events have been polled.
  void HandleDatagram(std::span<uint8_t> datagram, Instant now);
  // HandleTimeout is infallible and only marks owed work; calling it early is harmless.
  void HandleTimeout(Instant now);
  // PollTransmit writes the next owed datagram of at most mtu() bytes and returns its length, 0
  // when nothing is owed. `out` of fewer than mtu() bytes limits it further.
  size_t PollTransmit(std::span<uint8_t> out, Instant now);
  std::optional<Instant> NextTimeout() const;
  std::optional<Event> PollEvent();

  // Answers to events. They may fail the association, which an event then says.
  void ProvideCredential(std::shared_ptr<const Credential> credential, Instant now);
  void ProvideSignature(std::span<const uint8_t> signature, Instant now);
  void ProvideVerification(bool ok, AlertDescription alert, Instant now);

  // Seal protects `plaintext` as one record into `out` at once: a whole datagram's payload. Never
  // held back for an ACK. `*out_len` is set only with kSealed. `plaintext` may be empty.
  SendResult Seal(std::span<const uint8_t> plaintext, std::span<uint8_t> out, size_t* out_len);
  // SealOverhead is how many bytes Seal adds, at present.
  size_t SealOverhead() const;

  // RequestKeyUpdate starts a KeyUpdate of our sending keys, and asks the peer for one of its own
  // when `request_peer`. Nothing happens while an earlier one is unacknowledged.
  void RequestKeyUpdate(bool request_peer, Instant now);

  // Close queues close_notify: once, best effort, never retransmitted. Reading goes on.
  void Close();
  // Abort queues a fatal alert and ends the association.
  void Abort(AlertDescription alert);

  // SetMtu sets the datagram payload, at least kMinMtu; what is unacknowledged is split anew when
  // it is owed again.
  void SetMtu(size_t mtu);
  size_t mtu() const { return mtu_; }

  // --- what is known

  Role role() const { return role_; }
  bool connected() const { return connected_; }
  // failed: the association is over, other than by an orderly closing. It sends and takes nothing
  // more than its alert.
  bool failed() const { return !failure_.ok(); }
  Status failure() const { return failure_; }
  bool close_sent() const { return close_queued_; }
  bool peer_closed() const { return peer_close_.has_value(); }
  // HasUnacked: handshake or post-handshake messages of ours still wait for the peer.
  bool HasUnacked() const;

  const ClientHelloInfo& client_hello() const;
  const SignatureRequest& signature_request() const;
  const std::vector<std::vector<uint8_t>>& peer_certificates() const;
  // result: suite is null before ServerHello was processed.
  const HandshakeResult& result() const;
  const RecordLayer& records() const { return records_; }

  // ExportKeyingMaterial, RFC 8446 section 7.5. `has_context` false and an empty context are the
  // same in TLS 1.3. False before kConnected or when libcrypto fails.
  bool ExportKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                            std::span<uint8_t> out) const;

 private:
  Association(std::shared_ptr<const AssociationConfig> config, Role role);

  // --- incoming
  void HandleRecord(const OpenedRecord& record, Instant now);
  void HandleHandshakeRecord(const OpenedRecord& record, Instant now);
  bool IsTooLateInPlaintext(const HandshakeFragment& fragment) const;
  void PrepareForClientHello(const HandshakeFragment& fragment, RecordNumber number);
  void OnRepeatedMessage(Epoch epoch, Instant now);
  void DrainMessages(Instant now);
  void HandlePostHandshakeMessage(const Message& message, Instant now);
  void HandleKeyUpdate(const Message& message, Instant now);
  void HandleAck(const OpenedRecord& record, Instant now);
  void HandleAlert(const OpenedRecord& record);
  void ScheduleAcks(Instant now, bool saw_unreadable);
  bool IsAfterPeerClose(RecordNumber number) const;

  // --- handshake glue
  void RunActions(Instant now);
  void Apply(SendMessage action, Instant now);
  void Apply(SendStateless action, Instant now);
  void Apply(InstallReadKeys action, Instant now);
  void Apply(InstallWriteKeys action, Instant now);
  void Apply(PeerIsDtls13 action, Instant now);
  void Apply(KeyLogLine action, Instant now);
  void Apply(Completed action, Instant now);
  void AnnounceWait();
  void OnProvided(Status status, Instant now);

  // --- outgoing
  void AddToFlight(Epoch epoch, HandshakeType type, std::vector<uint8_t> body, Instant now);
  void Retransmit(Instant now);
  void ExpectTail(Instant now);
  bool MayProvokeRetransmission(Instant now) const;
  void OnProgress();
  void OnFlightAcked(Instant now);
  void StartKeyUpdate(bool request_peer, Instant now);
  void AdvanceWriteEpoch();
  size_t PackHandshakeRecords(std::span<uint8_t> out, Instant now);
  size_t PackOne(ContentType type, std::span<const uint8_t> content, Epoch epoch,
                 std::span<uint8_t> out);
  size_t PackAck(std::span<uint8_t> out);
  size_t PackAlert(std::span<uint8_t> out);
  size_t PackStatelessReply(std::span<uint8_t> out);
  bool FlightIsInTheMaking() const;
  size_t handshake_mtu() const;
  Epoch alert_epoch() const;
  HeaderForm data_form() const;

  // Fail ends the association and owes the peer the alert.
  void Fail(Status status);
  void FailLocally(Reason reason, AlertDescription alert) { Fail(Status::Fatal(reason, alert)); }
  void EndQuietly(Status status, bool from_peer);
  void Trace(bool outgoing, ContentType type, Epoch epoch, std::span<const uint8_t> bytes);
  void TraceMessage(bool outgoing, HandshakeType type, uint16_t message_seq, Epoch epoch,
                    std::span<const uint8_t> body);

  std::shared_ptr<const AssociationConfig> config_;
  Role role_;
  bool connected_ = false;
  bool peer_is_dtls13_ = false;          // ACKs may be sent and taken
  bool peer_sent_protected_ = false;     // from here on plaintext alerts are not the peer's
  bool handshake_acked_ = false;         // the peer is known to have our final flight
  bool peer_spoke_since_flight_ = true;  // the next message we add begins a new flight
  bool flight_was_sent_ = false;
  bool close_queued_ = false;
  bool alert_owed_ = false;
  bool key_update_pending_ = false;  // ours is sent and not acknowledged
  bool small_fragments_ = false;     // the write keys near their limit
  uint8_t alert_repeats_ = 0;
  AlertDescription owed_alert_ = AlertDescription::kCloseNotify;
  HandshakeWait announced_wait_ = HandshakeWait::kMessage;
  uint16_t next_message_seq_ = 0;
  uint32_t num_provoked_ = 0;  // retransmissions the peer's repetition asked for in vain
  uint32_t burst_left_ = 0;    // records that may leave before the peer is heard
  size_t mtu_;
  Status failure_ = Status::Ok();
  std::optional<RecordNumber> peer_close_;
  std::optional<Instant> last_flight_sent_;
  std::optional<Instant> tail_due_;    // when a flight's unacknowledged end is taken to be lost
  std::optional<Instant> give_up_at_;  // when a peer that owes us its flight is taken to be gone
  std::optional<Instant> forget_old_keys_at_;
  Epoch newest_read_epoch_ = kPlaintextEpoch;
  Secret read_secret_;   // of newest_read_epoch_, once connected
  Secret write_secret_;  // of records_.write_epoch(), once connected

  RecordLayer records_;
  Reassembler reassembler_;
  OutgoingFlight flight_;
  SentRecordLog sent_records_;
  AckScheduler acks_;
  RetransmitTimer timer_;
  EventQueue events_;
  HandshakeResult result_;
  std::vector<uint8_t> stateless_reply_;
  uint16_t stateless_reply_seq_ = 0;

  // Freed once the association is connected or failed and its events have been polled.
  std::unique_ptr<Handshake> handshake_;
  ServerHandshake* server_handshake_ = nullptr;  // handshake_ of a server
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_H_
