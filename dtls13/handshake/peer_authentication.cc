// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/peer_authentication.h"

#include <algorithm>

#include "dtls13/crypto/signature.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/certificate_request.h"
#include "dtls13/message/certificate_staple.h"
#include "dtls13/message/certificate_verify.h"
#include "dtls13/message/compressed_certificate.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/finished.h"

namespace dtls13 {
namespace {

// SignsHandshakes: rsa_pkcs1_* are for certificates alone.
bool SignsHandshakes(SignatureScheme scheme) { return FindSignatureScheme(scheme)->in_handshake; }

// Open parses the message, through `*decompressed` if it is compressed.
Status Open(const HandshakeConfig& config, HandshakeType type, std::span<const uint8_t> body,
            std::vector<uint8_t>* decompressed, std::optional<CertificateView>* certificate) {
  if (type == HandshakeType::kCompressedCertificate) {
    // Without a compressor no compression was offered.
    if (config.certificate_compressors.empty()) return UnexpectedMessage();
    const Status status = DecompressCertificate(config.certificate_compressors,
                                                config.max_message_len, body, decompressed);
    if (!status.ok()) return status;
    //= rfc8879#section-5
    //# After decompression, the Certificate message MUST be processed as if
    //# it were encoded without being compressed.
    body = *decompressed;
  }
  *certificate = ParseCertificate(body);
  return certificate->has_value() ? Status::Ok() : DecodeError();
}

}  // namespace

std::vector<uint8_t> PeerAuthentication::Request(const HandshakeConfig& config,
                                                 CertificateType type, std::vector<uint8_t> context,
                                                 std::vector<std::vector<uint8_t>> authorities,
                                                 std::vector<CustomExtension> extensions) {
  CertificateRequestInfo request{.context = std::move(context),
                                 .signature_schemes = UsableSchemes(config),
                                 .wishes = WishesOf(config),
                                 .custom_extensions = std::move(extensions)};
  //= rfc8446#section-4.2.3
  //# SignatureScheme supported_signature_algorithms<2..2^16-2>;
  if (std::ranges::none_of(request.signature_schemes, SignsHandshakes)) return {};
  request.wishes.authorities = std::move(authorities);
  terms_ = {.type = type};
  std::vector<uint8_t> body = SerializeCertificateRequest(request, &terms_.offered);
  terms_.context = std::move(request.context);
  terms_.schemes = std::move(request.signature_schemes);
  return body;
}

Status PeerAuthentication::ReadCertificate(const HandshakeConfig& config, HandshakeType type,
                                           std::span<const uint8_t> body, Transcript* transcript,
                                           PeerIdentity* identity) {
  std::vector<uint8_t> decompressed;
  std::optional<CertificateView> certificate;
  if (const Status status = Open(config, type, body, &decompressed, &certificate); !status.ok()) {
    return status;
  }
  if (const Status status =
          CheckCertificate(*certificate, terms_.peer_is_server, terms_.context, terms_.offered);
      !status.ok()) {
    return status;
  }
  identity->type = terms_.type;
  if (!certificate->entries.empty()) {
    const Status status = ReadChain(config, *certificate, identity);
    if (!status.ok()) return status;
  }
  return transcript->Add(type, body) ? Status::Ok() : InternalError(Reason::kCrypto);
}

Status PeerAuthentication::ReadChain(const HandshakeConfig& config,
                                     const CertificateView& certificate, PeerIdentity* identity) {
  //= rfc8446#section-4.4.2
  //# If the RawPublicKey certificate type was negotiated, then the
  //# certificate_list MUST contain no more than one CertificateEntry,
  //# which contains an ASN1_subjectPublicKeyInfo value as defined in
  //# [RFC7250], Section 3.
  if (terms_.type == CertificateType::kRawPublicKey && certificate.entries.size() > 1) {
    return IllegalParameter(Reason::kBadCertificate);
  }
  if (const Status status = ReadKey(*config.algorithms, certificate.entries.front().data);
      !status.ok()) {
    return status;
  }
  for (const CertificateEntryView& entry : certificate.entries) {
    auto staple = ReadStaple(entry.extensions);
    if (!staple.has_value()) return DecodeError();
    identity->chain.emplace_back(entry.data.begin(), entry.data.end());
    identity->staples.push_back(std::move(*staple));
  }
  return Status::Ok();
}

Status PeerAuthentication::ReadKey(const Algorithms& algorithms, std::span<const uint8_t> der) {
  key_ = terms_.type == CertificateType::kRawPublicKey
             ? CertificateKey::ParseSubjectPublicKeyInfo(algorithms, der)
             : CertificateKey::Parse(algorithms, der);
  if (!key_.has_value()) {
    return Status::Fatal(Reason::kBadCertificate, AlertDescription::kBadCertificate);
  }
  if (key_->type() == KeyType::kUnknown) {
    return Status::Fatal(Reason::kBadCertificate, AlertDescription::kUnsupportedCertificate);
  }
  return Status::Ok();
}

Status PeerAuthentication::ReadCertificateVerify(const Algorithms& algorithms,
                                                 std::span<const uint8_t> body,
                                                 Transcript* transcript,
                                                 SignatureScheme* scheme) const {
  const auto verify = ParseCertificateVerify(body);
  if (!verify.has_value()) return DecodeError();
  //= rfc8446#section-4.4.3
  //# If the CertificateVerify message is sent by a server, the signature
  //# algorithm MUST be one offered in the client's "signature_algorithms"
  //# extension unless no valid certificate chain can be produced without
  //# unsupported algorithms (see Section 4.2.3).
  //= rfc8446#section-4.4.3
  //# If sent by a client, the signature algorithm used in the signature
  //# MUST be one of those present in the supported_signature_algorithms
  //# field of the "signature_algorithms" extension in the
  //# CertificateRequest message.
  //= rfc8446#section-4.4.3
  //# In addition, the signature algorithm MUST be compatible with the key
  //# in the sender's end-entity certificate.
  if (!Contains(terms_.schemes, verify->algorithm) ||
      !SchemeFitsKey(verify->algorithm, key_->key(), key_->type())) {
    return IllegalParameter(Reason::kWrongSignatureType);
  }
  const auto hash = transcript->Hash();
  if (!hash.has_value()) return InternalError(Reason::kCrypto);
  //= rfc8446#section-4.4.3
  //# If the verification fails, the receiver MUST terminate the handshake
  //# with a "decrypt_error" alert.
  //= rfc8446#section-4.4.3
  //# The receiver of a CertificateVerify message MUST verify the signature
  //# field.
  if (!VerifySignature(algorithms, key_->key(), key_->type(), verify->algorithm,
                       BuildCertificateVerifyInput(terms_.peer_is_server, hash->view()),
                       verify->signature)) {
    return Status::Fatal(Reason::kBadSignature, AlertDescription::kDecryptError);
  }
  *scheme = verify->algorithm;
  return transcript->Add(HandshakeType::kCertificateVerify, body) ? Status::Ok()
                                                                  : InternalError(Reason::kCrypto);
}

CertificateWishes WishesOf(const HandshakeConfig& config) {
  CertificateWishes wishes;
  wishes.certificate_schemes = config.certificate_signature_schemes;
  wishes.authorities = config.certificate_authorities;
  wishes.ocsp = config.request_ocsp;
  wishes.ocsp_responders = config.ocsp_responders;
  wishes.ocsp_extensions = config.ocsp_extensions;
  wishes.sct = config.request_sct;
  for (const auto& compressor : config.certificate_compressors) {
    wishes.compression.push_back(compressor->algorithm());
  }
  return wishes;
}

Status ReadCertificateContext(const HandshakeConfig& config, HandshakeType type,
                              std::span<const uint8_t> body, std::vector<uint8_t>* context) {
  std::vector<uint8_t> decompressed;
  std::optional<CertificateView> certificate;
  if (const Status status = Open(config, type, body, &decompressed, &certificate); !status.ok()) {
    return status;
  }
  context->assign(certificate->context.begin(), certificate->context.end());
  return Status::Ok();
}

Status CheckFinished(const Secret& base_secret, const Transcript& transcript,
                     std::span<const uint8_t> body, KeySchedule* schedule) {
  const auto verify_data = ParseFinished(body, HashLen(schedule->hash()));
  if (!verify_data.has_value()) return DecodeError();
  const auto hash = transcript.Hash();
  if (!hash.has_value()) return InternalError(Reason::kCrypto);
  const auto mac = schedule->FinishedMac(base_secret, *hash);
  if (!mac.has_value()) return InternalError(Reason::kCrypto);
  //= rfc8446#section-4.4.4
  //# Recipients of Finished messages MUST verify that the contents are
  //# correct and if incorrect MUST terminate the connection with a
  //# "decrypt_error" alert.
  if (!ConstantTimeEquals(mac->view(), *verify_data)) {
    return Status::Fatal(Reason::kBadDigest, AlertDescription::kDecryptError);
  }
  return Status::Ok();
}

}  // namespace dtls13
