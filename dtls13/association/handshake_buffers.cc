// SPDX-License-Identifier: Apache-2.0
#include "dtls13/association/handshake_buffers.h"

#include <utility>

#include "dtls13/crypto/secret.h"

namespace dtls13 {

HandshakeBuffers::Kept& HandshakeBuffers::kept() {
  if (kept_ == nullptr) kept_ = std::make_unique<Kept>();
  return *kept_;
}

void HandshakeBuffers::FreeIfEmpty() {
  if (kept_->held.empty() && kept_->taken.empty() && kept_->owed.empty()) kept_.reset();
}

void HandshakeBuffers::Hold(Epoch awaited, std::span<const uint8_t> datagram) {
  kept().held.Hold(awaited, datagram);
}

std::vector<std::span<uint8_t>> HandshakeBuffers::TakeUpTo(Epoch newest) {
  std::vector<std::span<uint8_t>> views;
  if (kept_ == nullptr) return views;
  for (std::vector<uint8_t>& datagram : kept_->held.TakeUpTo(newest)) {
    views.emplace_back(kept_->taken.emplace_back(std::move(datagram)));
  }
  return views;
}

void HandshakeBuffers::OnEventsPolled() {
  if (kept_ == nullptr) return;
  // They were decrypted where they lie, and are not the caller's to wipe.
  for (std::vector<uint8_t>& datagram : kept_->taken) Cleanse(datagram);
  kept_->taken = {};
  FreeIfEmpty();
}

void HandshakeBuffers::Owe(std::vector<uint8_t> message) { kept().owed = std::move(message); }

std::vector<uint8_t> HandshakeBuffers::TakeOwed() {
  if (kept_ == nullptr) return {};
  std::vector<uint8_t> owed = std::exchange(kept_->owed, {});
  FreeIfEmpty();
  return owed;
}

void HandshakeBuffers::Clear() {
  if (kept_ == nullptr) return;
  kept_->held.Clear();
  kept_->owed = {};
  FreeIfEmpty();
}

}  // namespace dtls13
