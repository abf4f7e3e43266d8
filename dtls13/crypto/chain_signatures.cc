// SPDX-License-Identifier: Apache-2.0
#include "dtls13/crypto/chain_signatures.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "dtls13/crypto/der_element.h"
#include "dtls13/wire/byte_reader.h"

namespace dtls13 {
namespace {

using namespace std::string_view_literals;

// SignatureName is an algorithm as certificates (RFC 3279, 4055, 5758, 8410 and 9881) and TLS name
// it. A certificate does not tell the two kinds of RSA-PSS key of its issuer apart, nor ECDSA's
// curves.
struct SignatureName {
  std::string_view object_identifier;
  std::array<uint16_t, 2> schemes;  // either will do
  bool is_weak = false;
};

constexpr SignatureName kNames[] = {
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"sv, {0x0101, 0x0101}, true},  // MD5 with RSA
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"sv, {0x0201, 0x0201}, true},  // SHA-1 with RSA
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"sv, {0x0401, 0x0401}},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"sv, {0x0501, 0x0501}},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"sv, {0x0601, 0x0601}},
    {"\x2a\x86\x48\xce\x3d\x04\x01"sv, {0x0203, 0x0203}, true},  // ECDSA with SHA-1
    {"\x2a\x86\x48\xce\x3d\x04\x03\x02"sv, {0x0403, 0x081a}},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x03"sv, {0x0503, 0x081b}},
    {"\x2a\x86\x48\xce\x3d\x04\x03\x04"sv, {0x0603, 0x081c}},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv, {0x0904, 0x0904}},  // ML-DSA-44
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv, {0x0905, 0x0905}},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv, {0x0906, 0x0906}},
    {"\x2b\x65\x70"sv, {0x0807, 0x0807}},  // Ed25519
    {"\x2b\x65\x71"sv, {0x0808, 0x0808}},  // Ed448
};

constexpr std::string_view kRsaPss = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv;
constexpr SignatureName kPssHashes[] = {
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x01"sv, {0x0804, 0x0809}},  // SHA-256
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x02"sv, {0x0805, 0x080a}},
    {"\x60\x86\x48\x01\x65\x03\x04\x02\x03"sv, {0x0806, 0x080b}},
};
// The default of RSASSA-PSS's parameters. No scheme of TLS is that.
constexpr SignatureName kPssOfSha1 = {""sv, {0, 0}, true};

const SignatureName* Find(std::span<const SignatureName> names,
                          std::span<const uint8_t> object_identifier) {
  const auto found = std::ranges::find_if(names, [&](const SignatureName& name) {
    return std::ranges::equal(
        name.object_identifier, object_identifier,
        [](char ours, uint8_t theirs) { return static_cast<uint8_t>(ours) == theirs; });
  });
  return found == names.end() ? nullptr : &*found;
}

// AlgorithmOf takes the content of an AlgorithmIdentifier. Null: TLS 1.3 has no name for it.
const SignatureName* AlgorithmOf(std::span<const uint8_t> identifier) {
  ByteReader reader(identifier);
  std::span<const uint8_t> object_identifier;
  if (!ReadDerElement(&reader, DerTag::kObjectIdentifier, &object_identifier)) return nullptr;
  const SignatureName pss{kRsaPss, {}};
  if (Find({&pss, 1}, object_identifier) == nullptr) return Find(kNames, object_identifier);
  std::span<const uint8_t> parameters;
  std::span<const uint8_t> tagged;
  std::span<const uint8_t> hash;
  if (!ReadDerElement(&reader, DerTag::kSequence, &parameters)) return nullptr;
  ByteReader fields(parameters);
  if (!ReadDerElement(&fields, DerTag::kExplicit0, &tagged)) return &kPssOfSha1;
  ByteReader algorithm(tagged);
  if (!ReadDerElement(&algorithm, DerTag::kSequence, &hash)) return nullptr;
  ByteReader content(hash);
  if (!ReadDerElement(&content, DerTag::kObjectIdentifier, &object_identifier)) return nullptr;
  return Find(kPssHashes, object_identifier);
}

// SignatureOf returns null for a certificate that is not to be judged.
const SignatureName* SignatureOf(std::span<const uint8_t> der) {
  std::span<const uint8_t> certificate;
  std::span<const uint8_t> to_be_signed;
  std::span<const uint8_t> identifier;
  ByteReader outer(der);
  if (!ReadDerElement(&outer, DerTag::kSequence, &certificate)) return nullptr;
  ByteReader parts(certificate);
  if (!ReadDerElement(&parts, DerTag::kSequence, &to_be_signed) ||
      !ReadDerElement(&parts, DerTag::kSequence, &identifier)) {
    return nullptr;
  }
  // version, serialNumber, signature, issuer, validity, subject.
  ByteReader fields(to_be_signed);
  std::span<const uint8_t> issuer;
  std::span<const uint8_t> subject;
  if (!SkipDerElements(&fields, {DerTag::kExplicit0, DerTag::kInteger, DerTag::kSequence}) ||
      !ReadDerElement(&fields, DerTag::kSequence, &issuer) ||
      !SkipDerElements(&fields, {DerTag::kSequence}) ||
      !ReadDerElement(&fields, DerTag::kSequence, &subject)) {
    return nullptr;
  }
  //= rfc8446#section-4.4.2.2
  //# Certificates that are self-signed or certificates that are expected to
  //# be trust anchors are not validated as part of the chain and therefore
  //# MAY be signed with any algorithm.
  if (std::ranges::equal(issuer, subject)) return nullptr;
  return AlgorithmOf(identifier);
}

}  // namespace

ChainSignatures JudgeChainSignatures(std::span<const std::vector<uint8_t>> chain,
                                     std::span<const SignatureScheme> schemes) {
  ChainSignatures judgment = ChainSignatures::kListed;
  for (const std::vector<uint8_t>& der : chain) {
    const SignatureName* const name = SignatureOf(der);
    if (name == nullptr) continue;
    const bool is_listed = std::ranges::any_of(name->schemes, [&](uint16_t scheme) {
      return std::ranges::find(schemes, static_cast<SignatureScheme>(scheme)) != schemes.end();
    });
    if (is_listed) continue;
    if (name->is_weak) return ChainSignatures::kUnlistedSha1;
    judgment = ChainSignatures::kUnlisted;
  }
  return judgment;
}

}  // namespace dtls13
