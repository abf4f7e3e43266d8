// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/diagnosis.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dtls13::command {
namespace {

using Object = ObjectTree::Object;
using Objects = std::vector<const Object*>;

constexpr std::string_view kLibssl = "libssl.so.3";
constexpr std::string_view kOwnLibrary = "libdtls13.so";

// Other libraries with TLS, by the beginnings of their sonames. NSS's libssl3.so is none of
// OpenSSL's.
constexpr struct {
  std::string_view prefix;
  std::string_view library;
} kOtherLibraries[] = {
    {"libgnutls.so", "GnuTLS"},    {"libssl3.so", "NSS"},       {"libmbedtls.so", "Mbed TLS"},
    {"libwolfssl.so", "wolfSSL"},  {"libtinydtls", "tinydtls"}, {"libbotan-", "Botan"},
    {"libboringssl", "BoringSSL"}, {"libtls.so", "LibreSSL"},
};

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// NameOf is what an object is called: its soname, or its file's name.
std::string NameOf(const Object& object) {
  return object.facts.soname.empty() ? std::string(FileName(object.path)) : object.facts.soname;
}

std::string NamesOf(const Objects& objects) {
  return absl::StrJoin(objects, ", ", [](std::string* out, const Object* object) {
    absl::StrAppend(out, NameOf(*object));
  });
}

bool IsOpenssl3(const DtlsImport& import) {
  return import.version.empty() || import.version.starts_with("OPENSSL_3.");
}

// Findings sort the objects of a program by what matters.
struct Findings {
  explicit Findings(const ObjectTree& tree) : program(tree.objects[0]) {
    for (const Object& object : tree.objects) Take(object);
  }

  // HasMethod says whether an object that is reached asks for a method that is, or is no, pin.
  bool HasMethod(bool is_pin) const {
    return std::any_of(users.begin(), users.end(), [&](const Object* user) {
      return std::any_of(user->facts.dtls_imports.begin(), user->facts.dtls_imports.end(),
                         [&](const DtlsImport& import) {
                           return IsMethod(import.name) && PinsVersion(import.name) == is_pin;
                         });
    });
  }

  const Object& program;
  Objects libssl;        // OpenSSL 3's
  Objects other_libssl;  // of another soname
  Objects users;         // ask OpenSSL 3's libssl for DTLS
  Objects other_users;   // ask another one
  Objects ssl_users;     // ask one for TLS at least
  Objects handle_users;  // load one by its name, and look its functions up in it
  Objects openssl_inside;
  Objects boringssl_inside;
  Objects other_libraries;
  Objects own_library;

 private:
  void Take(const Object& object) {
    const std::string name = NameOf(object);
    const ObjectFacts& facts = object.facts;
    if (name.starts_with(kOwnLibrary)) return own_library.push_back(&object);
    if (IsLibssl(name)) return (name == kLibssl ? libssl : other_libssl).push_back(&object);
    for (const auto& other : kOtherLibraries) {
      if (name.starts_with(other.prefix)) other_libraries.push_back(&object);
    }
    if (!facts.dtls_imports.empty()) {
      const bool is_openssl_3 =
          std::any_of(facts.dtls_imports.begin(), facts.dtls_imports.end(), IsOpenssl3);
      (is_openssl_3 ? users : other_users).push_back(&object);
    }
    if (facts.imports_ssl) ssl_users.push_back(&object);
    if (facts.text.has_openssl) openssl_inside.push_back(&object);
    if (facts.text.has_boringssl) boringssl_inside.push_back(&object);
    const bool is_linked = std::any_of(facts.needed.begin(), facts.needed.end(), IsLibssl);
    const auto& names = facts.text.library_names;
    if (facts.imports_dlopen && facts.imports_dlsym && !is_linked &&
        std::any_of(names.begin(), names.end(),
                    [](const std::string& text) { return IsLibssl(FileName(text)); })) {
      handle_users.push_back(&object);
    }
  }
};

std::string OtherLibraryOf(const Object& object) {
  for (const auto& other : kOtherLibraries) {
    if (NameOf(object).starts_with(other.prefix)) return std::string(other.library);
  }
  return "";
}

std::string KindOf(const ElfStart& program) {
  if (program.is_static_program) return "static";
  if (!program.identity.IsNative()) return "another machine's";
  return program.interpreter.empty() ? "a library" : "dynamic";
}

void AddLibssl(const Object& libssl, const ObjectTree& tree, std::vector<std::string>* lines) {
  const Object& asker = tree.objects[libssl.asker];
  lines->push_back(
      absl::StrCat("libssl:  ", libssl.path,
                   &asker == &tree.objects[0] ? "" : absl::StrCat(", asked for by ", NameOf(asker)),
                   libssl.facts.is_symbolic ? "; symbolic: its own calls do not leave it" : ""));
}

void AddUser(const Object& user, std::vector<std::string>* lines) {
  std::vector<std::string> names, pins;
  for (const DtlsImport& import : user.facts.dtls_imports) {
    (PinsVersion(import.name) ? pins : names)
        .push_back(IsOpenssl3(import) ? import.name
                                      : absl::StrCat(import.name, "@", import.version));
  }
  const std::string tail = user.is_loaded_by_itself ? " (loaded by its name)" : "";
  if (!names.empty()) {
    lines->push_back(absl::StrCat("DTLS:    ", NameOf(user), tail,
                                  " asks for it: ", absl::StrJoin(names, ", ")));
  }
  if (!pins.empty()) {
    lines->push_back(absl::StrCat("pin:     ", NameOf(user), tail,
                                  " has methods of one version: ", absl::StrJoin(pins, ", ")));
  }
}

void AddFindings(const Findings& findings, const ObjectTree& tree,
                 std::vector<std::string>* lines) {
  for (const Object* libssl : findings.libssl) AddLibssl(*libssl, tree, lines);
  for (const Object* libssl : findings.other_libssl) AddLibssl(*libssl, tree, lines);
  for (const Object* user : findings.users) AddUser(*user, lines);
  for (const Object* user : findings.other_users) AddUser(*user, lines);
  for (const Object* user : findings.handle_users) {
    lines->push_back(absl::StrCat("handle:  ", NameOf(*user),
                                  " names libssl in its text and calls dlopen and dlsym"));
  }
  for (const Object* object : findings.openssl_inside) {
    const std::string& version = object->facts.text.openssl_version;
    lines->push_back(absl::StrCat("inside:  ", NameOf(*object), " has a libssl of its own",
                                  version.empty() ? "" : absl::StrCat(" (", version, ")")));
  }
  for (const Object* object : findings.boringssl_inside) {
    lines->push_back(absl::StrCat("inside:  ", NameOf(*object), " has BoringSSL"));
  }
  for (const Object* object : findings.other_libraries) {
    lines->push_back(absl::StrCat("other:   ", OtherLibraryOf(*object), " (", NameOf(*object),
                                  "), asked for by ", NameOf(tree.objects[object->asker])));
  }
  for (const ObjectTree::Lack& lack : tree.lacks) {
    lines->push_back(absl::StrCat("missing: ", lack.name,
                                  lack.asker.empty() ? "" : absl::StrCat(" of ", lack.asker), ": ",
                                  lack.fault));
  }
}

void Conclude(Reach reach, std::string reason, Diagnosis* diagnosis) {
  diagnosis->reach = reach;
  diagnosis->reason = std::move(reason);
}

// Where nothing asks OpenSSL 3's libssl for DTLS, this says what else does, or that nothing does.
void ConcludeWithoutUsers(const Findings& findings, const ObjectTree& tree, Diagnosis* diagnosis) {
  if (!findings.handle_users.empty()) {
    return Conclude(Reach::kNot,
                    absl::StrCat(NamesOf(findings.handle_users),
                                 " looks libssl's functions up by the handle of dlopen, which "
                                 "passes by what is preloaded"),
                    diagnosis);
  }
  if (!findings.openssl_inside.empty()) {
    return Conclude(
        Reach::kNot,
        absl::StrCat("OpenSSL is linked statically into ", NamesOf(findings.openssl_inside)),
        diagnosis);
  }
  if (!findings.other_users.empty() || !findings.other_libssl.empty()) {
    const Objects& others =
        findings.other_libssl.empty() ? findings.other_users : findings.other_libssl;
    return Conclude(
        Reach::kNot,
        absl::StrCat("its libssl is not OpenSSL 3's ", std::string(kLibssl), ": ", NamesOf(others)),
        diagnosis);
  }
  if (!findings.boringssl_inside.empty()) {
    return Conclude(
        Reach::kNot,
        absl::StrCat("its TLS is BoringSSL's, linked into ", NamesOf(findings.boringssl_inside)),
        diagnosis);
  }
  const bool has_own_tls = findings.ssl_users.empty() && !findings.other_libraries.empty();
  if (findings.program.facts.imports_dlopen && !has_own_tls) {
    return Conclude(Reach::kPerhaps,
                    "it loads libraries while it runs, and nothing that it is linked with asks for "
                    "DTLS; ask about the library that does, or about the running process",
                    diagnosis);
  }
  if (has_own_tls) {
    const Object& library = *findings.other_libraries[0];
    return Conclude(
        Reach::kNot,
        absl::StrCat("its TLS is ", OtherLibraryOf(library), "'s (", NameOf(library), ")"),
        diagnosis);
  }
  if (!tree.lacks.empty()) {
    return Conclude(Reach::kPerhaps, "not all that belongs to it could be read", diagnosis);
  }
  Conclude(Reach::kNot,
           findings.ssl_users.empty() ? "nothing in it uses libssl"
                                      : "it uses libssl, but nothing in it asks for DTLS",
           diagnosis);
}

void ConcludeAboutUsers(const Findings& findings, Diagnosis* diagnosis) {
  if (findings.program.facts.defines_ssl) {
    return Conclude(Reach::kNot,
                    "the program has libssl's functions itself, which come before any that are "
                    "preloaded",
                    diagnosis);
  }
  if (findings.program.facts.start.interpreter.empty()) {
    return Conclude(Reach::kReachable, "in a program that can be reached and loads this library",
                    diagnosis);
  }
  if (!findings.HasMethod(false) && findings.HasMethod(true)) {
    return Conclude(Reach::kReachable,
                    "with --override-pins, as its methods speak one older version alone",
                    diagnosis);
  }
  Conclude(Reach::kReachable,
           absl::StrCat(NamesOf(findings.users), " calls libssl's functions by name"), diagnosis);
}

void ConcludeAboutProgram(const Findings& findings, const ObjectTree& tree, Diagnosis* diagnosis) {
  if (findings.users.empty()) return ConcludeWithoutUsers(findings, tree, diagnosis);
  const bool is_library = findings.program.facts.start.interpreter.empty();
  if (findings.libssl.empty() && !is_library && !findings.program.facts.defines_ssl) {
    return Conclude(Reach::kNot,
                    absl::StrCat(std::string(kLibssl), " is not found, so that it does not start"),
                    diagnosis);
  }
  ConcludeAboutUsers(findings, diagnosis);
}

// MapsLibrary says whether the library is in the process, though its file may be another by now.
bool MapsLibrary(const ProcessView& process) {
  return std::any_of(
      process.code_files.begin(), process.code_files.end(),
      [](const std::string& file) { return FileName(file).starts_with(kOwnLibrary); });
}

// ComesFirst: the library was there before libssl, by LD_PRELOAD or because a part of the process
// is linked with it. What libcrypto loads as a provider comes behind.
bool ComesFirst(const ObjectTree& tree, const ProcessView& process) {
  if (process.ld_preload.find(kOwnLibrary) != std::string::npos) return true;
  return std::ranges::any_of(tree.objects, [](const Object& object) {
    return std::ranges::any_of(
        object.facts.needed, [](const std::string& name) { return name.starts_with(kOwnLibrary); });
  });
}

void ConcludeAboutProcessWith(const Findings& findings, const ObjectTree& tree,
                              const ProcessView& process, Diagnosis* diagnosis) {
  if (!ComesFirst(tree, process)) {
    return Conclude(
        Reach::kPerhaps,
        "the library is loaded as a provider, whose section of openssl.cnf says whether "
        "it comes before libssl (interpose)",
        diagnosis);
  }
  if (!findings.users.empty() && !findings.libssl.empty()) {
    // Of a program whose file is gone the first object is another.
    if (!findings.program.facts.start.interpreter.empty()) {
      return ConcludeAboutUsers(findings, diagnosis);
    }
    return Conclude(Reach::kReachable,
                    absl::StrCat(NamesOf(findings.users), " calls libssl's functions by name"),
                    diagnosis);
  }
  Conclude(Reach::kPerhaps,
           tree.lacks.empty()
               ? "the library is there, but nothing has asked for DTLS so far"
               : "the library is there, but not all of the files that it started with are",
           diagnosis);
}

void ConcludeAboutProcessWithout(const Findings& findings, const ObjectTree& tree,
                                 const ProcessView& process, Diagnosis* diagnosis) {
  if (process.is_secure) {
    return Conclude(
        Reach::kNot,
        "it has more rights than who started it, so that ld.so took no notice of LD_PRELOAD",
        diagnosis);
  }
  if (process.ld_preload.find(kOwnLibrary) != std::string::npos) {
    return Conclude(Reach::kNot, "LD_PRELOAD names the library, but ld.so has not loaded it",
                    diagnosis);
  }
  if (!findings.users.empty() && !findings.libssl.empty()) {
    return Conclude(Reach::kNot,
                    "it was started without the library; `dtls13 run` starts it with it",
                    diagnosis);
  }
  ConcludeWithoutUsers(findings, tree, diagnosis);
  if (diagnosis->reach == Reach::kPerhaps) {
    Conclude(Reach::kNot, "it was started without the library", diagnosis);
  }
}

}  // namespace

std::string Diagnosis::Verdict() const {
  constexpr struct {
    Reach reach;
    std::string_view word;
  } kWords[] = {{Reach::kReachable, "reachable"},
                {Reach::kNot, "not reachable"},
                {Reach::kPerhaps, "perhaps reachable"}};
  std::string verdict = "verdict: ";
  for (const auto& [known, word] : kWords) {
    if (known == reach) absl::StrAppend(&verdict, std::string(word));
  }
  return absl::StrCat(verdict, ": ", reason, ".");
}

std::string NoPreload(const ElfStart& program, std::string_view rights_gained) {
  if (!program.identity.IsNative()) {
    return absl::StrCat("it is made for another machine than the library: ",
                        program.identity.Name());
  }
  if (program.is_static_program) {
    return "it is linked statically, so that nothing can be preloaded";
  }
  if (!program.interpreter.empty() && program.interpreter.find("ld-linux") == std::string::npos) {
    return absl::StrCat("its C library is not glibc, as its loader is ", program.interpreter);
  }
  if (!rights_gained.empty()) {
    return absl::StrCat("it has more rights than you (", std::string(rights_gained),
                        "), so that ld.so takes no notice of LD_PRELOAD");
  }
  return "";
}

Diagnosis DiagnoseProgram(const ObjectTree& tree, std::string_view rights_gained,
                          const std::vector<std::string>& interpreters) {
  Diagnosis diagnosis;
  const ElfStart& program = tree.objects[0].facts.start;
  if (!interpreters.empty()) {
    diagnosis.lines.push_back(
        absl::StrCat("script:  run by ", absl::StrJoin(interpreters, ", by ")));
  }
  diagnosis.lines.push_back(absl::StrCat("program: ", tree.objects[0].path, " (",
                                         program.identity.Name(), ", ", KindOf(program), ")"));
  const Findings findings(tree);
  AddFindings(findings, tree, &diagnosis.lines);
  if (std::string reason = NoPreload(program, rights_gained); !reason.empty()) {
    Conclude(Reach::kNot, std::move(reason), &diagnosis);
  } else {
    ConcludeAboutProgram(findings, tree, &diagnosis);
  }
  if (!interpreters.empty() && diagnosis.reach != Reach::kReachable) {
    Conclude(
        Reach::kPerhaps,
        absl::StrCat("it is a script for ", std::string(FileName(interpreters.back())),
                     ", and the programs that it starts have the library too; ask about those"),
        &diagnosis);
  }
  return diagnosis;
}

Diagnosis DiagnoseProcess(const ObjectTree& tree, const ProcessView& process) {
  Diagnosis diagnosis;
  diagnosis.lines.push_back(absl::StrCat("program: ", process.program));
  if (!process.ld_preload.empty()) {
    diagnosis.lines.push_back(absl::StrCat("preload: LD_PRELOAD=", process.ld_preload));
  }
  if (!process.options.empty()) {
    diagnosis.lines.push_back(absl::StrCat("options: DTLS13_OPTIONS=", process.options));
  }
  if (tree.objects.empty()) {
    Conclude(Reach::kPerhaps, "none of its files could be read", &diagnosis);
    return diagnosis;
  }
  const Findings findings(tree);
  for (const Object* library : findings.own_library) {
    diagnosis.lines.push_back(absl::StrCat("library: ", library->path));
  }
  AddFindings(findings, tree, &diagnosis.lines);
  if (!findings.own_library.empty() || MapsLibrary(process)) {
    ConcludeAboutProcessWith(findings, tree, process, &diagnosis);
  } else {
    ConcludeAboutProcessWithout(findings, tree, process, &diagnosis);
  }
  return diagnosis;
}

}  // namespace dtls13::command
