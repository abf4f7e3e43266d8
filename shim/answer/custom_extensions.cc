// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/custom_extensions.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/encrypted_extensions.h"
#include "dtls13/wire/handshake_header.h"
#include "dtls13/wire/status.h"
#include "shim/answer/certificates.h"

namespace dtls13::shim {
namespace {

using Methods = std::vector<CustomExtensionMethod>;

const Methods& MethodsOf(const SslAttachment& attachment) {
  static const Methods kNone;
  const auto& methods = attachment.settings.custom_extensions;
  return methods != nullptr ? *methods : kNone;
}

bool IsServer(const SslAttachment& attachment) { return attachment.side() == Side::kServer; }

// IsRelevant is what libssl's own rule comes to in a DTLS connection; `in_client_hello`: the
// version is still open where it is written.
bool IsRelevant(const CustomExtensionMethod& method, unsigned int where, bool in_client_hello) {
  if ((method.context & where) == 0 || (method.context & SSL_EXT_TLS_IMPLEMENTATION_ONLY) != 0) {
    return false;
  }
  return in_client_hello || (method.context & SSL_EXT_TLS1_2_AND_BELOW_ONLY) == 0;
}

bool IsForSide(const CustomExtensionMethod& method, bool is_server) {
  return is_server ? method.of_server : method.of_client;
}

// Place is where an extension stands: SSL_EXT_*, and which certificate it belongs to.
struct Place {
  unsigned int where = 0;
  X509* certificate = nullptr;
  size_t chain_index = 0;
};

// Connections are those that an extension is of, by SSL_EXT_IGNORE_ON_RESUMPTION.
enum class Connections : uint8_t { kAll, kNew };

Connections ConnectionsOf(const CustomExtensionMethod& method) {
  const bool is_new = (method.context & SSL_EXT_IGNORE_ON_RESUMPTION) != 0;
  return is_new ? Connections::kNew : Connections::kAll;
}

// UsesPsk: to libssl a handshake with an external PSK resumes a session too.
bool UsesPsk(const SslAttachment& attachment) {
  return attachment.association()->facts().result.psk_index.has_value();
}

// AddOne appends what `method` has to say. The failure's alert is the callback's.
std::optional<HelloFailure> AddOne(SSL* ssl, const CustomExtensionMethod& method,
                                   const Place& place, std::vector<CustomExtension>* extensions) {
  const unsigned char* data = nullptr;
  size_t len = 0;
  int alert = SSL_AD_INTERNAL_ERROR;
  const int result =
      method.Add(ssl, place.where, &data, &len, place.certificate, place.chain_index, &alert);
  if (result < 0) {
    return HelloFailure{SSL_R_CALLBACK_FAILED, static_cast<AlertDescription>(alert)};
  }
  if (result == 0) return std::nullopt;
  CustomExtension& added = extensions->emplace_back();
  added.type = method.type;
  if (data != nullptr) added.data.assign(data, data + len);
  // As in libssl, which calls it only where there was something to add.
  method.Free(ssl, place.where, data);
  return std::nullopt;
}

// AddAll appends what a side says in one message. Where it answers, only what `asked` has. As in
// libssl one without a callback to add it is in a ClientHello all the same, empty.
std::optional<HelloFailure> AddAll(SslAttachment& attachment, const Place& place, bool is_resumed,
                                   const ExtensionBlock* asked,
                                   std::vector<CustomExtension>* extensions) {
  SslAttachment::Busy busy(attachment);
  for (const CustomExtensionMethod& method : MethodsOf(attachment)) {
    const bool was_asked = asked == nullptr || asked->Has(static_cast<ExtensionType>(method.type));
    if (!IsRelevant(method, place.where, /*in_client_hello=*/false) || !was_asked ||
        !IsForSide(method, IsServer(attachment)) ||
        (place.where != SSL_EXT_CLIENT_HELLO && !method.can_add()) ||
        (is_resumed && ConnectionsOf(method) == Connections::kNew)) {
      continue;
    }
    const auto failure = AddOne(attachment.ssl(), method, place, extensions);
    if (failure) return failure;
  }
  return std::nullopt;
}

// MustAddAll is false when a callback has ended the association.
bool MustAddAll(SslAttachment& attachment, const Place& place, bool is_resumed,
                const ExtensionBlock* asked, std::vector<CustomExtension>* extensions) {
  const auto failure = AddAll(attachment, place, is_resumed, asked, extensions);
  if (failure) FailFor(attachment, failure->reason, failure->alert);
  return !failure;
}

// CallbackTicketExtensions are called while the association is at work, which cannot end there.
class CallbackTicketExtensions final : public TicketExtensions {
 public:
  explicit CallbackTicketExtensions(SslAttachment& attachment) : attachment_(attachment) {}

  bool Add(std::vector<CustomExtension>* extensions) override {
    const auto failure = AddAll(attachment_, {.where = SSL_EXT_TLS1_3_NEW_SESSION_TICKET},
                                UsesPsk(attachment_), nullptr, extensions);
    if (failure) attachment_.tickets.Fail(failure->alert);
    return !failure;
  }

 private:
  SslAttachment& attachment_;
};

// TryParseBlock gives those extensions of one message to their callbacks that are of `connections`,
// and of the message `answer` (SSL_EXT_*) too, if it is not 0. Returns the alert of the one that
// refuses.
std::optional<AlertDescription> TryParseBlock(SslAttachment& attachment, const Place& place,
                                              const ExtensionBlock& block, Connections connections,
                                              unsigned int answer = 0) {
  SslAttachment::Busy busy(attachment);
  const bool in_hello = place.where == SSL_EXT_CLIENT_HELLO;
  for (const CustomExtensionMethod& method : MethodsOf(attachment)) {
    const auto data = block.Find(static_cast<ExtensionType>(method.type));
    if (!data || !IsRelevant(method, place.where, /*in_client_hello=*/false) ||
        (in_hello && !IsForSide(method, IsServer(attachment))) ||
        (method.context & answer) != answer || ConnectionsOf(method) != connections) {
      continue;
    }
    int alert = SSL_AD_DECODE_ERROR;
    if (method.Parse(attachment.ssl(), place.where, data->data(), data->size(), place.certificate,
                     place.chain_index, &alert) <= 0) {
      return static_cast<AlertDescription>(alert);
    }
  }
  return std::nullopt;
}

// TryParseAll is TryParseBlock for all that are of a connection, which `resumes` or not.
std::optional<AlertDescription> TryParseAll(SslAttachment& attachment, const Place& place,
                                            const ExtensionBlock& block, bool resumes,
                                            unsigned int answer = 0) {
  const auto alert = TryParseBlock(attachment, place, block, Connections::kAll, answer);
  if (alert || resumes) return alert;
  return TryParseBlock(attachment, place, block, Connections::kNew, answer);
}

// MustBeTaken is false when a callback has refused with `alert`, which has ended the association.
bool MustBeTaken(SslAttachment& attachment, std::optional<AlertDescription> alert) {
  if (alert) FailFor(attachment, SSL_R_BAD_EXTENSION, *alert);
  return !alert;
}

// ParseBlock is false when the association has ended for it.
bool ParseBlock(SslAttachment& attachment, const Place& place, const ExtensionBlock& block,
                Connections connections) {
  return MustBeTaken(attachment, TryParseBlock(attachment, place, block, connections));
}

// CallbackRetryExtensions are called while the association is at work, which ends by itself. Nobody
// knows yet that the client is where it says: of its first hello the application sees what the
// HelloRetryRequest is to answer, and nothing where a listener answers whoever comes.
class CallbackRetryExtensions final : public RetryExtensions {
 public:
  explicit CallbackRetryExtensions(SslAttachment& attachment) : attachment_(attachment) {}

  Status Add(const ClientHello& offer, bool resumes,
             std::vector<CustomExtension>* extensions) override {
    if (attachment_.association() == nullptr) return Status::Ok();
    const Place hello = {.where = SSL_EXT_CLIENT_HELLO};
    const Place retry = {.where = SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST};
    const auto alert = TryParseAll(attachment_, hello, offer.extensions, resumes, retry.where);
    if (alert) return Status::Fatal(Reason::kBadExtension, *alert);
    const auto failure = AddAll(attachment_, retry, resumes, &offer.extensions, extensions);
    return failure ? Status::Fatal(Reason::kCallbackFailed, failure->alert) : Status::Ok();
  }

 private:
  SslAttachment& attachment_;
};

// CallbackRepeatedExtensions are called while the association is at work, which ends by itself.
class CallbackRepeatedExtensions final : public RepeatedExtensions {
 public:
  explicit CallbackRepeatedExtensions(SslAttachment& attachment) : attachment_(attachment) {}

  // Repeat asks all again, as libssl's TLS 1.3 does and its DTLS 1.2 behind a HelloVerifyRequest.
  // Unlike libssl it lets nothing but what the server has asked for be said in other words.
  Status Repeat(const ExtensionBlock& retry, std::vector<CustomExtension>* extensions) override {
    const Place hello_retry_request = {.where = SSL_EXT_TLS1_3_HELLO_RETRY_REQUEST};
    const auto alert = TryParseAll(attachment_, hello_retry_request, retry, /*resumes=*/false);
    if (alert) return Status::Fatal(Reason::kBadExtension, *alert);
    std::vector<CustomExtension> said;
    const auto failure = AddAll(attachment_, {.where = SSL_EXT_CLIENT_HELLO}, /*is_resumed=*/false,
                                /*asked=*/nullptr, &said);
    if (failure) return Status::Fatal(Reason::kCallbackFailed, failure->alert);
    const auto may_change = [&retry](const CustomExtension& extension) {
      return retry.Has(static_cast<ExtensionType>(extension.type));
    };
    //= rfc8446#section-4.1.2
    //# Other modifications that may be allowed by an extension defined in
    //# the future and present in the HelloRetryRequest.
    std::erase_if(*extensions, may_change);
    std::ranges::copy_if(said, std::back_inserter(*extensions), may_change);
    return Status::Ok();
  }

 private:
  SslAttachment& attachment_;
};

bool ParseAll(SslAttachment& attachment, const Place& place, const ExtensionBlock& block) {
  return MustBeTaken(attachment, TryParseAll(attachment, place, block, UsesPsk(attachment)));
}

void ParseCertificates(SslAttachment& attachment, std::span<const uint8_t> body) {
  const auto certificates = dtls13::ParseCertificate(body);
  if (!certificates) return;
  for (size_t i = 0; i < certificates->entries.size(); ++i) {
    const CertificateEntryView& entry = certificates->entries[i];
    if (entry.extensions.empty()) continue;
    const OpenSslPtr<X509> certificate = ParseCertificate(attachment, entry.data);
    if (!ParseAll(attachment, {SSL_EXT_TLS1_3_CERTIFICATE, certificate.get(), i},
                  entry.extensions)) {
      return;
    }
  }
}

}  // namespace

std::optional<HelloFailure> AddToClientHello(SslAttachment& attachment,
                                             std::span<const uint8_t> libssl_hello,
                                             std::vector<CustomExtension>* extensions) {
  SslAttachment::Busy busy(attachment);
  const auto written = ParseClientHello(libssl_hello);
  for (const CustomExtensionMethod& method : MethodsOf(attachment)) {
    if (!IsForSide(method, /*is_server=*/false) ||
        !IsRelevant(method, SSL_EXT_CLIENT_HELLO, /*in_client_hello=*/true)) {
      continue;
    }
    const bool is_libssls = written && (method.context & SSL_EXT_TLS1_3_ONLY) == 0;
    if (!is_libssls) {
      const auto failure =
          AddOne(attachment.ssl(), method, {.where = SSL_EXT_CLIENT_HELLO}, extensions);
      if (failure) return failure;
      continue;
    }
    if (const auto data = written->extensions.Find(static_cast<ExtensionType>(method.type))) {
      extensions->push_back({.type = method.type, .data = {data->begin(), data->end()}});
    }
  }
  return std::nullopt;
}

bool ParseClientExtensions(SslAttachment& attachment) {
  return ParseBlock(attachment, {.where = SSL_EXT_CLIENT_HELLO},
                    attachment.facts.client_hello().extensions, Connections::kAll);
}

bool ParseNewConnectionExtensions(SslAttachment& attachment) {
  return !IsServer(attachment) ||
         ParseBlock(attachment, {.where = SSL_EXT_CLIENT_HELLO},
                    attachment.facts.client_hello().extensions, Connections::kNew);
}

std::shared_ptr<TicketExtensions> ExtensionsOfTickets(SslAttachment& attachment) {
  if (MethodsOf(attachment).empty()) return nullptr;
  return std::make_shared<CallbackTicketExtensions>(attachment);
}

std::shared_ptr<RetryExtensions> ExtensionsOfRetries(SslAttachment& attachment) {
  if (MethodsOf(attachment).empty()) return nullptr;
  return std::make_shared<CallbackRetryExtensions>(attachment);
}

std::shared_ptr<RepeatedExtensions> ExtensionsOfSecondHello(SslAttachment& attachment) {
  if (MethodsOf(attachment).empty()) return nullptr;
  return std::make_shared<CallbackRepeatedExtensions>(attachment);
}

bool AddServerExtensions(SslAttachment& attachment, bool is_resumed) {
  if (MethodsOf(attachment).empty()) return true;
  const ExtensionBlock& asked = attachment.facts.client_hello().extensions;
  const bool asks_certificate = !is_resumed && DemandOf(attachment.ssl()).client_authentication !=
                                                   ClientAuthentication::kNone;
  CustomExtensions added;
  if (!MustAddAll(attachment, {.where = SSL_EXT_TLS1_3_SERVER_HELLO}, is_resumed, &asked,
                  &added.server_hello) ||
      !MustAddAll(attachment, {.where = SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS}, is_resumed, &asked,
                  &added.encrypted_extensions) ||
      (asks_certificate && !MustAddAll(attachment, {.where = SSL_EXT_TLS1_3_CERTIFICATE_REQUEST},
                                       is_resumed, nullptr, &added.certificate_request))) {
    return false;
  }
  attachment.association()->ProvideExtensions(std::move(added));
  return true;
}

bool AddToCredential(SslAttachment& attachment, Credential* credential) {
  if (MethodsOf(attachment).empty()) return true;
  const ExtensionBlock asked = IsServer(attachment)
                                   ? attachment.facts.client_hello().extensions
                                   : attachment.facts.certificate_request_extensions();
  for (size_t i = 0; i < credential->chain.size(); ++i) {
    const OpenSslPtr<X509> certificate = ParseCertificate(attachment, credential->chain[i]);
    std::vector<CustomExtension> added;
    if (!MustAddAll(attachment, {SSL_EXT_TLS1_3_CERTIFICATE, certificate.get(), i},
                    /*is_resumed=*/false, &asked, &added)) {
      return false;
    }
    if (added.empty()) continue;
    if (credential->staples.size() <= i) credential->staples.resize(i + 1);
    credential->staples[i].custom_extensions = std::move(added);
  }
  return true;
}

void ParseReceivedExtensions(SslAttachment& attachment, const Event& event) {
  if (MethodsOf(attachment).empty() || event.trace.outgoing || attachment.failed() ||
      event.trace.content_type != ContentType::kHandshake ||
      event.data.size() < kHandshakeHeaderLen) {
    return;
  }
  const std::span<const uint8_t> body = event.data.subspan(kHandshakeHeaderLen);
  switch (static_cast<HandshakeType>(event.data[0])) {
    case HandshakeType::kServerHello:
      // A HelloRetryRequest was read before it was answered.
      if (const auto hello = ParseServerHello(body); hello && !hello->IsHelloRetryRequest()) {
        ParseAll(attachment, {.where = SSL_EXT_TLS1_3_SERVER_HELLO}, hello->extensions);
      }
      break;
    case HandshakeType::kEncryptedExtensions:
      if (const auto block = ParseEncryptedExtensions(body)) {
        ParseAll(attachment, {.where = SSL_EXT_TLS1_3_ENCRYPTED_EXTENSIONS}, *block);
      }
      break;
    case HandshakeType::kCertificateRequest:
      if (const auto request = ParseCertificateRequest(body)) {
        ParseAll(attachment, {.where = SSL_EXT_TLS1_3_CERTIFICATE_REQUEST}, request->extensions);
      }
      break;
    case HandshakeType::kNewSessionTicket: {
      NewSessionTicket ticket;
      if (ParseNewSessionTicket(body, &ticket).ok()) {
        ParseAll(attachment, {.where = SSL_EXT_TLS1_3_NEW_SESSION_TICKET}, ticket.extensions);
      }
      break;
    }
    case HandshakeType::kCertificate:
      ParseCertificates(attachment, body);
      break;
    default:
      break;
  }
}

}  // namespace dtls13::shim
