// SPDX-License-Identifier: Apache-2.0
// libFuzzer adds the inputs it finds to the first directory on its command line. The corpus is part
// of the source tree, so a scratch directory goes in front of it.
#include <cstdlib>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  static std::vector<std::string> storage;
  static std::vector<char*> arguments;
  storage.assign(*argv, *argv + *argc);
  if (const char* scratch = std::getenv("TEST_TMPDIR"))
    storage.insert(storage.begin() + 1, scratch);
  if (const char* outputs = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
    storage.push_back(std::string("-artifact_prefix=") + outputs + "/");
  }
  arguments.reserve(storage.size() + 1);
  for (std::string& argument : storage) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  *argc = static_cast<int>(storage.size());
  *argv = arguments.data();
  return 0;
}
