// SPDX-License-Identifier: Apache-2.0
// Input: one byte that chooses, then the body of an EncryptedExtensions, CertificateRequest,
// CertificateVerify, NewSessionTicket, KeyUpdate, CompressedCertificate, NewConnectionId or
// RequestConnectionId message, the data of a connection_id extension, or an extension block that
// says what certificates a client takes, or one that stands beside a certificate.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/message/certificate_request.h"
#include "dtls13/message/certificate_staple.h"
#include "dtls13/message/certificate_type.h"
#include "dtls13/message/certificate_verify.h"
#include "dtls13/message/compressed_certificate.h"
#include "dtls13/message/connection_id.h"
#include "dtls13/message/encrypted_extensions.h"
#include "dtls13/message/key_update.h"
#include "dtls13/message/new_session_ticket.h"
#include "tests/fuzz/check.h"

namespace dtls13::fuzz {
namespace {

void WalkExtensions(const ExtensionBlock& block, Data body) {
  ByteReader reader = block.Begin();
  for (Extension extension; ExtensionBlock::Next(&reader, &extension);) {
    Check(Within(extension.data, body));
    Check(block.Has(extension.type));
  }
  Check(reader.empty());
}

void FuzzEncryptedExtensions(Data body) {
  const auto extensions = ParseEncryptedExtensions(body);
  if (!extensions.has_value()) return;
  WalkExtensions(*extensions, body);
  const Status status = CheckExtensions(*extensions, ExtensionMessage::kEncryptedExtensions, {});
  Check(status.ok() == extensions->empty());
}

void FuzzCertificateRequest(Data body) {
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

void FuzzCertificateVerify(Data body) {
  const auto verify = ParseCertificateVerify(body);
  if (!verify.has_value()) return;
  Check(Within(verify->signature, body));
  Check(Same(SerializeCertificateVerify(verify->algorithm, verify->signature), body));
}

void FuzzCompressedCertificate(Data body) {
  const auto message = ParseCompressedCertificate(body);
  if (!message.has_value()) return;
  Check(!message->compressed.empty() && Within(message->compressed, body));
  // Nothing was offered, so nothing is decompressed, and nothing allocated for what is declared.
  std::vector<uint8_t> out;
  Check(!DecompressCertificate({}, /*max_len=*/100 * 1024, body, &out).ok() && out.capacity() == 0);
}

void FuzzClientsWishes(Data body) {
  const auto block = ExtensionBlock::Parse(body);
  if (!block.has_value()) return;
  CertificateWishes wishes;
  const bool ok = ReadCertificateWishes(*block, ExtensionMessage::kClientHello, &wishes).ok();
  Check(ReadCertificateWishes(*block, ExtensionMessage::kClientHello, nullptr).ok() == ok);
  CertificateTypes types;
  const bool types_ok = ReadCertificateTypes(*block, &types).ok();
  Check(ReadCertificateTypes(*block, nullptr).ok() == types_ok);
  if (!ok || !types_ok) return;
  Check(wishes.authorities.size() <= kMaxAuthorities);
  std::vector<uint8_t> written;
  ByteWriter writer(&written);
  ExtensionWriter extensions(&writer);
  WriteCertificateWishes(wishes, ExtensionMessage::kClientHello, &extensions);
  WriteCertificateTypes(types, &extensions);
  CertificateWishes again;
  const auto block_again = ExtensionBlock::Parse(written);
  Check(writer.ok() && block_again.has_value());
  Check(ReadCertificateWishes(*block_again, ExtensionMessage::kClientHello, &again).ok());
  Check(again.authorities == wishes.authorities && again.compression == wishes.compression);
  Check(again.ocsp == wishes.ocsp && again.sct == wishes.sct);
}

void FuzzStaple(Data body) {
  const auto block = ExtensionBlock::Parse(body);
  if (!block.has_value()) return;
  const auto staple = ReadStaple(*block);
  if (!staple.has_value()) return;
  std::vector<uint8_t> written;
  ByteWriter writer(&written);
  WriteStaple(*staple, &writer);
  Check(writer.ok() && written.size() <= body.size() + 2);
}

void FuzzNewSessionTicket(Data body) {
  NewSessionTicket ticket;
  if (!ParseNewSessionTicket(body, &ticket).ok()) return;
  Check(!ticket.ticket.empty() && Within(ticket.ticket, body));
  Check(Within(ticket.nonce, body));
  const std::vector<uint8_t> again = SerializeNewSessionTicket(ticket);
  NewSessionTicket reparsed;
  Check(ParseNewSessionTicket(again, &reparsed).ok());
  Check(Same({reparsed.ticket.begin(), reparsed.ticket.end()}, ticket.ticket));
  Check(reparsed.max_early_data_len == ticket.max_early_data_len);
}

void FuzzKeyUpdate(Data body) {
  bool illegal = false;
  const auto update = ParseKeyUpdate(body, &illegal);
  Check(!(update.has_value() && illegal));
  if (update.has_value()) Check(Same(SerializeKeyUpdate(*update), body));
}

void FuzzNewConnectionId(Data body) {
  bool illegal = false;
  const auto message = ParseNewConnectionId(body, &illegal);
  Check(!(message.has_value() && illegal));
  if (!message.has_value()) return;
  std::vector<ConnectionId> ids;
  ByteReader reader(message->cids);
  for (std::span<const uint8_t> id; NewConnectionId::Next(&reader, &id);) {
    Check(Within(id, body));
    ids.emplace_back(id.begin(), id.end());
  }
  Check(reader.empty());
  Check(Same(SerializeNewConnectionId(ids, message->usage), body));
}

void FuzzConnectionIdValues(Data body) {
  if (const auto num_cids = ParseRequestConnectionId(body)) {
    Check(Same(SerializeRequestConnectionId(*num_cids), body));
  }
  if (const auto id = ParseConnectionId(body)) {
    Check(id->size() + 1 == body.size() && Within(*id, body));
  }
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13::fuzz;
  return FuzzOneOf({&FuzzEncryptedExtensions, &FuzzCertificateRequest, &FuzzCertificateVerify,
                    &FuzzNewSessionTicket, &FuzzKeyUpdate, &FuzzCompressedCertificate,
                    &FuzzClientsWishes, &FuzzNewConnectionId, &FuzzConnectionIdValues, &FuzzStaple},
                   data, size);
}
