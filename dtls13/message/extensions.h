// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_EXTENSIONS_H_
#define DTLS13_MESSAGE_EXTENSIONS_H_

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// Extension is one entry of an extension block; `data` views the message.
struct Extension {
  ExtensionType type{};
  std::span<const uint8_t> data;
};

// ExtensionMessage names the messages that carry extension blocks, RFC 8446 section 4.2.
enum class ExtensionMessage : uint8_t {
  kClientHello,
  kServerHello,
  kHelloRetryRequest,
  kEncryptedExtensions,
  kCertificateRequest,
  kCertificate,
  kNewSessionTicket,
};

// ExtensionBlock is a well-formed sequence of extensions, a view of the message it came in. Copying
// it copies the view. It does not know which message it is of; CheckExtensions judges that.
class ExtensionBlock {
 public:
  ExtensionBlock() = default;

  // Parse takes the content of `extensions<..>` without its length. Nothing when an entry is cut
  // short.
  static std::optional<ExtensionBlock> Parse(std::span<const uint8_t> content);
  // Read takes `extensions<..>` with its 16-bit length from the reader. Nothing when it is cut
  // short or an entry is; the reader is then of no use.
  static std::optional<ExtensionBlock> Read(ByteReader* reader);

  // Next walks the block: start with a reader from Begin(), false at the end.
  ByteReader Begin() const { return ByteReader(content_); }
  static bool Next(ByteReader* at, Extension* out);

  // Find returns the data of the first extension of `type`; present but empty is an empty span.
  std::optional<std::span<const uint8_t>> Find(ExtensionType type) const;
  bool Has(ExtensionType type) const { return Find(type).has_value(); }
  // IsLast is true when `type` is the block's last extension.
  bool IsLast(ExtensionType type) const;
  bool empty() const { return content_.empty(); }

 private:
  explicit ExtensionBlock(std::span<const uint8_t> content) : content_(content) {}

  // PresenceBit is a type's own where it is below 63, as nearly all of them, and otherwise a common
  // one.
  static constexpr uint64_t PresenceBit(ExtensionType type) {
    constexpr uint16_t kCommonBit = 63;
    return uint64_t{1} << std::min(static_cast<uint16_t>(type), kCommonBit);
  }

  std::span<const uint8_t> content_;
  // Which types may be there: most that somebody looks for are not, and a server that reads a hello
  // asks for all that it knows.
  uint64_t present_ = 0;
};

// CustomExtension is an extension of the caller's, of whose meaning the library knows nothing.
struct CustomExtension {
  uint16_t type = 0;
  std::vector<uint8_t> data;
};

// CustomExtensions are what a server adds to its messages; to its certificates, see
// CertificateStaple. What answers an extension of the client's must have been asked for.
struct CustomExtensions {
  std::vector<CustomExtension> server_hello = {};
  std::vector<CustomExtension> encrypted_extensions = {};
  std::vector<CustomExtension> certificate_request = {};
};

// ExtensionWriter writes extensions one after another, each with its type and length, at the end of
// what a ByteWriter has written: every message's extensions are written by one. The length of the
// whole block is the message's to write around it.
class ExtensionWriter {
 public:
  // Both outlive the ExtensionWriter. `*types`, unless null, gets the types that are written, which
  // are those that an answer may hold.
  explicit ExtensionWriter(ByteWriter* writer, std::vector<ExtensionType>* types = nullptr)
      : writer_(writer), types_(types) {}

  // Write has `write_data`, which is called with a ByteWriter*, write the extension's data.
  template <typename WriteData>
  void Write(ExtensionType type, const WriteData& write_data) {
    if (types_ != nullptr) types_->push_back(type);
    writer_->WriteU16(static_cast<uint16_t>(type));
    const ByteWriter::LengthPrefix data(writer_, 2);
    write_data(writer_);
  }
  // WriteEmpty writes an extension that says all by being there.
  void WriteEmpty(ExtensionType type);
  void WriteCustom(std::span<const CustomExtension> extensions);
  // WriteUnanswered writes one that no answer may hold and so is left out of `*types`: GREASE, and
  // what belongs to another version.
  void WriteUnanswered(uint16_t type, std::span<const uint8_t> data);

 private:
  ByteWriter* writer_;
  std::vector<ExtensionType>* types_;
};

// CheckExtensions holds `block` against RFC 8446 section 4.2: a type that comes twice, or that this
// library knows and that has no place in `message`, is illegal_parameter; one that answers nothing
// in `offered` is unsupported_extension. `offered` is looked at only for messages that answer a
// request (ServerHello, HelloRetryRequest, EncryptedExtensions, Certificate).
Status CheckExtensions(const ExtensionBlock& block, ExtensionMessage message,
                       std::span<const ExtensionType> offered);

// IsExtensionAllowed is the table of RFC 8446 section 4.2. Nothing for a type it does not list.
std::optional<bool> IsExtensionAllowed(ExtensionType type, ExtensionMessage message);

// CodePointList is a list of 16-bit code points as TLS writes them, a view. Unknown values are
// part of it and of no consequence: nobody looks for them.
class CodePointList {
 public:
  CodePointList() = default;
  // Parse takes the list's content: nothing unless it is a positive, even number of bytes.
  static std::optional<CodePointList> Parse(std::span<const uint8_t> content);

  size_t size() const { return content_.size() / 2; }
  std::span<const uint8_t> content() const { return content_; }
  uint16_t operator[](size_t index) const {
    return static_cast<uint16_t>(content_[2 * index] << 8 | content_[2 * index + 1]);
  }
  template <typename T>
  bool Contains(T code_point) const {
    for (size_t i = 0; i < size(); ++i) {
      if ((*this)[i] == static_cast<uint16_t>(code_point)) return true;
    }
    return false;
  }

 private:
  explicit CodePointList(std::span<const uint8_t> content) : content_(content) {}

  std::span<const uint8_t> content_;
};

// ParseCodePointList reads extension data that is one list with a 16-bit length: supported_groups
// and signature_algorithms.
std::optional<CodePointList> ParseCodePointList(std::span<const uint8_t> data);

// WriteCodePointList writes `list` with a length of `prefix_len` bytes before it.
template <typename List>
void WriteCodePointList(const List& list, size_t prefix_len, ByteWriter* writer) {
  const ByteWriter::LengthPrefix prefix(writer, prefix_len);
  for (const auto value : list) writer->WriteU16(static_cast<uint16_t>(value));
}

// ParseCertificateAuthorities is true when `data` is a well-formed certificate_authorities
// extension, RFC 8446 section 4.2.4: at least one name, none empty.
bool ParseCertificateAuthorities(std::span<const uint8_t> data);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_EXTENSIONS_H_
