// SPDX-License-Identifier: Apache-2.0
#include "dtls13/session/ticket_keyring.h"

#include <algorithm>
#include <utility>

#include "dtls13/crypto/aead.h"
#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/hkdf_label.h"

namespace dtls13 {
namespace {

// The suite that stands for AES-256-GCM; tickets of every suite are sealed with it.
constexpr const CipherSuite& kSealingSuite = *FindCipherSuite(CipherSuiteId::kAes256GcmSha384);
static_assert(kSealingSuite.key_len == kTicketKeyLen);

// A ticket is its key's name, a nonce, and the sealed session with its tag; the name is
// authenticated with it.
constexpr size_t kHeaderLen = kTicketKeyNameLen + kAeadIvLen;
constexpr size_t kOverheadLen = kHeaderLen + kAeadTagLen;
// The nonce is all random: each makes an Aead of its own, whose one record has this number.
constexpr uint64_t kOnlyRecord = 0;

uint32_t CutLifetime(std::chrono::seconds lifetime) {
  //= rfc8446#section-4.6.1
  //# Servers MUST NOT use any value greater than
  //# 604800 seconds (7 days).
  return static_cast<uint32_t>(std::clamp<int64_t>(lifetime.count(), 0, kMaxTicketLifetime_s));
}

Session WithoutTicket(const Session& session) {
  Session copy;
  copy.version = session.version;
  copy.suite = session.suite;
  copy.psk = Secret::CopyOf(session.psk.bytes());
  copy.lifetime_s = session.lifetime_s;
  copy.age_add = session.age_add;
  copy.issued_at = session.issued_at;
  copy.authenticated_at = session.authenticated_at;
  copy.max_early_data_len = session.max_early_data_len;
  copy.replay_guard = session.replay_guard;
  copy.server_name = session.server_name;
  copy.alpn = session.alpn;
  copy.peer_certificates = session.peer_certificates;
  copy.application_data = session.application_data;
  return copy;
}

}  // namespace

std::optional<TicketKey> DeriveTicketKey(const Algorithms& algorithms,
                                         std::span<const uint8_t> secret) {
  TicketKey made;
  auto hkdf = Hkdf::Create(algorithms, HashId::kSha256, LabelPrefix::kDtls13);
  if (!hkdf.has_value()) return std::nullopt;
  const Secret extracted = hkdf->Extract({}, secret);
  if (!hkdf->SetSecret(extracted.bytes()) || !hkdf->Expand("ticket name", {}, made.name)) {
    return std::nullopt;
  }
  made.key = hkdf->ExpandSecret("ticket key", {}, kTicketKeyLen);
  if (made.key.empty()) return std::nullopt;
  return made;
}

TicketKeyring::TicketKeyring(const Options& options, uint32_t lifetime_s, KeySeed seed)
    : lifetime_s_(lifetime_s),
      own_keys_(kTicketKeyNameLen + kTicketKeyLen,
                std::max(options.rotation, std::chrono::seconds(lifetime_s)), std::move(seed)) {}

std::shared_ptr<TicketKeyring> TicketKeyring::Create(std::shared_ptr<const Algorithms> algorithms,
                                                     std::shared_ptr<RandomSource> random,
                                                     Options options, KeySeed seed) {
  std::shared_ptr<TicketKeyring> keyring(
      new TicketKeyring(options, CutLifetime(options.lifetime), std::move(seed)));
  keyring->algorithms_ = std::move(algorithms);
  keyring->random_ = std::move(random);
  return keyring;
}

bool TicketKeyring::SetKeys(std::vector<TicketKey> keys) {
  if (keys.empty() || keys.size() > kMaxKeys) return false;
  for (const TicketKey& key : keys) {
    if (key.key.size() != kTicketKeyLen) return false;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  shared_keys_ = std::move(keys);
  return true;
}

Secret TicketKeyring::FindKey(std::span<const uint8_t> name) const {
  for (const TicketKey& key : shared_keys_) {
    if (std::equal(name.begin(), name.end(), key.name.begin(), key.name.end()))
      return Secret::CopyOf(key.key.bytes());
  }
  if (!shared_keys_.empty()) return Secret();
  for (const RotatingKeys::Key* key : own_keys_.all()) {
    const std::span<const uint8_t> bytes = key->key.bytes();
    if (!bytes.empty() && std::equal(name.begin(), name.end(), bytes.begin()))
      return Secret::CopyOf(bytes.subspan(kTicketKeyNameLen));
  }
  return Secret();
}

//= rfc8446#section-4.6.1
//# It MAY be either a database lookup key or a self-encrypted and
//# self-authenticated value.
std::vector<uint8_t> TicketKeyring::Seal(const Session& session, WallTime now) {
  std::vector<uint8_t> content = SerializeSession(WithoutTicket(session));
  if (content.empty()) return {};
  std::vector<uint8_t> ticket(content.size() + kOverheadLen);
  const std::span<uint8_t> sealed(ticket);
  const std::span<uint8_t> name = sealed.first(kTicketKeyNameLen);
  const std::span<uint8_t> nonce = sealed.subspan(kTicketKeyNameLen, kAeadIvLen);
  Secret key;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!shared_keys_.empty()) {
      std::copy(shared_keys_.front().name.begin(), shared_keys_.front().name.end(), name.begin());
    } else if (own_keys_.Rotate(*algorithms_, random_.get(), now)) {
      const auto named = own_keys_.current().key.bytes().first(kTicketKeyNameLen);
      std::copy(named.begin(), named.end(), name.begin());
    }
    key = FindKey(name);
  }
  bool is_sealed = false;
  if (ticket.size() <= kMaxSealedTicketLen && !key.empty() && random_->Fill(nonce)) {
    auto sealer = Aead::CreateSealer(*algorithms_, kSealingSuite, key.bytes(), nonce);
    is_sealed = sealer.has_value() &&
                sealer->SealCopy(kOnlyRecord, name, content, {}, sealed.subspan(kHeaderLen));
  }
  Cleanse(content);
  if (!is_sealed) return {};
  return ticket;
}

std::optional<Session> TicketKeyring::Open(std::span<const uint8_t> ticket, WallTime now) {
  if (ticket.size() <= kOverheadLen || ticket.size() > kMaxSealedTicketLen) return std::nullopt;
  const std::span<const uint8_t> name = ticket.first(kTicketKeyNameLen);
  Secret key;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (shared_keys_.empty() && !own_keys_.Rotate(*algorithms_, random_.get(), now))
      return std::nullopt;
    key = FindKey(name);
  }
  if (key.empty()) return std::nullopt;
  auto opener = Aead::CreateOpener(*algorithms_, kSealingSuite, key.bytes(),
                                   ticket.subspan(kTicketKeyNameLen, kAeadIvLen));
  std::vector<uint8_t> content(ticket.begin() + kHeaderLen, ticket.end());
  std::optional<Session> session;
  if (opener.has_value() && opener->Open(kOnlyRecord, name, content))
    session = ParseSession(std::span<const uint8_t>(content).first(content.size() - kAeadTagLen));
  Cleanse(content);
  if (!session.has_value()) return std::nullopt;
  return session;
}

}  // namespace dtls13
