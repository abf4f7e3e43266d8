// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/diagnosis.h"

#include <elf.h>
#include <gtest/gtest.h>

#include "tools/dtls13/elf_test_util.h"

namespace dtls13::command {
namespace {

ObjectTree::Object MakeObject(const std::string& name, size_t asker = 0) {
  ObjectTree::Object object;
  object.name = object.facts.soname = name;
  object.path = "/lib/" + name;
  object.asker = asker;
  object.facts.start.identity = {true, true, ET_DYN, NativeRecipe().machine};
  return object;
}

// A dynamic program of glibc.
ObjectTree MakeTree() {
  ObjectTree tree;
  tree.objects.push_back(MakeObject(""));
  tree.objects[0].path = "/bin/program";
  tree.objects[0].facts.start.interpreter = "/lib64/ld-linux-x86-64.so.2";
  return tree;
}

ObjectTree MakeDtlsTree(const std::string& method = "DTLS_method",
                        const std::string& version = "OPENSSL_3.0.0",
                        const std::string& libssl = "libssl.so.3") {
  ObjectTree tree = MakeTree();
  ObjectTree::Object user = MakeObject("libuser.so.1");
  user.facts.dtls_imports = {{method, version}};
  user.facts.imports_ssl = true;
  tree.objects.push_back(user);
  tree.objects.push_back(MakeObject(libssl, 1));
  return tree;
}

Diagnosis Diagnose(const ObjectTree& tree) { return DiagnoseProgram(tree, "", {}); }

// Says whether a line of the findings has `part`.
bool HasLine(const Diagnosis& diagnosis, const std::string& part) {
  for (const std::string& line : diagnosis.lines) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

void ExpectVerdict(const Diagnosis& diagnosis, Reach reach, const std::string& part) {
  EXPECT_EQ(diagnosis.reach, reach) << diagnosis.Verdict();
  EXPECT_NE(diagnosis.reason.find(part), std::string::npos) << diagnosis.reason;
}

TEST(DiagnoseProgram, ReachesWhoAsksLibsslByName) {
  const Diagnosis diagnosis = Diagnose(MakeDtlsTree());
  ExpectVerdict(diagnosis, Reach::kReachable, "libuser.so.1 calls libssl's functions by name");
  EXPECT_TRUE(HasLine(diagnosis, "/lib/libssl.so.3, asked for by libuser.so.1"));
  EXPECT_TRUE(HasLine(diagnosis, "libuser.so.1 asks for it: DTLS_method"));
  EXPECT_EQ(diagnosis.Verdict(),
            "verdict: reachable: libuser.so.1 calls libssl's functions by name.");
  EXPECT_EQ(Diagnose(MakeDtlsTree("DTLS_method", "")).reach, Reach::kReachable);
}

TEST(DiagnoseProgram, SaysWhetherLibsslIsSymbolic) {
  ObjectTree tree = MakeDtlsTree();
  EXPECT_FALSE(HasLine(Diagnose(tree), "symbolic"));
  tree.objects[2].facts.is_symbolic = true;
  EXPECT_TRUE(HasLine(Diagnose(tree), "symbolic"));
}

TEST(DiagnoseProgram, SeesPins) {
  ObjectTree tree = MakeDtlsTree("DTLSv1_2_method");
  ExpectVerdict(Diagnose(tree), Reach::kReachable, "--override-pins");
  tree.objects[1].facts.dtls_imports.push_back({"DTLSv1_listen", "OPENSSL_3.0.0"});
  ExpectVerdict(Diagnose(tree), Reach::kReachable, "--override-pins");
  tree.objects[1].facts.dtls_imports.push_back({"DTLS_method", "OPENSSL_3.0.0"});
  const Diagnosis diagnosis = Diagnose(tree);
  ExpectVerdict(diagnosis, Reach::kReachable, "by name");
  EXPECT_TRUE(HasLine(diagnosis, "methods of one version: DTLSv1_2_method"));
}

TEST(DiagnoseProgram, NeedsALibsslThatIsThere) {
  ObjectTree tree = MakeDtlsTree();
  tree.objects.pop_back();
  tree.lacks.push_back({"libssl.so.3", "/lib/libuser.so.1", "is not found"});
  const Diagnosis diagnosis = Diagnose(tree);
  ExpectVerdict(diagnosis, Reach::kNot, "does not start");
  EXPECT_TRUE(HasLine(diagnosis, "libssl.so.3 of /lib/libuser.so.1: is not found"));
}

TEST(DiagnoseProgram, KnowsOtherSonames) {
  ExpectVerdict(Diagnose(MakeDtlsTree("DTLS_method", "OPENSSL_1_1_0", "libssl.so.1.1")),
                Reach::kNot, "libssl.so.1.1");
  ExpectVerdict(Diagnose(MakeDtlsTree("DTLS_method", "OPENSSL_4.0.0", "libssl.so.4")), Reach::kNot,
                "libssl.so.4");
}

TEST(DiagnoseProgram, KnowsWhatNothingIsPreloadedInto) {
  ObjectTree tree = MakeDtlsTree();
  ElfStart& start = tree.objects[0].facts.start;
  ExpectVerdict(DiagnoseProgram(tree, "set-user-ID", {}), Reach::kNot, "set-user-ID");
  start.interpreter = "/lib/ld-musl-x86_64.so.1";
  ExpectVerdict(Diagnose(tree), Reach::kNot, "ld-musl");
  start.is_static_program = true;
  ExpectVerdict(Diagnose(tree), Reach::kNot, "statically");
  start.identity.machine = EM_S390;
  ExpectVerdict(Diagnose(tree), Reach::kNot, "another machine");
}

TEST(DiagnoseProgram, KnowsOpensslInside) {
  ObjectTree tree = MakeTree();
  tree.objects[0].facts.text.has_openssl = true;
  tree.objects[0].facts.text.openssl_version = "OpenSSL 3.0.19 27 Jan 2026";
  const Diagnosis diagnosis = Diagnose(tree);
  ExpectVerdict(diagnosis, Reach::kNot, "linked statically into program");
  EXPECT_TRUE(HasLine(diagnosis, "OpenSSL 3.0.19"));

  ObjectTree shown = MakeDtlsTree();
  shown.objects[0].facts.defines_ssl = true;
  ExpectVerdict(Diagnose(shown), Reach::kNot, "before any that are preloaded");
}

TEST(DiagnoseProgram, KnowsOtherLibraries) {
  ObjectTree tree = MakeTree();
  tree.objects[0].facts.text.has_boringssl = true;
  tree.objects.push_back(MakeObject("libgnutls.so.30"));
  ExpectVerdict(Diagnose(tree), Reach::kNot, "BoringSSL");
  tree.objects[0].facts.text.has_boringssl = false;
  ExpectVerdict(Diagnose(tree), Reach::kNot, "GnuTLS's (libgnutls.so.30)");
  tree.objects[1] = MakeObject("libssl3.so");
  ExpectVerdict(Diagnose(tree), Reach::kNot, "NSS's (libssl3.so)");
  // Beside an OpenSSL that is asked for DTLS they are told, and decide nothing.
  ObjectTree both = MakeDtlsTree();
  both.objects.push_back(MakeObject("libgnutls.so.30"));
  const Diagnosis diagnosis = Diagnose(both);
  EXPECT_EQ(diagnosis.reach, Reach::kReachable);
  EXPECT_TRUE(HasLine(diagnosis, "GnuTLS"));
}

TEST(DiagnoseProgram, KnowsWhoLooksUpByAHandle) {
  ObjectTree tree = MakeTree();
  ObjectFacts& facts = tree.objects[0].facts;
  facts.imports_dlopen = facts.imports_dlsym = true;
  facts.text.library_names = {"/opt/lib/libssl.so.3"};
  ExpectVerdict(Diagnose(tree), Reach::kNot, "by the handle");
  facts.imports_dlsym = false;
  ExpectVerdict(Diagnose(tree), Reach::kPerhaps, "loads libraries while it runs");
}

TEST(DiagnoseProgram, LeavesOpenWhatItCannotSee) {
  ObjectTree tree = MakeTree();
  ExpectVerdict(Diagnose(tree), Reach::kNot, "nothing in it uses libssl");
  tree.lacks.push_back({"libx.so", "/bin/program", "is not found"});
  ExpectVerdict(Diagnose(tree), Reach::kPerhaps, "not all");
  tree.objects[0].facts.imports_dlopen = true;
  ExpectVerdict(Diagnose(tree), Reach::kPerhaps, "loads libraries while it runs");
  ExpectVerdict(DiagnoseProgram(MakeTree(), "", {"/bin/sh"}), Reach::kPerhaps, "a script for sh");
}

TEST(DiagnoseProgram, KnowsTlsThatIsNoDtls) {
  ObjectTree tree = MakeDtlsTree();
  tree.objects[1].facts.dtls_imports.clear();
  tree.objects.push_back(MakeObject("libgnutls.so.30"));
  ExpectVerdict(Diagnose(tree), Reach::kNot, "nothing in it asks for DTLS");
}

TEST(DiagnoseProgram, JudgesAPluginByWhoLoadsIt) {
  ObjectTree tree = MakeDtlsTree();
  tree.objects[0].facts.start.interpreter.clear();
  ExpectVerdict(Diagnose(tree), Reach::kReachable, "loads this library");
}

TEST(DiagnoseProcess, SaysWhetherTheLibraryIsThere) {
  ProcessView process;
  process.program = "/bin/program";
  ObjectTree tree = MakeDtlsTree();
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kNot, "started without the library");
  process.ld_preload = "/usr/lib/libdtls13.so.0";
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kNot, "ld.so has not loaded it");
  process.is_secure = true;
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kNot, "more rights");
  process.is_secure = false;
  tree.objects.push_back(MakeObject("libdtls13.so.0"));
  const Diagnosis diagnosis = DiagnoseProcess(tree, process);
  ExpectVerdict(diagnosis, Reach::kReachable, "libuser.so.1");
  EXPECT_TRUE(HasLine(diagnosis, "library: /lib/libdtls13.so.0"));
  ObjectTree idle = MakeTree();
  idle.objects.push_back(MakeObject("libdtls13.so.0"));
  ExpectVerdict(DiagnoseProcess(idle, process), Reach::kPerhaps, "so far");
  ExpectVerdict(DiagnoseProcess(ObjectTree(), process), Reach::kPerhaps, "could be read");
}

TEST(DiagnoseProcess, KnowsWhatComesBehindLibssl) {
  ProcessView process;
  ObjectTree tree = MakeDtlsTree();
  tree.objects.push_back(MakeObject("libdtls13.so.0"));
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kPerhaps, "loaded as a provider");
  tree.objects[0].facts.needed.push_back("libdtls13.so.0");
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kReachable, "libuser.so.1");
}

TEST(DiagnoseProcess, KnowsFilesThatWereReplacedSince) {
  ProcessView process;
  process.ld_preload = "/lib/libdtls13.so.0";
  process.code_files = {"/bin/program", "/lib/libdtls13.so.0 (deleted)"};
  ObjectTree tree = MakeDtlsTree();
  tree.lacks.push_back({"/lib/libdtls13.so.0 (deleted)", "", "No such file or directory"});
  EXPECT_EQ(DiagnoseProcess(tree, process).reach, Reach::kReachable);
  tree.objects.pop_back();  // libssl's file is gone too
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kPerhaps, "not all of the files");
  // Of a program whose file is gone a library comes first.
  tree = MakeDtlsTree();
  tree.objects.erase(tree.objects.begin());
  for (ObjectTree::Object& object : tree.objects) object.asker = 0;
  ExpectVerdict(DiagnoseProcess(tree, process), Reach::kReachable, "libuser.so.1 calls");
}

TEST(DiagnoseProcess, NamesWhatElseIsInIt) {
  ObjectTree tree = MakeTree();
  tree.objects.push_back(MakeObject("libgnutls.so.30"));
  ExpectVerdict(DiagnoseProcess(tree, ProcessView()), Reach::kNot, "GnuTLS");
}

}  // namespace
}  // namespace dtls13::command
