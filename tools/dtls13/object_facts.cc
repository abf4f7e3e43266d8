// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/object_facts.h"

#include <algorithm>
#include <utility>

namespace dtls13::command {
namespace {

// All that libssl has to make a DTLS method with, and what only DTLS servers call.
constexpr std::string_view kDtlsFunctions[] = {
    "DTLS_method",     "DTLS_client_method",     "DTLS_server_method",
    "DTLSv1_2_method", "DTLSv1_2_client_method", "DTLSv1_2_server_method",
    "DTLSv1_method",   "DTLSv1_client_method",   "DTLSv1_server_method",
    "DTLSv1_listen",
};

// An object has each of the few functions once or twice, under different versions.
constexpr size_t kMaxDtlsImports = 32;

// Libraries whose text has the names that are looked for elsewhere, and nothing of use.
constexpr std::string_view kKnownLibraries[] = {"libssl.so.", "libcrypto.so.", "libc.so.",
                                                "ld-linux", "libdtls13.so"};

bool IsKnown(std::string_view soname) {
  return std::any_of(std::begin(kKnownLibraries), std::end(kKnownLibraries),
                     [&](std::string_view known) { return soname.starts_with(known); });
}

bool MakesSslCtx(std::string_view name) {
  return name == "SSL_CTX_new" || name == "SSL_CTX_new_ex";
}

void TakeSymbol(const ElfSymbol& symbol, ObjectFacts* facts) {
  if (symbol.is_defined) {
    if (symbol.name == "SSL_CTX_new") facts->defines_ssl = true;
    return;
  }
  if (symbol.name == "dlopen" || symbol.name == "dlmopen") facts->imports_dlopen = true;
  if (symbol.name == "dlsym" || symbol.name == "dlvsym") facts->imports_dlsym = true;
  if (MakesSslCtx(symbol.name)) facts->imports_ssl = true;
  if (symbol.name.starts_with("DTLS") && facts->dtls_imports.size() < kMaxDtlsImports &&
      std::find(std::begin(kDtlsFunctions), std::end(kDtlsFunctions), symbol.name) !=
          std::end(kDtlsFunctions)) {
    facts->dtls_imports.push_back({std::string(symbol.name), std::string(symbol.version)});
  }
}

}  // namespace

bool PinsVersion(std::string_view name) { return IsMethod(name) && name.starts_with("DTLSv1_"); }

bool IsMethod(std::string_view name) { return name.ends_with("method"); }

bool IsLibssl(std::string_view name) { return name.starts_with("libssl.so"); }

absl::StatusOr<ObjectFacts> ReadObject(const ByteSource& bytes) {
  absl::StatusOr<ElfFile> file = ElfFile::Read(bytes);
  if (!file.ok()) return file.status();
  ObjectFacts facts;
  facts.start = file->start();
  facts.soname = file->soname();
  facts.rpath = file->rpath();
  facts.runpath = file->runpath();
  facts.needed = file->needed();
  facts.is_symbolic = file->is_symbolic();
  for (size_t i = 0; i < file->num_symbols(); ++i) TakeSymbol(file->symbol(i), &facts);
  if (!IsKnown(facts.soname)) facts.text = ScanText(bytes);
  return facts;
}

}  // namespace dtls13::command
