// SPDX-License-Identifier: Apache-2.0
// The library as a provider of OpenSSL's: what its section of openssl.cnf decides for the entries.

#include <string>
#include <utility>

#include "dtls13/crypto/record_crypto.h"
#include "provider/host.h"
#include "provider/provider.h"
#include "shim/interpose/interposer.h"
#include "shim/libssl/complaint.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

class EntriesHost final : public provider::Host {
 public:
  bool HasKey(const std::string& key) const override { return HasPolicyKey(key); }

  std::string Configure(const provider::ConfigReader& section) override {
    Policy policy;
    std::string fault = ConfigurePolicy(section, &policy);
    if (!fault.empty()) return fault;
    // A library context without a section of its own decides nothing.
    if (policy != Policy() && !BeginWithPolicy(policy)) {
      return "the program used DTLS before this section of openssl.cnf was loaded";
    }
    return PolicyWithOptions(std::move(policy)).interpose ? Interpose() : "";
  }

  RecordCrypto RecordCryptoOf(const provider::ConfigReader& section) const override {
    Policy policy;
    // A fault of the section is Configure's to tell, and the policy is then none.
    static_cast<void>(ConfigurePolicy(section, &policy));
    return PolicyWithOptions(std::move(policy)).record_crypto;
  }

  void OnMisconfigured(const std::string& fault) override { Complain("openssl.cnf: " + fault); }

  void OnNewSslCtx() override { InterposeNew(); }

  bool HasEntriesInForce() const override { return dtls13::shim::HasEntriesInForce(); }
};

}  // namespace
}  // namespace dtls13::shim

DTLS13_EXPORT int OSSL_provider_init(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* in,
                                     const OSSL_DISPATCH** out, void** provider_context) {
  // Never destroyed: providers may outlive static destructors.
  static dtls13::shim::EntriesHost& host = *new dtls13::shim::EntriesHost();
  return dtls13::provider::Init(handle, in, out, provider_context, &host);
}
