// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/session_object.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/crypto/secret.h"
#include "dtls13/wire/byte_reader.h"
#include "dtls13/wire/byte_writer.h"
#include "dtls13/wire/time.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// libssl sets a session's peer and verify result from its own handshakes only, but it also reads
// them from a session's DER form (i2d_SSL_SESSION):
//
//   SEQUENCE { INTEGER 1, INTEGER version, OCTET STRING suite, OCTET STRING id,
//              OCTET STRING master_key, [1] INTEGER time, [2] INTEGER timeout, [3] Certificate
//              peer, [4] OCTET STRING id_context, [5] INTEGER verify_result, [6] OCTET STRING
//              host_name, [9] INTEGER ticket_lifetime_hint, [10] OCTET STRING ticket, [14] INTEGER
//              ticket_age_add, [15] INTEGER max_early_data, [16] OCTET STRING alpn, [18] OCTET
//              STRING ticket_appdata, ... }

constexpr uint8_t kInteger = 0x02;
constexpr uint8_t kOctetString = 0x04;
constexpr uint8_t kSequence = 0x30;
// A header is a tag, and a length of four bytes at the most.
constexpr size_t kMaxHeaderLen = 5;
// All elements of a session but the peer, the ticket and ticket_appdata, with their headers: two
// names of up to 255 bytes are the most of it.
constexpr size_t kMaxFixedLen = 1024;
constexpr uint8_t Explicit(int number) { return static_cast<uint8_t>(0xa0 | number); }

using Bytes = std::vector<uint8_t>;

void AppendElement(uint8_t tag, std::span<const uint8_t> content, Bytes* out) {
  out->push_back(tag);
  if (content.size() < 0x80) {
    out->push_back(static_cast<uint8_t>(content.size()));
  } else {
    // Three length bytes are enough for any certificate.
    out->push_back(0x83);
    for (int shift = 16; shift >= 0; shift -= 8) {
      out->push_back(static_cast<uint8_t>(content.size() >> shift));
    }
  }
  out->insert(out->end(), content.begin(), content.end());
}

// DER wants the fewest bytes, and a leading zero where the top bit would read as a sign.
Bytes Integer(uint64_t value) {
  Bytes content;
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<uint8_t>(value >> shift);
    if (content.empty() && byte == 0 && shift > 0) continue;
    if (content.empty() && (byte & 0x80) != 0) content.push_back(0);
    content.push_back(byte);
  }
  Bytes element;
  AppendElement(kInteger, content, &element);
  return element;
}

Bytes DerOf(const X509* certificate) {
  const int len = i2d_X509(certificate, nullptr);
  Bytes der(len > 0 ? static_cast<size_t>(len) : 0);
  unsigned char* out = der.data();
  if (!der.empty() && i2d_X509(certificate, &out) != len) der.clear();
  return der;
}

void Append(const Bytes& bytes, Bytes* out) { out->insert(out->end(), bytes.begin(), bytes.end()); }

void AppendOctets(int number, std::span<const uint8_t> content, Bytes* out) {
  if (content.empty()) return;
  Bytes element;
  AppendElement(kOctetString, content, &element);
  AppendElement(Explicit(number), element, out);
}

// RestOf is what of a session has no field in libssl's object that an application could read back:
// all but the key and the ticket, whose places are taken by zeros and nothing. It goes where
// libssl keeps the server application's data of a ticket, which a client has none of.
Bytes RestOf(const Session& session) {
  std::optional<Session> rest = CopySession(session);
  if (!rest) return {};
  rest->psk = Secret(rest->psk.size());
  rest->ticket.clear();
  return SerializeSession(*rest);
}

// HostName is the name that a session of the connection has in libssl's object: one that the server
// has acknowledged, or the resumed session's.
std::string HostName(SslAttachment& attachment) {
  const HandshakeResult& result = attachment.association()->facts().result;
  if (attachment.association()->facts().role == Role::kServer) {
    const bool is_known = result.resumed || attachment.facts.accepts_server_name();
    return is_known ? result.server_name : "";
  }
  if (!result.resumed) return result.connection.server_name_acknowledged ? result.server_name : "";
  const SSL_SESSION* resumed = attachment.lent().session;
  const char* name = resumed == nullptr ? nullptr : Real().SSL_SESSION_get0_hostname(resumed);
  return name == nullptr ? "" : name;
}

// What the application keeps where we keep the rest of a session stands behind it: a mark, the
// length of ours in four bytes, ours, the application's.
constexpr uint8_t kMark[] = {0xd1, 0x35, 'd', 't', 'l', 's', '1', '3'};

Bytes Join(std::span<const uint8_t> ours, std::span<const uint8_t> applications) {
  Bytes joined(std::begin(kMark), std::end(kMark));
  ByteWriter writer(&joined);
  writer.WriteU32(static_cast<uint32_t>(ours.size()));
  writer.WriteBytes(ours);
  writer.WriteBytes(applications);
  return joined;
}

struct Kept {
  std::span<const uint8_t> ours;
  std::span<const uint8_t> applications;
};

Kept Split(const SSL_SESSION* object) {
  void* data = nullptr;
  size_t len = 0;
  // The getter changes nothing.
  if (Real().SSL_SESSION_get0_ticket_appdata(const_cast<SSL_SESSION*>(object), &data, &len) != 1 ||
      data == nullptr) {
    return {};
  }
  const std::span<const uint8_t> whole(static_cast<const uint8_t*>(data), len);
  ByteReader reader(whole);
  std::span<const uint8_t> mark;
  Kept kept;
  uint32_t ours_len = 0;
  if (!reader.ReadBytes(sizeof(kMark), &mark) || !std::ranges::equal(mark, kMark) ||
      !reader.ReadU32(&ours_len) || !reader.ReadBytes(ours_len, &kept.ours)) {
    return {.ours = {}, .applications = whole};
  }
  kept.applications = whole.last(reader.remaining());
  return kept;
}

// As libssl's client names a session that came with a ticket. The application's library context may
// be the only one with digests.
Bytes IdOf(const SslAttachment& attachment, const Session& session) {
  const CtxAttachment* ctx = attachment.ctx();
  Bytes id(EVP_MAX_MD_SIZE);
  size_t len = 0;
  ErrorMark mark;
  if (EVP_Q_digest(ctx == nullptr ? nullptr : ctx->shared.library_context(), "SHA256",
                   ctx == nullptr ? nullptr : ctx->shared.property_query(), session.ticket.data(),
                   session.ticket.size(), id.data(), &len) != 1) {
    len = 0;
  }
  id.resize(len);
  return id;
}

// DefaultContext makes a library context the thread's default one while it lives; null changes
// nothing.
class DefaultContext {
 public:
  explicit DefaultContext(OSSL_LIB_CTX* context) : previous_(OSSL_LIB_CTX_set0_default(context)) {}
  ~DefaultContext() { OSSL_LIB_CTX_set0_default(previous_); }
  DefaultContext(const DefaultContext&) = delete;
  DefaultContext& operator=(const DefaultContext&) = delete;

 private:
  OSSL_LIB_CTX* const previous_;
};

SSL_SESSION* FromContent(const SslAttachment& attachment, Bytes* content) {
  Bytes der;
  der.reserve(content->size() + kMaxHeaderLen);
  AppendElement(kSequence, *content, &der);
  Cleanse(*content);
  ErrorMark mark;
  const unsigned char* next = der.data();
  // The object itself is made before: its ex_data are of the default context's list.
  SSL_SESSION* object = Real().SSL_SESSION_new();
  if (object != nullptr) {
    // libssl decodes the peer's key by the default context, which may have no algorithms.
    const CtxAttachment* ctx = attachment.ctx();
    const DefaultContext context(ctx == nullptr ? nullptr : ctx->shared.library_context());
    SSL_SESSION* const filled =
        Real().d2i_SSL_SESSION(&object, &next, static_cast<long>(der.size()));
    if (filled == nullptr) Real().SSL_SESSION_free(std::exchange(object, nullptr));
  }
  Cleanse(der);
  return object;
}

// Make builds the object; `session` is null for one that cannot be resumed. Its id is `id_bytes`,
// or a hash of its ticket.
SSL_SESSION* Make(SslAttachment& attachment, const Session* session,
                  const Bytes* id_bytes = nullptr) {
  if (!attachment.connected()) return nullptr;
  SSL* ssl = attachment.ssl();
  const CipherSuiteId id =
      session != nullptr ? session->suite : attachment.association()->facts().result.suite->id;
  const auto suite = static_cast<uint16_t>(id);
  const uint8_t suite_bytes[2] = {static_cast<uint8_t>(suite >> 8), static_cast<uint8_t>(suite)};
  const Bytes rest = session != nullptr ? RestOf(*session) : Bytes();
  const X509* peer = attachment.lent().certificate;
  const Bytes peer_der = peer != nullptr ? DerOf(peer) : Bytes();
  Bytes content;
  // Whole from the start: one that grows leaves copies of the key behind.
  content.reserve(kMaxFixedLen + rest.size() + peer_der.size() +
                  (session != nullptr ? session->ticket.size() : 0));
  Append(Integer(1), &content);
  Append(Integer(DTLS1_3_VERSION), &content);
  AppendElement(kOctetString, suite_bytes, &content);
  AppendElement(kOctetString,
                id_bytes != nullptr  ? *id_bytes
                : session != nullptr ? IdOf(attachment, *session)
                                     : Bytes(),
                &content);
  AppendElement(kOctetString,
                session != nullptr ? session->psk.bytes() : std::span<const uint8_t>(), &content);
  const int64_t time = session != nullptr ? session->issued_at.time_since_epoch().count()
                                          : static_cast<int64_t>(std::time(nullptr));
  AppendElement(Explicit(1), Integer(static_cast<uint64_t>(time)), &content);
  const long timeout_s = Real().SSL_CTX_get_timeout(Real().SSL_get_SSL_CTX(ssl));
  AppendElement(Explicit(2), Integer(static_cast<uint64_t>(timeout_s)), &content);
  if (!peer_der.empty()) AppendElement(Explicit(3), peer_der, &content);
  AppendOctets(4, attachment.settings.session_id_context, &content);
  const auto verify_result = static_cast<uint64_t>(Real().SSL_get_verify_result(ssl));
  AppendElement(Explicit(5), Integer(verify_result), &content);
  const std::string name = HostName(attachment);
  AppendOctets(6, {reinterpret_cast<const uint8_t*>(name.data()), name.size()}, &content);
  if (session != nullptr) {
    // A server's object has no ticket, but what one was made of.
    if (attachment.association()->facts().role == Role::kClient) {
      AppendElement(Explicit(9), Integer(session->lifetime_s), &content);
      AppendOctets(10, session->ticket, &content);
    }
    AppendElement(Explicit(14), Integer(session->age_add), &content);
    AppendElement(Explicit(15), Integer(session->max_early_data_len), &content);
    AppendOctets(16, session->alpn, &content);
    AppendOctets(18, Join(rest, {}), &content);
  }
  return FromContent(attachment, &content);
}

}  // namespace

SSL_SESSION* MakeSession(SslAttachment& attachment) { return Make(attachment, nullptr); }

SSL_SESSION* MakeResumableSession(SslAttachment& attachment, const Session& session) {
  return Make(attachment, &session);
}

SSL_SESSION* MakeIssuedSession(SslAttachment& attachment, Session session, bool is_named) {
  if (is_named && session.ticket.size() == SSL_MAX_SSL_SESSION_ID_LENGTH) {
    const Bytes name = session.ticket;
    return Make(attachment, &session, &name);
  }
  // The id is a hash of what names a session: for who was told of it, and who asks for it later.
  session.ticket = {'i', 'd'};
  session.ticket.insert(session.ticket.end(), session.psk.bytes().begin(),
                        session.psk.bytes().end());
  SSL_SESSION* object = Make(attachment, &session);
  Cleanse(session.ticket);
  return object;
}

std::span<const uint8_t> ApplicationsData(const SSL_SESSION* object) {
  return Split(object).applications;
}

bool SetApplicationsData(SSL_SESSION* object, std::span<const uint8_t> data) {
  const std::span<const uint8_t> ours = Split(object).ours;
  if (ours.empty()) {
    return Real().SSL_SESSION_set1_ticket_appdata(object, data.data(), data.size()) == 1;
  }
  const Bytes joined = Join(ours, data);
  return Real().SSL_SESSION_set1_ticket_appdata(object, joined.data(), joined.size()) == 1;
}

std::optional<Session> CopySession(const Session& session) {
  Bytes bytes = SerializeSession(session);
  std::optional<Session> copy = ParseSession(bytes);
  Cleanse(bytes);
  return copy;
}

bool IsDtls13(const SSL_SESSION* object) {
  return object != nullptr && Real().SSL_SESSION_get_protocol_version(object) == DTLS1_3_VERSION;
}

std::optional<Session> ReadIssuedSession(SSL_SESSION* object, std::span<const uint8_t> ticket) {
  if (!IsDtls13(object) || Real().SSL_SESSION_is_resumable(object) != 1) return std::nullopt;
  std::optional<Session> session = ParseSession(Split(object).ours);
  // The length of the key, by libssl's way to ask for it.
  const size_t key_len = Real().SSL_SESSION_get_master_key(object, nullptr, 0);
  if (!session || ticket.empty() || key_len != session->psk.size()) return std::nullopt;
  Real().SSL_SESSION_get_master_key(object, session->psk.mutable_bytes().data(), key_len);
  session->ticket.assign(ticket.begin(), ticket.end());
  // The time is libssl's too, which the application may have set.
  session->issued_at = WallTime(std::chrono::seconds(Real().SSL_SESSION_get_time(object)));
  // An application may allow less than the server does.
  session->max_early_data_len = Real().SSL_SESSION_get_max_early_data(object);
  return session;
}

std::shared_ptr<const Session> ReadSession(SSL_SESSION* object) {
  if (!IsDtls13(object)) return nullptr;
  const unsigned char* ticket = nullptr;
  size_t ticket_len = 0;
  Real().SSL_SESSION_get0_ticket(object, &ticket, &ticket_len);
  std::optional<Session> session = ReadIssuedSession(object, {ticket, ticket_len});
  return session ? std::make_shared<const Session>(*std::move(session)) : nullptr;
}

}  // namespace dtls13::shim
