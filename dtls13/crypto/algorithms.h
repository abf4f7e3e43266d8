// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_CRYPTO_ALGORITHMS_H_
#define DTLS13_CRYPTO_ALGORITHMS_H_

#include <openssl/types.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "dtls13/crypto/cipher_suite.h"
#include "dtls13/crypto/hash.h"
#include "dtls13/crypto/ipsec_mb.h"
#include "dtls13/crypto/named_group.h"
#include "dtls13/crypto/openssl_ptr.h"
#include "dtls13/crypto/record_crypto.h"
#include "dtls13/wire/code_points.h"

namespace dtls13 {

// Algorithms is everything this library needs of one OSSL_LIB_CTX under one property query, fetched
// once. Immutable and shared: any number of threads and associations use one object.
// It does not know which of them a caller wants: that is HandshakeConfig's.
//
// Here and in all of dtls13/crypto, what fails leaves libcrypto's reasons on the thread's error
// queue, for the caller to read or to drop.
class Algorithms {
 public:
  // Fetch never fails on a missing suite, group or signature; those are simply not supported. Null
  // when there is no SHA-256 or HMAC, without which nothing works. `library_context` (null: the
  // default one) must outlive the result. A null `property_query` is the library context's default.
  // With kIpsecMb the process's first call takes some milliseconds more.
  static std::shared_ptr<const Algorithms> Fetch(
      OSSL_LIB_CTX* library_context, const char* property_query,
      RecordCrypto record_crypto = RecordCrypto::kLibcrypto);
  Algorithms(const Algorithms&) = delete;
  Algorithms& operator=(const Algorithms&) = delete;
  ~Algorithms();

  // Supports says whether libcrypto can do all that the suite, the group or the signature takes.
  bool Supports(CipherSuiteId suite) const;
  bool Supports(NamedGroup group) const;
  bool Supports(SignatureScheme scheme) const;

  // record_crypto_status says who seals and opens records, and why if not who was asked for.
  RecordCryptoStatus record_crypto_status() const { return record_crypto_status_; }

  // What follows is for dtls13/crypto. Pointers are borrowed and null for what is not supported.
  // Contexts and keys are templates, only ever duplicated: fetching by name costs
  // libcrypto 3.0 more than an HMAC does, so nothing is fetched again after Fetch where EVP allows.
  OSSL_LIB_CTX* library_context() const { return library_context_; }
  const char* property_query() const;
  const EVP_MD* digest(HashId hash) const { return digests_[static_cast<size_t>(hash)].get(); }
  const EVP_CIPHER* aead_cipher(CipherSuiteId suite) const;
  const EVP_CIPHER* record_number_cipher(CipherSuiteId suite) const;
  // What stands in for aead_cipher; null where nothing does.
  const IpsecMbGcm* ipsec_mb(CipherSuiteId suite) const;
  // The hash that a signature is made over; null also for a scheme that hashes by itself.
  const EVP_MD* digest(SignatureScheme scheme) const;
  const EVP_MAC_CTX* hmac(HashId hash) const { return hmacs_[static_cast<size_t>(hash)].get(); }
  // The hash of nothing, RFC 8446 section 7.1's Transcript-Hash("").
  const HashValue& empty_hash(HashId hash) const {
    return empty_hashes_[static_cast<size_t>(hash)];
  }
  // A key with the parameters of the group's Diffie-Hellman part, to make keys like it from; null
  // where it has none.
  EVP_PKEY* group_parameters(NamedGroup group) const;

 private:
  struct SuiteCiphers {
    OpenSslPtr<EVP_CIPHER> aead;
    OpenSslPtr<EVP_CIPHER> record_number;
  };

  struct Scheme {
    SignatureScheme scheme;
    OpenSslPtr<EVP_MD> digest;
  };

  struct Group {
    bool is_supported = false;
    OpenSslPtr<EVP_PKEY> parameters;
  };

  Algorithms(OSSL_LIB_CTX* library_context, const char* property_query);
  void FetchHash(HashId hash);
  void FetchSuite(const CipherSuite& suite, SuiteCiphers* ciphers);
  void FetchGroup(const NamedGroupInfo& info, Group* group) const;
  void FetchSchemes();
  RecordCryptoStatus ChooseIpsecMb() const;
  const SuiteCiphers* FindSuite(CipherSuiteId suite) const;
  const Group* FindGroup(NamedGroup group) const;
  const Scheme* FindScheme(SignatureScheme scheme) const;

  OSSL_LIB_CTX* library_context_;
  std::string property_query_;
  bool has_property_query_;
  std::array<OpenSslPtr<EVP_MD>, kNumHashes> digests_;
  std::array<OpenSslPtr<EVP_MAC_CTX>, kNumHashes> hmacs_;
  std::array<HashValue, kNumHashes> empty_hashes_;
  std::array<SuiteCiphers, kCipherSuites.size()> suites_;
  std::array<Group, kNamedGroups.size()> groups_;
  std::vector<Scheme> schemes_;
  RecordCryptoStatus record_crypto_status_ = RecordCryptoStatus::kLibcrypto;
};

}  // namespace dtls13

#endif  // DTLS13_CRYPTO_ALGORITHMS_H_
