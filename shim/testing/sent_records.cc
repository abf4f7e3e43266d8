// SPDX-License-Identifier: Apache-2.0
#include "shim/testing/sent_records.h"

#include <algorithm>
#include <span>

#include "dtls13/wire/record_header.h"

namespace dtls13::shim {
namespace {

constexpr size_t kTagLen = 16;
constexpr size_t kExplicitNonceLen = 8;  // of DTLS 1.2
constexpr size_t kTlsHeaderLen = 5;

size_t Length16(std::span<const uint8_t> bytes) { return size_t{bytes[0]} << 8 | bytes[1]; }

// ParseRecord returns the length of the whole record.
size_t ParseRecord(Protocol protocol, std::span<uint8_t> bytes, SentRecord* record) {
  if (protocol == Protocol::kTls13) {
    const size_t len = Length16(bytes.subspan(3));
    record->is_protected = bytes[0] == SSL3_RT_APPLICATION_DATA;
    record->len = record->is_protected ? len - kTagLen : len;
    return kTlsHeaderLen + len;
  }
  if (ClassifyRecord(bytes[0]) == RecordKind::kCiphertext) {
    const auto parsed = ParseCiphertextRecord(bytes, /*connection_id_len=*/0);
    EXPECT_TRUE(parsed.has_value());
    if (!parsed) return bytes.size();
    *record = {true, parsed->encrypted_record.size() - kTagLen};
    return parsed->record_len;
  }
  const size_t len = Length16(bytes.subspan(11));
  record->is_protected = Length16(bytes.subspan(3)) > 0;  // the epoch
  record->len = record->is_protected ? len - kExplicitNonceLen - kTagLen : len;
  return kPlaintextHeaderLen + len;
}

}  // namespace

SentRecords::SentRecords(Protocol protocol, SSL* ssl)
    : protocol_(protocol), bio_(SSL_get_wbio(ssl)) {
  BIO_up_ref(bio_);
  BIO_set_callback_arg(bio_, reinterpret_cast<char*>(this));
  BIO_set_callback_ex(bio_, &OnCall);
}

SentRecords::~SentRecords() {
  BIO_set_callback_ex(bio_, nullptr);
  BIO_free(bio_);
}

long SentRecords::OnCall(BIO* bio, int operation, const char* data, size_t len, int /*argi*/,
                         long /*argl*/, int result, size_t* /*processed*/) {
  if (operation == BIO_CB_WRITE) {
    auto* self = reinterpret_cast<SentRecords*>(BIO_get_callback_arg(bio));
    self->bytes_.insert(self->bytes_.end(), data, data + len);
    self->longest_write_ = std::max(self->longest_write_, len);
  }
  return result;
}

std::vector<SentRecord> SentRecords::Take() {
  std::vector<SentRecord> records;
  std::span<uint8_t> rest(bytes_);
  while (!rest.empty()) {
    SentRecord record;
    rest = rest.subspan(ParseRecord(protocol_, rest, &record));
    records.push_back(record);
  }
  bytes_.clear();
  return records;
}

std::vector<size_t> SentRecords::TakeProtected() {
  std::vector<size_t> lens;
  for (const SentRecord& record : Take()) {
    if (record.is_protected) lens.push_back(record.len);
  }
  return lens;
}

}  // namespace dtls13::shim
