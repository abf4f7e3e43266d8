// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TOOLS_DTLS13_OBJECT_FACTS_H_
#define DTLS13_TOOLS_DTLS13_OBJECT_FACTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/dtls13/byte_source.h"
#include "tools/dtls13/elf_file.h"
#include "tools/dtls13/text_scan.h"

namespace dtls13::command {

// DtlsImport is a function by which an object asks libssl for DTLS.
struct DtlsImport {
  std::string name;     // "DTLS_method"
  std::string version;  // the node it must come from, "OPENSSL_3.0.0"; may be empty
};

// PinsVersion says whether the method `name` speaks one version alone, older than DTLS 1.3.
bool PinsVersion(std::string_view name);
// IsMethod says whether `name` makes an SSL_METHOD, without which nobody has DTLS of libssl.
bool IsMethod(std::string_view name);

// ObjectFacts are what the doctor wants to know of one program or library. They do not know where
// it lies or who loads it.
struct ObjectFacts {
  ElfStart start;
  std::string soname, rpath, runpath;
  std::vector<std::string> needed;
  bool is_symbolic = false;
  std::vector<DtlsImport> dtls_imports;
  bool imports_ssl = false;  // libssl's SSL_CTX_new, of whatever version
  bool imports_dlopen = false;
  bool imports_dlsym = false;
  bool defines_ssl = false;  // it shows libssl's functions itself
  // What its own text says; nothing of libssl, libcrypto and the C library.
  TextFindings text;
};

// IsLibssl says whether `name` is a libssl's of OpenSSL, of any version: "libssl.so.3".
bool IsLibssl(std::string_view name);

// ReadObject reads a whole ELF file. Its failures are ElfFile's.
absl::StatusOr<ObjectFacts> ReadObject(const ByteSource& bytes);

}  // namespace dtls13::command

#endif  // DTLS13_TOOLS_DTLS13_OBJECT_FACTS_H_
