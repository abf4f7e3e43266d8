// SPDX-License-Identifier: Apache-2.0
#include "dtls13/endpoint_number.h"

#include "dtls13/wire/record_header.h"

namespace dtls13 {
namespace {

constexpr uint8_t kNumberBits = kMaxEndpoints - 1;

}  // namespace

bool EndpointNumberConnectionIds::Generate(std::span<uint8_t> id) {
  if (id.empty()) return false;
  if (source_ != nullptr ? !source_->Generate(id) : !random_->Fill(id)) return false;
  id[0] = static_cast<uint8_t>((id[0] & ~kNumberBits) | number_);
  return true;
}

std::optional<uint8_t> FindEndpointNumber(std::span<const uint8_t> datagram,
                                          const WireProfile& profile) {
  const auto first = FindConnectionId(datagram, 1, profile);
  if (!first) return std::nullopt;
  return static_cast<uint8_t>((*first)[0] & kNumberBits);
}

}  // namespace dtls13
