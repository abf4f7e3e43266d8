// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_FUZZ_ASSOCIATION_FUZZ_H_
#define DTLS13_TESTS_FUZZ_ASSOCIATION_FUZZ_H_

#include <cstddef>
#include <cstdint>

#include "dtls13/association.h"

namespace dtls13::fuzz {

// FuzzAssociation runs an association of `role` against a true peer and, between their datagrams,
// against what `data` says: its first byte chooses the options, then come commands:
//
//     0 LEN BYTES        a datagram of these bytes
//     1 TYPE LEN BYTES   a plaintext record of this content
//     2 TYPE LEN BYTES   a record under epoch 2 with the peer's own keys, once there are any
//     3 TYPE LEN BYTES   the same under epoch 3
//     4 TIME             ten times TIME milliseconds pass; true datagrams arrive
//
// Whatever comes, no data is delivered before the handshake is done, and what is owed to the wire
// comes to an end.
void FuzzAssociation(Role role, const uint8_t* data, size_t size);

}  // namespace dtls13::fuzz

#endif  // DTLS13_TESTS_FUZZ_ASSOCIATION_FUZZ_H_
