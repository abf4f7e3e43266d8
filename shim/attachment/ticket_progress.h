// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_
#define DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_

#include <cstdint>
#include <utility>
#include <vector>

namespace dtls13::shim {

// TicketProgress is how far a server's callbacks of tickets are on one connection, and what they
// have put into its tickets. It calls none of them.
class TicketProgress {
 public:
  // TryPrepare is true the first time: the application is asked about the tickets of a connection
  // once.
  bool TryPrepare() { return !std::exchange(prepared_, true); }

  // The application's own data in the tickets of this connection, or in the one that it resumes.
  const std::vector<uint8_t>& data() const { return data_; }
  void KeepData(std::vector<uint8_t> data) { data_ = std::move(data); }

  // GiveUp: the callback of ticket keys has given up on a ticket, which ends the handshake.
  void GiveUp() { gave_up_ = true; }
  bool gave_up() const { return gave_up_; }

 private:
  std::vector<uint8_t> data_;
  bool prepared_ = false;
  bool gave_up_ = false;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_
