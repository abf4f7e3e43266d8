// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/handshake_state.h"

#include <array>

namespace dtls13::shim {
namespace {

struct MessageState {
  HandshakeType type;
  OSSL_HANDSHAKE_STATE client_reads;
  OSSL_HANDSHAKE_STATE client_writes;
  OSSL_HANDSHAKE_STATE server_reads;
  OSSL_HANDSHAKE_STATE server_writes;
};

// TLS_ST_BEFORE stands for "never in that direction".
constexpr std::array kMessageStates = {
    MessageState{HandshakeType::kClientHello, TLS_ST_BEFORE, TLS_ST_CW_CLNT_HELLO,
                 TLS_ST_SR_CLNT_HELLO, TLS_ST_BEFORE},
    MessageState{HandshakeType::kServerHello, TLS_ST_CR_SRVR_HELLO, TLS_ST_BEFORE, TLS_ST_BEFORE,
                 TLS_ST_SW_SRVR_HELLO},
    MessageState{HandshakeType::kEncryptedExtensions, TLS_ST_CR_ENCRYPTED_EXTENSIONS, TLS_ST_BEFORE,
                 TLS_ST_BEFORE, TLS_ST_SW_ENCRYPTED_EXTENSIONS},
    MessageState{HandshakeType::kCertificateRequest, TLS_ST_CR_CERT_REQ, TLS_ST_BEFORE,
                 TLS_ST_BEFORE, TLS_ST_SW_CERT_REQ},
    MessageState{HandshakeType::kCertificate, TLS_ST_CR_CERT, TLS_ST_CW_CERT, TLS_ST_SR_CERT,
                 TLS_ST_SW_CERT},
    MessageState{HandshakeType::kCertificateVerify, TLS_ST_CR_CERT_VRFY, TLS_ST_CW_CERT_VRFY,
                 TLS_ST_SR_CERT_VRFY, TLS_ST_SW_CERT_VRFY},
    MessageState{HandshakeType::kFinished, TLS_ST_CR_FINISHED, TLS_ST_CW_FINISHED,
                 TLS_ST_SR_FINISHED, TLS_ST_SW_FINISHED},
};

struct StateName {
  OSSL_HANDSHAKE_STATE state;
  const char* short_name;
  const char* long_name;
};

constexpr std::array kStateNames = {
    StateName{TLS_ST_BEFORE, "PINIT", "before SSL initialization"},
    StateName{TLS_ST_OK, "SSLOK", "SSL negotiation finished successfully"},
    StateName{TLS_ST_CW_CLNT_HELLO, "TWCH", "SSLv3/TLS write client hello"},
    StateName{TLS_ST_CR_SRVR_HELLO, "TRSH", "SSLv3/TLS read server hello"},
    StateName{TLS_ST_CR_ENCRYPTED_EXTENSIONS, "TREE", "TLSv1.3 read encrypted extensions"},
    StateName{TLS_ST_CR_CERT_REQ, "TRCR", "SSLv3/TLS read server certificate request"},
    StateName{TLS_ST_CR_CERT, "TRSC", "SSLv3/TLS read server certificate"},
    StateName{TLS_ST_CR_CERT_VRFY, "TRSCV", "TLSv1.3 read server certificate verify"},
    StateName{TLS_ST_CR_FINISHED, "TRFIN", "SSLv3/TLS read finished"},
    StateName{TLS_ST_CW_CERT, "TWCC", "SSLv3/TLS write client certificate"},
    StateName{TLS_ST_CW_CERT_VRFY, "TWCV", "SSLv3/TLS write certificate verify"},
    StateName{TLS_ST_CW_FINISHED, "TWFIN", "SSLv3/TLS write finished"},
    StateName{TLS_ST_SR_CLNT_HELLO, "TRCH", "SSLv3/TLS read client hello"},
    StateName{TLS_ST_SW_SRVR_HELLO, "TWSH", "SSLv3/TLS write server hello"},
    StateName{TLS_ST_SW_ENCRYPTED_EXTENSIONS, "TWEE", "TLSv1.3 write encrypted extensions"},
    StateName{TLS_ST_SW_CERT_REQ, "TWCR", "SSLv3/TLS write certificate request"},
    StateName{TLS_ST_SW_CERT, "TWSC", "SSLv3/TLS write certificate"},
    StateName{TLS_ST_SW_CERT_VRFY, "TWSCV", "TLSv1.3 write server certificate verify"},
    StateName{TLS_ST_SW_FINISHED, "TWFIN", "SSLv3/TLS write finished"},
    StateName{TLS_ST_SR_CERT, "TRCC", "SSLv3/TLS read client certificate"},
    StateName{TLS_ST_SR_CERT_VRFY, "TRCV", "SSLv3/TLS read certificate verify"},
    StateName{TLS_ST_SR_FINISHED, "TRFIN", "SSLv3/TLS read finished"},
};

const StateName* FindName(OSSL_HANDSHAKE_STATE state) {
  for (const StateName& entry : kStateNames) {
    if (entry.state == state) return &entry;
  }
  return nullptr;
}

}  // namespace

OSSL_HANDSHAKE_STATE HandshakeStateOf(bool is_server, bool outgoing, HandshakeType type,
                                      OSSL_HANDSHAKE_STATE present) {
  for (const MessageState& entry : kMessageStates) {
    if (entry.type != type) continue;
    const OSSL_HANDSHAKE_STATE state = is_server
                                           ? (outgoing ? entry.server_writes : entry.server_reads)
                                           : (outgoing ? entry.client_writes : entry.client_reads);
    return state == TLS_ST_BEFORE ? present : state;
  }
  return present;
}

const char* StateStringLong(OSSL_HANDSHAKE_STATE state) {
  const StateName* name = FindName(state);
  return name != nullptr ? name->long_name : "unknown state";
}

const char* StateString(OSSL_HANDSHAKE_STATE state) {
  const StateName* name = FindName(state);
  return name != nullptr ? name->short_name : "UNKWN";
}

}  // namespace dtls13::shim
