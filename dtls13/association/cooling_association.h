// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_ASSOCIATION_COOLING_ASSOCIATION_H_
#define DTLS13_ASSOCIATION_COOLING_ASSOCIATION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "dtls13/association.h"
#include "dtls13/association/association_impl.h"
#include "dtls13/association/cold_state.h"
#include "dtls13/wire/time.h"

namespace dtls13 {

// CoolingAssociation is an association that goes cold (AssociationConfig::cold_after): while it is
// warm an AssociationImpl, and while it is cold what that has to remember. It decides when the one
// becomes the other.
//
// What keeps it warm is a record of the peer's that opens, or a call that has it do something.
// Anybody can send it datagrams, so those of which no record opens count for nothing: they postpone
// nothing, and one that comes while it is cold finds it cold again when it has been looked at. Of
// it only the number of what was dropped, and of failures to open, is left.
//
// The deadline for going cold is not moved with each record: it is looked at when it comes, and
// then set by the last. A cold association has none for it.
// It does not know records, keys or messages, nor how anything is remembered.
class CoolingAssociation final : public Association {
 public:
  // Around is `association` itself where its config has it never go cold.
  static std::unique_ptr<Association> Around(std::shared_ptr<const AssociationConfig> config,
                                             std::unique_ptr<AssociationImpl> association);

  CoolingAssociation(std::shared_ptr<const AssociationConfig> config,
                     std::unique_ptr<AssociationImpl> association)
      : config_(std::move(config)), warm_(std::move(association)) {}

  void HandleDatagram(std::span<uint8_t> datagram, Instant now) override;
  void HandleDatagram(std::span<uint8_t> datagram, const PathId& from, Instant now) override;
  void HandleClientHello(std::shared_ptr<const ReceivedHello> hello, std::span<uint8_t> rest,
                         const PathId& from, Instant now) override {
    Used().HandleClientHello(std::move(hello), rest, from, now);
  }
  void HandleTimeout(Instant now) override;
  size_t PollTransmit(std::span<uint8_t> out, Instant now, PathId* to) override;
  bool HasOutput() const override { return !is_cold() && warm_->HasOutput(); }
  bool IsIdle() const override { return is_cold() || warm_->IsIdle(); }
  std::optional<Event> PollEvent() override {
    return is_cold() ? std::nullopt : warm_->PollEvent();
  }

  void ProvidePsk(size_t index, Psk psk, Instant now) override {
    Used().ProvidePsk(index, std::move(psk), now);
  }
  void ProvideProtocol(std::string_view protocol, Instant now) override {
    Used().ProvideProtocol(protocol, now);
  }
  void IgnoreServerName() override { Used().IgnoreServerName(); }
  void ProvideDemand(CertificateDemand demand, Instant now) override {
    Used().ProvideDemand(std::move(demand), now);
  }
  void ProvideExtensions(CustomExtensions extensions) override {
    Used().ProvideExtensions(std::move(extensions));
  }
  void ProvideCredential(std::shared_ptr<const Credential> credential, Instant now) override {
    Used().ProvideCredential(std::move(credential), now);
  }
  void ProvideSignature(std::span<const uint8_t> signature, Instant now) override {
    Used().ProvideSignature(signature, now);
  }
  void ProvideVerification(bool ok, AlertDescription alert, Instant now) override {
    Used().ProvideVerification(ok, alert, now);
  }

  SendResult Seal(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                  size_t* out_len) override {
    return Used().Seal(plaintext, out, out_len);
  }
  SendResult SealEarly(std::span<const uint8_t> plaintext, std::span<uint8_t> out,
                       size_t* out_len) override {
    return Used().SealEarly(plaintext, out, out_len);
  }
  size_t SealOverhead() const override {
    return Ask([](const AssociationImpl& association) { return association.SealOverhead(); });
  }
  size_t MaxPlaintext() const override {
    return Ask([](const AssociationImpl& association) { return association.MaxPlaintext(); });
  }
  void RequestKeyUpdate(bool request_peer, Instant now) override {
    Used().RequestKeyUpdate(request_peer, now);
  }
  bool RequestClientCertificate(Instant now) override {
    return Used().RequestClientCertificate(now);
  }
  bool SendTicket(Instant now) override { return Used().SendTicket(now); }
  std::unique_ptr<Session> IssuedSession() const override {
    return Ask([](const AssociationImpl& association) { return association.IssuedSession(); });
  }
  void WithholdTickets() override { Used().WithholdTickets(); }
  void SetSessionData(std::vector<uint8_t> data) override {
    Used().SetSessionData(std::move(data));
  }
  void MigrateTo(const PathId& path, Instant now) override { Used().MigrateTo(path, now); }
  void ConfirmPath(const PathId& path, Instant now) override { Used().ConfirmPath(path, now); }
  bool RequestConnectionIds(uint8_t num, Instant now) override {
    return Used().RequestConnectionIds(num, now);
  }
  bool IssueConnectionIds(size_t num, ConnectionIdUsage usage, Instant now) override {
    return Used().IssueConnectionIds(num, usage, now);
  }
  void Close() override { Used().Close(); }
  void Cancel() override { Used().Cancel(); }
  void Abort(AlertDescription alert) override { Used().Abort(alert); }
  std::vector<uint8_t> Export(std::span<const uint8_t> key) override { return Used().Export(key); }
  void SetMtu(size_t mtu) override { Used().SetMtu(mtu); }
  void OnDatagramTooLarge(size_t len, size_t known_mtu, Instant now) override {
    Used().OnDatagramTooLarge(len, known_mtu, now);
  }
  void SetRetransmitTimeout(Duration value) override { Used().SetRetransmitTimeout(value); }

  AssociationFacts facts() const override { return Seen().facts(); }
  AssociationStanding standing() const override;
  bool ExportKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                            std::span<uint8_t> out) const override {
    return Ask([=](const AssociationImpl& association) {
      return association.ExportKeyingMaterial(label, context, out);
    });
  }
  bool ExportEarlyKeyingMaterial(std::string_view label, std::span<const uint8_t> context,
                                 std::span<uint8_t> out) const override {
    return Ask([=](const AssociationImpl& association) {
      return association.ExportEarlyKeyingMaterial(label, context, out);
    });
  }

 private:
  // kMaxSilence times cold_after: what is not at rest by then is looked at again when it is heard,
  // used, or has another deadline.
  static constexpr int kMaxSilence = 4;
  static constexpr Instant kNotByItself = Instant::max();

  std::optional<Instant> NextDeadline(bool is_to_send) const override;

  bool is_cold() const { return warm_ == nullptr; }
  // Seen is the association, warm, for who looks at it. It goes cold again like any other.
  AssociationImpl& Seen() const {
    if (is_cold()) WarmUp();
    return *warm_;
  }
  // Used is the association for who has it do something: a call that knows the time says later when
  // that was.
  AssociationImpl& Used() {
    was_used_ = true;
    return Seen();
  }
  void WarmUp() const;
  void GoCold() const;
  // Ask is what `question` says of the association, which is then as cold as it was.
  template <typename Question>
  std::invoke_result_t<Question, const AssociationImpl&> Ask(Question question) const {
    const bool was_cold = is_cold();
    auto answer = question(Seen());
    if (was_cold) GoCold();
    return answer;
  }
  // OnTime takes the time of a call that knows it.
  void OnTime(Instant now);
  void OnActive(Instant now);
  void OnHeard(const AssociationImpl& association, bool was_cold, Instant now);

  const std::shared_ptr<const AssociationConfig> config_;
  // One of the two. Who only looks at a cold one has it warmed, too.
  mutable std::unique_ptr<AssociationImpl> warm_;
  mutable std::unique_ptr<ColdState> cold_;
  // When it was last heard or used, or went cold.
  Instant active_at_{};
  mutable std::optional<Instant> look_at_;  // when it may go cold, if it is not active before
  bool was_used_ = false;                   // since the last call that knew the time
};

}  // namespace dtls13

#endif  // DTLS13_ASSOCIATION_COOLING_ASSOCIATION_H_
