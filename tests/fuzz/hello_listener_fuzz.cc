// SPDX-License-Identifier: Apache-2.0
// Input: a byte of options, then datagrams: a byte for their address, two for their length. Answers
// are small, nothing is accepted without the cookie that is needed, and an association survives
// what is.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/flight/sending_bound.h"
#include "dtls13/listener/hello_listener.h"
#include "dtls13/message/received_hello.h"
#include "dtls13/wire/byte_reader.h"
#include "tests/fuzz/check.h"
#include "tests/sim/association_pair.h"

namespace dtls13::fuzz {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

const std::shared_ptr<const AssociationConfig>& Config() {
  static const auto* const kConfig = new auto([] {
    sim::PairOptions options = sim::DefaultPairOptions();
    options.server.handshake.credential =
        sim::TestIdentity::Get(sim::KeyType::kEcdsaP256).credential();
    options.server.handshake.server.require_cookie = false;
    return std::make_shared<const AssociationConfig>(options.server);
  }());
  return *kConfig;
}

void Accept(const HelloReport& report) {
  const auto server = Association::NewServer(Config(), {.peer_address = {}, .now = kNow});
  server->HandleClientHello(report.hello, report.rest, Instant());
  bool said = false;
  while (const std::optional<Event> event = server->PollEvent()) {
    said = true;
    Check(event->type != EventType::kConnected && event->type != EventType::kApplicationData);
  }
  std::array<uint8_t, 2048> buffer;
  while (server->PollTransmit(buffer, Instant()) > 0) said = true;
  // It asks its caller, answers, or fails.
  Check(said);
}

void CheckReport(const HelloReport& report, const HelloListenerOptions& options, Data datagram,
                 size_t received_len) {
  const bool answers =
      report.verdict == HelloVerdict::kRetry || report.verdict == HelloVerdict::kRefuse;
  Check(answers == !report.answer.empty());
  Check(report.answer.size() <= kMaxAmplification * received_len);
  Check(Within(report.rest, datagram));
  Check(report.verdict != HelloVerdict::kRepeated);
  switch (report.verdict) {
    case HelloVerdict::kRetry:
      Check(options.cookie == HelloCookie::kOwn);
      break;
    case HelloVerdict::kCookieWanted:
      Check(options.cookie == HelloCookie::kApplications && OffersDtls13(report.hello->hello()));
      break;
    case HelloVerdict::kNotDtls13:
      Check(options.serves_older && report.hello->is_well_formed() &&
            !OffersDtls13(report.hello->hello()));
      break;
    case HelloVerdict::kAccept:
      // Nobody but the listener can make a cookie.
      Check(options.cookie == HelloCookie::kNone);
      Accept(report);
      break;
    default:
      break;
  }
}

}  // namespace
}  // namespace dtls13::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  ByteReader reader(std::span(data, size));
  uint8_t bits;
  if (!reader.ReadU8(&bits)) return 0;
  const HelloListenerOptions options{.cookie = static_cast<HelloCookie>(bits % 3),
                                     .serves_older = (bits & 4) != 0,
                                     .max_hellos = (bits & 8) != 0 ? 1u : 4u};
  HelloListener listener(HandshakeConfigOf(fuzz::Config()), options);
  std::array<size_t, 256> received_len = {};
  uint8_t address;
  for (std::span<const uint8_t> bytes; reader.ReadU8(&address) && reader.ReadVector16(&bytes);) {
    std::vector<uint8_t> datagram(bytes.begin(), bytes.end());
    received_len[address] += datagram.size();
    const HelloReport report = listener.Handle(datagram, {&address, 1}, fuzz::kNow);
    fuzz::CheckReport(report, options, datagram, received_len[address]);
  }
  return 0;
}
