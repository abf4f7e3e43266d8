// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_QUERY_DNS_TEXT_H_
#define DTLS13_TOOLS_QUERY_DNS_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

#include "tools/query/dns_message.h"

namespace dtls13::query {

// DnsTypeText is a type's name, or "TYPE" and its number (RFC 3597). ParseDnsType reads both, in
// either case.
std::string DnsTypeText(DnsType type);
std::optional<DnsType> ParseDnsType(std::string_view text);

// DnsRecordText is one line without its end: name, TTL, class, type and data, the data of a type
// that is not known, or not as its type has it, in RFC 3597's form.
std::string DnsRecordText(const DnsMessage& message, const DnsRecord& record);

// DnsMessageText is a message as dig prints it.
std::string DnsMessageText(const DnsMessage& message);

}  // namespace dtls13::query

#endif  // DTLS13_TOOLS_QUERY_DNS_TEXT_H_
