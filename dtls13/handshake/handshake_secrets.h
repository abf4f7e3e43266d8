// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_HANDSHAKE_SECRETS_H_
#define DTLS13_HANDSHAKE_HANDSHAKE_SECRETS_H_

#include <memory>

#include "dtls13/crypto/secret.h"
#include "dtls13/crypto/transcript.h"

namespace dtls13 {

// HandshakeSecrets are what a handshake derives for those who come after it. Whoever needs one
// takes it out; what nobody needs goes with the handshake.
struct HandshakeSecrets {
  Secret early_exporter_secret;      // empty unless early data may flow
  Secret client_application_secret;  // generation 0, for KeyUpdate
  Secret server_application_secret;
  Secret exporter_secret;
  Secret resumption_secret;
  // The whole handshake's, kept only for authentication after it.
  std::unique_ptr<Transcript> transcript;
};

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_HANDSHAKE_SECRETS_H_
