// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_SIM_RECORD_AUDIT_H_
#define DTLS13_TESTS_SIM_RECORD_AUDIT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"
#include "dtls13/wire/wire_profile.h"
#include "tests/sim/association_pair.h"

namespace dtls13::sim {

// AuditedRecord is one record that a side put on the link, whatever became of it.
struct AuditedRecord {
  size_t datagram = 0;  // its index in the link's log
  RecordNumber number;
  ContentType type = ContentType::kInvalid;
  size_t wire_len = 0;  // header and all, in bytes
  std::vector<uint8_t> content;
};

// RecordAudit reads everything a pair sent, with the keys of its key logs, which both configs must
// have produced. It does not know what was expected to be sent.
struct RecordAudit {
  std::vector<AuditedRecord> records;  // in the order they were sent
  // What no sender may do: use a record number twice (but for a HelloRetryRequest, which leaves no
  // memory of it), or write what nobody can open. Empty if neither happened.
  std::string fault;
};
RecordAudit AuditRecords(const AssociationPair& pair, const WireProfile& profile = kRfc9147Profile);

// DescribeRecords lists every datagram with its records, a line each.
std::string DescribeRecords(const AssociationPair& pair, const RecordAudit& audit,
                            const WireProfile& profile = kRfc9147Profile);

}  // namespace dtls13::sim

#endif  // DTLS13_TESTS_SIM_RECORD_AUDIT_H_
