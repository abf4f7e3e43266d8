// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_SHIM_HANDSHAKES_H_
#define DTLS13_TOOLS_BENCH_SHIM_HANDSHAKES_H_

namespace dtls13::bench {

// MeasureHandshakes prints handshakes a second, their datagrams and bytes, and what a connected end
// keeps of the heap, beside libssl's own DTLS 1.2.
void MeasureHandshakes();

// MeasureHandshakeThreads prints what two threads with the same contexts do of what one does.
void MeasureHandshakeThreads();

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_SHIM_HANDSHAKES_H_
