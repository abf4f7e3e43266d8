// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_PROVIDER_HOST_H_
#define DTLS13_PROVIDER_HOST_H_

#include <functional>
#include <string>

#include "dtls13/crypto/record_crypto.h"

namespace dtls13::provider {

// ConfigReader gives the value of a key in the provider's section of openssl.cnf; null without.
using ConfigReader = std::function<const char*(const char* key)>;

// Host is what a provider is a part of, and what its section of openssl.cnf decides beside it: here
// the library's entries in libssl's place. A provider by itself has none. Its methods are called
// while libcrypto loads configuration or makes an SSL_CTX, on any thread.
class Host {
 public:
  virtual ~Host() = default;

  // HasKey says whether the section may have `key`.
  virtual bool HasKey(const std::string& key) const = 0;
  // Configure takes what the section says. Returns what is wrong with it, a sentence for a person,
  // and has then taken nothing; empty when nothing is.
  virtual std::string Configure(const ConfigReader& section) = 0;
  // RecordCryptoOf is who seals and opens records where the section is as Configure takes it.
  virtual RecordCrypto RecordCryptoOf(const ConfigReader& section) const = 0;
  // OnMisconfigured is told what keeps the provider from being active: libcrypto by itself is
  // silent about it, and goes on without the provider.
  virtual void OnMisconfigured(const std::string& fault) = 0;
  // OnNewSslCtx is called when a libssl makes an SSL_CTX in a library context of the provider's.
  virtual void OnNewSslCtx() = 0;
  // HasEntriesInForce says whether calls of this process's programs reach the host.
  virtual bool HasEntriesInForce() const = 0;
};

}  // namespace dtls13::provider

#endif  // DTLS13_PROVIDER_HOST_H_
