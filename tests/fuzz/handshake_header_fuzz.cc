// SPDX-License-Identifier: Apache-2.0
// Input: the content of a handshake record. Every fragment found is written again as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dtls13/wire/handshake_header.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dtls13;
  const std::span<const uint8_t> content(data, size);
  ByteReader reader(content);
  while (true) {
    const std::span<const uint8_t> before = reader.rest();
    const auto fragment = ReadHandshakeFragment(&reader);
    if (!fragment) {
      fuzz::Check(reader.remaining() == before.size());
      return 0;
    }
    const HandshakeHeader& header = fragment->header;
    fuzz::Check(fragment->body.size() == header.fragment_len);
    fuzz::Check(header.fragment_offset + header.fragment_len <= header.message_len);
    fuzz::Check(fuzz::Within(fragment->body, content));
    fuzz::Check(reader.remaining() + kHandshakeHeaderLen + header.fragment_len == before.size());
    std::vector<uint8_t> written(kHandshakeHeaderLen);
    WriteHandshakeHeader(header, written);
    fuzz::Check(std::equal(written.begin(), written.end(), before.begin()));
  }
}
