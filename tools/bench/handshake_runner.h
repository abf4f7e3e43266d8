// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_HANDSHAKE_RUNNER_H_
#define DTLS13_TOOLS_BENCH_HANDSHAKE_RUNNER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dtls13/association.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/test_identity.h"

namespace dtls13::bench {

// Ends are the two associations of one connection.
struct Ends {
  std::unique_ptr<Association> client;
  std::unique_ptr<Association> server;
};

// Traffic counts what the client and the server sent.
struct Traffic {
  size_t datagrams[2] = {0, 0};
  size_t bytes[2] = {0, 0};
};

// HandshakeRunner carries datagrams between two associations without a network in between, and
// answers what they ask. It knows no time and no measure. Not thread-safe, but any number of them
// may share an identity and what the options point at.
class HandshakeRunner {
 public:
  // `identity` must outlive it. Where `resumes`, a handshake is made at once for its ticket, by
  // which all others resume; the server then needs ticket keys. PSKs of the options are offered by
  // the client and known to the server.
  HandshakeRunner(sim::PairOptions options, const sim::TestIdentity& identity,
                  bool resumes = false);

  Ends Start() const;

  // Finish runs until neither side owes anything. The identity's key signs; verifying the chain is
  // the caller's business and costs nothing here. `traffic` may be null.
  void Finish(Ends& ends, Traffic* traffic);

  // Carry hands over all that `from` owes, and tells whether there was any; direction 0 is the
  // client's.
  bool Carry(Association& from, Association& to, Traffic* traffic, int direction);

 private:
  void Answer(Association& association);

  const sim::TestIdentity& identity_;
  std::shared_ptr<const AssociationConfig> client_;
  std::shared_ptr<const AssociationConfig> server_;
  std::vector<Psk> psks_;
  std::shared_ptr<const Session> ticket_;  // the latest that a server gave
  std::array<uint8_t, 4096> buffer_;
};

// Die ends the program: a measurement went wrong.
[[noreturn]] void Die(const char* what);

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_HANDSHAKE_RUNNER_H_
