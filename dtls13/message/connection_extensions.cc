// SPDX-License-Identifier: Apache-2.0
#include "dtls13/message/connection_extensions.h"

#include <array>

#include "dtls13/message/failure.h"
#include "dtls13/wire/byte_writer.h"

namespace dtls13 {
namespace {

void WriteRecordSizes(const RecordSizes& sizes, ExtensionWriter* extensions) {
  if (sizes.record_size_limit.has_value()) {
    extensions->Write(ExtensionType::kRecordSizeLimit, [&](ByteWriter* data) {
      WriteRecordSizeLimit(data, *sizes.record_size_limit);
    });
  }
  if (sizes.max_fragment_length.has_value()) {
    extensions->Write(ExtensionType::kMaxFragmentLength, [&](ByteWriter* data) {
      WriteMaxFragmentLength(data, *sizes.max_fragment_length);
    });
  }
}

void WriteProtocols(std::span<const std::string> names, ExtensionWriter* extensions) {
  extensions->Write(ExtensionType::kApplicationLayerProtocolNegotiation,
                    [&](ByteWriter* data) { WriteProtocolNames(data, names); });
}

void WriteSrtp(std::span<const SrtpProfile> profiles, std::span<const uint8_t> mki,
               ExtensionWriter* extensions) {
  extensions->Write(ExtensionType::kUseSrtp,
                    [&](ByteWriter* data) { WriteUseSrtp(data, profiles, mki); });
}

}  // namespace

Status ReadConnectionOffer(const ExtensionBlock& extensions, ConnectionOffer* out) {
  if (const auto data = extensions.Find(ExtensionType::kApplicationLayerProtocolNegotiation)) {
    const auto names = ProtocolNameList::Parse(*data);
    if (!names.has_value()) return DecodeError();
    out->alpn = *names;
  }
  if (const auto data = extensions.Find(ExtensionType::kUseSrtp)) {
    out->use_srtp = ParseUseSrtp(*data);
    if (!out->use_srtp.has_value()) return DecodeError();
  }
  return ReadRecordSizes(extensions, &out->record_sizes);
}

void WriteConnectionOffer(const ConnectionConfig& config, const std::string& grease_protocol,
                          ExtensionWriter* extensions) {
  if (!config.alpn.empty()) {
    std::vector<std::string> names = config.alpn;
    if (!grease_protocol.empty()) names.insert(names.begin(), grease_protocol);
    WriteProtocols(names, extensions);
  }
  if (!config.srtp_profiles.empty()) {
    WriteSrtp(config.srtp_profiles, config.srtp_mki, extensions);
  }
  WriteRecordSizes(OfferRecordSizes(config), extensions);
}

Status NegotiateConnection(const ConnectionConfig& config, const ConnectionOffer& offer,
                           ConnectionAnswer* answer, ConnectionResult* result) {
  if (offer.use_srtp.has_value()) {
    answer->srtp_profile = SelectSrtpProfile(config.srtp_profiles, *offer.use_srtp);
    if (answer->srtp_profile.has_value()) {
      const std::span<const uint8_t> mki = offer.use_srtp->mki;
      answer->srtp_mki.assign(mki.begin(), mki.end());
    }
  }
  result->srtp_profile = answer->srtp_profile;
  result->srtp_mki = answer->srtp_mki;
  answer->record_sizes = AnswerRecordSizes(config, offer.record_sizes, result);
  return SelectProtocol(config.alpn, offer.alpn, &result->alpn);
}

void WriteConnectionAnswer(const ConnectionAnswer& answer, const std::string& alpn,
                           ExtensionWriter* extensions) {
  //= rfc6066#section-3
  //# In this event, the server
  //# SHALL include an extension of type "server_name" in the (extended)
  //# server hello.  The "extension_data" field of this extension SHALL be
  //# empty.
  if (answer.acknowledges_server_name) extensions->WriteEmpty(ExtensionType::kServerName);
  if (!answer.supported_groups.empty()) {
    extensions->Write(ExtensionType::kSupportedGroups, [&](ByteWriter* data) {
      WriteCodePointList(answer.supported_groups, 2, data);
    });
  }
  if (!alpn.empty()) WriteProtocols({{alpn}}, extensions);
  if (answer.srtp_profile.has_value()) {
    WriteSrtp(std::array{*answer.srtp_profile}, answer.srtp_mki, extensions);
  }
  WriteRecordSizes(answer.record_sizes, extensions);
}

Status ReadConnectionAnswer(const ExtensionBlock& extensions, const ConnectionConfig& config,
                            ConnectionResult* result) {
  if (const auto name = extensions.Find(ExtensionType::kServerName)) {
    if (!name->empty()) return DecodeError();
    result->server_name_acknowledged = true;
  }
  if (const auto data = extensions.Find(ExtensionType::kSupportedGroups)) {
    const auto groups = ParseCodePointList(*data);
    if (!groups.has_value()) return DecodeError();
    for (size_t i = 0; i < groups->size(); ++i) {
      result->server_groups.push_back(static_cast<NamedGroup>((*groups)[i]));
    }
  }
  if (const auto data = extensions.Find(ExtensionType::kApplicationLayerProtocolNegotiation)) {
    const Status status = ReadSelectedProtocol(*data, config.alpn, &result->alpn);
    if (!status.ok()) return status;
  }
  if (const auto data = extensions.Find(ExtensionType::kUseSrtp)) {
    const Status status = ReadSelectedSrtp(*data, config.srtp_profiles, config.srtp_mki,
                                           &result->srtp_profile, &result->srtp_mki);
    if (!status.ok()) return status;
  }
  RecordSizes answer;
  if (const Status status = ReadRecordSizes(extensions, &answer); !status.ok()) return status;
  return TakeRecordSizes(OfferRecordSizes(config), answer, result);
}

}  // namespace dtls13
