// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_TESTING_SENT_RECORDS_H_
#define DTLS13_SHIM_TESTING_SENT_RECORDS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shim/libssl/openssl_headers.h"
#include "shim/testing/ssl_pair.h"

namespace dtls13::shim {

// SentRecord is the length of one record on the wire, without its header and what protection adds:
// of a protected one of (D)TLS 1.3 that is its content with type and padding.
struct SentRecord {
  bool is_protected = false;
  size_t len = 0;

  friend bool operator==(const SentRecord&, const SentRecord&) = default;
};

// SentRecords watches the write BIO that an SSL has when it begins, as long as it lives. The suite
// is one of AES-GCM.
class SentRecords {
 public:
  SentRecords(Protocol protocol, SSL* ssl);
  ~SentRecords();
  SentRecords(const SentRecords&) = delete;
  SentRecords& operator=(const SentRecords&) = delete;

  // Take returns what was written since the last call.
  std::vector<SentRecord> Take();
  // TakeProtected returns the lengths of the protected ones among them.
  std::vector<size_t> TakeProtected();
  // longest_write is over all that was ever written at once, in bytes.
  size_t longest_write() const { return longest_write_; }

 private:
  static long OnCall(BIO* bio, int operation, const char* data, size_t len, int argi, long argl,
                     int result, size_t* processed);

  const Protocol protocol_;
  BIO* const bio_;
  std::vector<uint8_t> bytes_;
  size_t longest_write_ = 0;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_TESTING_SENT_RECORDS_H_
