// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_CONNECTION_ID_POLICY_H_
#define DTLS13_HANDSHAKE_CONNECTION_ID_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace dtls13 {

// ConnectionIdSource makes the Connection IDs that peers put into their records, so that a caller
// may put into them what a load balancer routes by, or make sure that no two associations of a
// table have the same.
class ConnectionIdSource {
 public:
  virtual ~ConnectionIdSource() = default;
  // Generate fills `id` with one that is in use nowhere else; false fails what wanted it.
  [[nodiscard]] virtual bool Generate(std::span<uint8_t> id) = 0;
};

// ConnectionIdPolicy is what associations do about Connection IDs, RFC 9146 and RFC 9147 section 9.
struct ConnectionIdPolicy {
  // Client: offer the extension. Server: answer one that was offered.
  //
  // Whoever answers it puts the peer's identifiers into its records, whether or not it wants any.
  bool use = true;
  // The length of the identifiers we want in the peer's records; 0 wants none. At most 255.
  size_t receive_len = 0;
  // Null: random bytes. 8 of them are enough not to meet again among a million associations.
  std::shared_ptr<ConnectionIdSource> source;
  // Ask for more when fewer of the peer's than this are unused. Each change of path takes one.
  uint8_t min_spares = 0;
  // Offer or answer the rrc extension (RFC 9853) beside it, unless the application has an address
  // validation of its own.
  bool return_routability_check = true;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_CONNECTION_ID_POLICY_H_
