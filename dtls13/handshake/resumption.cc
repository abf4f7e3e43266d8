// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/resumption.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dtls13/crypto/hkdf_label.h"
#include "dtls13/message/new_session_ticket.h"
#include "dtls13/session/anti_replay.h"
#include "dtls13/session/ticket_keyring.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

// kMaxTicketLen: a longer ticket would leave a ClientHello no room for the rest of its extensions.
constexpr size_t kMaxTicketLen = 16 * 1024;

// "A per-ticket value that is unique across all tickets issued on this connection."
std::array<uint8_t, sizeof(uint32_t)> NonceOf(uint32_t number) {
  std::array<uint8_t, sizeof(number)> nonce;
  ByteWriter writer{std::span<uint8_t>(nonce)};
  writer.WriteU32(number);
  return nonce;
}

}  // namespace

bool LimitLifetime(WallTime now, Session* session) {
  const int64_t age_s = std::max<int64_t>((now - session->authenticated_at).count(), 0);
  if (age_s >= kMaxKeyAge_s) return false;
  session->lifetime_s = std::min(session->lifetime_s, static_cast<uint32_t>(kMaxKeyAge_s - age_s));
  return true;
}

Resumption::Resumption(std::shared_ptr<const HandshakeConfig> config, Basis basis)
    : config_(std::move(config)), basis_(std::move(basis)) {}

// The PSK is empty when libcrypto fails.
Session Resumption::NewSession(std::span<const uint8_t> nonce) const {
  Session session;
  session.version = config_->wire_profile.version;
  session.suite = basis_.suite->id;
  session.psk = Secret(basis_.suite->hash_len);
  if (!HkdfExpandLabel(*config_->algorithms, basis_.suite->hash, basis_.resumption_secret.bytes(),
                       config_->wire_profile.label_prefix, "resumption", nonce,
                       session.psk.mutable_bytes())) {
    session.psk = Secret();
  }
  //= rfc8446#section-4.2.11
  //# Clients, however, SHOULD store the SNI with the PSK to fulfill the
  //# requirements of Section 4.6.1.
  session.server_name = basis_.server_name;
  session.alpn = basis_.alpn;
  session.peer_certificates = basis_.peer_certificates;
  session.application_data = basis_.application_data;
  return session;
}

Session Resumption::NewIssued(const Issued& issued) const {
  Session session = NewSession(NonceOf(issued.number));
  session.age_add = issued.age_add;
  session.issued_at = issued.at;
  session.authenticated_at = basis_.authenticated_at.value_or(issued.at);
  session.lifetime_s = issued.lifetime_s;
  session.max_early_data_len = config_->server.max_early_data_len;
  EarlyDataReplayGuard* guard = config_->server.replay_guard.get();
  if (guard != nullptr) session.replay_guard = guard->Number();
  return session;
}

std::vector<uint8_t> Resumption::Issue(WallTime now, std::unique_ptr<Session>* session) {
  TicketSealer* keys = config_->server.ticket_keys.get();
  if (keys == nullptr) return {};
  Issued issued = {.number = num_issued_++, .at = now};
  //= rfc8446#section-4.6.1
  //# The server MUST generate a fresh value
  //# for each ticket it sends.
  std::array<uint8_t, sizeof(issued.age_add)> age_add;
  ByteReader age_add_reader{std::span<const uint8_t>(age_add)};
  if (!config_->random->Fill(age_add) || !age_add_reader.ReadU32(&issued.age_add)) return {};
  //= rfc8446#section-4.6.1
  //# It is RECOMMENDED that
  //# implementations place limits on the total lifetime of such keying
  //# material; these limits should take into account the lifetime of the
  //# peer's certificate, the likelihood of intervening revocation, and the
  //# time since the peer's online CertificateVerify signature.
  issued.lifetime_s = std::min(keys->lifetime_s(), config_->server.max_ticket_lifetime_s);
  Session sealed = NewIssued(issued);
  if (sealed.psk.empty() || !LimitLifetime(now, &sealed)) return {};
  issued.lifetime_s = sealed.lifetime_s;
  sealed.ticket = keys->Seal(sealed, now);
  if (sealed.lifetime_s == 0 || sealed.ticket.empty()) return {};
  std::vector<CustomExtension> extensions;
  TicketExtensions* callers = config_->server.ticket_extensions.get();
  if (callers != nullptr && !callers->Add(&extensions)) return {};
  last_ = issued;
  std::vector<uint8_t> body =
      SerializeNewSessionTicket({.lifetime_s = sealed.lifetime_s,
                                 .age_add = sealed.age_add,
                                 .nonce = NonceOf(issued.number),
                                 .ticket = sealed.ticket,
                                 .max_early_data_len = sealed.max_early_data_len,
                                 .custom_extensions = extensions});
  if (session != nullptr) *session = std::make_unique<Session>(std::move(sealed));
  return body;
}

std::unique_ptr<Session> Resumption::LastIssued() const {
  if (last_.lifetime_s == 0) return nullptr;
  auto session = std::make_unique<Session>(NewIssued(last_));
  return session->psk.empty() ? nullptr : std::move(session);
}

Status Resumption::Receive(std::span<const uint8_t> body, std::unique_ptr<Session>* out) const {
  NewSessionTicket message;
  if (const Status status = ParseNewSessionTicket(body, &message); !status.ok()) return status;
  // "The value of zero indicates that the ticket should be discarded immediately."
  if (message.lifetime_s == 0) return Status::Ok();
  // A longer one could not be offered beside anything else, and one with a longer chain not kept.
  if (message.ticket.size() > kMaxTicketLen ||
      CertificatesLen(basis_.peer_certificates) > kMaxSessionCertificatesLen) {
    return Status::Ok();
  }
  auto session = std::make_unique<Session>(NewSession(message.nonce));
  // Without a session the connection goes on as well.
  if (session->psk.empty()) return Status::Ok();
  session->ticket.assign(message.ticket.begin(), message.ticket.end());
  //= rfc8446#section-4.6.1
  //# Clients MUST NOT cache
  //# tickets for longer than 7 days, regardless of the ticket_lifetime,
  session->lifetime_s = std::min(message.lifetime_s, kMaxTicketLifetime_s);
  session->age_add = message.age_add;
  session->max_early_data_len = message.max_early_data_len;
  *out = std::move(session);
  return Status::Ok();
}

// --- While cold

bool Resumption::IsShort() const {
  constexpr size_t kMaxShort = 64;
  return basis_.peer_certificates.empty() && basis_.application_data.size() <= kMaxShort;
}

void Resumption::WriteMemory(ByteWriter* writer) const {
  writer->WriteVector8(basis_.resumption_secret.bytes());
  writer->WriteVector8(basis_.application_data);
  writer->WriteU32(num_issued_);
  writer->WriteU32(last_.number);
  writer->WriteU32(last_.age_add);
  writer->WriteU32(last_.lifetime_s);
  writer->WriteU64(static_cast<uint64_t>(last_.at.time_since_epoch().count()));
}

std::unique_ptr<Resumption> Resumption::ReadMemory(std::shared_ptr<const HandshakeConfig> config,
                                                   Basis basis, ByteReader* reader) {
  std::span<const uint8_t> data;
  if (!Secret::Read(reader, &basis.resumption_secret) || !reader->ReadVector8(&data)) {
    return nullptr;
  }
  basis.application_data.assign(data.begin(), data.end());
  auto made = std::make_unique<Resumption>(std::move(config), std::move(basis));
  Issued& last = made->last_;
  uint64_t at = 0;
  if (!reader->ReadU32(&made->num_issued_) || !reader->ReadU32(&last.number) ||
      !reader->ReadU32(&last.age_add) || !reader->ReadU32(&last.lifetime_s) ||
      !reader->ReadU64(&at)) {
    return nullptr;
  }
  last.at = WallTime(std::chrono::seconds(static_cast<int64_t>(at)));
  return made;
}

}  // namespace dtls13
