// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/pre_shared_key.h"

#include <algorithm>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {
namespace {

constexpr size_t kMinBinderLen = 32;
constexpr size_t kListLenBytes = 2;

bool ReadIdentity(ByteReader* reader, PskIdentity* out) {
  return reader->ReadVector16(&out->identity) && !out->identity.empty() &&
         reader->ReadU32(&out->obfuscated_ticket_age);
}

bool ReadBinder(ByteReader* reader, std::span<const uint8_t>* out) {
  return reader->ReadVector8(out) && out->size() >= kMinBinderLen;
}

}  // namespace

//      struct {
//          opaque identity<1..2^16-1>;
//          uint32 obfuscated_ticket_age;
//      } PskIdentity;
//      opaque PskBinderEntry<32..255>;
//      struct {
//          PskIdentity identities<7..2^16-1>;
//          PskBinderEntry binders<33..2^16-1>;
//      } OfferedPsks;
Status OfferedPsks::Parse(std::span<const uint8_t> data, OfferedPsks* out) {
  ByteReader reader(data);
  OfferedPsks psks;
  if (!reader.ReadVector16(&psks.identities_) || psks.identities_.empty() ||
      !reader.ReadVector16(&psks.binders_) || psks.binders_.empty() || !reader.empty()) {
    return DecodeError();
  }
  ByteReader identities(psks.identities_);
  PskIdentity identity;
  while (!identities.empty()) {
    if (!ReadIdentity(&identities, &identity)) return DecodeError();
    ++psks.num_identities_;
  }
  ByteReader binders(psks.binders_);
  std::span<const uint8_t> binder;
  size_t num_binders = 0;
  while (!binders.empty()) {
    if (!ReadBinder(&binders, &binder)) return DecodeError();
    ++num_binders;
  }
  if (num_binders != psks.num_identities_) return IllegalParameter(Reason::kBadExtension);
  *out = psks;
  return Status::Ok();
}

std::optional<PskIdentity> OfferedPsks::Identity(size_t index) const {
  ByteReader reader(identities_);
  PskIdentity identity;
  for (size_t i = 0; ReadIdentity(&reader, &identity); ++i) {
    if (i == index) return identity;
  }
  return std::nullopt;
}

std::span<const uint8_t> OfferedPsks::Binder(size_t index) const {
  ByteReader reader(binders_);
  std::span<const uint8_t> binder;
  for (size_t i = 0; ReadBinder(&reader, &binder); ++i) {
    if (i == index) return binder;
  }
  return {};
}

size_t OfferedPsks::binders_len() const { return empty() ? 0 : kListLenBytes + binders_.size(); }

void WriteOfferedPsks(ByteWriter* writer, const std::vector<OfferedPskFields>& psks) {
  {
    ByteWriter::LengthPrefix identities(writer, kListLenBytes);
    for (const OfferedPskFields& psk : psks) {
      writer->WriteVector16(psk.identity);
      writer->WriteU32(psk.obfuscated_ticket_age);
    }
  }
  ByteWriter::LengthPrefix binders(writer, kListLenBytes);
  for (const OfferedPskFields& psk : psks) {
    ByteWriter::LengthPrefix binder(writer, 1);
    for (size_t i = 0; i < psk.binder_len; ++i) writer->WriteU8(0);
  }
}

size_t BindersLen(const std::vector<OfferedPskFields>& psks) {
  size_t len = kListLenBytes;
  for (const OfferedPskFields& psk : psks) len += 1 + psk.binder_len;
  return len;
}

std::optional<uint16_t> ParseSelectedIdentity(std::span<const uint8_t> data) {
  ByteReader reader(data);
  uint16_t index;
  if (!reader.ReadU16(&index) || !reader.empty()) return std::nullopt;
  return index;
}

void WriteSelectedIdentity(ByteWriter* writer, uint16_t index) { writer->WriteU16(index); }

std::optional<PskModeList> PskModeList::Parse(std::span<const uint8_t> data) {
  ByteReader reader(data);
  std::span<const uint8_t> modes;
  if (!reader.ReadVector8(&modes) || !reader.empty() || modes.empty()) return std::nullopt;
  return PskModeList(modes);
}

bool PskModeList::Contains(PskKeyExchangeMode mode) const {
  return std::find(modes_.begin(), modes_.end(), static_cast<uint8_t>(mode)) != modes_.end();
}

void WritePskModes(ByteWriter* writer, const std::vector<PskKeyExchangeMode>& modes) {
  ByteWriter::LengthPrefix list(writer, 1);
  for (const PskKeyExchangeMode mode : modes) writer->WriteU8(static_cast<uint8_t>(mode));
}

}  // namespace dtls13
