// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_TEXT_SCAN_H_
#define DTLS13_TOOLS_DTLS13_TEXT_SCAN_H_

#include <string>
#include <vector>

#include "tools/dtls13/byte_source.h"

namespace dtls13::command {

// TextFindings are what the text inside a file tells of the libraries that were linked into it, and
// of those that it may load.
struct TextFindings {
  // State names that a TLS library brings along, stripped or not. BoringSSL's are those of what was
  // made from it, too.
  bool has_openssl = false;
  bool has_boringssl = false;
  // "OpenSSL 3.0.19 27 Jan 2026"; empty where no such text is found. A program that is linked with
  // the shared libcrypto may have it as well.
  std::string openssl_version;
  // The strings that look like a shared library's name, each once: "libxul.so",
  // "/opt/x/libssl.so.3".
  std::vector<std::string> library_names;
};

// ScanText reads all of `bytes`, but for what is beyond 1 GiB.
TextFindings ScanText(const ByteSource& bytes);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_TEXT_SCAN_H_
