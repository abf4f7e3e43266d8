// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_HANDSHAKE_TRANSITION_TABLE_H_
#define DTLS13_HANDSHAKE_TRANSITION_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "dtls13/wire/code_points.h"
#include "dtls13/wire/record_number.h"

namespace dtls13 {

// HandshakeState is RFC 8446 appendix A's, in protocol order, with a state for each answer of the
// caller's. Waiting for the caller and the end states allow no message.
enum class HandshakeState : uint8_t {
  kClientWaitServerHello,
  kClientWaitEncryptedExtensions,
  kClientWaitCertificateOrRequest,
  kClientWaitCertificate,
  kClientWaitVerification,
  kClientWaitCertificateVerify,
  kClientWaitFinished,
  kClientWaitCredential,
  kClientWaitSignature,
  kServerWaitClientHello,
  kServerWaitPsk,
  kServerWaitCredential,
  kServerWaitSignature,
  kServerWaitEndOfEarlyData,  // of draft-26 alone
  kServerWaitCertificate,
  kServerWaitVerification,
  kServerWaitCertificateVerify,
  kServerWaitFinished,
  kCompleted,
  kFailed,
};
inline constexpr size_t kNumHandshakeStates = 20;

// Transition allows one message in one state, under the one epoch whose keys it must have come
// with.
struct Transition {
  HandshakeState state;
  HandshakeType type;
  Epoch epoch;
};

// kTransitions is all that a peer may send during the handshake; anything else is
// unexpected_message. A HelloRetryRequest is a ServerHello by its type; that a second one is not
// allowed is for the handler to see.
//= rfc8446#section-4.5
//# Servers MUST NOT send this message, and clients receiving it MUST
//# terminate the connection with an "unexpected_message" alert.
//= rfc8446#section-4.6.3
//# Implementations that receive a KeyUpdate message prior to receiving a
//# Finished message MUST terminate the connection with an
//# "unexpected_message" alert.
inline constexpr Transition kTransitions[] = {
    {HandshakeState::kClientWaitServerHello, HandshakeType::kServerHello, kPlaintextEpoch},
    //= rfc8446#appendix-B
    //# TLS 1.3 implementations MUST NOT send them but might receive them from
    //# older TLS implementations.
    {HandshakeState::kClientWaitServerHello, HandshakeType::kHelloVerifyRequest, kPlaintextEpoch},
    {HandshakeState::kClientWaitEncryptedExtensions, HandshakeType::kEncryptedExtensions,
     kHandshakeEpoch},
    {HandshakeState::kClientWaitCertificateOrRequest, HandshakeType::kCertificateRequest,
     kHandshakeEpoch},
    {HandshakeState::kClientWaitCertificateOrRequest, HandshakeType::kCertificate, kHandshakeEpoch},
    {HandshakeState::kClientWaitCertificateOrRequest, HandshakeType::kCompressedCertificate,
     kHandshakeEpoch},
    {HandshakeState::kClientWaitCertificate, HandshakeType::kCertificate, kHandshakeEpoch},
    {HandshakeState::kClientWaitCertificate, HandshakeType::kCompressedCertificate,
     kHandshakeEpoch},
    {HandshakeState::kClientWaitCertificateVerify, HandshakeType::kCertificateVerify,
     kHandshakeEpoch},
    {HandshakeState::kClientWaitFinished, HandshakeType::kFinished, kHandshakeEpoch},
    //= rfc8446#section-4.1.2
    //# Because TLS 1.3 forbids renegotiation, if a server has negotiated TLS
    //# 1.3 and receives a ClientHello at any other time, it MUST terminate
    //# the connection with an "unexpected_message" alert.
    {HandshakeState::kServerWaitClientHello, HandshakeType::kClientHello, kPlaintextEpoch},
    {HandshakeState::kServerWaitEndOfEarlyData, HandshakeType::kEndOfEarlyData, kEarlyDataEpoch},
    {HandshakeState::kServerWaitCertificate, HandshakeType::kCertificate, kHandshakeEpoch},
    {HandshakeState::kServerWaitCertificate, HandshakeType::kCompressedCertificate,
     kHandshakeEpoch},
    {HandshakeState::kServerWaitCertificateVerify, HandshakeType::kCertificateVerify,
     kHandshakeEpoch},
    {HandshakeState::kServerWaitFinished, HandshakeType::kFinished, kHandshakeEpoch},
};

//= rfc8446#section-4
//# Protocol messages MUST be sent in the order defined in Section 4.4.1
//# and shown in the diagrams in Section 2.  A peer which receives a
//# handshake message in an unexpected order MUST abort the handshake
//# with an "unexpected_message" alert.
constexpr bool IsMessageAllowed(HandshakeState state, HandshakeType type, Epoch epoch) {
  for (const Transition& transition : kTransitions) {
    if (transition.state == state && transition.type == type && transition.epoch == epoch) {
      return true;
    }
  }
  return false;
}

}  // namespace dtls13

#endif  // DTLS13_HANDSHAKE_TRANSITION_TABLE_H_
