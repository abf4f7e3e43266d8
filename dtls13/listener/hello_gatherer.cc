// SPDX-License-Identifier: Apache-2.0
#include "dtls13/listener/hello_gatherer.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace dtls13 {

Gathered HelloGatherer::Add(std::span<const uint8_t> datagram,
                            std::span<const uint8_t> peer_address, const CookieListener& listener,
                            WallTime now) {
  PlaintextFragmentReader reader(datagram);
  for (PlaintextFragment found; reader.Next(&found);) {
    if (!AddFragment(found, peer_address, listener, now)) {
      return {.verdict = GatherVerdict::kBadCookie};
    }
  }
  return TakeWhole(peer_address);
}

void HelloGatherer::SetMaxHellos(size_t max_hellos) {
  max_hellos_ = max_hellos;
  while (hellos_.size() > max_hellos_) DropOldestButLast();
}

bool HelloGatherer::AddFragment(const PlaintextFragment& found,
                                std::span<const uint8_t> peer_address,
                                const CookieListener& listener, WallTime now) {
  const HandshakeHeader& header = found.fragment.header;
  if (header.type != HandshakeType::kClientHello || header.message_seq > kMaxHelloSeq ||
      header.message_len > kMaxHelloLen) {
    return true;
  }
  PrefixCookie cookie = PrefixCookie::kNotFound;
  if (header.fragment_offset == 0) {
    cookie = listener.InspectPrefix(found.fragment.body, peer_address, now);
    if (cookie == PrefixCookie::kBad) return false;
  }
  auto hello = Find(peer_address);
  if (hello != hellos_.end() &&
      (hello->message_len != header.message_len || hello->message_seq != header.message_seq)) {
    hellos_.erase(hello);
    hello = hellos_.end();
  }
  Hello* held = hello != hellos_.end() ? &*hello : &Begin(header, peer_address);
  bool in_order = false;
  if (held->reassembler.Add(found.fragment, kPlaintextEpoch, /*now=*/{}, &in_order) ==
      FragmentVerdict::kMismatch) {
    // Another hello of the same length: the one before is of no more use to its client.
    hellos_.erase(Find(peer_address));
    held = &Begin(header, peer_address);
    held->reassembler.Add(found.fragment, kPlaintextEpoch, /*now=*/{}, &in_order);
  }
  held->is_proved |= cookie == PrefixCookie::kGood;
  held->record_number = found.record_number;
  while (hellos_.size() > 1 && num_bytes_held() > kMaxBytes) DropOldestButLast();
  return true;
}

HelloGatherer::Hellos::iterator HelloGatherer::Find(std::span<const uint8_t> peer_address) {
  return std::ranges::find_if(
      hellos_, [&](const Hello& hello) { return std::ranges::equal(hello.address, peer_address); });
}

HelloGatherer::Hello& HelloGatherer::Begin(const HandshakeHeader& header,
                                           std::span<const uint8_t> peer_address) {
  Hello& hello = hellos_.emplace_back();
  hello.address.assign(peer_address.begin(), peer_address.end());
  hello.message_seq = header.message_seq;
  hello.message_len = header.message_len;
  hello.reassembler.StartAt(header.message_seq);
  if (hellos_.size() > max_hellos_) DropOldestButLast();
  return hello;
}

void HelloGatherer::DropOldestButLast() {
  const auto last = std::prev(hellos_.end());
  const auto unproved =
      std::find_if(hellos_.begin(), last, [](const Hello& hello) { return !hello.is_proved; });
  hellos_.erase(unproved != last ? unproved : hellos_.begin());
}

Gathered HelloGatherer::TakeWhole(std::span<const uint8_t> peer_address) {
  const auto hello = Find(peer_address);
  if (hello == hellos_.end()) return {};
  const std::optional<Message> message = hello->reassembler.Front();
  if (!message) return {};
  Gathered whole{.verdict = GatherVerdict::kWhole,
                 .body = {message->body.begin(), message->body.end()},
                 .message_seq = hello->message_seq,
                 .record_number = hello->record_number};
  hellos_.erase(hello);
  return whole;
}

size_t HelloGatherer::num_bytes_held() const {
  return std::accumulate(
      hellos_.begin(), hellos_.end(), size_t{0},
      [](size_t sum, const Hello& hello) { return sum + hello.reassembler.num_bytes_held(); });
}

}  // namespace dtls13
