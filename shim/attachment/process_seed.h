// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_PROCESS_SEED_H_
#define DTLS13_SHIM_ATTACHMENT_PROCESS_SEED_H_

#include <cstdint>

#include "dtls13/crypto/random_source.h"
#include "dtls13/session/rotating_keys.h"

namespace dtls13::shim {

// What a process has in common with its children, and what tells it from them. Any thread may ask,
// and a fork may come at any time: nothing here waits for a lock.

// ProcessSeed is made by the first call, and the same ever after, also in the processes that are
// forked meanwhile. Its secret is empty while there is no randomness.
KeySeed ProcessSeed(RandomSource* random);

// ProcessNumber is a random number of this process: a child has another. 0 while there is no
// randomness.
uint64_t ProcessNumber(RandomSource* random);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_PROCESS_SEED_H_
