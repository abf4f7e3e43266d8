// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/client_psks.h"

#include <algorithm>
#include <utility>

#include "dtls13/message/failure.h"
#include "dtls13/session/psk_binder.h"

namespace dtls13 {
namespace {

// kMaxIdentitiesLen: the identities share an extension block of 65535 bytes with their binders, the
// cookie and everything else. What does not fit is left out.
constexpr size_t kMaxIdentitiesLen = 32 * 1024;

bool HasHash(CipherSuiteId suite, HashId hash) { return FindCipherSuite(suite)->hash == hash; }

bool CanOffer(const Psk& psk, std::string_view server_name, WallTime now,
              const ClientHelloFields& hello) {
  if (psk.empty() || psk.key().empty() || psk.identity().empty()) return false;
  if (const Session* session = psk.session()) {
    //= rfc8446#section-4.2.11.1
    //# Clients MUST NOT attempt to
    //# use tickets which have ages greater than the "ticket_lifetime" value
    //# which was provided with the ticket.
    //= rfc8446#section-4.6.1
    //# Clients MUST only resume if the new SNI value is valid for the server
    //# certificate presented in the original session and SHOULD only resume
    //# if the SNI value matches the one used in the original session.
    if (session->version != hello.version || IsExpired(*session, now) ||
        session->server_name != server_name) {
      return false;
    }
  }
  //= rfc8446#section-4.1.2
  //# If the client is
  //# attempting a PSK key establishment, it SHOULD advertise at least
  //# one cipher suite indicating a Hash associated with the PSK.
  return std::any_of(hello.cipher_suites.begin(), hello.cipher_suites.end(),
                     [&](CipherSuiteId suite) { return HasHash(suite, psk.hash()); });
}

}  // namespace

void ClientPsks::Keep(std::vector<Psk> psks, std::string_view server_name, WallTime now,
                      ClientHelloFields* hello) {
  // Keys without a mode to use them in cannot be offered.
  if (hello->psk_modes.empty()) return;
  size_t identities_len = 0;
  for (Psk& psk : psks) {
    if (psks_.size() == kMaxPskIdentities) break;
    if (!CanOffer(psk, server_name, now, *hello)) continue;
    const size_t len = psk.identity().size();
    if (len > kMaxIdentitiesLen - identities_len) continue;
    identities_len += len;
    psks_.push_back(std::move(psk));
  }
  if (psks_.empty()) return;
  // A server that chooses the suite before it looks at the keys then finds one that fits.
  std::stable_partition(hello->cipher_suites.begin(), hello->cipher_suites.end(),
                        [&](CipherSuiteId suite) { return HasHash(suite, psks_.front().hash()); });
}

void ClientPsks::OnHelloRetryRequest(const CipherSuite& suite) {
  //= rfc8446#section-4.1.4
  //# In addition, in its updated ClientHello, the client SHOULD NOT offer
  //# any pre-shared keys associated with a hash other than that of the
  //# selected cipher suite.
  std::erase_if(psks_, [&](const Psk& psk) { return psk.hash() != suite.hash; });
}

//= rfc8446#section-4.6.1
//# The client MAY use this PSK for future handshakes by including the
//# ticket value in the "pre_shared_key" extension
std::vector<OfferedPskFields> ClientPsks::Fields(WallTime now) const {
  std::vector<OfferedPskFields> fields;
  for (const Psk& psk : psks_) {
    const std::span<const uint8_t> identity = psk.identity();
    //= rfc8446#section-4.2.11
    //# For identities
    //# established externally, an obfuscated_ticket_age of 0 SHOULD be
    //# used, and servers MUST ignore the value.
    const uint32_t age = psk.session() != nullptr ? ObfuscatedAge(*psk.session(), now) : 0;
    fields.push_back({.identity = {identity.begin(), identity.end()},
                      .obfuscated_ticket_age = age,
                      .binder_len = HashLen(psk.hash())});
  }
  return fields;
}

bool ClientPsks::WriteBinders(const HandshakeConfig& config, const Transcript& transcript,
                              std::vector<uint8_t>* client_hello_body) const {
  if (psks_.empty()) return true;
  size_t binders_len = 2;
  for (const Psk& psk : psks_) binders_len += 1 + HashLen(psk.hash());
  if (client_hello_body->size() < binders_len) return false;
  size_t at = client_hello_body->size() - binders_len + 2;
  for (const Psk& psk : psks_) {
    // The first hello stands alone, and its suite's hash is not known yet: each key uses its own.
    Transcript alone(config.algorithms, config.wire_profile.transcript_form);
    if (!transcript.has_hash() && !alone.SelectHash(psk.hash())) return false;
    KeySchedule schedule(config.algorithms, psk.hash(), config.wire_profile.label_prefix);
    if (!schedule.StartEarly(psk.key())) return false;
    const auto binder =
        ComputePskBinder(&schedule, psk.kind(), transcript.has_hash() ? transcript : alone,
                         *client_hello_body, binders_len);
    if (!binder.has_value()) return false;
    const std::span<const uint8_t> bytes = binder->view();
    std::copy(bytes.begin(), bytes.end(),
              client_hello_body->begin() + static_cast<std::ptrdiff_t>(at + 1));
    at += 1 + bytes.size();
  }
  return true;
}

Status ClientPsks::ReadSelection(const ServerHelloView& server_hello, const CipherSuite& suite,
                                 const ClientHelloFields& hello,
                                 std::optional<PskSelection>* out) const {
  out->reset();
  const auto data = server_hello.extensions.Find(ExtensionType::kPreSharedKey);
  if (!data.has_value()) return Status::Ok();
  const auto index = ParseSelectedIdentity(*data);
  if (!index.has_value()) return DecodeError();
  const auto mode = server_hello.extensions.Has(ExtensionType::kKeyShare)
                        ? PskKeyExchangeMode::kPskDheKe
                        : PskKeyExchangeMode::kPskKe;
  //= rfc8446#section-4.2.11
  //# Clients MUST verify that the server's selected_identity is within the
  //# range supplied by the client, that the server selected a cipher suite
  //# indicating a Hash associated with the PSK, and that a server
  //# "key_share" extension is present if required by the ClientHello
  //# "psk_key_exchange_modes" extension.  If these values are not
  //# consistent, the client MUST abort the handshake with an
  //# "illegal_parameter" alert.
  if (*index >= psks_.size() || psks_[*index].hash() != suite.hash ||
      std::find(hello.psk_modes.begin(), hello.psk_modes.end(), mode) == hello.psk_modes.end()) {
    return IllegalParameter(Reason::kBadPsk);
  }
  *out = PskSelection{.psk = psks_[*index], .index = *index, .mode = mode};
  return Status::Ok();
}

}  // namespace dtls13
