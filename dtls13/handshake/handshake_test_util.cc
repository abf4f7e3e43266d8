// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/handshake_test_util.h"

#include <openssl/x509.h>

#include <array>
#include <cstdlib>
#include <variant>

#include "dtls13/crypto/signature.h"
#include "dtls13/message/client_hello.h"
#include "dtls13/message/server_hello.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

EVP_PKEY* GenerateKey(TestKeyKind kind) {
  switch (kind) {
    case TestKeyKind::kEcdsaP256:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    case TestKeyKind::kEcdsaP384:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384");
    case TestKeyKind::kRsa:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048});
    case TestKeyKind::kEd25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case TestKeyKind::kRsaPss: {
      EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr);
      EVP_PKEY* key = nullptr;
      EVP_PKEY_keygen_init(context);
      EVP_PKEY_generate(context, &key);
      EVP_PKEY_CTX_free(context);
      return key;
    }
  }
  return nullptr;
}

std::vector<uint8_t> SelfSign(EVP_PKEY* key, TestKeyKind kind) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("server.test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, kind == TestKeyKind::kEd25519 ? nullptr : EVP_sha256());
  unsigned char* der = nullptr;
  const int len = i2d_X509(certificate, &der);
  if (len <= 0) abort();
  std::vector<uint8_t> out(der, der + len);
  OPENSSL_free(der);
  X509_free(certificate);
  return out;
}

HandshakePair::Keys KeysOf(Epoch epoch, const CipherSuite* suite, const Secret& secret) {
  return {
      .epoch = epoch, .suite = suite->id, .secret = {secret.bytes().begin(), secret.bytes().end()}};
}

}  // namespace

bool SeededRandom::Fill(std::span<uint8_t> out) {
  if (failing_) return false;
  for (uint8_t& byte : out) {  // splitmix64
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    byte = static_cast<uint8_t>(z ^ (z >> 31));
  }
  return true;
}

void EditExtensions(HandshakeType type, std::vector<uint8_t>* body,
                    const std::function<void(std::vector<RawExtension>*)>& edit) {
  const ExtensionBlock block = type == HandshakeType::kClientHello
                                   ? ParseClientHello(*body)->extensions
                                   : ParseServerHello(*body)->extensions;
  std::vector<RawExtension> extensions;
  ByteReader reader = block.Begin();
  const size_t block_len = reader.remaining();
  Extension extension;
  while (ExtensionBlock::Next(&reader, &extension)) {
    extensions.push_back({.type = static_cast<uint16_t>(extension.type),
                          .data = {extension.data.begin(), extension.data.end()}});
  }
  edit(&extensions);
  body->resize(body->size() - block_len - 2);
  ByteWriter writer(body);
  ByteWriter::LengthPrefix prefix(&writer, 2);
  for (const RawExtension& raw : extensions) {
    writer.WriteU16(raw.type);
    writer.WriteVector16(raw.data);
  }
}

void SetExtension(HandshakeType type, std::vector<uint8_t>* body, ExtensionType extension,
                  std::vector<uint8_t> data) {
  EditExtensions(type, body, [&](std::vector<RawExtension>* extensions) {
    for (RawExtension& raw : *extensions) {
      if (raw.type == static_cast<uint16_t>(extension)) {
        raw.data = std::move(data);
        return;
      }
    }
    extensions->push_back({static_cast<uint16_t>(extension), std::move(data)});
  });
}

void RemoveExtension(HandshakeType type, std::vector<uint8_t>* body, ExtensionType extension) {
  EditExtensions(type, body, [&](std::vector<RawExtension>* extensions) {
    std::erase_if(*extensions, [&](const RawExtension& raw) {
      return raw.type == static_cast<uint16_t>(extension);
    });
  });
}

TestIdentity::TestIdentity(TestKeyKind kind) : key_(GenerateKey(kind)) {
  auto credential = std::make_shared<Credential>();
  credential->chain.push_back(SelfSign(key_.get(), kind));
  credential->schemes = SchemesForKey(key_.get());
  if (credential->schemes.empty()) abort();
  credential_ = std::move(credential);
}

const TestIdentity& TestIdentity::Get(TestKeyKind kind) {
  static const TestIdentity* const kIdentities[] = {
      new TestIdentity(TestKeyKind::kEcdsaP256), new TestIdentity(TestKeyKind::kEcdsaP384),
      new TestIdentity(TestKeyKind::kRsa), new TestIdentity(TestKeyKind::kRsaPss),
      new TestIdentity(TestKeyKind::kEd25519)};
  return *kIdentities[static_cast<size_t>(kind)];
}

std::vector<uint8_t> TestIdentity::PublicKeyInfo() const {
  std::vector<uint8_t> der(static_cast<size_t>(i2d_PUBKEY(key_.get(), nullptr)));
  unsigned char* out = der.data();
  i2d_PUBKEY(key_.get(), &out);
  return der;
}

std::vector<uint8_t> TestIdentity::Sign(SignatureScheme scheme,
                                        std::span<const uint8_t> input) const {
  auto signature = SignMessage(*TestAlgorithms(), key_.get(), scheme, input);
  return signature.has_value() ? std::move(*signature) : std::vector<uint8_t>();
}

std::shared_ptr<const Algorithms> TestAlgorithms() {
  static const auto* const kAlgorithms =
      new std::shared_ptr<const Algorithms>(Algorithms::Fetch(nullptr, nullptr));
  return *kAlgorithms;
}

HandshakeConfig TestConfig() {
  HandshakeConfig config;
  config.algorithms = TestAlgorithms();
  config.random = std::make_shared<SeededRandom>(7);
  config.server.cookie_keys = CookieKeyring::Create(config.algorithms, config.random, {});
  config.server.require_cookie = false;
  // Tests that compare whole messages ask for what is in them.
  config.connection.record_size_limit = 0;
  config.credential = TestIdentity::Get(TestKeyKind::kEcdsaP256).credential();
  return config;
}

std::vector<uint8_t> Dtls12Hello(std::span<const uint8_t> random,
                                 std::span<const uint8_t> session_id) {
  std::vector<uint8_t> body;
  ByteWriter writer(&body);
  writer.WriteU16(kDtls12Version);
  writer.WriteBytes(random);
  writer.WriteVector8(session_id);
  writer.WriteVector8({});  // cookie
  writer.WriteVector16(std::array<uint8_t, 2>{0xc0, 0x2b});
  writer.WriteVector8(std::array<uint8_t, 1>{0});  // compression
  return body;
}

const ServerParameters& TestServerParameters() {
  static const auto* const kParameters = new ServerParameters{
      .peer_address = {192, 0, 2, 1, 0x12, 0x34}, .now = WallTime(std::chrono::seconds(1'000'000))};
  return *kParameters;
}

HandshakePair::HandshakePair(const HandshakeConfig& client_config,
                             const HandshakeConfig& server_config,
                             ClientParameters client_parameters, ServerParameters server_parameters)
    : client_handshake(NewClientHandshake(std::make_shared<HandshakeConfig>(client_config),
                                          std::move(client_parameters))),
      server_handshake(NewServerHandshake(std::make_shared<HandshakeConfig>(server_config),
                                          std::move(server_parameters))) {}

void HandshakePair::Run() {
  bool moved = true;
  while (moved) {
    moved = Collect(client_handshake.get(), /*from_client=*/true, &client);
    moved |= Collect(server_handshake.get(), /*from_client=*/false, &server);
    moved |= Answer(client_handshake.get(), &client);
    moved |= Answer(server_handshake.get(), &server);
    moved |= Deliver(client_handshake.get(), &to_client_, &client);
    moved |= Deliver(server_handshake.get(), &to_server_, &server);
  }
}

bool HandshakePair::Collect(Handshake* handshake, bool from_client, Side* side) {
  bool any = false;
  const auto send = [&](Epoch epoch, HandshakeType type, std::vector<uint8_t> body) {
    Flying flying{
        .from_client = from_client, .type = type, .body = std::move(body), .epoch = epoch};
    side->sent.push_back(flying);
    if (tamper) tamper(&flying);
    if (flying.deliver) (from_client ? to_server_ : to_client_).push_back(std::move(flying));
  };
  while (auto action = handshake->NextAction()) {
    any = true;
    if (auto* message = std::get_if<SendMessage>(&*action)) {
      side->order.push_back("send " + std::to_string(static_cast<int>(message->type)));
      send(message->epoch, message->type, std::move(message->body));
    } else if (auto* stateless = std::get_if<SendStateless>(&*action)) {
      side->order.push_back("stateless");
      ++side->num_stateless;
      send(kPlaintextEpoch, stateless->type, std::move(stateless->body));
    } else if (const auto* read = std::get_if<InstallReadKeys>(&*action)) {
      side->order.push_back("read " + std::to_string(read->epoch.value));
      side->read_keys.push_back(KeysOf(read->epoch, read->suite, read->traffic_secret));
    } else if (const auto* write = std::get_if<InstallWriteKeys>(&*action)) {
      side->order.push_back("write " + std::to_string(write->epoch.value));
      side->write_keys.push_back(KeysOf(write->epoch, write->suite, write->traffic_secret));
    } else if (std::holds_alternative<PeerIsDtls13>(*action)) {
      side->order.push_back("dtls13");
      ++side->num_peer_is_dtls13;
    } else if (const auto* line = std::get_if<KeyLogLine>(&*action)) {
      side->key_log.push_back(line->label);
    } else if (std::holds_alternative<Completed>(*action)) {
      side->order.push_back("completed");
      ++side->num_completed;
    }
  }
  return any;
}

bool HandshakePair::Deliver(Handshake* handshake, std::vector<Flying>* queue, Side* side) {
  if (queue->empty()) return false;
  if (!side->status.ok()) {
    queue->clear();
    return false;
  }
  if (handshake->wait() != HandshakeWait::kMessage) return false;
  const Flying flying = std::move(queue->front());
  queue->erase(queue->begin());
  side->status = deliver ? deliver(handshake, flying)
                         : handshake->HandleMessage(flying.type, flying.body, flying.epoch);
  return true;
}

bool HandshakePair::Answer(Handshake* handshake, Side* side) {
  if (!side->status.ok()) return false;
  const bool is_client = side == &client && client_identity != nullptr;
  const TestIdentity& own = is_client ? *client_identity : *identity;
  switch (handshake->wait()) {
    case HandshakeWait::kPsk:
      side->status =
          provide_psk ? provide_psk(server_handshake.get()) : handshake->ProvidePsk(0, Psk());
      return true;
    case HandshakeWait::kCredential:
      side->status = handshake->ProvideCredential(own.credential());
      return true;
    case HandshakeWait::kSignature: {
      const SignatureRequest& request = handshake->signature_request();
      side->status = handshake->ProvideSignature(own.Sign(request.scheme, request.input));
      return true;
    }
    case HandshakeWait::kVerification:
      side->status = verify ? verify(handshake)
                            : handshake->ProvideVerification(true, AlertDescription::kCloseNotify);
      return true;
    default:
      return false;
  }
}

}  // namespace dtls13
