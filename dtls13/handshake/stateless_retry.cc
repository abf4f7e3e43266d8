// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/stateless_retry.h"

#include "dtls13/crypto/transcript.h"
#include "dtls13/handshake/server_psks.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/hello_invariants.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {

namespace {

// AddRetryExtensions writes what the config's owner has to add to the answer.
Status AddRetryExtensions(const HandshakeConfig& config, const ClientHello& hello, bool resumes,
                          std::vector<uint8_t>* block) {
  if (config.server.retry_extensions == nullptr) return Status::Ok();
  std::vector<CustomExtension> extensions;
  const Status status = config.server.retry_extensions->Add(hello, resumes, &extensions);
  if (!status.ok()) return status;
  ByteWriter writer(block);
  ExtensionWriter(&writer).WriteCustom(extensions);
  if (!writer.ok() || block->size() > kMaxRetryExtensionsLen) {
    return InternalError(Reason::kInternal);
  }
  return Status::Ok();
}

}  // namespace

Status BuildHelloRetryRequest(const HandshakeConfig& config, const ClientHello& hello,
                              const Negotiation& negotiation, bool resumes,
                              const RetryAddressee& to, WallTime now, std::vector<uint8_t>* body) {
  if (config.server.cookie_keys == nullptr) return InternalError(Reason::kCrypto);
  //= rfc9147#section-5.1
  //# The handshake transcript is not reset with the second ClientHello,
  //# and a stateless server-cookie implementation requires the content or
  //# hash of the initial ClientHello (and HelloRetryRequest) to be stored
  //# in the cookie.
  const auto hash = Transcript::HashClientHello(*config.algorithms, negotiation.suite->hash,
                                                hello.body, config.wire_profile.transcript_form);
  if (!hash.has_value()) return InternalError(Reason::kCrypto);
  CookieContents contents;
  contents.suite = negotiation.suite->id;
  if (negotiation.has_group && negotiation.peer_share.empty()) contents.group = negotiation.group;
  contents.client_hello_hash.assign(hash->view().begin(), hash->view().end());
  contents.application_cookie.assign(to.application_cookie.begin(), to.application_cookie.end());
  const Status added = AddRetryExtensions(config, hello, resumes, &contents.retry_extensions);
  if (!added.ok()) return added;
  const auto digest = DigestInvariants(*config.algorithms, hello, OwnExtensions(contents));
  if (!digest.has_value()) return InternalError(Reason::kCrypto);
  contents.hello_digest = *digest;
  const std::vector<uint8_t> cookie =
      config.server.cookie_keys->Seal(contents, to.peer_address, now);
  if (cookie.empty()) return InternalError(Reason::kCrypto);
  *body = SerializeHelloRetryRequest(contents.suite, contents.group, cookie,
                                     SessionIdEcho(config, hello), config.wire_profile.version,
                                     contents.retry_extensions);
  return body->empty() ? InternalError(Reason::kInternal) : Status::Ok();
}

ExtensionBlock OwnExtensions(const CookieContents& contents) {
  return ExtensionBlock::Parse(contents.retry_extensions).value_or(ExtensionBlock());
}

std::optional<CookieContents> OpenHelloCookie(const HandshakeConfig& config,
                                              const ReceivedHello& hello,
                                              std::span<const uint8_t> peer_address, WallTime now) {
  if (config.server.cookie_keys == nullptr || !hello.status().ok() || !hello->cookie.has_value()) {
    return std::nullopt;
  }
  return config.server.cookie_keys->Open(*hello->cookie, peer_address, now);
}

Status MakeHelloRetryRequest(const HandshakeConfig& config, const ReceivedHello& hello,
                             const RetryAddressee& to, WallTime now, std::vector<uint8_t>* body) {
  if (!hello.status().ok()) return hello.status();
  const ClientHello& offer = hello.hello();
  Negotiation negotiation;
  ServerPsks psks;
  psks.OpenTickets(config, offer, /*bound=*/std::nullopt, now);
  const Status status =
      Negotiate(config, offer, {.hash = psks.WantedHash(config, offer)}, &negotiation);
  if (!status.ok()) return status;
  if (!negotiation.has_group && !ChoosePskMode(config, offer, /*has_group=*/false).has_value()) {
    return HandshakeFailure(Reason::kNoSuitableGroup);
  }
  psks.Settle(config, offer, negotiation, now);
  return BuildHelloRetryRequest(config, offer, negotiation, psks.selection().has_value(), to, now,
                                body);
}

}  // namespace dtls13
