#include "dtls13/message/connection_extensions.h"

#include <array>

#include "dtls13/message/failure.h"

namespace dtls13 {
namespace {

// OneExtension writes an extension's type, and its length once it goes out of scope.
class OneExtension {
 public:
  OneExtension(ByteWriter* writer, ExtensionType type) : data_(Start(writer, type), 2) {}

 private:
  static ByteWriter* Start(ByteWriter* writer, ExtensionType type) {
    writer->WriteU16(static_cast<uint16_t>(type));
    return writer;
  }

  ByteWriter::LengthPrefix data_;
};

void WriteRecordSizes(ByteWriter* writer, const RecordSizes& sizes) {
  if (sizes.record_size_limit.has_value()) {
    const OneExtension extension(writer, ExtensionType::kRecordSizeLimit);
    WriteRecordSizeLimit(writer, *sizes.record_size_limit);
  }
  if (sizes.max_fragment_length.has_value()) {
    const OneExtension extension(writer, ExtensionType::kMaxFragmentLength);
    WriteMaxFragmentLength(writer, *sizes.max_fragment_length);
  }
}

void WriteProtocols(ByteWriter* writer, std::span<const std::string> names) {
  const OneExtension extension(writer, ExtensionType::kApplicationLayerProtocolNegotiation);
  WriteProtocolNames(writer, names);
}

void WriteSrtp(ByteWriter* writer, std::span<const SrtpProfile> profiles,
               std::span<const uint8_t> mki) {
  const OneExtension extension(writer, ExtensionType::kUseSrtp);
  WriteUseSrtp(writer, profiles, mki);
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

void WriteConnectionOffer(ByteWriter* writer, const ConnectionConfig& config,
                          const std::string& grease_protocol, std::vector<ExtensionType>* offered) {
  if (!config.alpn.empty()) {
    offered->push_back(ExtensionType::kApplicationLayerProtocolNegotiation);
    std::vector<std::string> names = config.alpn;
    if (!grease_protocol.empty()) names.insert(names.begin(), grease_protocol);
    WriteProtocols(writer, names);
  }
  if (!config.srtp_profiles.empty()) {
    offered->push_back(ExtensionType::kUseSrtp);
    WriteSrtp(writer, config.srtp_profiles, config.srtp_mki);
  }
  const RecordSizes sizes = OfferRecordSizes(config);
  if (sizes.record_size_limit.has_value()) offered->push_back(ExtensionType::kRecordSizeLimit);
  if (sizes.max_fragment_length.has_value()) offered->push_back(ExtensionType::kMaxFragmentLength);
  WriteRecordSizes(writer, sizes);
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

void WriteConnectionAnswer(ByteWriter* writer, const ConnectionAnswer& answer,
                           const std::string& alpn) {
  //= rfc6066#section-3
  //# In this event, the server
  //# SHALL include an extension of type "server_name" in the (extended)
  //# server hello.  The "extension_data" field of this extension SHALL be
  //# empty.
  if (answer.acknowledges_server_name) OneExtension(writer, ExtensionType::kServerName);
  if (!answer.supported_groups.empty()) {
    const OneExtension extension(writer, ExtensionType::kSupportedGroups);
    ByteWriter::LengthPrefix list(writer, 2);
    for (const NamedGroup group : answer.supported_groups) {
      writer->WriteU16(static_cast<uint16_t>(group));
    }
  }
  if (!alpn.empty()) WriteProtocols(writer, {{alpn}});
  if (answer.srtp_profile.has_value()) {
    WriteSrtp(writer, std::array{*answer.srtp_profile}, answer.srtp_mki);
  }
  WriteRecordSizes(writer, answer.record_sizes);
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
