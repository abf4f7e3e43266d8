// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_ATTACHMENT_LENT_OBJECTS_H_
#define DTLS13_SHIM_ATTACHMENT_LENT_OBJECTS_H_

#include <functional>
#include <string>
#include <vector>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// LentObjects are what libssl's getters lend to an application about one connection: owned here and
// freed with the connection, null or empty until there is something to lend. They say nothing of
// whether it was verified.
struct LentObjects {
  LentObjects() = default;
  ~LentObjects();
  LentObjects(const LentObjects&) = delete;
  LentObjects& operator=(const LentObjects&) = delete;

  // SetSession takes over a reference to `object`, null for none yet, and lets go of the one
  // before.
  void SetSession(SSL_SESSION* object);
  // OweSession: the session is what `make` returns, which is asked for it when somebody asks here.
  // Few applications do, and the object costs as much as the parsing of the peer's certificate.
  void OweSession(std::function<SSL_SESSION*()> make);
  // MakeOwedSession makes it, if one is owed. It may use the one before.
  void MakeOwedSession();
  // RefuseSession: the application has set that the connection has none.
  void RefuseSession();
  // FindSrtpProfile returns libssl's own lasting entry for `id`, null for one not offered.
  SRTP_PROTECTION_PROFILE* FindSrtpProfile(unsigned long id) const;

  X509* certificate = nullptr;                      // the peer's leaf
  STACK_OF(X509) * chain = nullptr;                 // as the peer sent it
  STACK_OF(X509) * verified_chain = nullptr;        // as verification built it
  STACK_OF(X509_NAME) * authorities = nullptr;      // that the peer named; null: none
  STACK_OF(SSL_CIPHER) * client_ciphers = nullptr;  // as the client offered them
  // What SSL_get_session hands out; null until it is asked for, or there is one to resume.
  SSL_SESSION* session = nullptr;
  bool session_refused = false;
  std::string protocol;  // what ALPN chose
  // The identity of the last key that a callback of TLS 1.2's kind gave; as C sees it.
  std::string psk_identity;
  // The DTLS-SRTP profiles that the association may choose of; these are libssl's.
  std::vector<SRTP_PROTECTION_PROFILE*> srtp_profiles;

 private:
  std::function<SSL_SESSION*()> make_session_;
};

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_ATTACHMENT_LENT_OBJECTS_H_
