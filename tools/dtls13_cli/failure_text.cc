// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13_cli/failure_text.h"

#include "absl/strings/str_cat.h"
#include "dtls13/wire/alert.h"

namespace dtls13::cli {

std::string FailureText(const Status& status, const std::string& peer_name) {
  const std::string alert(AlertName(status.alert()));
  switch (status.reason()) {
    case Reason::kPeerAlert:
      return absl::StrCat("the peer's alert ended it: ", alert);
    case Reason::kCertificateVerifyFailed:
      return absl::StrCat("the peer's certificate is not accepted",
                          peer_name.empty() ? "" : absl::StrCat(" for '", peer_name, "'"), ": ",
                          alert);
    case Reason::kHandshakeTimeout:
      return "the peer does not answer";
    default:
      return absl::StrCat("it failed with the alert ", alert, " (reason ",
                          static_cast<int>(status.reason()), ")");
  }
}

}  // namespace dtls13::cli
