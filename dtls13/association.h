// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_H_
#define DTLS13_ASSOCIATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/association_config.h"
#include "dtls13/association_facts.h"
#include "dtls13/event.h"
#include "dtls13/handshake/certificate_demand.h"
#include "dtls13/handshake/handshake.h"
#include "dtls13/path_id.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// kExportKeyLen is the length of the key that seals an exported association: AES-256-GCM's.
inline constexpr size_t kExportKeyLen = 32;

// SendResult is what became of application data offered to Seal.
enum class SendResult : uint8_t {
  kSealed,
  kNotConnected,   // the handshake is not that far
  kClosed,         // our close_notify was queued, or the association failed
  kTooLarge,       // over what a record may carry here, or `out` is too small
  kExhausted,      // the write keys' limit is reached and no KeyUpdate got through
  kTransmitFirst,  // the peer has asked for a KeyUpdate, which leaves before data: PollTransmit
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
  // Import continues, in this process, an association that another one exported. Null unless `key`
  // opens `state` and all of it is right. `config` is of the same label prefix; its MTU is not
  // used.
  //
  // One state may be imported once: two importers would protect different records under one number,
  // which gives both away. Whoever stores a state deletes it before it imports it, and starts with
  // a new handshake when it cannot know that it did not. The importer's numbers begin some
  // thousands further on than the exporter's ended, so that what an exporter still had in its
  // queues cannot meet them.
  // Each of its Connection IDs is an event kConnectionIdAdded again, and facts().active_path is
  // what it was: the bytes of a PathId mean the same to both processes.
  static std::unique_ptr<Association> Import(std::shared_ptr<const AssociationConfig> config,
                                             std::span<const uint8_t> state,
                                             std::span<const uint8_t> key, Instant now);
  virtual ~Association() = default;
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  // HandleDatagram takes one received datagram (or several records of a stream transport) and
  // decrypts it in place. Bad records are dropped silently and counted. `datagram` must stay
  // untouched until the events have been polled.
  virtual void HandleDatagram(std::span<uint8_t> datagram, Instant now) = 0;
  // The same for one that came by `from`. A caller that names paths sends each datagram of
  // PollTransmit by the path that comes with it. What the peer sends from elsewhere is taken, but
  // the path in use changes only to one that is proved: kPeerMoved, kPeerAddressCandidate.
  virtual void HandleDatagram(std::span<uint8_t> datagram, const PathId& from, Instant now) = 0;
  // HandleClientHello takes the ClientHello that a server was made for, as a HelloListener has read
  // it, in place of its datagrams. `rest` is what lay behind it, as HandleDatagram takes it, and
  // may be empty. Ignored once the association has answered a ClientHello.
  void HandleClientHello(std::shared_ptr<const ReceivedHello> hello, std::span<uint8_t> rest,
                         Instant now) {
    HandleClientHello(std::move(hello), rest, PathId(facts().active_path), now);
  }
  virtual void HandleClientHello(std::shared_ptr<const ReceivedHello> hello,
                                 std::span<uint8_t> rest, const PathId& from, Instant now) = 0;
  // HandleTimeout marks what is owed, forgets keys and Connection IDs that have had their time,
  // fails the association when the peer is silent too long in a handshake, and lets one go cold
  // that nothing has happened to (AssociationConfig::cold_after). It sends nothing; calling it
  // early is harmless.
  virtual void HandleTimeout(Instant now) = 0;
  // PollTransmit writes the next owed datagram of at most facts().mtu bytes and returns its length,
  // 0 when nothing is owed. `out` of fewer than facts().mtu bytes limits it further.
  size_t PollTransmit(std::span<uint8_t> out, Instant now) {
    PathId to;
    return PollTransmit(out, now, &to);
  }
  // `*to` is where the datagram is to go; empty as long as no path was named: where the handshake
  // goes.
  virtual size_t PollTransmit(std::span<uint8_t> out, Instant now, PathId* to) = 0;
  // HasOutput: PollTransmit may have something to send. Where it has not, a caller that would have
  // to find a buffer first may leave it out.
  virtual bool HasOutput() const = 0;
  // IsIdle: the handshake is over, and there is nothing to send, no event and no NextTransmission.
  // A caller on its way to the next record may leave out all that it would ask for those.
  virtual bool IsIdle() const = 0;
  // NextTimeout is when HandleTimeout is due; NextTransmission leaves out what sends nothing, the
  // forgetting of old keys and Connection IDs and going cold, for a caller that cannot wake up for
  // it and leaves it to its next call.
  std::optional<Instant> NextTimeout() const { return NextDeadline(/*is_to_send=*/false); }
  std::optional<Instant> NextTransmission() const { return NextDeadline(/*is_to_send=*/true); }
  virtual std::optional<Event> PollEvent() = 0;

  // Answers to events. They may fail the association, which an event then says.
  virtual void ProvidePsk(size_t index, Psk psk, Instant now) = 0;
  // ProvideProtocol may come before ProvidePsk or ProvideCredential, and names the ALPN protocol
  // out of facts().client_hello.alpn; empty for none. Abort with no_application_protocol is how to
  // refuse.
  virtual void ProvideProtocol(std::string_view protocol, Instant now) = 0;
  // IgnoreServerName may come before ProvidePsk or ProvideCredential: the client's server_name was
  // of no use, and is not acknowledged.
  virtual void IgnoreServerName() = 0;
  // ProvideDemand may come before ProvideCredential, and says what is asked of this client's
  // certificate in place of the config.
  virtual void ProvideDemand(CertificateDemand demand, Instant now) = 0;
  // ProvideExtensions may come before ProvidePsk or ProvideCredential, and says what the messages
  // behind the answer have beside the library's own extensions.
  virtual void ProvideExtensions(CustomExtensions extensions) = 0;
  virtual void ProvideCredential(std::shared_ptr<const Credential> credential, Instant now) = 0;
  virtual void ProvideSignature(std::span<const uint8_t> signature, Instant now) = 0;
  virtual void ProvideVerification(bool ok, AlertDescription alert, Instant now) = 0;

  // Seal protects `plaintext` as one record into `out` at once: a whole datagram's payload. Never
  // held back for an ACK, and never kTransmitFirst where the contract is kept. `*out_len` is set
  // only with kSealed. `plaintext` may be empty.
  virtual SendResult Seal(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                          size_t* out_len) = 0;
  // SealEarly protects `plaintext` as one record of early data (ClientParameters::early_data): from
  // when the ClientHello was polled until the server is heard. kNotConnected when none may be sent,
  // kExhausted beyond what the session allows. It is never sent again: kEarlyDataAccepted says that
  // the server takes it, not that it arrived.
  // On a server it protects application data that goes out behind its Finished, before the client's
  // is there: to somebody who may be nobody, or not who it has to be. kNotConnected before and
  // after that time, kExhausted as long as an address that is not proved has been sent enough, and
  // beyond what the keys that it begins with may seal.
  virtual SendResult SealEarly(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                               size_t* out_len) = 0;
  // SealOverhead is how many bytes Seal adds, at present.
  //= rfc9147#section-4.4
  //# In order to deal with the first two issues, the DTLS record layer SHOULD
  //# behave as described below.
  //= rfc9147#section-4.4
  //# The DTLS record layer SHOULD also allow the upper layer protocol to
  //# discover the amount of record expansion expected by the DTLS processing;
  //# alternately, it MAY report PMTU estimates minus the estimated expansion
  //# from the transport layer and DTLS record framing.
  virtual size_t SealOverhead() const = 0;
  // MaxPlaintext is the most that Seal takes for one datagram of facts().mtu bytes, at present.
  virtual size_t MaxPlaintext() const = 0;

  // RequestKeyUpdate starts a KeyUpdate of our sending keys, and asks the peer for one of its own
  // when `request_peer`. Nothing happens while an earlier one is unacknowledged.
  virtual void RequestKeyUpdate(bool request_peer, Instant now) = 0;

  // RequestClientCertificate asks a connected client for a certificate (config.post_handshake_auth
  // on both sides). Its answer brings VerifyPeer and ClientAuthenticated, or ClientDeclined. False
  // when it may not be asked, or when PostHandshakeAuth::kMaxRequests are under way.
  virtual bool RequestClientCertificate(Instant now) = 0;

  // SendTicket sends the client one session ticket more than those that follow the handshake. False
  // where none is to be had: a client, no ticket_keys, a client that can use none, or too many that
  // are not acknowledged.
  virtual bool SendTicket(Instant now) = 0;
  // IssuedSession is the session of the ticket that a server has made last, derived again and
  // without the ticket itself. Null where it has made none.
  virtual std::unique_ptr<Session> IssuedSession() const = 0;

  // WithholdTickets: this server's association issues none; before kConnected.
  virtual void WithholdTickets() = 0;

  // SetSessionData sets what sessions of this connection carry for the server's application
  // (Session::application_data); before kConnected, and of the same bound.
  virtual void SetSessionData(std::vector<uint8_t> data) = 0;

  // MigrateTo says that this side sends by another path from here on, of its own will. An unused
  // Connection ID of the peer's goes with it, if there is one.
  virtual void MigrateTo(const PathId& path, Instant now) = 0;
  // ConfirmPath says that the peer was proved to be at `path` by means of the application's.
  virtual void ConfirmPath(const PathId& path, Instant now) = 0;

  // RequestConnectionIds asks the peer for `num` of its Connection IDs, for later changes of path.
  // False while an earlier request is unanswered, and where none of the peer's are used.
  virtual bool RequestConnectionIds(uint8_t num, Instant now) = 0;
  // IssueConnectionIds gives the peer up to `num` new ones of ours (events kConnectionIdAdded).
  // With kImmediate it uses none of the earlier ones any more, once it has the message; they are
  // forgotten a while later (kConnectionIdRetired). False while earlier ones are unacknowledged,
  // where the peer uses none of ours, and when it has as many spares as we keep.
  virtual bool IssueConnectionIds(size_t num, ConnectionIdUsage usage, Instant now) = 0;

  // Close queues close_notify: once, best effort, never retransmitted. Reading goes on: what the
  // peer has still to say, such as the answer to a question just asked, is delivered.
  virtual void Close() = 0;
  // Cancel ends a handshake that the caller no longer wants: user_canceled and close_notify are
  // queued, and the association fails with Reason::kCanceled. Once connected it is Close.
  virtual void Cancel() = 0;
  // Abort queues a fatal alert and ends the association.
  virtual void Abort(AlertDescription alert) = 0;

  // Export ends this association here, with Reason::kExported and no event, and returns what Import
  // needs to go on with it, sealed under `key` of kExportKeyLen bytes. Empty, and nothing is
  // changed, when that cannot be now: before kConnected; while events are to be polled, datagrams
  // owed, our messages unacknowledged or the peer's incomplete, or a path checked (poll, wait, try
  // again); for any other key length; where authentication after the handshake was agreed on;
  // without AssociationConfig::exportable. The peer notices nothing. Lost are the peer's
  // certificates and facts().result.connection.server_groups, if they were not copied, further
  // session tickets, what was measured of the round trip, and what was counted.
  virtual std::vector<uint8_t> Export(std::span<const uint8_t> key) = 0;

  // SetMtu sets the datagram payload, at least kMinMtu; what is unacknowledged is split anew when
  // it is owed again.
  //= rfc9147#section-4.4
  //# The DTLS record layer SHOULD NOT interfere with upper layer protocols
  //# performing PMTU discovery, whether via [RFC1191] and [RFC4821] for IPv4
  //# or via [RFC8201] for IPv6.
  virtual void SetMtu(size_t mtu) = 0;
  // OnDatagramTooLarge: the transport refused a datagram of `len` bytes (EMSGSIZE), or the path is
  // known not to carry it. The MTU shrinks to `known_mtu`, the largest payload that passes: a
  // datagram within it was refused for an earlier one, and its own length is nothing to go by. When
  // `known_mtu` is 0, the MTU shrinks to the next size below `len` that many paths carry. Where it
  // shrinks, what was sent of handshake messages and is not acknowledged is owed at once in smaller
  // pieces.
  virtual void OnDatagramTooLarge(size_t len, size_t known_mtu, Instant now) = 0;

  // SetRetransmitTimeout replaces the retransmission timer's present value, from its last start.
  virtual void SetRetransmitTimeout(Duration value) = 0;

  // facts is what is known at present: cheap, and to be asked anew after each call.
  virtual AssociationFacts facts() const = 0;
  // standing is a few of them, at next to no cost.
  virtual AssociationStanding standing() const = 0;

  // ExportKeyingMaterial, RFC 8446 section 7.5. `has_context` false and an empty context are the
  // same in TLS 1.3. False before kConnected or when libcrypto fails.
  virtual bool ExportKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                                    std::span<uint8_t> out) const = 0;
  // ExportEarlyKeyingMaterial does so with early_exporter_secret, whose keys a repeated first
  // flight gives again. False when early data was neither sent nor accepted.
  virtual bool ExportEarlyKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                                         std::span<uint8_t> out) const = 0;

 protected:
  Association() = default;
  // NextDeadline is the next there is, or that may have something to send.
  virtual std::optional<Instant> NextDeadline(bool is_to_send) const = 0;
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_H_
