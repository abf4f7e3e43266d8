// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_HANDSHAKE_FACTS_H_
#define DTLS13_SHIM_ATTACHMENT_HANDSHAKE_FACTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/event.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/received_hello.h"

namespace dtls13::shim {

// HandshakeFacts are what an application may ask about a handshake after it, or of messages that no
// longer are the association's to tell: the hellos, the Finished messages, what the peer offered.
// They come from the Trace events of an association.
//
// What they hold was not necessarily accepted; the association judges messages, this only remembers
// them. Nothing here is secret.
class HandshakeFacts {
 public:
  // Note takes one Trace event; those that tell nothing of interest are ignored. `received` is the
  // ClientHello that a server's association has read last, null where there is none: it is not read
  // again here.
  void Note(const Event& event, std::shared_ptr<const ReceivedHello> received);

  // Each is empty until its message went by, and views memory of this object until the next Note.

  // client_hello is the last one that was sent or received. What ReadClientHello finds in it must
  // be looked for by its extensions: it may have been refused.
  const ClientHello& client_hello() const;
  // The types of its extensions, in the client's order.
  std::vector<uint16_t> client_extension_types() const;
  std::span<const uint8_t> server_random() const;

  // server_share is the ServerHello's key share; client_share the ClientHello's of that group.
  std::optional<KeyShare> server_share() const;
  std::optional<KeyShare> client_share() const;

  // The extensions of the CertificateRequest that a client received.
  ExtensionBlock certificate_request_extensions() const;

  // verify_data of the two Finished messages, sent and received.
  std::span<const uint8_t> sent_finished() const { return sent_finished_; }
  std::span<const uint8_t> received_finished() const { return received_finished_; }

  // The code points of the peer's supported_groups (a client's) and signature_algorithms (a
  // client's, or those of a server's CertificateRequest).
  std::vector<uint16_t> peer_groups() const;
  std::vector<uint16_t> peer_signature_schemes() const;

  // The server name a client sent; kept as a C string for libssl's getter.
  const std::string& server_name() const { return server_name_; }
  void set_server_name(std::string name) { server_name_ = std::move(name); }
  // accepts_server_name: the server's application has said that it knows the name.
  bool accepts_server_name() const { return accepts_server_name_; }
  void AcceptServerName() { accepts_server_name_ = true; }

 private:
  bool peer_is_client_ = false;
  std::shared_ptr<const ReceivedHello> client_hello_;
  std::vector<uint8_t> server_hello_;
  std::vector<uint8_t> certificate_request_;
  std::vector<uint8_t> sent_finished_;
  std::vector<uint8_t> received_finished_;
  std::string server_name_;
  bool accepts_server_name_ = false;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_HANDSHAKE_FACTS_H_
