// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/lent_objects.h"

#include <openssl/x509.h>

#include <utility>

#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {

LentObjects::~LentObjects() {
  X509_free(certificate);
  sk_X509_pop_free(chain, X509_free);
  sk_X509_pop_free(verified_chain, X509_free);
  sk_X509_NAME_pop_free(authorities, X509_NAME_free);
  sk_SSL_CIPHER_free(client_ciphers);
  SetSession(nullptr);
}

void LentObjects::SetSession(SSL_SESSION* object) {
  // SSL_SESSION is libssl's own type, and the slot may be freed while libssl itself goes down.
  if (session != nullptr) Real().SSL_SESSION_free(session);
  session = object;
  session_refused = false;
  make_session_ = nullptr;
}

void LentObjects::OweSession(std::function<SSL_SESSION*()> make) {
  make_session_ = std::move(make);
  session_refused = false;
}

void LentObjects::MakeOwedSession() {
  if (!make_session_) return;
  if (SSL_SESSION* made = std::exchange(make_session_, nullptr)()) SetSession(made);
}

void LentObjects::RefuseSession() {
  SetSession(nullptr);
  session_refused = true;
}

SRTP_PROTECTION_PROFILE* LentObjects::FindSrtpProfile(unsigned long id) const {
  for (SRTP_PROTECTION_PROFILE* profile : srtp_profiles) {
    if (profile->id == id) return profile;
  }
  return nullptr;
}

}  // namespace dtls13::shim
