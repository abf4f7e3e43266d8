// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_PRE_SHARED_KEY_H_
#define DTLS13_MESSAGE_PRE_SHARED_KEY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/code_points.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// kMaxPskIdentities is how many identities of a ClientHello are looked at, the first ones: each may
// cost a ticket's decryption or a question to the caller, and clients offer one or two.
inline constexpr size_t kMaxPskIdentities = 8;

// PskIdentity is one PskIdentity of RFC 8446 section 4.2.11; `identity` views the message.
struct PskIdentity {
  std::span<const uint8_t> identity;
  uint32_t obfuscated_ticket_age = 0;
};

// OfferedPsks is a ClientHello's pre_shared_key extension, well formed, a view of the message. It
// does not know whether an identity or a binder is any good.
class OfferedPsks {
 public:
  OfferedPsks() = default;

  // Parse takes the extension's data: decode_error when it is malformed, illegal_parameter when
  // there is not one binder for each identity.
  static Status Parse(std::span<const uint8_t> data, OfferedPsks* out);

  // How many were offered; 0 for a hello without the extension.
  size_t size() const { return num_identities_; }
  bool empty() const { return num_identities_ == 0; }
  // The identity and the binder of one number. Nothing and empty beyond size().
  std::optional<PskIdentity> Identity(size_t index) const;
  std::span<const uint8_t> Binder(size_t index) const;
  // The bytes of the binders list with its length: what a binder's transcript leaves off the end of
  // the ClientHello, RFC 8446 section 4.2.11.2.
  size_t binders_len() const;

 private:
  std::span<const uint8_t> identities_;
  std::span<const uint8_t> binders_;
  size_t num_identities_ = 0;
};

// OfferedPskFields is what a client writes of one PSK: its binder is `binder_len` zeros until the
// rest of the message is there to be hashed.
struct OfferedPskFields {
  std::vector<uint8_t> identity;
  uint32_t obfuscated_ticket_age = 0;
  size_t binder_len = 0;
};

// WriteOfferedPsks writes the extension's data, of at least one PSK. BindersLen is what
// binders_len() will be: the bytes at the data's end.
void WriteOfferedPsks(ByteWriter* writer, const std::vector<OfferedPskFields>& psks);
size_t BindersLen(const std::vector<OfferedPskFields>& psks);

// ParseSelectedIdentity reads the ServerHello's form, WriteSelectedIdentity writes it: an index
// into the client's identities. Nothing (decode_error) when it is not two bytes.
std::optional<uint16_t> ParseSelectedIdentity(std::span<const uint8_t> data);
void WriteSelectedIdentity(ByteWriter* writer, uint16_t index);

// PskModeList is psk_key_exchange_modes, a view; unknown modes are part of it and mean nothing.
class PskModeList {
 public:
  PskModeList() = default;
  // Parse takes the extension's data. Nothing (decode_error) when it is malformed or empty.
  static std::optional<PskModeList> Parse(std::span<const uint8_t> data);

  bool Contains(PskKeyExchangeMode mode) const;

 private:
  explicit PskModeList(std::span<const uint8_t> modes) : modes_(modes) {}

  std::span<const uint8_t> modes_;
};

void WritePskModes(ByteWriter* writer, const std::vector<PskKeyExchangeMode>& modes);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_PRE_SHARED_KEY_H_
