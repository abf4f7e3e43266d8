// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/session.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

// A change of the structure below takes another number: a process must not misread what one of
// another version has stored.
constexpr uint8_t kVersion = 3;
constexpr uint8_t kDraft26 = 0x80;  // beside it, in a session of that draft
constexpr size_t kMaxNameLen = std::numeric_limits<uint8_t>::max();
constexpr size_t kMaxTicketLen = std::numeric_limits<uint16_t>::max();
// All but the vectors' contents.
constexpr size_t kFixedLen = 1 + 2 + 1 + 2 + 4 + 4 + 8 + 8 + 4 + 8 + 1 + 1 + 2 + 2;
constexpr size_t kCertificateLengthLen = 3;

// FirstByte is 0 for a session of no DTLS 1.3.
uint8_t FirstByte(const Session& session) {
  if (session.version == kDtls13Version) return kVersion;
  return session.version == kDraft26Version ? kVersion | kDraft26 : 0;
}

bool IsWhole(const Session& session) {
  const CipherSuite* suite = FindCipherSuite(session.suite);
  return FirstByte(session) != 0 && suite != nullptr && session.psk.size() == suite->hash_len &&
         session.ticket.size() <= kMaxTicketLen && session.server_name.size() <= kMaxNameLen &&
         session.alpn.size() <= kMaxNameLen &&
         CertificatesLen(session.peer_certificates) <= kMaxSessionCertificatesLen &&
         session.application_data.size() <= kMaxApplicationDataLen &&
         session.issued_at.time_since_epoch().count() >= 0 &&
         session.authenticated_at.time_since_epoch().count() >= 0;
}

bool ReadCertificates(std::span<const uint8_t> list, std::vector<std::vector<uint8_t>>* out) {
  if (list.size() > kMaxSessionCertificatesLen) return false;
  ByteReader reader(list);
  while (!reader.empty()) {
    std::span<const uint8_t> certificate;
    if (!reader.ReadVector24(&certificate)) return false;
    out->emplace_back(certificate.begin(), certificate.end());
  }
  return true;
}

}  // namespace

size_t CertificatesLen(const std::vector<std::vector<uint8_t>>& certificates) {
  size_t len = 0;
  for (const std::vector<uint8_t>& certificate : certificates)
    len += kCertificateLengthLen + certificate.size();
  return len;
}

//      struct {
//          uint8 version;
//          CipherSuite suite;
//          opaque psk<0..255>;
//          opaque ticket<0..2^16-1>;
//          uint32 lifetime;                      /* seconds */
//          uint32 age_add;
//          uint64 issued_at;                     /* seconds since 1970 */
//          uint64 authenticated_at;
//          uint32 max_early_data_size;
//          uint64 replay_guard;
//          opaque server_name<0..255>;
//          opaque alpn<0..255>;
//          ASN1Cert peer_certificates<0..2^16-1>; /* each opaque<0..2^24-1> */
//          opaque application_data<0..4096>;
//      } Session;
std::vector<uint8_t> SerializeSession(const Session& session) {
  if (!IsWhole(session)) return {};
  std::vector<uint8_t> bytes;
  // Whole from the start: a vector that grows leaves copies of the key behind.
  bytes.reserve(kFixedLen + session.psk.size() + session.ticket.size() +
                session.server_name.size() + session.alpn.size() +
                CertificatesLen(session.peer_certificates) + session.application_data.size());
  ByteWriter writer(&bytes);
  writer.WriteU8(FirstByte(session));
  writer.WriteU16(static_cast<uint16_t>(session.suite));
  const auto write_vector = [&writer](size_t prefix_len, std::span<const uint8_t> content) {
    ByteWriter::LengthPrefix prefix(&writer, prefix_len);
    writer.WriteBytes(content);
  };
  write_vector(1, session.psk.bytes());
  write_vector(2, session.ticket);
  writer.WriteU32(session.lifetime_s);
  writer.WriteU32(session.age_add);
  writer.WriteU64(static_cast<uint64_t>(session.issued_at.time_since_epoch().count()));
  writer.WriteU64(static_cast<uint64_t>(session.authenticated_at.time_since_epoch().count()));
  writer.WriteU32(session.max_early_data_len);
  writer.WriteU64(session.replay_guard);
  const std::string& name = session.server_name;
  write_vector(1, {reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  write_vector(1, session.alpn);
  {
    ByteWriter::LengthPrefix list(&writer, 2);
    for (const std::vector<uint8_t>& certificate : session.peer_certificates)
      write_vector(kCertificateLengthLen, certificate);
  }
  write_vector(2, session.application_data);
  return bytes;
}

std::optional<Session> ParseSession(std::span<const uint8_t> bytes) {
  ByteReader reader(bytes);
  Session session;
  uint8_t version;
  uint16_t suite;
  uint64_t issued_at, authenticated_at;
  std::span<const uint8_t> psk, ticket, name, alpn, certificates, application_data;
  if (!reader.ReadU8(&version) || (version & ~kDraft26) != kVersion || !reader.ReadU16(&suite) ||
      !reader.ReadVector8(&psk) || !reader.ReadVector16(&ticket) ||
      !reader.ReadU32(&session.lifetime_s) || !reader.ReadU32(&session.age_add) ||
      !reader.ReadU64(&issued_at) || !reader.ReadU64(&authenticated_at) ||
      !reader.ReadU32(&session.max_early_data_len) || !reader.ReadU64(&session.replay_guard) ||
      !reader.ReadVector8(&name) || !reader.ReadVector8(&alpn) ||
      !reader.ReadVector16(&certificates) || !reader.ReadVector16(&application_data) ||
      !reader.empty()) {
    return std::nullopt;
  }
  if (!ReadCertificates(certificates, &session.peer_certificates)) return std::nullopt;
  session.version = (version & kDraft26) != 0 ? kDraft26Version : kDtls13Version;
  session.suite = static_cast<CipherSuiteId>(suite);
  session.psk = Secret::CopyOf(psk);
  session.ticket.assign(ticket.begin(), ticket.end());
  session.issued_at = WallTime(std::chrono::seconds(static_cast<int64_t>(issued_at)));
  session.authenticated_at = WallTime(std::chrono::seconds(static_cast<int64_t>(authenticated_at)));
  session.server_name.assign(name.begin(), name.end());
  session.alpn.assign(alpn.begin(), alpn.end());
  session.application_data.assign(application_data.begin(), application_data.end());
  if (!IsWhole(session)) return std::nullopt;
  return session;
}

uint64_t SessionAgeMs(const Session& session, WallTime now) {
  // Neither is negative in a session that is whole, so the difference cannot overflow.
  const int64_t age_s = (now - session.issued_at).count();
  // Beyond a lifetime it makes no difference, and milliseconds stay small.
  constexpr int64_t kMaxAge_s = int64_t{2} * kMaxTicketLifetime_s;
  return static_cast<uint64_t>(std::clamp<int64_t>(age_s, 0, kMaxAge_s)) * 1000;
}

uint32_t ObfuscatedAge(const Session& session, WallTime now) {
  return static_cast<uint32_t>(SessionAgeMs(session, now)) + session.age_add;
}

uint32_t AgeFromObfuscated(const Session& session, uint32_t obfuscated_ticket_age) {
  return obfuscated_ticket_age - session.age_add;
}

bool IsExpired(const Session& session, WallTime now) {
  //= rfc8446#section-4.6.1
  //# Clients MUST NOT cache
  //# tickets for longer than 7 days, regardless of the ticket_lifetime,
  const uint32_t lifetime_s = std::min(session.lifetime_s, kMaxTicketLifetime_s);
  return SessionAgeMs(session, now) >= uint64_t{lifetime_s} * 1000;
}

}  // namespace dtls13
