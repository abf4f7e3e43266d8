// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_BENCH_SHIM_RECORDS_H_
#define DTLS13_TOOLS_BENCH_SHIM_RECORDS_H_

namespace dtls13::bench {

// MeasureRecords prints what SSL_write and SSL_read of a record cost over each transport, beside
// libssl's own DTLS 1.2, its TLS 1.3 where there is a stream, and the core without libssl.
void MeasureRecords();

// MeasureRecordThreads prints what two threads with connections of the same contexts write and read
// of what one does.
void MeasureRecordThreads();

}  // namespace dtls13::bench

#endif  // DTLS13_TOOLS_BENCH_SHIM_RECORDS_H_
