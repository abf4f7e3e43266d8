// SPDX-License-Identifier: Apache-2.0
#include "shim/drive/drive_state.h"

#include <utility>

namespace dtls13::shim {

void DriveState::Begin(SslAttachment& attachment, std::unique_ptr<Association> association) {
  attachment.drive_state_ = std::make_shared<DriveState>();
  attachment.association_ = std::move(association);
  // The first request.
  attachment.drive_state_->expects_data = attachment.side() == Side::kServer;
}

}  // namespace dtls13::shim
