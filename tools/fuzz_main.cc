// The main() of a fuzz target where libFuzzer is absent: runs the given inputs, then seeded
// mutations of them, so that a fuzz target is an ordinary test under every compiler.
//
// Environment: TROUPE_FUZZ_RUNS (default 2000) and TROUPE_FUZZ_SEED (default 1).

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kInputBytesMax = 4096;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<std::string> ReadCorpus(int count, char** paths) {
  std::vector<std::string> corpus = {std::string()};
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::is_directory(paths[i])) {
      corpus.push_back(ReadFile(paths[i]));
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(paths[i])) {
      corpus.push_back(ReadFile(entry.path()));
    }
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(uint64_t seed, const std::vector<std::string>& corpus) : random_(seed), corpus_(corpus) {}

  std::string Next() {
    std::string input = corpus_[Below(corpus_.size())];
    for (size_t i = 1 + Below(4); i > 0; --i) MutateOnce(input);
    if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
    return input;
  }

 private:
  size_t Below(size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  char AnyByte() { return static_cast<char>(random_()); }

  void MutateOnce(std::string& input) {
    const size_t at = Below(input.size() + 1);
    switch (Below(5)) {
      case 0:
        input.insert(at, 1 + Below(8), AnyByte());
        break;
      case 1:
        input.erase(at, 1 + Below(8));
        break;
      case 2:
        if (at < input.size()) input[at] = AnyByte();
        break;
      case 3:
        if (at < input.size()) input[at] ^= static_cast<char>(1 << Below(8));
        break;
      default:
        const std::string& other = corpus_[Below(corpus_.size())];
        input.replace(at, std::string::npos, other, Below(other.size() + 1));
    }
  }

  std::mt19937_64 random_;
  const std::vector<std::string>& corpus_;
};

void Run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t runs = FromEnvironment("TROUPE_FUZZ_RUNS", 2000);
  const uint64_t seed = FromEnvironment("TROUPE_FUZZ_SEED", 1);
  const std::vector<std::string> corpus = ReadCorpus(argc - 1, argv + 1);
  std::printf("%zu inputs, then %llu mutations with TROUPE_FUZZ_SEED=%llu\n", corpus.size(),
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  for (const std::string& input : corpus) Run(input);
  Mutator mutator(seed, corpus);
  for (uint64_t i = 0; i < runs; ++i) Run(mutator.Next());
  return 0;
}
