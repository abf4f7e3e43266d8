// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_CLI_PEER_H_
#define DTLS13_TOOLS_DTLS13_CLI_PEER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "dtls13/association.h"
#include "dtls13/listener/hello_listener.h"
#include "dtls13/peer_verifier.h"
#include "dtls13/signer.h"
#include "tools/dtls13_cli/stop_signal.h"
#include "tools/dtls13_cli/udp_socket.h"
#include "tools/dtls13_cli/workload.h"

namespace dtls13::cli {

// PeerOptions are what one run of `server` or `client` does beside its AssociationConfig.
struct PeerOptions {
  Role role = Role::kClient;
  std::string server_name = {};      // client: sent, and what the certificate must name
  std::string key_log_path = {};     // empty: none
  bool close_first = false;          // close when done, rather than when the peer has closed
  bool late_authentication = false;  // server: ask for the client's certificate once connected
  bool key_update = false;           // update our keys, and ask for the peer's, once connected
  std::chrono::seconds limit{30};
  Psk psk = {};                                 // empty: none
  std::shared_ptr<const Session> session = {};  // a client's, to resume; null: none
  bool early_data = false;                      // the first datagram goes before the server answers
  std::shared_ptr<const Signer> signer = {};    // null: shows no certificate
  std::shared_ptr<const PeerVerifier> verifier = {};  // null: any certificate is taken
  std::vector<uint8_t> server_key = {};  // client: the raw public key it expects; empty: none
};

// Peer runs one association over one UDP socket, from the first datagram to both close_notifies.
// It shows what Association asks of its caller: clock, socket, key, trust. A server's association
// gives way to a new one of the same address (RFC 9147 section 5.11), which starts the work anew.
class Peer {
 public:
  // A client's `socket` is connected to its server; a server's is bound.
  Peer(UdpSocket socket, std::shared_ptr<const AssociationConfig> config, PeerOptions options,
       WorkloadConfig workload);

  // Run prints what happens, a line each. Where `stop` is requested it closes and returns. The
  // failed Status is one sentence.
  absl::Status Run(const StopSignal& stop);

  // session is the newest that the server gave; null: none.
  std::shared_ptr<const Session> session() const { return session_; }

 private:
  Instant Now() const;
  // Each step of Run's loop; a failed Status ends it.
  absl::Status Receive();
  absl::Status Flush();
  absl::Status HandleEvent(const Event& event);
  absl::Status Work();
  void Serve(std::span<uint8_t> datagram, const sockaddr_in& from);
  void Greet(std::span<uint8_t> datagram, const sockaddr_in& from);
  void StartServer(HelloReport report, const sockaddr_in& from);
  void Send(std::span<const uint8_t> datagram);
  void Transmit();
  void TransmitEarly();
  void AnswerPskWanted();
  absl::Status AskLateAuthentication();
  void VerifyPeer();
  PeerVerifier::Result JudgePeer() const;
  absl::Status WriteKeyLog(std::span<const uint8_t> line) const;
  void PrintConnected() const;
  bool Finished() const;
  std::chrono::milliseconds WaitTime() const;

  UdpSocket socket_;
  std::shared_ptr<const AssociationConfig> config_;
  PeerOptions options_;
  const WorkloadConfig workload_config_;
  Workload workload_;
  HelloListener listener_;  // a server's
  std::unique_ptr<Association> association_;
  std::chrono::steady_clock::time_point start_;
  std::optional<sockaddr_in> client_;  // a server's
  ClientRandom client_random_{};       // of the ClientHello that a server's association began with
  std::vector<uint8_t> in_;
  std::vector<uint8_t> out_;
  std::shared_ptr<const Session> session_;
  std::optional<std::vector<uint8_t>> early_;  // sent, and perhaps not taken
  absl::Status verification_;
  bool peer_verified_ = false;
  bool awaits_certificate_ = false;  // asked for after the handshake
  std::optional<Instant> closed_at_;
};

}  // namespace dtls13::cli

#endif  // DTLS13_TOOLS_DTLS13_CLI_PEER_H_
