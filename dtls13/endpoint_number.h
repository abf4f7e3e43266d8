// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ENDPOINT_NUMBER_H_
#define DTLS13_ENDPOINT_NUMBER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dtls13/crypto/random_source.h"
#include "dtls13/handshake/connection_id_policy.h"
#include "dtls13/wire/wire_profile.h"

namespace dtls13 {

// kMaxEndpoints on one port: as many as five bits tell apart. They are the last of a Connection
// ID's first octet, which a QUIC-LB configuration leaves to the server.
inline constexpr size_t kMaxEndpoints = 32;

// EndpointNumberConnectionIds makes Connection IDs that name one of several endpoints on a port, so
// that the datagrams of a peer whose address has changed find the endpoint that knows it. The
// number is there for everybody to see: that of a processor core, not of a server.
class EndpointNumberConnectionIds final : public ConnectionIdSource {
 public:
  // `source` makes the rest of them; null: `random` does. `number` is below kMaxEndpoints.
  EndpointNumberConnectionIds(uint8_t number, std::shared_ptr<ConnectionIdSource> source,
                              std::shared_ptr<RandomSource> random)
      : number_(number), source_(std::move(source)), random_(std::move(random)) {}

  // Generate is false for an empty `id`.
  [[nodiscard]] bool Generate(std::span<uint8_t> id) override;

 private:
  const uint8_t number_;
  const std::shared_ptr<ConnectionIdSource> source_;
  const std::shared_ptr<RandomSource> random_;
};

// FindEndpointNumber returns the number that the Connection ID of the datagram's first record
// names; nothing where that record has none, as all of a profile without Connection IDs.
std::optional<uint8_t> FindEndpointNumber(std::span<const uint8_t> datagram,
                                          const WireProfile& profile);

}  // namespace dtls13

#endif  // DTLS13_ENDPOINT_NUMBER_H_
