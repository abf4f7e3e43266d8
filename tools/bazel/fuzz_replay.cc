// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz entry point without libFuzzer, so that every build with every compiler and sanitizer
// replays the corpus: each file named on the command line (a directory stands for the files in it),
// then seeded mutations of each. The same seed gives the same inputs.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Input = std::vector<uint8_t>;

constexpr int kMutationsPerInput = 200;
constexpr size_t kMaxInputLen = 1 << 16;

void RunOnce(const Input& input) { LLVMFuzzerTestOneInput(input.data(), input.size()); }

bool ReadInput(const std::filesystem::path& path, std::vector<Input>* inputs) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  inputs->emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  return true;
}

bool ReadInputs(const std::filesystem::path& path, std::vector<Input>* inputs) {
  if (!std::filesystem::is_directory(path)) return ReadInput(path, inputs);
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file() && !ReadInput(entry.path(), inputs)) return false;
  }
  return true;
}

Input Mutate(Input input, std::mt19937& random) {
  const int num_changes = 1 + static_cast<int>(random() % 4);
  for (int i = 0; i < num_changes; ++i) {
    const size_t at = input.empty() ? 0 : random() % input.size();
    switch (input.empty() ? 2 : random() % 4) {
      case 0:
        input[at] ^= static_cast<uint8_t>(1u << (random() % 8));
        break;
      case 1:
        input[at] = static_cast<uint8_t>(random());
        break;
      case 2:
        if (input.size() < kMaxInputLen) {
          input.insert(input.begin() + static_cast<ptrdiff_t>(at), static_cast<uint8_t>(random()));
        }
        break;
      default:
        input.resize(at);
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Input> inputs = {Input()};
  for (int i = 1; i < argc; ++i) {
    if (!ReadInputs(argv[i], &inputs)) {
      std::fprintf(stderr, "%s: cannot be read\n", argv[i]);
      return 1;
    }
  }
  std::mt19937 random(1);
  for (const Input& input : inputs) {
    RunOnce(input);
    for (int i = 0; i < kMutationsPerInput; ++i) RunOnce(Mutate(input, random));
  }
  std::printf("%zu inputs, %d mutations of each\n", inputs.size(), kMutationsPerInput);
  return 0;
}
