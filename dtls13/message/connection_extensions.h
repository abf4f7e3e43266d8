// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_MESSAGE_CONNECTION_EXTENSIONS_H_
#define DTLS13_MESSAGE_CONNECTION_EXTENSIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "dtls13/message/connection_config.h"
#include "dtls13/message/connection_result.h"
#include "dtls13/message/extensions.h"
#include "dtls13/message/protocol_name_list.h"
#include "dtls13/message/record_size.h"
#include "dtls13/message/use_srtp.h"
#include "dtls13/wire/status.h"

namespace dtls13 {

// The extensions of a ClientHello that EncryptedExtensions answers and that settle properties of
// the connection: ALPN, use_srtp, record_size_limit, max_fragment_length, server_name and
// supported_groups. Each has a file of its own for what it means; here they are read, negotiated
// and written together. Early data, which answers there too, belongs to the pre-shared keys.

// ConnectionOffer is what a ClientHello asks: views of it.
struct ConnectionOffer {
  ProtocolNameList alpn;
  std::optional<UseSrtpView> use_srtp;
  RecordSizes record_sizes;
};

// ReadConnectionOffer judges each extension by itself.
Status ReadConnectionOffer(const ExtensionBlock& extensions, ConnectionOffer* out);

// WriteConnectionOffer writes a client's extensions. `grease_protocol` goes before the ALPN names
// if there are any; it may be empty.
void WriteConnectionOffer(const ConnectionConfig& config, const std::string& grease_protocol,
                          ExtensionWriter* extensions);

// ConnectionAnswer is what a server says in EncryptedExtensions, but for the protocol, which its
// caller may choose later.
struct ConnectionAnswer {
  bool acknowledges_server_name = false;
  std::optional<SrtpProfile> srtp_profile;
  std::vector<uint8_t> srtp_mki;
  RecordSizes record_sizes;
  // The server's groups, where it would rather have had another: empty otherwise.
  std::vector<NamedGroup> supported_groups;
};

// NegotiateConnection answers a client's offer: no_application_protocol.
Status NegotiateConnection(const ConnectionConfig& config, const ConnectionOffer& offer,
                           ConnectionAnswer* answer, ConnectionResult* result);

// WriteConnectionAnswer writes a server's extensions. `alpn` is empty for no choice.
void WriteConnectionAnswer(const ConnectionAnswer& answer, const std::string& alpn,
                           ExtensionWriter* extensions);

// ReadConnectionAnswer judges and takes a server's extensions, none of which is unsolicited, as the
// answer to what WriteConnectionOffer offered.
Status ReadConnectionAnswer(const ExtensionBlock& extensions, const ConnectionConfig& config,
                            ConnectionResult* result);

}  // namespace dtls13

#endif  // DTLS13_MESSAGE_CONNECTION_EXTENSIONS_H_
