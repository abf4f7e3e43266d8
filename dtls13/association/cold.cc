// SPDX-License-Identifier: Apache-2.0
// The part of AssociationImpl that goes cold and comes back: what is kept of it meanwhile.

#include <algorithm>
#include <utility>

#include "dtls13/association/association_impl.h"
#include "dtls13/association/cold_state.h"

namespace dtls13 {
namespace {

// kUsualMemoryLen has room for what all but a few have to remember.
constexpr size_t kUsualMemoryLen = 1024;

}  // namespace

bool AssociationImpl::MayGoCold() const {
  // Whatever is to be sent, or is asked of the caller, is under way.
  return IsQuiet() && !buffers_.owes() && phases_.wait() == HandshakeWait::kMessage &&
         !NextDeadline(/*is_to_send=*/true);
}

std::unique_ptr<ColdState> AssociationImpl::GoCold() {
  if (!MayGoCold()) return nullptr;
  for (const size_t most : {kUsualMemoryLen, kMaxStateLen}) {
    StateBuffer scratch(most);
    ByteWriter writer(scratch.bytes());
    WriteMemory(&writer);
    if (!writer.ok()) continue;
    StateBuffer memory(writer.length());
    const std::span<const uint8_t> written = scratch.bytes().first(writer.length());
    std::copy(written.begin(), written.end(), memory.bytes().begin());
    return std::make_unique<ColdState>(
        ColdState{.memory = std::move(memory),
                  .keys = keys_,
                  .wall_clock = wall_clock_,
                  .retransmission = retransmission_.memory(),
                  .carried = phases_.post_handshake()->TakeCarried(),
                  .active_path = mobility_.active(),
                  .latest_now = latest_now_,
                  .deadline = NextDeadline(/*is_to_send=*/false),
                  .early_data_left = early_data_left_,
                  .next_receive_seq = reassembler_.next_receive_seq(),
                  .mtu = static_cast<uint32_t>(std::min<size_t>(mtu_, UINT32_MAX)),
                  .next_message_seq = next_message_seq_,
                  .first_post_handshake_seq = first_post_handshake_seq_,
                  .role = role_,
                  .close_sent = ending_.close_sent(),
                  .peer_closed = ending_.peer_closed()});
  }
  return nullptr;
}

void AssociationImpl::WriteMemory(ByteWriter* writer) const {
  records_.WriteMemory(writer);
  phases_.WriteMemory(config_->handshake, writer);
  ending_.WriteState(writer);
  mobility_.WriteMemory(writer, latest_now_);
}

std::unique_ptr<AssociationImpl> AssociationImpl::WarmUp(
    std::shared_ptr<const AssociationConfig> config, ColdState* cold) {
  auto association = std::make_unique<AssociationImpl>(std::move(config), cold->role);
  // What is written and read in one process is right, or memory is not.
  if (!association->Recall(cold)) {
    association->FailLocally(Reason::kInternal, AlertDescription::kInternalError);
  }
  return association;
}

bool AssociationImpl::Recall(ColdState* cold) {
  latest_now_ = cold->latest_now;
  wall_clock_ = cold->wall_clock;
  keys_ = cold->keys;
  retransmission_.Recall(cold->retransmission);
  reassembler_.StartAt(static_cast<uint16_t>(cold->next_receive_seq));
  early_data_left_ = cold->early_data_left;
  mtu_ = cold->mtu;
  next_message_seq_ = cold->next_message_seq;
  first_post_handshake_seq_ = cold->first_post_handshake_seq;
  ByteReader reader(std::as_const(cold->memory).bytes());
  if (!records_.ReadMemory(&reader) ||
      !phases_.ReadMemory(HandshakeConfigOf(config_), role_ == Role::kClient,
                          keys_.newest_read_epoch(), records_.write_epoch(), &reader) ||
      !ending_.ReadState(&reader) || !mobility_.ReadMemory(&reader, latest_now_)) {
    return false;
  }
  phases_.post_handshake()->Carry(std::move(cold->carried));
  ResumeConnected();
  return reader.empty();
}

}  // namespace dtls13
