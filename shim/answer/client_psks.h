#ifndef DTLS13_SHIM_ANSWER_CLIENT_PSKS_H_
#define DTLS13_SHIM_ANSWER_CLIENT_PSKS_H_

#include <optional>
#include <vector>

#include "dtls13/session/psk.h"
#include "dtls13/wire/code_points.h"
#include "shim/attachment/ssl_attachment.h"

namespace dtls13::shim {

// PskFailure is why a client cannot begin: a libssl reason, and the alert that libssl sends.
struct PskFailure {
  int reason = 0;
  AlertDescription alert{};
};

// CollectClientPsks appends the keys that a client offers, and asks the application's callbacks for
// them as libssl does for TLS 1.3. Unlike libssl it does not ask a second time after a
// HelloRetryRequest: nearly every handshake has one here, and the core itself leaves out what does
// not fit the suite that the server has chosen.
std::optional<PskFailure> CollectClientPsks(SslAttachment& attachment, std::vector<Psk>* psks);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ANSWER_CLIENT_PSKS_H_
