// SPDX-License-Identifier: Apache-2.0
#include "dtls13/handshake/local_authentication.h"

#include <utility>

#include "dtls13/crypto/signature.h"
#include "dtls13/handshake/negotiation.h"
#include "dtls13/message/certificate.h"
#include "dtls13/message/certificate_verify.h"
#include "dtls13/message/compressed_certificate.h"
#include "dtls13/message/failure.h"
#include "dtls13/message/finished.h"

namespace dtls13 {
namespace {

// BuildCertificate leaves the body empty if a field exceeds what the format can hold.
AuthenticationMessage BuildCertificate(const HandshakeConfig& config,
                                       std::span<const uint8_t> context,
                                       const Credential* credential,
                                       const CertificateWishes& wishes) {
  if (credential == nullptr) return {.body = SerializeCertificate(context, /*chain=*/{})};
  std::vector<CertificateStaple> staples = credential->staples;
  for (CertificateStaple& staple : staples) {
    if (!wishes.ocsp) staple.ocsp_response.clear();
    if (!wishes.sct) staple.sct_list.clear();
  }
  std::vector<uint8_t> body = SerializeCertificate(context, credential->chain, staples);
  //= rfc8879#section-4
  //# If the peer has indicated that it supports compression, server and
  //# client MAY compress their corresponding Certificate messages
  //# (Section 4.4.2 of [RFC8446]) and send them in the form of the
  //# CompressedCertificate message (replacing the Certificate message).
  std::vector<uint8_t> compressed =
      CompressCertificate(config.certificate_compressors, wishes.compression, body);
  if (compressed.empty()) return {.body = std::move(body)};
  return {.type = HandshakeType::kCompressedCertificate, .body = std::move(compressed)};
}

}  // namespace

Status LocalAuthentication::ShowCredential(const HandshakeConfig& config,
                                           const Credential& credential, SignatureScheme scheme,
                                           const CertificateWishes& wishes, Transcript* transcript,
                                           AuthenticationMessage* certificate) {
  const Status status = Show(config, /*context=*/{}, &credential, wishes, transcript, certificate);
  if (!status.ok()) return status;
  //= rfc8446#section-4.4.3
  //# Servers MUST send this message when authenticating via a certificate.
  return RequestSignature(/*is_server=*/true, scheme, *transcript);
}

Status LocalAuthentication::AnswerRequest(const HandshakeConfig& config,
                                          const CertificateRequestInfo& request,
                                          const Credential* credential, Transcript* transcript,
                                          AuthenticationMessage* certificate) {
  if (credential != nullptr && credential->type != request.type) credential = nullptr;
  const auto scheme = ChooseSignatureScheme(credential, request.signature_schemes,
                                            request.wishes.certificate_schemes);
  //= rfc8446#section-4.4.2
  //# If the server requests client authentication but no
  //# suitable certificate is available, the client MUST send a Certificate
  //# message containing no certificates (i.e., with the "certificate_list"
  //# field having length 0).
  //= rfc8446#section-4.6.2
  //# If it declines, it MUST send a Certificate message
  //# containing no certificates followed by Finished.
  if (!scheme.has_value()) credential = nullptr;
  const Status status =
      Show(config, request.context, credential, request.wishes, transcript, certificate);
  if (!status.ok() || credential == nullptr) return status;
  //= rfc8446#section-4.4.3
  //# Clients MUST send this message whenever authenticating via a
  //# certificate (i.e., when the Certificate message is non-empty).
  return RequestSignature(/*is_server=*/false, *scheme, *transcript);
}

Status LocalAuthentication::Show(const HandshakeConfig& config, std::span<const uint8_t> context,
                                 const Credential* credential, const CertificateWishes& wishes,
                                 Transcript* transcript, AuthenticationMessage* certificate) {
  wants_signature_ = false;
  *certificate = BuildCertificate(config, context, credential, wishes);
  if (certificate->body.empty()) return InternalError(Reason::kInternal);
  if (!transcript->Add(certificate->type, certificate->body)) {
    return InternalError(Reason::kCrypto);
  }
  return Status::Ok();
}

Status LocalAuthentication::RequestSignature(bool is_server, SignatureScheme scheme,
                                             const Transcript& transcript) {
  const auto hash = transcript.Hash();
  if (!hash.has_value()) return InternalError(Reason::kCrypto);
  signature_request_.scheme = scheme;
  signature_request_.input = BuildCertificateVerifyInput(is_server, hash->view());
  wants_signature_ = true;
  return Status::Ok();
}

Status LocalAuthentication::ProvideSignature(std::span<const uint8_t> signature,
                                             Transcript* transcript,
                                             AuthenticationMessage* certificate_verify) {
  if (signature.empty()) return InternalError(Reason::kSignerFailed);
  *certificate_verify = {.type = HandshakeType::kCertificateVerify,
                         .body = SerializeCertificateVerify(signature_request_.scheme, signature)};
  if (certificate_verify->body.empty()) return InternalError(Reason::kSignerFailed);
  if (!transcript->Add(certificate_verify->type, certificate_verify->body)) {
    return InternalError(Reason::kCrypto);
  }
  wants_signature_ = false;
  return Status::Ok();
}

std::vector<uint8_t> MakeFinished(const Secret& base_secret, const Transcript& transcript,
                                  KeySchedule* schedule) {
  const auto hash = transcript.Hash();
  if (!hash.has_value()) return {};
  const auto mac = schedule->FinishedMac(base_secret, *hash);
  if (!mac.has_value()) return {};
  return SerializeFinished(mac->view());
}

}  // namespace dtls13
