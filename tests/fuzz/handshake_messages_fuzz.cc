// Input: one byte that chooses, then the body of an EncryptedExtensions, CertificateRequest,
// CertificateVerify, NewSessionTicket or KeyUpdate message.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/handshake/certificate_request.h"
#include "dtls13/handshake/certificate_verify.h"
#include "dtls13/handshake/encrypted_extensions.h"
#include "dtls13/handshake/key_update.h"
#include "dtls13/handshake/new_session_ticket.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

using Body = std::span<const uint8_t>;

bool Same(const std::vector<uint8_t>& written, Body body) {
  return std::equal(written.begin(), written.end(), body.begin(), body.end());
}

void WalkExtensions(const ExtensionBlock& block, Body body) {
  ByteReader reader = block.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    Check(Within(extension.data, body));
    Check(block.Has(extension.type));
  }
  Check(reader.empty());
}

void FuzzEncryptedExtensions(Body body) {
  const auto extensions = ParseEncryptedExtensions(body);
  if (!extensions.has_value()) return;
  WalkExtensions(*extensions, body);
  const Status status = CheckExtensions(*extensions, ExtensionMessage::kEncryptedExtensions, {});
  Check(status.ok() == extensions->empty());
}

void FuzzCertificateRequest(Body body) {
  const auto request = ParseCertificateRequest(body);
  if (!request.has_value()) return;
  Check(Within(request->context, body));
  WalkExtensions(request->extensions, body);
  CertificateRequestInfo info;
  if (!ReadCertificateRequest(*request, /*in_main_handshake=*/true, &info).ok()) return;
  Check(!info.signature_schemes.empty() && info.wishes.authorities.size() <= kMaxAuthorities);
  Check(request->context.empty());
  Check(request->extensions.Has(ExtensionType::kSignatureAlgorithms));
}

void FuzzCertificateVerify(Body body) {
  const auto verify = ParseCertificateVerify(body);
  if (!verify.has_value()) return;
  Check(Within(verify->signature, body));
  Check(Same(SerializeCertificateVerify(verify->algorithm, verify->signature), body));
}

void FuzzNewSessionTicket(Body body) {
  NewSessionTicket ticket;
  if (!ParseNewSessionTicket(body, &ticket).ok()) return;
  Check(!ticket.ticket.empty() && Within(ticket.ticket, body));
  Check(Within(ticket.nonce, body));
  const std::vector<uint8_t> again = SerializeNewSessionTicket(ticket);
  NewSessionTicket reparsed;
  Check(ParseNewSessionTicket(again, &reparsed).ok());
  Check(Same(reparsed.ticket, ticket.ticket));
  Check(reparsed.max_early_data_len == ticket.max_early_data_len);
}

void FuzzKeyUpdate(Body body) {
  bool illegal = false;
  const auto update = ParseKeyUpdate(body, &illegal);
  Check(!(update.has_value() && illegal));
  if (update.has_value()) Check(Same(SerializeKeyUpdate(*update), body));
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13::fuzz;
  if (size == 0) return 0;
  const Body body(data + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      FuzzEncryptedExtensions(body);
      break;
    case 1:
      FuzzCertificateRequest(body);
      break;
    case 2:
      FuzzCertificateVerify(body);
      break;
    case 3:
      FuzzNewSessionTicket(body);
      break;
    default:
      FuzzKeyUpdate(body);
      break;
  }
  return 0;
}
