// SPDX-License-Identifier: Apache-2.0
#include "dtls13/signer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "dtls13/crypto/certificate.h"
#include "dtls13/crypto/pem.h"
#include "dtls13/crypto/signature.h"

namespace dtls13 {
namespace {

// No key or chain comes near it, and a device or a wrong file must not fill the memory.
constexpr size_t kMaxFileLen = size_t{1} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

bool ReadFile(const std::string& path, std::string* contents, std::string* error) {
  std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  contents->resize(kMaxFileLen + 1);
  const size_t len = file ? std::fread(contents->data(), 1, contents->size(), file.get()) : 0;
  if (!file || std::ferror(file.get()) != 0) {
    *error = "Cannot read " + path + ": " + std::strerror(errno) + ".";
    return false;
  }
  if (len > kMaxFileLen) {
    *error = path + " is larger than 1 MiB, so it is no PEM file of ours.";
    return false;
  }
  contents->resize(len);
  return true;
}

}  // namespace

Signer::Signer(std::shared_ptr<const Algorithms> algorithms, OpenSslPtr<EVP_PKEY> key)
    : algorithms_(std::move(algorithms)),
      key_(std::move(key)),
      schemes_(SchemesForKey(key_.get())) {}

std::unique_ptr<Signer> Signer::FromKey(std::shared_ptr<const Algorithms> algorithms,
                                        EVP_PKEY* key) {
  std::unique_ptr<Signer> signer(new Signer(std::move(algorithms), NewReference(key)));
  if (signer->schemes_.empty()) return nullptr;
  return signer;
}

std::unique_ptr<Signer> Signer::LoadPem(std::shared_ptr<const Algorithms> algorithms,
                                        const std::string& path, std::string* error) {
  std::string pem;
  if (!ReadFile(path, &pem, error)) return nullptr;
  return Parse(std::move(algorithms), pem, path, error);
}

std::unique_ptr<Signer> Signer::FromPem(std::shared_ptr<const Algorithms> algorithms,
                                        std::string_view pem, std::string* error) {
  return Parse(std::move(algorithms), pem, "The given text", error);
}

std::unique_ptr<Signer> Signer::Parse(std::shared_ptr<const Algorithms> algorithms,
                                      std::string_view pem, const std::string& source,
                                      std::string* error) {
  const PemPrivateKey read = ReadPemPrivateKey(*algorithms, pem);
  if (!read.key) {
    *error = source + " " + read.error + ".";
    return nullptr;
  }
  std::unique_ptr<Signer> signer = FromKey(std::move(algorithms), read.key.get());
  if (!signer) *error = source + " holds a private key that TLS 1.3 has no signature scheme for.";
  return signer;
}

std::optional<std::vector<uint8_t>> Signer::Sign(SignatureScheme scheme,
                                                 std::span<const uint8_t> input) const {
  return SignMessage(*algorithms_, key_.get(), scheme, input);
}

bool Signer::MatchesCertificate(std::span<const uint8_t> der) const {
  const std::optional<CertificateKey> certificate = CertificateKey::Parse(*algorithms_, der);
  return certificate && SamePublicKey(certificate->key(), key_.get());
}

std::shared_ptr<const Credential> Signer::LoadCredential(const std::string& chain_path,
                                                         std::string* error) const {
  std::string pem;
  if (!ReadFile(chain_path, &pem, error)) return nullptr;
  auto chain = ReadPemCertificates(*algorithms_, pem);
  if (!chain) {
    *error = chain_path + " holds no certificate in PEM form, or a damaged one.";
    return nullptr;
  }
  if (!MatchesCertificate(chain->front())) {
    *error = "The first certificate of " + chain_path + " does not belong to the private key.";
    return nullptr;
  }
  auto credential = std::make_shared<Credential>();
  credential->chain = std::move(*chain);
  credential->schemes = schemes_;
  return credential;
}

}  // namespace dtls13
