// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_ASSOCIATION_IMPL_H_
#define DTLS13_ASSOCIATION_ASSOCIATION_IMPL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/association/ending.h"
#include "dtls13/association/event_queue.h"
#include "dtls13/association/handshake_buffers.h"
#include "dtls13/association/handshake_phases.h"
#include "dtls13/association/key_lifetime.h"
#include "dtls13/association/mobility.h"
#include "dtls13/association/wall_clock.h"
#include "dtls13/flight/ack_scheduler.h"
#include "dtls13/flight/reassembler.h"
#include "dtls13/flight/retransmission.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

struct ColdState;  // cold_state.h

// Handshake and ACK records share datagrams, so they carry their length.
inline constexpr HeaderForm kFullForm{.has_length = true, .short_number = false};

// kMaxMessageSeq is never used, so the counter cannot wrap (erratum 8048).
inline constexpr uint16_t kMaxMessageSeq = 0xffff;

// AssociationImpl joins record, flight and handshake, which do not know one another, and is glue:
// what can be decided by one part is decided there, and only carried here.
//   HandshakePhases  the two machines, whose answer is waited for, and the result
//   HandshakeBuffers what came before its keys, and an answer without state
//   KeyLifetime      which keys live, and when they are updated
//   Ending           closure, failure and the alerts owed for them
//   Mobility         paths and Connection IDs
//   WallClock        calendar time
// What datagrams and records do is in input.cc, what messages and answers do in messages.cc, what
// the machines ask for in actions.cc, what leaves in output.cc, what Connection IDs and paths do in
// paths.cc, the way to another process in export.cc, what is kept while it is cold in cold.cc, and
// time, ends and what is known in association.cc. It does not know what any of these parts keeps,
// nor sockets, clocks or other associations.
class AssociationImpl final : public Association {
 public:
  AssociationImpl(std::shared_ptr<const AssociationConfig> config, Role role);

  // Begin* come once, before anything else.
  void BeginClient(ClientParameters parameters);
  void BeginServer(ServerParameters parameters);

  void HandleDatagram(std::span<uint8_t> datagram, Instant now) override {
    HandleDatagram(datagram, PathId(mobility_.active()), now);
  }
  void HandleDatagram(std::span<uint8_t> datagram, const PathId& from, Instant now) override;
  void HandleClientHello(std::shared_ptr<const ReceivedHello> hello, std::span<uint8_t> rest,
                         const PathId& from, Instant now) override;
  void HandleTimeout(Instant now) override;
  size_t PollTransmit(std::span<uint8_t> out, Instant now, PathId* to) override;
  bool HasOutput() const override;
  bool IsIdle() const override;
  std::optional<Instant> NextDeadline(bool is_to_send) const override;
  std::optional<Event> PollEvent() override;

  void ProvidePsk(size_t index, Psk psk, Instant now) override;
  void ProvideProtocol(std::string_view protocol, Instant now) override;
  void IgnoreServerName() override;
  void ProvideDemand(CertificateDemand demand, Instant now) override;
  void ProvideExtensions(CustomExtensions extensions) override;
  void ProvideCredential(std::shared_ptr<const Credential> credential, Instant now) override;
  void ProvideSignature(std::span<const uint8_t> signature, Instant now) override;
  void ProvideVerification(bool ok, AlertDescription alert, Instant now) override;

  SendResult Seal(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                  size_t* out_len) override;
  SendResult SealEarly(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                       size_t* out_len) override;
  size_t SealOverhead() const override;
  size_t MaxPlaintext() const override;
  void RequestKeyUpdate(bool request_peer, Instant now) override;
  bool RequestClientCertificate(Instant now) override;
  bool SendTicket(Instant now) override;
  std::unique_ptr<Session> IssuedSession() const override {
    const PostHandshake* known = phases_.post_handshake();
    return known == nullptr ? nullptr : known->IssuedSession();
  }
  void WithholdTickets() override { phases_.WithholdTickets(); }
  void SetSessionData(std::vector<uint8_t> data) override {
    phases_.SetSessionData(std::move(data));
  }
  void MigrateTo(const PathId& path, Instant now) override;
  void ConfirmPath(const PathId& path, Instant now) override;
  bool RequestConnectionIds(uint8_t num, Instant now) override;
  bool IssueConnectionIds(size_t num, ConnectionIdUsage usage, Instant now) override;
  void Close() override;
  void Cancel() override;
  void Abort(AlertDescription alert) override;
  std::vector<uint8_t> Export(std::span<const uint8_t> key) override;
  // ReadState is the beginning of an imported association. False when `reader` has no such state.
  bool ReadState(ByteReader* reader, Instant now);
  // heard: a record of the datagram handed in last could be opened.
  bool heard() const { return heard_; }
  // may_go_cold: GoCold may come to be possible.
  bool may_go_cold() const { return phases_.connected() && !failed(); }
  // GoCold returns what WarmUp needs to have another AssociationImpl go on as this one would have,
  // which is then of no more use. Null, and nothing is changed, while something is under way.
  std::unique_ptr<ColdState> GoCold();
  static std::unique_ptr<AssociationImpl> WarmUp(std::shared_ptr<const AssociationConfig> config,
                                                 ColdState* cold);
  void SetMtu(size_t mtu) override;
  void OnDatagramTooLarge(size_t len, size_t known_mtu, Instant now) override;
  void SetRetransmitTimeout(Duration value) override { retransmission_.OverrideTimer(value); }

  AssociationFacts facts() const override;
  AssociationStanding standing() const override;
  bool ExportKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                            std::span<uint8_t> out) const override;
  bool ExportEarlyKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                                 std::span<uint8_t> out) const override;

 private:
  bool failed() const { return ending_.failed(); }

  // IsTooLarge: `plaintext` is more than a record of `epoch`, or `out`, has room for.
  bool IsTooLarge(std::span<const uint8_t> plaintext, Epoch epoch, HeaderForm form,
                  std::span<const uint8_t> out) const;
  // SealData makes the record of application data that may be sent. kSealed or kExhausted.
  SendResult SealData(std::span<const uint8_t> plaintext, Epoch epoch, HeaderForm form,
                      std::span<uint8_t> out, size_t* out_len);
  SendResult SealBehindFinished(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                                size_t* out_len);

  // --- incoming
  struct DatagramNews;
  DatagramNews HandleRecords(std::span<uint8_t> datagram, const PathId& from, Instant now);
  // AwaitedEpoch is the one whose records are held, 0 for none.
  Epoch AwaitedEpoch() const;
  void HoldForServerHello(std::span<const uint8_t> datagram);
  void HandleHeldDatagrams(Instant now);
  void HandleRecord(const OpenedRecord& record, Instant now);
  void HandleHandshakeRecord(const OpenedRecord& record, Instant now);
  // LimitMessages bounds what is kept of the peer's messages by what it may have to say.
  void LimitMessages();
  // AddFragment is false when it failed the association.
  struct RecordNews;
  bool AddFragment(const HandshakeFragment& fragment, RecordNumber number, RecordNews* news,
                   Instant now);
  // MayComeInPlaintext: the fragment may be the peer's, as far as that can be told without keys.
  bool MayComeInPlaintext(const HandshakeFragment& fragment) const;
  bool AwaitsClientHello() const;
  // BeginWith is for a server that has not answered: the ClientHello it will answer, if any, is
  // this one.
  void BeginWith(uint16_t message_seq, SequenceNumber record_number);
  void HandleAck(const OpenedRecord& record, Instant now);
  void HandleAlert(const OpenedRecord& record);
  void HandleEarlyData(const OpenedRecord& record);

  // --- messages
  void DrainMessages(Instant now);
  Status HandleMessage(const Message& message, Instant now);
  // Actions does what the machines ask for, in actions.cc.
  class Actions;
  void RunActions(Instant now);
  // Whose answer is needed; nobody's once failed.
  HandshakeWait present_wait() const { return failed() ? HandshakeWait::kNothing : phases_.wait(); }
  void AnnounceWait();
  bool WaitsForPeer() const {
    return ending_.give_up_at() && present_wait() == HandshakeWait::kMessage;
  }
  void OnProvided(Status status, Instant now);
  void OnFlightAnswered(Instant now);
  void OnMessagesAcked(Instant now);
  bool MaySendMessages() const;
  // --- Connection IDs and paths
  void ForgetRetiredConnectionIds(Instant now);
  std::optional<ConnectionId> TakeSpareConnectionId();
  void OnRecordFrom(const PathId& from, const OpenedRecord& record, Instant now);
  void HandlePathNews(Mobility::News news, Instant now);
  void OnPathChanged(Instant now);
  size_t PackPathMessage(std::span<uint8_t> out, PathId* to);
  // --- keys' ends
  KeyLifetime::Update DueKeyUpdate() const;
  void StartDueKeyUpdate(Instant now);
  // ForgetOld: read keys, and fragments of messages that nobody completes.
  void ForgetOld(Instant now);
  // --- going to another process
  bool IsAtRest() const;
  // IsQuiet: nothing is on its way to the peer or to the caller, or from them.
  bool IsQuiet() const;
  void WriteState(ByteWriter* writer) const;
  bool ReadProgress(ByteReader* reader, Instant now);
  void ResumeConnected();
  // --- cold and back
  bool MayGoCold() const;
  void WriteMemory(ByteWriter* writer) const;
  [[nodiscard]] bool Recall(ColdState* cold);
  // --- outgoing
  size_t PackHandshakeRecords(std::span<uint8_t> out, Instant now);
  size_t PackOne(ContentType type, std::span<const uint8_t> content, Epoch epoch,
                 std::span<uint8_t> out);
  size_t PackAcks(std::span<uint8_t> out);
  size_t PackAlert(std::span<uint8_t> out);
  size_t PackStatelessReply(std::span<uint8_t> out);
  bool FlightIsInTheMaking() const;
  // MayOweOutput is HasOutput but for a KeyUpdate that falls due.
  bool MayOweOutput() const;
  size_t handshake_mtu() const;
  // control_epoch is the newest epoch that carries more than early data.
  Epoch control_epoch() const;
  Epoch alert_epoch() const;
  HeaderForm data_form() const;
  // The longest record of ours under `epoch`, of its content and of that with type and padding.
  size_t max_content_len(Epoch epoch) const;
  size_t max_inner_len(Epoch epoch) const;
  // SealRecord is RecordLayer::Seal with as much of the padding that is wanted as `out` and a
  // datagram have room for.
  size_t SealRecord(Epoch epoch, ContentType type, std::span<const uint8_t> content,
                    HeaderForm form, std::span<uint8_t> out, RecordNumber* number);
  // PaddingLen is for a record of `inner_len` with its type, which has `room` with its header.
  size_t PaddingLen(ContentType type, size_t inner_len, Epoch epoch, HeaderForm form,
                    size_t room) const;
  // Fail ends the association and owes the peer the alert.
  void Fail(Status status);
  void FailLocally(Reason reason, AlertDescription alert) { Fail(Status::Fatal(reason, alert)); }
  void EndQuietly(Status status, bool from_peer);
  void OnEnded(bool from_peer);
  void ForgetSecrets();

  std::shared_ptr<const AssociationConfig> config_;
  Role role_;
  bool peer_is_dtls13_ = false;          // ACKs may be taken
  bool peer_sent_protected_ = false;     // from here on plaintext alerts are not the peer's
  bool peer_spoke_since_flight_ = true;  // the next message we add begins a new flight
  bool heard_ = false;                   // in the datagram handed in last
  uint32_t early_data_left_ = 0;         // bytes
  uint16_t next_message_seq_ = 0;
  uint16_t first_post_handshake_seq_ = 0;  // of ours, once connected
  size_t mtu_;
  Instant latest_now_{};
  WallClock wall_clock_;
  HandshakePhases phases_;
  KeyLifetime keys_;
  Ending ending_;
  Mobility mobility_;
  RecordLayer records_;
  Reassembler reassembler_;
  Retransmission retransmission_;
  AckScheduler acks_;
  HandshakeBuffers buffers_;
  EventQueue events_;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_ASSOCIATION_IMPL_H_
