// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ANSWER_APPLICATION_SIZING_H_
#define DTLS13_SHIM_ANSWER_APPLICATION_SIZING_H_

#include <memory>

#include "dtls13/record_sizing.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// SizingOf asks an SSL's settings, as they are when a record is made, and its application's padding
// callback. `attachment` must outlive it.
std::shared_ptr<RecordSizing> SizingOf(SslAttachment& attachment);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_APPLICATION_SIZING_H_
