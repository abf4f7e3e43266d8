// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/soak.h"

#include <algorithm>
#include <map>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "dtls13/wire/record_header.h"
#include "tests/sim/association_pair.h"
#include "tests/sim/record_audit.h"
#include "tests/sim/scenario.h"

namespace dtls13::sim {
namespace {

using std::chrono::microseconds;

// Nothing but the given seed decides, on every platform alike: the library's distributions differ.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  // A number of [0, n).
  uint64_t Below(uint64_t n) { return random_() % n; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  template <typename T, size_t n>
  T Pick(const T (&from)[n]) {
    return from[Below(n)];
  }

 private:
  std::mt19937_64 random_;
};

// Signatures of these keys have one length, so that a seed's datagrams always have theirs.
const TestIdentity& Identity(Dice& dice) {
  static const TestIdentity& kLong =
      *new TestIdentity(TestIdentity::Make(KeyType::kEd25519, /*padding_len=*/3000));
  if (dice.OneIn(16)) return TestIdentity::Get(KeyType::kRsa2048);
  return dice.OneIn(3) ? kLong : TestIdentity::Get(KeyType::kEd25519);
}

// What happens at the end of an association's life.
enum class Ending : uint8_t { kClientCloses, kServerCloses, kBothClose, kNobodyCloses };

struct Plan {
  Scenario scenario{};
  PairOptions options;
  bool damages_plaintext = false;
  bool extra_key_updates = false;
  Ending ending = Ending::kNobodyCloses;
};

void PlanSide(Dice& dice, AssociationConfig* config) {
  config->handshake.key_log = true;
  config->mtu = kMinMtu + dice.Below(1300);
  config->omit_length = dice.OneIn(2);
  config->short_numbers = dice.OneIn(2);
  config->retransmit.initial = milliseconds(dice.Pick({100, 400, 1000}));
  // Long enough that no link of ours wears out a peer's patience.
  config->retransmit.max_expiries = 60;
  // Nor is a Finished lost so often in a row that the server forgets how to read it.
  config->old_keys_lifetime = minutes(10);
}

void PlanLink(Dice& dice, PairOptions* options) {
  Impairment& link = options->impairment;
  link.loss = dice.Pick({0, 1, 5, 10, 20, 30});
  link.duplicate = dice.Pick({0, 2, 15});
  link.reorder = dice.Pick({0, 5, 30});
  link.corrupt = dice.Pick({0, 0, 3, 10});
  link.delay = microseconds(100 + dice.Below(dice.OneIn(4) ? 400'000 : 60'000));
  link.max_extra_delay = milliseconds(dice.Pick({1, 50, 300, 2000}));
  // RFC 9147 section 4.4: a path may carry less than we were told.
  if (dice.OneIn(8)) link.mtu = 600;
}

Plan MakePlan(Dice& dice, uint64_t seed, const WireProfile& profile) {
  Plan plan;
  const std::vector<Scenario> scenarios = ScenariosOf(profile);
  plan.scenario = scenarios[dice.Below(scenarios.size())];
  plan.options = DefaultPairOptions(seed, profile);
  PlanSide(dice, &plan.options.client);
  PlanSide(dice, &plan.options.server);
  PlanLink(dice, &plan.options);
  plan.options.identity = &Identity(dice);
  plan.scenario.configure(&plan.options);
  if (dice.OneIn(4)) plan.options.max_answer_delay = milliseconds(dice.Pick({5, 200, 2000}));
  if (dice.OneIn(2)) plan.options.max_timer_error = milliseconds(dice.Pick({1, 20, 100}));
  plan.options.verify_ok = !dice.OneIn(32);
  plan.damages_plaintext = dice.OneIn(16);
  if (!plan.damages_plaintext) {
    plan.options.corruptible = [profile](std::span<const uint8_t> datagram) {
      return ClassifyRecord(datagram.front(), profile) == RecordKind::kCiphertext;
    };
  }
  plan.extra_key_updates = dice.OneIn(3);
  plan.ending = static_cast<Ending>(dice.Below(4));
  // So short that either side goes cold many times over.
  for (AssociationConfig* config : {&plan.options.client, &plan.options.server}) {
    config->cold_after = milliseconds(dice.Pick({0, 1, 100, 10000}));
  }
  return plan;
}

std::string Describe(const Plan& plan) {
  const Impairment& link = plan.options.impairment;
  const auto ms = [](Duration duration) { return std::to_string(duration.count() / 1000) + " ms"; };
  return std::string("scenario ") + plan.scenario.name + "; loss " + std::to_string(link.loss) +
         " %, duplicate " + std::to_string(link.duplicate) + " %, reorder " +
         std::to_string(link.reorder) + " % by " + ms(link.max_extra_delay) + ", corrupt " +
         std::to_string(link.corrupt) + " %" + (plan.damages_plaintext ? " (plaintext too)" : "") +
         ", delay " + ms(link.delay) + ", path MTU " + std::to_string(link.mtu) + "; MTUs " +
         std::to_string(plan.options.client.mtu) + " and " +
         std::to_string(plan.options.server.mtu) + "; answers within " +
         ms(plan.options.max_answer_delay) + ", timers within " + ms(plan.options.max_timer_error) +
         (plan.options.verify_ok ? "" : "; the certificate is refused") +
         (plan.extra_key_updates ? "; more KeyUpdates" : "") + "; ending " +
         std::to_string(static_cast<int>(plan.ending)) + "\n";
}

std::string Failure(const Side& side, std::string name) {
  if (!side.failure) return name + "did not fail, ";
  return name + "failed for reason " + std::to_string(static_cast<int>(side.failure->reason())) +
         " with alert " + std::to_string(static_cast<int>(side.failure->alert())) +
         (side.failure_from_peer ? " of its peer, " : ", ");
}

// Run is the life of one pair, and the first thing found wrong with it.
class Run {
 public:
  Run(uint64_t seed, const WireProfile& profile)
      : dice_(seed),
        profile_(profile),
        plan_(MakePlan(dice_, seed, profile)),
        pair_(plan_.options) {}

  SoakVerdict Go(bool want_trace);

 private:
  // Blame keeps the first fault there is; an empty one is none.
  void Blame(bool is_wrong, std::string_view fault) {
    if (is_wrong && fault_.empty()) fault_ = fault;
  }
  Side& AnySide() { return dice_.OneIn(2) ? pair_.client() : pair_.server(); }
  bool AnyFailed() const { return pair_.client().failure || pair_.server().failure; }
  // A pre-shared key leaves no certificate to refuse.
  bool CertificateIsRefused() const {
    return !plan_.options.verify_ok && pair_.client().was_asked_to_verify;
  }

  void Connect();
  void Live();
  void Rest();
  void TalkOnGoodLink();
  void End();
  void JudgeFailure();
  void JudgeData(const Side& receiver, const std::map<std::string, size_t>& sent);
  void ActAtRandom();
  std::string SendSomething(Side& side);

  Dice dice_;
  WireProfile profile_;
  Plan plan_;
  AssociationPair pair_;
  std::map<std::string, size_t> sent_by_client_;
  std::map<std::string, size_t> sent_by_server_;
  size_t num_sent_ = 0;
  std::string fault_;
};

std::string Run::SendSomething(Side& side) {
  // Unlike any other, and of any length.
  std::string text = std::to_string(num_sent_++) + ":";
  text.resize(text.size() + dice_.Below(400), static_cast<char>('a' + num_sent_ % 26));
  if (!pair_.Send(side, text)) return "";
  Blame(!side.association->facts().connected,
        "data was sealed before the association was connected");
  ++(&side == &pair_.client() ? sent_by_client_ : sent_by_server_)[text];
  return text;
}

void Run::ActAtRandom() {
  Side& side = AnySide();
  switch (dice_.Below(8)) {
    case 0:
      side.association->SetMtu(kMinMtu + dice_.Below(1300));
      break;
    case 1:
      if (plan_.extra_key_updates) {
        side.association->RequestKeyUpdate(/*request_peer=*/dice_.OneIn(2), pair_.now());
      }
      break;
    case 2:
      // A caller may ask for timeouts at any time.
      side.association->HandleTimeout(pair_.now());
      break;
    default:
      SendSomething(side);
  }
  pair_.Flush(side);
  pair_.RunFor(microseconds(dice_.Below(dice_.OneIn(4) ? 2'000'000 : 50'000)));
}

void Run::Connect() {
  const Instant limit = pair_.now() + std::chrono::hours(6);
  while (!(pair_.client().connected && pair_.server().connected) && !AnyFailed()) {
    ActAtRandom();
    if (pair_.now() < limit && !pair_.spins()) continue;
    Blame(true, "neither connected nor failed");
    return;
  }
}

void Run::Live() {
  if (plan_.scenario.start != nullptr) plan_.scenario.start(&pair_);
  for (uint64_t i = dice_.Below(20); i > 0 && !AnyFailed(); --i) ActAtRandom();
}

void Run::Rest() {
  Scenario scenario = plan_.scenario;
  if (plan_.extra_key_updates && scenario.counts_key_updates) scenario.fault = nullptr;
  Blame(true, FaultAtEnd(scenario, &pair_));
}

void Run::TalkOnGoodLink() {
  pair_.link().SetImpairment({});
  for (int i = 0; i < 8; ++i) {
    Side& sender = i % 2 == 0 ? pair_.client() : pair_.server();
    Side& receiver = i % 2 == 0 ? pair_.server() : pair_.client();
    const std::string text = SendSomething(sender);
    Blame(text.empty(), "a connected side does not send");
    pair_.RunFor(milliseconds(100));
    Blame(!AssociationPair::HasReceived(receiver, text), "data is lost on a good link");
  }
}

void Run::End() {
  if (plan_.ending == Ending::kNobodyCloses) return;
  const bool client_closes = plan_.ending != Ending::kServerCloses;
  const bool server_closes = plan_.ending != Ending::kClientCloses;
  if (client_closes) pair_.client().association->Close();
  if (server_closes) pair_.server().association->Close();
  pair_.Flush(pair_.client());
  pair_.Flush(pair_.server());
  // The other direction stays open.
  std::string answer;
  if (!server_closes) answer = SendSomething(pair_.server());
  if (!client_closes) answer = SendSomething(pair_.client());
  pair_.RunUntilQuiet();
  Blame(client_closes && !SendSomething(pair_.client()).empty(), "a closed side sends");
  Blame(pair_.server().peer_closed != client_closes, "the server misjudges the closing");
  Blame(pair_.client().peer_closed != server_closes, "the client misjudges the closing");
  if (!answer.empty()) {
    Blame(!AssociationPair::HasReceived(server_closes ? pair_.server() : pair_.client(), answer),
          "data does not reach the side that closed its own direction");
  }
  Blame(AnyFailed(), "closing is taken for a failure");
  Blame(!pair_.IsQuiet(), "a timer runs on after the closing");
}

void Run::JudgeFailure() {
  // What one side does not hear of the other's end, its own timer finds out.
  pair_.RunUntilQuiet(std::chrono::hours(24));
  if (!plan_.damages_plaintext && !CertificateIsRefused()) {
    Blame(true, "the " + Failure(pair_.client(), "client ") + Failure(pair_.server(), "server "));
  }
  for (Side* side : {&pair_.client(), &pair_.server()}) {
    Blame(side->association->facts().failed != side->failure.has_value(),
          "a side failed and did not say so");
  }
  if (!CertificateIsRefused() || plan_.damages_plaintext) return;
  Blame(pair_.client().connected || pair_.server().connected,
        "connected although the certificate was refused");
  Blame(!pair_.client().failure ||
            pair_.client().failure->reason() != Reason::kCertificateVerifyFailed,
        "the client gives another reason than the refused certificate");
}

void Run::JudgeData(const Side& receiver, const std::map<std::string, size_t>& sent) {
  Blame(receiver.got_data_too_early, "data was delivered before the peer was authenticated");
  std::map<std::string, size_t> received;
  for (const std::vector<uint8_t>& data : receiver.received) {
    const std::string text(data.begin(), data.end());
    if (text.starts_with("to the ")) continue;  // FaultAtEnd's, and sent many times
    Blame(!sent.contains(text), "data was delivered that nobody sent");
    Blame(++received[text] > 1, "data was delivered twice");
  }
}

SoakVerdict Run::Go(bool want_trace) {
  Connect();
  const bool connected = pair_.client().connected && pair_.server().connected;
  Blame(connected && CertificateIsRefused(), "connected although the certificate was refused");
  if (fault_.empty() && connected) Live();
  if (AnyFailed()) {
    JudgeFailure();
  } else {
    if (fault_.empty()) Rest();
    if (fault_.empty()) TalkOnGoodLink();
    if (fault_.empty()) End();
  }
  Blame(pair_.spins(), "time stands still");
  JudgeData(pair_.server(), sent_by_client_);
  JudgeData(pair_.client(), sent_by_server_);
  SoakVerdict verdict;
  // After damage to the hellos the two may hold different keys, and the logs those of either.
  if (!plan_.damages_plaintext || want_trace) {
    const RecordAudit audit = AuditRecords(pair_, profile_);
    if (!plan_.damages_plaintext) Blame(!audit.fault.empty(), audit.fault);
    if (want_trace) verdict.trace = Describe(plan_) + DescribeRecords(pair_, audit, profile_);
  }
  verdict.fault = fault_;
  verdict.connected = connected;
  verdict.num_datagrams = pair_.link().log().size();
  return verdict;
}

}  // namespace

SoakVerdict RunSoakSeed(uint64_t seed, bool want_trace, const WireProfile& profile) {
  return Run(seed, profile).Go(want_trace);
}

}  // namespace dtls13::sim
