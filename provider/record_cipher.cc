// SPDX-License-Identifier: Apache-2.0
#include "provider/record_cipher.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/record_number_cipher.h"
#include "dtls13/crypto/secret.h"
#include "dtls13/wire/inner_plaintext.h"
#include "dtls13/wire/record_header.h"
#include "dtls13/wire/sequence_reconstruction.h"
#include "provider/cipher_dispatch.h"
#include "provider/reason.h"

namespace dtls13::provider {
namespace {

// RecordCipher is one EVP_CIPHER_CTX: the record key and the record number key of one epoch in one
// direction. Its numbers are an epoch's as dtls13/record keeps them; a window for replays it has
// not.
class RecordCipher {
 public:
  static constexpr bool is_aead = true;
  // The write key and behind it the record number key. Together with the IV in one string they
  // would exceed EVP_MAX_KEY_LENGTH, which applications take for the size of their buffers.
  static size_t KeyLen(const CipherSuite& suite) { return 2 * suite.key_len; }
  static size_t IvLen() { return kAeadIvLen; }
  static const OSSL_PARAM* Settable();
  static const OSSL_PARAM* Gettable();

  RecordCipher(ProviderContext* provider, const CipherSuite& suite)
      : provider_(provider),
        suite_(suite),
        max_records_(suite.confidentiality_limit),
        max_failures_(suite.integrity_limit) {}

  bool Init(bool seal, std::span<const uint8_t> key, std::span<const uint8_t> iv,
            const OSSL_PARAM params[]);
  bool Update(uint8_t* out, size_t out_size, std::span<const uint8_t> in, size_t* len);
  bool Final();
  bool SetParameters(const OSSL_PARAM params[]);
  bool GetParameters(OSSL_PARAM params[]) const;

 private:
  bool TakeKey(std::span<const uint8_t> key);
  bool TakeIv(std::span<const uint8_t> iv);
  bool MakeCiphers();
  bool CheckReady() const;
  bool SetNextNumber(const OSSL_PARAM params[]);

  std::optional<CiphertextRecord> Parse(std::span<uint8_t> data) const;
  bool MaskNumber(const CiphertextRecord& record);
  bool Seal(std::span<uint8_t> data);
  bool Open(std::span<uint8_t> data, size_t* len);
  bool OpenParsed(CiphertextRecord* record);

  ProviderContext* const provider_;
  const CipherSuite& suite_;
  PropertyQuery query_;
  // What is missing for the ciphers, or not: a caller may give key and IV one after the other.
  Secret key_;
  Secret iv_;
  std::optional<Aead> aead_;
  std::optional<RecordNumberCipher> number_cipher_;
  bool seals_ = true;
  size_t connection_id_len_ = 0;
  // Of a sealer, the one that it gives next; of an opener, one plus the highest that it has opened.
  uint64_t next_number_ = 0;
  uint64_t num_sealed_ = 0;
  uint64_t num_failures_ = 0;
  uint64_t max_records_;
  uint64_t max_failures_;
  // Of the last record.
  bool has_failed_ = false;
  uint64_t number_ = 0;
  size_t header_len_ = 0;
  InnerPlaintext inner_;
};

// --- Keys

bool RecordCipher::Init(bool seal, std::span<const uint8_t> key, std::span<const uint8_t> iv,
                        const OSSL_PARAM params[]) {
  if (!provider_->CheckRunning()) return false;
  if (key.empty() && aead_ && seal != seals_) {
    return provider_->Fail(Reason::kKeyInUse, "a key that %s gets no other direction",
                           seals_ ? "seals" : "opens");
  }
  seals_ = seal;
  if (!key.empty() && !TakeKey(key)) return false;
  return SetParameters(params) && (iv.empty() || TakeIv(iv)) &&
         (key_.empty() || iv_.empty() || MakeCiphers());
}

bool RecordCipher::TakeKey(std::span<const uint8_t> key) {
  if (key.size() != KeyLen(suite_)) {
    return provider_->Fail(Reason::kInvalidKeyLength,
                           "a key has %zu bytes, write key and number key, not %zu", KeyLen(suite_),
                           key.size());
  }
  aead_.reset();
  number_cipher_.reset();
  key_ = Secret::CopyOf(key);
  next_number_ = num_sealed_ = num_failures_ = number_ = 0;
  header_len_ = 0;
  has_failed_ = false;
  inner_ = {};
  return true;
}

bool RecordCipher::TakeIv(std::span<const uint8_t> iv) {
  // The usual idiom, a nonce for each message, would seal records under no nonce of RFC 8446's.
  if (aead_) return provider_->Fail(Reason::kKeyInUse, "an IV is given once, with its key");
  if (iv.size() != kAeadIvLen) {
    return provider_->Fail(Reason::kInvalidIvLength, "an IV has %zu bytes, not %zu", kAeadIvLen,
                           iv.size());
  }
  iv_ = Secret::CopyOf(iv);
  return true;
}

bool RecordCipher::MakeCiphers() {
  const std::shared_ptr<const Algorithms> algorithms = provider_->FindSuite(query_, suite_);
  if (algorithms == nullptr) return false;
  const std::span<const uint8_t> write_key = key_.bytes().first(suite_.key_len);
  const std::span<const uint8_t> number_key = key_.bytes().subspan(suite_.key_len);
  aead_ = seals_ ? Aead::CreateSealer(*algorithms, suite_, write_key, iv_.bytes())
                 : Aead::CreateOpener(*algorithms, suite_, write_key, iv_.bytes());
  number_cipher_ = RecordNumberCipher::Create(*algorithms, suite_, number_key);
  key_ = Secret();
  iv_ = Secret();
  if (aead_ && number_cipher_) return true;
  aead_.reset();
  return provider_->Fail(Reason::kLibcrypto, "the ciphers of %s take no key", suite_.name);
}

bool RecordCipher::CheckReady() const {
  if (aead_) return true;
  return provider_->Fail(Reason::kNoKey, key_.empty() ? "there is no key" : "there is no IV");
}

// --- Parameters

bool RecordCipher::SetNextNumber(const OSSL_PARAM params[]) {
  uint64_t next = next_number_;
  if (!ReadNumber(*provider_, params, kParamNextSequenceNumber, UINT64_MAX, &next)) return false;
  if (seals_ && next < next_number_) {
    return provider_->Fail(Reason::kSequenceNumber, "numbers below %llu may have been used",
                           static_cast<unsigned long long>(next_number_));
  }
  next_number_ = next;
  return true;
}

bool RecordCipher::SetParameters(const OSSL_PARAM params[]) {
  if (params == nullptr) return true;
  // The lengths are the suite's, and the tag is in the record. Passing over them in silence would
  // have a caller believe otherwise.
  uint64_t iv_len = kAeadIvLen, connection_id_len = connection_id_len_;
  if (!ReadNumber(*provider_, params, OSSL_CIPHER_PARAM_IVLEN, SIZE_MAX, &iv_len)) return false;
  if (iv_len != kAeadIvLen) {
    return provider_->Fail(Reason::kInvalidIvLength, "an IV has %zu bytes, not %llu", kAeadIvLen,
                           static_cast<unsigned long long>(iv_len));
  }
  if (OSSL_PARAM_locate_const(params, OSSL_CIPHER_PARAM_AEAD_TAG) != nullptr) {
    return provider_->Fail(Reason::kInvalidParameter, "a record's tag is its last %zu bytes",
                           kAeadTagLen);
  }
  if (!ReadText(*provider_, params, OSSL_ALG_PARAM_PROPERTIES, &query_) ||
      !ReadNumber(*provider_, params, kParamConnectionIdLen, kMaxConnectionIdLen,
                  &connection_id_len) ||
      !ReadNumber(*provider_, params, kParamMaxRecords, suite_.confidentiality_limit,
                  &max_records_) ||
      !ReadNumber(*provider_, params, kParamMaxFailures, suite_.integrity_limit, &max_failures_)) {
    return false;
  }
  connection_id_len_ = connection_id_len;
  return SetNextNumber(params);
}

bool RecordCipher::GetParameters(OSSL_PARAM params[]) const {
  if (OSSL_PARAM_locate(params, OSSL_CIPHER_PARAM_AEAD_TAG) != nullptr) {
    return provider_->Fail(Reason::kInvalidParameter, "a record's tag is its last %zu bytes",
                           kAeadTagLen);
  }
  const struct {
    const char* key;
    uint64_t value;
  } kAnswers[] = {
      {OSSL_CIPHER_PARAM_KEYLEN, KeyLen(suite_)},
      {OSSL_CIPHER_PARAM_IVLEN, kAeadIvLen},
      {kParamConnectionIdLen, connection_id_len_},
      {kParamNextSequenceNumber, next_number_},
      {kParamMaxRecords, max_records_},
      {kParamMaxFailures, max_failures_},
      {kParamSequenceNumber, number_},
      {kParamHeaderLen, header_len_},
      {kParamContentLen, inner_.content.size()},
      {kParamContentType, static_cast<uint64_t>(inner_.type)},
  };
  return std::ranges::all_of(kAnswers, [&](const auto& answer) {
    return WriteNumber(*provider_, params, answer.key, answer.value);
  });
}

const OSSL_PARAM* RecordCipher::Settable() {
  static const OSSL_PARAM kSettable[] = {
      OSSL_PARAM_utf8_string(OSSL_ALG_PARAM_PROPERTIES, nullptr, 0),
      OSSL_PARAM_size_t(kParamConnectionIdLen, nullptr),
      OSSL_PARAM_uint64(kParamNextSequenceNumber, nullptr),
      OSSL_PARAM_uint64(kParamMaxRecords, nullptr),
      OSSL_PARAM_uint64(kParamMaxFailures, nullptr),
      OSSL_PARAM_END};
  return kSettable;
}

const OSSL_PARAM* RecordCipher::Gettable() {
  static const OSSL_PARAM kGettable[] = {OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_KEYLEN, nullptr),
                                         OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_IVLEN, nullptr),
                                         OSSL_PARAM_size_t(kParamConnectionIdLen, nullptr),
                                         OSSL_PARAM_uint64(kParamNextSequenceNumber, nullptr),
                                         OSSL_PARAM_uint64(kParamMaxRecords, nullptr),
                                         OSSL_PARAM_uint64(kParamMaxFailures, nullptr),
                                         OSSL_PARAM_uint64(kParamSequenceNumber, nullptr),
                                         OSSL_PARAM_size_t(kParamHeaderLen, nullptr),
                                         OSSL_PARAM_size_t(kParamContentLen, nullptr),
                                         OSSL_PARAM_uint(kParamContentType, nullptr),
                                         OSSL_PARAM_END};
  return kGettable;
}

// --- Records

bool RecordCipher::Update(uint8_t* out, size_t out_size, std::span<const uint8_t> in, size_t* len) {
  has_failed_ = true;
  if (!CheckReady()) return false;
  if (out == nullptr) {
    return provider_->Fail(Reason::kInvalidParameter,
                           "the additional data is the record's header; it is not given apart");
  }
  if (out_size < in.size()) {
    return provider_->Fail(Reason::kInvalidOutputLength,
                           "a record of %zu bytes needs as many, not %zu", in.size(), out_size);
  }
  if (!in.empty() && out != in.data()) std::memmove(out, in.data(), in.size());
  *len = in.size();
  const std::span<uint8_t> data(out, in.size());
  has_failed_ = !(seals_ ? Seal(data) : Open(data, len));
  if (has_failed_) *len = 0;
  return !has_failed_;
}

// A caller that looks at the end alone must not take a forged record for good.
bool RecordCipher::Final() {
  if (!CheckReady()) return false;
  return !has_failed_ || provider_->Fail(Reason::kNotAuthentic, "the last record was not done");
}

std::optional<CiphertextRecord> RecordCipher::Parse(std::span<uint8_t> data) const {
  if (data.empty() || ClassifyRecord(data[0]) != RecordKind::kCiphertext) {
    provider_->Fail(Reason::kInvalidHeader, "a protected record begins with the bits 001");
    return std::nullopt;
  }
  if (HasConnectionId(data[0]) && connection_id_len_ == 0) {
    provider_->Fail(Reason::kInvalidHeader, "it has a Connection ID, and '%s' is 0",
                    kParamConnectionIdLen);
    return std::nullopt;
  }
  std::optional<CiphertextRecord> record = ParseCiphertextRecord(data, connection_id_len_);
  if (!record || record->record_len != data.size()) {
    provider_->Fail(Reason::kInvalidRecordLength,
                    "%zu bytes are not one record: its header, its length or what is behind it is "
                    "too short or too long",
                    data.size());
    record.reset();
  }
  return record;
}

bool RecordCipher::MaskNumber(const CiphertextRecord& record) {
  std::array<uint8_t, kRecordNumberMaskLen> mask;
  if (!number_cipher_->Mask(record.encrypted_record.first<kRecordNumberSampleLen>(), mask)) {
    return provider_->Fail(Reason::kLibcrypto, "no mask");
  }
  uint8_t* const number = record.header_bytes.data() + record.number_offset;
  for (size_t i = 0; i < record.header.number.num_bits / 8; ++i) number[i] ^= mask[i];
  return true;
}

bool RecordCipher::Seal(std::span<uint8_t> data) {
  std::optional<CiphertextRecord> record = Parse(data);
  if (!record) return false;
  const std::span<uint8_t> encrypted = record->encrypted_record;
  const std::span<uint8_t> plaintext = encrypted.first(encrypted.size() - kAeadTagLen);
  //= rfc8446#section-5.4
  //# the full encoded TLSInnerPlaintext MUST NOT exceed 2^14
  //# + 1 octets.
  const std::optional<InnerPlaintext> inner = ParseInnerPlaintext(plaintext);
  if (!inner || plaintext.size() > kMaxPlaintextLen + 1) {
    return provider_->Fail(Reason::kInvalidInnerPlaintext,
                           "%zu bytes are no content with its type and padding", plaintext.size());
  }
  //= rfc9147#section-4.5.3
  //# Implementations SHOULD
  //# NOT protect more records than allowed by the limit specified for the
  //# negotiated AEAD.
  if (num_sealed_ >= max_records_) {
    return provider_->Fail(Reason::kKeyLimit, "the key has sealed %llu records",
                           static_cast<unsigned long long>(num_sealed_));
  }
  //= rfc9147#section-4.2.1
  //# Implementations MUST either abandon an association or rekey prior to
  //# allowing the sequence number to wrap.
  if (next_number_ == UINT64_MAX) {
    return provider_->Fail(Reason::kSequenceNumber, "the numbers are used up");
  }
  number_ = next_number_++;
  ++num_sealed_;
  header_len_ = record->header_bytes.size();
  inner_ = *inner;
  uint8_t* const number = record->header_bytes.data() + record->number_offset;
  const size_t num_number_bytes = record->header.number.num_bits / 8;
  for (size_t i = 0; i < num_number_bytes; ++i) {
    number[i] = static_cast<uint8_t>(number_ >> (8 * (num_number_bytes - 1 - i)));
  }
  if (!aead_->Seal(number_, record->header_bytes, plaintext, encrypted.last<kAeadTagLen>())) {
    return provider_->Fail(Reason::kLibcrypto, "the AEAD does not seal");
  }
  return MaskNumber(*record);
}

bool RecordCipher::Open(std::span<uint8_t> data, size_t* len) {
  std::optional<CiphertextRecord> record = Parse(data);
  if (!record) return false;
  if (num_failures_ >= max_failures_) {
    return provider_->Fail(Reason::kKeyLimit, "%llu records under the key did not authenticate",
                           static_cast<unsigned long long>(num_failures_));
  }
  if (!OpenParsed(&*record)) {
    // What did not authenticate is not to be seen, not by mistake either.
    Cleanse(record->encrypted_record);
    return false;
  }
  *len = data.size() - kAeadTagLen;
  return true;
}

bool RecordCipher::OpenParsed(CiphertextRecord* record) {
  if (!MaskNumber(*record)) return false;
  const uint8_t* const bytes = record->header_bytes.data() + record->number_offset;
  TruncatedSequenceNumber& truncated = record->header.number;
  truncated.value =
      truncated.num_bits == 8 ? bytes[0] : static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  const SequenceNumber number = ReconstructSequenceNumber(truncated, {next_number_});
  const std::span<uint8_t> encrypted = record->encrypted_record;
  if (!aead_->Open(number.value, record->header_bytes, encrypted)) {
    //= rfc9147#section-4.5.3
    //# Implementations MUST count the number of received packets that fail
    //# authentication with each key.
    ++num_failures_;
    return provider_->Fail(Reason::kNotAuthentic, "not as record %llu",
                           static_cast<unsigned long long>(number.value));
  }
  const std::optional<InnerPlaintext> inner =
      ParseInnerPlaintext(encrypted.first(encrypted.size() - kAeadTagLen));
  if (!inner) {
    return provider_->Fail(Reason::kInvalidInnerPlaintext,
                           "record %llu holds no content with its type and padding",
                           static_cast<unsigned long long>(number.value));
  }
  if (number.value >= next_number_ && number.value != UINT64_MAX) next_number_ = number.value + 1;
  number_ = number.value;
  header_len_ = record->header_bytes.size();
  inner_ = *inner;
  return true;
}

}  // namespace

std::span<const OSSL_ALGORITHM> RecordCipherAlgorithms() {
  using Functions = CipherFunctions<RecordCipher>;
  static const OSSL_ALGORITHM kAlgorithms[] = {
      {"DTLS13-AES-128-GCM", kDefinition, Functions::Table<0>(),
       "records of DTLS 1.3's TLS_AES_128_GCM_SHA256"},
      {"DTLS13-AES-256-GCM", kDefinition, Functions::Table<1>(),
       "records of DTLS 1.3's TLS_AES_256_GCM_SHA384"},
      {"DTLS13-CHACHA20-POLY1305", kDefinition, Functions::Table<2>(),
       "records of DTLS 1.3's TLS_CHACHA20_POLY1305_SHA256"}};
  static_assert(kCipherSuites[0].id == CipherSuiteId::kAes128GcmSha256 &&
                kCipherSuites[1].id == CipherSuiteId::kAes256GcmSha384 &&
                kCipherSuites[2].id == CipherSuiteId::kChaCha20Poly1305Sha256);
  return kAlgorithms;
}

}  // namespace dtls13::provider
