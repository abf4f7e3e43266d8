// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/handshake_facts.h"

#include "dtls13/message/certificate_request.h"
#include "dtls13/message/extensions.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/handshake_header.h"

namespace dtls13::shim {
namespace {

std::vector<uint16_t> ReadCodePoints(const ExtensionBlock& extensions, ExtensionType type) {
  std::vector<uint16_t> code_points;
  const auto data = extensions.Find(type);
  const auto list = data ? ParseCodePointList(*data) : std::nullopt;
  if (!list) return code_points;
  code_points.reserve(list->size());
  for (size_t i = 0; i < list->size(); ++i) code_points.push_back((*list)[i]);
  return code_points;
}

}  // namespace

void HandshakeFacts::Note(const Event& event, std::shared_ptr<const ReceivedHello> received) {
  if (event.trace.content_type != ContentType::kHandshake ||
      event.data.size() < kHandshakeHeaderLen) {
    return;
  }
  const auto type = static_cast<HandshakeType>(event.data[0]);
  const std::span<const uint8_t> body = event.data.subspan(kHandshakeHeaderLen);
  const bool outgoing = event.trace.outgoing;
  std::vector<uint8_t>* kept = nullptr;
  switch (type) {
    case HandshakeType::kClientHello:
      peer_is_client_ = !outgoing;
      client_hello_ =
          peer_is_client_
              ? std::move(received)
              : std::make_shared<ReceivedHello>(std::vector<uint8_t>(body.begin(), body.end()));
      return;
    case HandshakeType::kServerHello:
      kept = &server_hello_;
      break;
    case HandshakeType::kCertificateRequest:
      if (!outgoing) kept = &certificate_request_;
      break;
    case HandshakeType::kFinished:
      kept = outgoing ? &sent_finished_ : &received_finished_;
      break;
    default:
      break;
  }
  if (kept != nullptr) kept->assign(body.begin(), body.end());
}

const ClientHello& HandshakeFacts::client_hello() const {
  static const ClientHello kNone;
  return client_hello_ != nullptr ? client_hello_->hello() : kNone;
}

std::vector<uint16_t> HandshakeFacts::client_extension_types() const {
  std::vector<uint16_t> types;
  ByteReader reader = client_hello().extensions.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    types.push_back(static_cast<uint16_t>(extension.type));
  }
  return types;
}

std::span<const uint8_t> HandshakeFacts::server_random() const {
  const auto hello = ParseServerHello(server_hello_);
  return hello ? hello->random : std::span<const uint8_t>();
}

std::optional<KeyShare> HandshakeFacts::server_share() const {
  const auto hello = ParseServerHello(server_hello_);
  const auto data = hello ? hello->extensions.Find(ExtensionType::kKeyShare) : std::nullopt;
  // A HelloRetryRequest's has the group alone.
  return data ? ParseServerShare(*data) : std::nullopt;
}

std::optional<KeyShare> HandshakeFacts::client_share() const {
  const std::optional<KeyShare> answer = server_share();
  const auto data = client_hello().extensions.Find(ExtensionType::kKeyShare);
  const auto shares = answer && data ? KeyShareList::Parse(*data) : std::nullopt;
  return shares ? shares->Find(answer->group) : std::nullopt;
}

std::vector<uint16_t> HandshakeFacts::peer_groups() const {
  if (!peer_is_client_) return {};
  return ReadCodePoints(client_hello().extensions, ExtensionType::kSupportedGroups);
}

ExtensionBlock HandshakeFacts::certificate_request_extensions() const {
  const auto request = ParseCertificateRequest(certificate_request_);
  return request ? request->extensions : ExtensionBlock();
}

std::vector<uint16_t> HandshakeFacts::peer_signature_schemes() const {
  if (peer_is_client_) {
    return ReadCodePoints(client_hello().extensions, ExtensionType::kSignatureAlgorithms);
  }
  return ReadCodePoints(certificate_request_extensions(), ExtensionType::kSignatureAlgorithms);
}

}  // namespace dtls13::shim
