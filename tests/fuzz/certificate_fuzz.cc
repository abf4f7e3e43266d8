// SPDX-License-Identifier: Apache-2.0
// Input: the body of a Certificate message. Without extensions it is written again as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/message/certificate.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::span<const uint8_t> body(data, size);
  const auto certificate = ParseCertificate(body);
  if (!certificate.has_value()) return 0;
  fuzz::Check(certificate->entries.size() <= kMaxChainLen);
  std::vector<std::vector<uint8_t>> chain;
  bool has_extensions = false;
  for (const CertificateEntryView& entry : certificate->entries) {
    fuzz::Check(!entry.data.empty() && fuzz::Within(entry.data, body));
    chain.emplace_back(entry.data.begin(), entry.data.end());
    has_extensions |= !entry.extensions.empty();
  }
  const Status status = CheckCertificate(*certificate, /*is_server=*/true, {}, {});
  if (has_extensions) {
    fuzz::Check(!status.ok());
    return 0;
  }
  fuzz::Check(status.ok() == (certificate->context.empty() && !chain.empty()));
  const std::vector<uint8_t> written = SerializeCertificate(certificate->context, chain);
  fuzz::Check(std::equal(written.begin(), written.end(), body.begin(), body.end()));
  return 0;
}
