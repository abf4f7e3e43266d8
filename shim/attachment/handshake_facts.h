#ifndef DTLS13_SHIM_ATTACHMENT_HANDSHAKE_FACTS_H_
#define DTLS13_SHIM_ATTACHMENT_HANDSHAKE_FACTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/event.h"

namespace dtls13::shim {

// SessionFacts are what an application may ask about a handshake and that neither the association
// nor libssl's object holds: the hellos, the Finished messages, what the peer offered. It reads
// them off the Trace events of an association.
//
// What it notes was not necessarily accepted; the association judges messages, this only remembers
// them, so every reader of it bounds itself. Nothing here is secret.
class SessionFacts {
 public:
  // KeyShare is one KeyShareEntry: `key_exchange` views the hello it came in.
  struct KeyShare {
    uint16_t group = 0;
    std::span<const uint8_t> key_exchange;
  };

  // Note takes one Trace event; those that tell nothing of interest are ignored.
  void Note(const Event& event);

  // Each is empty until its message went by, and views memory of this object until the next Note.
  std::span<const uint8_t> client_hello() const { return client_hello_; }  // the last one's body
  std::span<const uint8_t> client_random() const;
  std::span<const uint8_t> server_random() const;
  std::span<const uint8_t> client_session_id() const;
  std::span<const uint8_t> client_compression_methods() const;
  // Two bytes each, as the client wrote them.
  std::span<const uint8_t> client_cipher_suites() const;
  // The content of a ClientHello's or a ServerHello's extension; nothing where it is absent.
  std::optional<std::span<const uint8_t>> client_extension(uint16_t type) const;
  std::optional<std::span<const uint8_t>> server_extension(uint16_t type) const;
  // The types in the client's order.
  std::vector<uint16_t> client_extension_types() const;

  // server_share is the ServerHello's key share; client_share the ClientHello's of that group.
  std::optional<KeyShare> server_share() const;
  std::optional<KeyShare> client_share() const;

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

 private:
  bool peer_is_client_ = false;
  std::vector<uint8_t> client_hello_;
  std::vector<uint8_t> server_hello_;
  std::vector<uint8_t> certificate_request_;
  std::vector<uint8_t> sent_finished_;
  std::vector<uint8_t> received_finished_;
  std::string server_name_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_HANDSHAKE_FACTS_H_
