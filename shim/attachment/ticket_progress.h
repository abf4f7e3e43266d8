// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_
#define DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "dtls13/wire/alert.h"

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

  // renews says whether the client is to get tickets.
  bool renews() const { return renews_; }
  void SetRenews(bool renews) { renews_ = renews; }
  // key_callback_renews says whether the callback of ticket keys wants the client to get another
  // than the one it has opened last.
  bool key_callback_renews() const { return key_callback_renews_; }
  void SetKeyCallbackRenews(bool renews) { key_callback_renews_ = renews; }

  // Fail: a callback about tickets has failed where the association was at work, and is to end with
  // `alert`.
  void Fail(AlertDescription alert) { failure_ = alert; }
  std::optional<AlertDescription> failure() const { return failure_; }

 private:
  std::vector<uint8_t> data_;
  bool prepared_ = false;
  bool renews_ = true;
  bool key_callback_renews_ = true;
  std::optional<AlertDescription> failure_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_TICKET_PROGRESS_H_
