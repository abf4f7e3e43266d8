// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_QUIC_LB_H_
#define DTLS13_QUIC_LB_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dtls13/crypto/aes_block.h"
#include "dtls13/crypto/algorithms.h"
#include "dtls13/crypto/random_source.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/handshake/connection_id_policy.h"

namespace dtls13 {

// QuicLbConfig is one configuration of draft-ietf-quic-load-balancers, as the load balancers of a
// fleet have it too.
struct QuicLbConfig {
  // Which configuration it is: the first three bits of a Connection ID, 0 to 6.
  uint8_t rotation = 0;
  size_t server_id_len = 0;  // bytes, at least 1
  size_t nonce_len = 0;      // bytes, at least 4; both together at most 19
  // kAesBlockKeyLen bytes, or none: then anybody sees the server's id.
  Secret key = {};
  // The last five bits of the first octet say the length of what follows. Otherwise they are
  // random, or an endpoint's number (EndpointNumberConnectionIds).
  bool encodes_len = false;
};

// QuicLb encodes servers' ids in Connection IDs and decodes them. A load balancer for QUIC finds
// the Connection ID of a DTLS 1.3 record where a short header of QUIC's has it, and so brings all
// datagrams of an association to the server that has it, wherever they come from.
//
// Not thread-safe. It does not know servers, and makes no nonces.
class QuicLb {
 public:
  // On null, `*error` is one sentence for a person.
  static std::unique_ptr<const QuicLb> Create(const Algorithms& algorithms, QuicLbConfig config,
                                              std::string* error);

  // connection_id_len is what ConnectionIdPolicy::receive_len is to be: the first octet, a server's
  // id and a nonce.
  size_t connection_id_len() const { return 1 + config_.server_id_len + config_.nonce_len; }
  const QuicLbConfig& config() const { return config_; }

  // Encode writes a Connection ID of connection_id_len bytes. `server_id` and `nonce` are as long
  // as configured; of `first_octet` the bits count that the configuration leaves. False when
  // libcrypto fails, or a length is wrong.
  [[nodiscard]] bool Encode(uint8_t first_octet, std::span<const uint8_t> server_id,
                            std::span<const uint8_t> nonce, std::span<uint8_t> out) const;
  // Decode returns the server's id in a Connection ID, of which more may follow. Nothing for one of
  // another configuration, and for one that is too short.
  std::optional<std::vector<uint8_t>> Decode(std::span<const uint8_t> connection_id) const;

 private:
  QuicLb(QuicLbConfig config, std::optional<AesBlock> cipher)
      : config_(std::move(config)), cipher_(std::move(cipher)) {}

  bool Encrypt(std::span<uint8_t> text) const;
  bool Decrypt(std::span<uint8_t> text) const;

  QuicLbConfig config_;
  std::optional<AesBlock> cipher_;
};

// QuicLbConnectionIds makes Connection IDs that lead to one server. Thread-safe, so that the
// endpoints of a server may share one.
class QuicLbConnectionIds final : public ConnectionIdSource {
 public:
  // `server_id` is as long as the configuration of `coder` says.
  QuicLbConnectionIds(std::unique_ptr<const QuicLb> coder, std::vector<uint8_t> server_id,
                      std::shared_ptr<RandomSource> random)
      : coder_(std::move(coder)), server_id_(std::move(server_id)), random_(std::move(random)) {}

  // Generate is false where `id` is not coder's connection_id_len.
  [[nodiscard]] bool Generate(std::span<uint8_t> id) override;

 private:
  std::mutex mutex_;
  const std::unique_ptr<const QuicLb> coder_;
  const std::vector<uint8_t> server_id_;
  const std::shared_ptr<RandomSource> random_;
};

}  // namespace dtls13

#endif  // DTLS13_QUIC_LB_H_
