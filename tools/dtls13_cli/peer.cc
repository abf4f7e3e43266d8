// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/peer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "tools/dtls13_cli/failure_text.h"

namespace dtls13::cli {
namespace {

constexpr size_t kMaxDatagramLen = 65536;
// How long a side that closed first waits for the other's close_notify, which may have been lost.
constexpr Duration kCloseWait = std::chrono::seconds(2);

WallTime CurrentWallTime() {
  return std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
}

const char* GroupName(NamedGroup group) {
  const NamedGroupInfo* info = FindNamedGroup(group);
  return info != nullptr ? info->name : "unknown";
}

}  // namespace

Peer::Peer(UdpSocket socket, std::shared_ptr<const AssociationConfig> config, PeerOptions options,
           WorkloadConfig workload)
    : socket_(std::move(socket)),
      config_(std::move(config)),
      options_(std::move(options)),
      workload_config_(std::move(workload)),
      workload_(workload_config_),
      // The association asks its first client for the cookie that the options may want.
      listener_(HandshakeConfigOf(config_), {.cookie = HelloCookie::kNone}),
      start_(std::chrono::steady_clock::now()),
      in_(kMaxDatagramLen),
      out_(kMaxDatagramLen) {
  if (options_.role == Role::kServer) return;
  ClientParameters parameters;
  parameters.server_name = options_.server_name;
  if (options_.session != nullptr) {
    parameters.psks.emplace_back(options_.session);
    parameters.early_data = options_.early_data;
  }
  if (!options_.psk.empty()) parameters.psks.push_back(options_.psk);
  parameters.now = CurrentWallTime();
  association_ = Association::NewClient(config_, std::move(parameters));
}

Instant Peer::Now() const {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start_));
}

absl::Status Peer::Run(const StopSignal& stop) {
  while (!stop.requested()) {
    if (Now().time_since_epoch() > options_.limit) {
      return absl::DeadlineExceededError(
          absl::StrCat("not finished after ", options_.limit.count(), " s: ", workload_.num_sent(),
                       " datagrams sent, ", workload_.num_received(), " received."));
    }
    if (absl::Status status = Flush(); !status.ok()) return status;
    if (Finished()) break;
    pollfd socket{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
    stop.Poll({&socket, 1}, WaitTime());
    if (association_) association_->HandleTimeout(Now());
    if (absl::Status status = Receive(); !status.ok()) return status;
  }
  if (stop.requested() && association_) {
    association_->Close();
    Transmit();
  }
  std::printf("sent %lld datagrams, received %lld datagrams of %llu bytes\n",
              static_cast<long long>(workload_.num_sent()),
              static_cast<long long>(workload_.num_received()),
              static_cast<unsigned long long>(workload_.num_bytes_received()));
  if (workload_.done() || stop.requested()) return absl::OkStatus();
  return absl::DataLossError("the peer closed before everything was done.");
}

std::chrono::milliseconds Peer::WaitTime() const {
  constexpr std::chrono::milliseconds kLongest(200);
  const std::optional<Instant> next = association_ ? association_->NextTimeout() : std::nullopt;
  if (!next) return kLongest;
  // Rounded up, so that the deadline has passed when the wait ends.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Now());
  return std::clamp(left, std::chrono::milliseconds(0), kLongest);
}

absl::Status Peer::Receive() {
  sockaddr_in from;
  while (const size_t len = socket_.Receive(in_, &from)) {
    const std::span<uint8_t> datagram(in_.data(), len);
    if (options_.role == Role::kServer) {
      Serve(datagram, from);
    } else {
      association_->HandleDatagram(datagram, Now());
    }
    if (absl::Status status = Flush(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Peer::Serve(std::span<uint8_t> datagram, const sockaddr_in& from) {
  // One address: a datagram of another client's is not for its association.
  if (client_ && from.sin_port != client_->sin_port) return;
  if (!association_ || (!closed_at_ && FindClientHello(datagram))) {
    Greet(datagram, from);
  } else {
    association_->HandleDatagram(datagram, Now());
  }
}

void Peer::Greet(std::span<uint8_t> datagram, const sockaddr_in& from) {
  const std::span address(reinterpret_cast<const uint8_t*>(&from), sizeof(from));
  HelloReport report = listener_.Handle(datagram, address, CurrentWallTime(),
                                        std::span(&client_random_, association_ ? 1 : 0));
  switch (report.verdict) {
    case HelloVerdict::kRepeated:
    case HelloVerdict::kIgnore:  // perhaps a piece of the association's own second ClientHello
      if (association_) association_->HandleDatagram(datagram, Now());
      return;
    case HelloVerdict::kRetry:
    case HelloVerdict::kRefuse:
      socket_.SendTo(report.answer, from);
      return;
    case HelloVerdict::kAccept:
      StartServer(std::move(report), from);
      return;
    case HelloVerdict::kCookieWanted:  // not with these options
    case HelloVerdict::kNotDtls13:
      return;
  }
}

void Peer::StartServer(HelloReport report, const sockaddr_in& from) {
  if (association_) std::printf("a new client at the address of the last one\n");
  client_ = from;
  std::ranges::copy((*report.hello)->random, client_random_.begin());
  workload_ = Workload(workload_config_);
  peer_verified_ = false;
  awaits_certificate_ = false;
  ServerParameters parameters;
  const auto* address = reinterpret_cast<const uint8_t*>(&from);
  parameters.peer_address.assign(address, address + sizeof(from));
  parameters.now = CurrentWallTime();
  association_ = Association::NewServer(config_, std::move(parameters));
  association_->HandleClientHello(std::move(report.hello), report.rest, Now());
  //= rfc9147#section-5.11
  //# In cases where a server believes it has an existing association on a
  //# given host/port quartet and it receives an epoch=0 ClientHello, it
  //# SHOULD proceed with a new handshake but MUST NOT destroy the existing
  //# association until the client has demonstrated reachability either by
  //# completing a cookie exchange or by completing a complete handshake
  //# including delivering a verifiable Finished message.
  listener_.Reconfigure(HandshakeConfigOf(config_), {.cookie = HelloCookie::kOwn});
}

void Peer::Send(std::span<const uint8_t> datagram) {
  if (client_) {
    socket_.SendTo(datagram, *client_);
  } else {
    socket_.Send(datagram);
  }
}

void Peer::Transmit() {
  while (const size_t len = association_->PollTransmit(out_, Now())) Send({out_.data(), len});
}

void Peer::TransmitEarly() {
  if (association_->facts().result.early_data != EarlyDataOutcome::kOffered || early_) return;
  early_ = workload_.Next();
  size_t len = 0;
  if (early_ && association_->SealEarly(*early_, out_, &len) == SendResult::kSealed) {
    Send({out_.data(), len});
  }
}

absl::Status Peer::Flush() {
  if (!association_) return absl::OkStatus();
  Transmit();
  TransmitEarly();
  while (const std::optional<Event> event = association_->PollEvent()) {
    absl::Status status = HandleEvent(*event);
    // Before the next event, and before data: a peer that has not seen our Finished drops data.
    Transmit();
    if (!status.ok()) return status;
  }
  if (absl::Status status = Work(); !status.ok()) return status;
  Transmit();
  return absl::OkStatus();
}

absl::Status Peer::HandleEvent(const Event& event) {
  switch (event.type) {
    case EventType::kPskWanted:
      AnswerPskWanted();
      break;
    case EventType::kSignatureWanted: {
      const SignatureRequest& request = association_->facts().signature_request;
      const std::optional<std::vector<uint8_t>> signature =
          options_.signer->Sign(request.scheme, request.input);
      association_->ProvideSignature(signature.value_or(std::vector<uint8_t>()), Now());
      break;
    }
    case EventType::kVerifyPeer:
      VerifyPeer();
      break;
    case EventType::kKeyLog:
      return WriteKeyLog(event.data);
    case EventType::kConnected:
      PrintConnected();
      if (options_.key_update) association_->RequestKeyUpdate(true, Now());
      return AskLateAuthentication();
    case EventType::kEarlyDataAccepted:
      early_.reset();
      break;
    case EventType::kTicket:
      session_ = event.session;
      break;
    case EventType::kEarlyData:  // an echo does no harm when it is made twice
    case EventType::kApplicationData:
      if (!workload_.OnReceived(event.data)) {
        return absl::DataLossError("an echo differs from what was sent.");
      }
      break;
    case EventType::kPeerClosed:
      std::printf("the peer closed\n");
      if (!closed_at_) {
        association_->Close();
        closed_at_ = Now();
      }
      break;
    case EventType::kFailed:
      if (!verification_.ok()) return verification_;
      return absl::AbortedError(FailureText(event.status, options_.server_name) + ".");
    case EventType::kClientAuthenticated:
      std::printf("the client's certificate is verified\n");
      awaits_certificate_ = false;
      break;
    case EventType::kClientDeclined:
      return absl::UnauthenticatedError("the client shows no certificate.");
    case EventType::kCredentialWanted:
    case EventType::kTrace:
    case EventType::kEarlyDataRejected:  // Work sends it again
    case EventType::kConnectionIdAdded:
    case EventType::kConnectionIdRetired:
    case EventType::kPeerMoved:
    case EventType::kPeerAddressCandidate:
    case EventType::kHandshakeAcked:
      break;
  }
  return absl::OkStatus();
}

void Peer::AnswerPskWanted() {
  const std::vector<OfferedIdentity>& offered = association_->facts().client_hello.psk_identities;
  const std::span<const uint8_t> ours = options_.psk.identity();
  const auto known =
      std::find_if(offered.begin(), offered.end(), [&](const OfferedIdentity& theirs) {
        return std::equal(ours.begin(), ours.end(), theirs.identity.begin(), theirs.identity.end());
      });
  if (known == offered.end()) {
    association_->ProvidePsk(0, Psk(), Now());
  } else {
    association_->ProvidePsk(static_cast<size_t>(known - offered.begin()), options_.psk, Now());
  }
}

absl::Status Peer::AskLateAuthentication() {
  if (!options_.late_authentication || options_.role == Role::kClient) return absl::OkStatus();
  awaits_certificate_ = association_->RequestClientCertificate(Now());
  if (awaits_certificate_) return absl::OkStatus();
  return absl::FailedPreconditionError("the client may not be asked for a certificate now.");
}

PeerVerifier::Result Peer::JudgePeer() const {
  const std::vector<std::vector<uint8_t>>& chain = association_->facts().peer_certificates();
  if (!options_.server_key.empty()) {
    return {.ok = chain.size() == 1 && chain.front() == options_.server_key,
            .alert = AlertDescription::kBadCertificate,
            .text = "another key"};
  }
  if (!options_.verifier) return {.ok = true};
  return options_.verifier->Verify(chain, options_.server_name, CurrentWallTime());
}

void Peer::VerifyPeer() {
  const PeerVerifier::Result result = JudgePeer();
  peer_verified_ = result.ok && (options_.verifier || !options_.server_key.empty());
  if (!result.ok) {
    verification_ = absl::UnauthenticatedError(
        absl::StrCat("the peer's certificate does not verify: ", result.text, "."));
  }
  association_->ProvideVerification(result.ok, result.alert, Now());
}

absl::Status Peer::Work() {
  if (!association_->facts().connected || closed_at_) return absl::OkStatus();
  while (true) {
    std::optional<std::vector<uint8_t>> data = std::exchange(early_, std::nullopt);
    if (!data) data = workload_.Next();
    if (!data) break;
    size_t len = 0;
    if (association_->Seal(*data, out_, &len) != SendResult::kSealed) {
      return absl::InternalError("the association does not take application data.");
    }
    Send({out_.data(), len});
  }
  if (options_.close_first && workload_.done() && !awaits_certificate_ &&
      !association_->facts().has_unacked) {
    association_->Close();
    closed_at_ = Now();
  }
  return absl::OkStatus();
}

bool Peer::Finished() const {
  if (!closed_at_) return false;
  return association_->facts().peer_closed || Now() > *closed_at_ + kCloseWait;
}

absl::Status Peer::WriteKeyLog(std::span<const uint8_t> line) const {
  std::FILE* file = std::fopen(options_.key_log_path.c_str(), "a");
  if (file != nullptr) {
    std::fprintf(file, "%.*s\n", static_cast<int>(line.size()),
                 reinterpret_cast<const char*>(line.data()));
    if (std::fclose(file) == 0) return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat("cannot write ", options_.key_log_path, ": ", std::strerror(errno), "."));
}

void Peer::PrintConnected() const {
  const HandshakeResult& result = association_->facts().result;
  const bool is_alone = result.psk_index && result.psk_mode == PskKeyExchangeMode::kPskKe;
  std::printf("connected: DTLSv1.3 %s %s%s", result.suite->name,
              is_alone ? "no key exchange" : GroupName(result.group),
              result.used_hello_retry_request ? " after HelloRetryRequest" : "");
  if (result.psk_index) {
    std::printf(", %s%s", result.resumed ? "resumed" : "pre-shared key",
                result.early_data == EarlyDataOutcome::kAccepted ? ", early data" : "");
  } else if (options_.role == Role::kClient || peer_verified_) {
    std::printf(", certificate %s", peer_verified_ ? "verified" : "not verified");
  }
  if (!result.server_name.empty()) std::printf(", server name %s", result.server_name.c_str());
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace dtls13::cli
