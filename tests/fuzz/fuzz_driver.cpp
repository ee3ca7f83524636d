// Runs LLVMFuzzerTestOneInput where libFuzzer is not at hand: replays a folder of inputs, then
// mutates them with a seeded generator.
//
//   fuzz_cloud_io FOLDER [MUTATIONS [SEED]]

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ptattn/core/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using ptattn::Random;

std::vector<std::string> load(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);  // the same sequence on every machine
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

/// Something that headers and bodies choke on.
std::string nasty(Random& random) {
  static const std::string kPieces[] = {"0",
                                        "-1",
                                        "255",
                                        "65536",
                                        "4294967295",
                                        "4294967296",
                                        "18446744073709551615",
                                        "1e400",
                                        "nan",
                                        "\n",
                                        " ",
                                        "end_header\n",
                                        "element vertex 9\n",
                                        "property list uint double q\n",
                                        "DATA binary\n",
                                        "COUNT 3\n",
                                        "property float x\n",
                                        "_",
                                        std::string(4, '\xff'),
                                        std::string(4, '\0')};
  return kPieces[random.below(std::size(kPieces))];
}

std::string mutated(const std::vector<std::string>& inputs, Random& random) {
  std::string input = inputs[random.below(inputs.size())];
  for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
    const std::size_t at = random.below(input.size() + 1);
    const std::size_t length = std::min<std::size_t>(random.below(16), input.size() - at);
    const std::string& other = inputs[random.below(inputs.size())];
    switch (random.below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(random.next());
        break;
      case 1:
        input.erase(at, length);
        break;
      case 2:
        input.insert(at, input.substr(at, length));
        break;
      case 3:
        input.replace(at, length, nasty(random));
        break;
      case 4:
        input.resize(at);
        break;
      default:
        input.replace(at, std::string::npos, other, std::min(at, other.size()));
        break;
    }
  }
  return input;
}

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [MUTATIONS [SEED]]\n", argv[0]);
    return 2;
  }
  const std::vector<std::string> inputs = load(argv[1]);
  if (inputs.empty()) return 2;
  for (const std::string& input : inputs) run(input);
  const std::uint64_t mutations = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 0;
  Random random(argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0);
  for (std::uint64_t i = 0; i < mutations; ++i) run(mutated(inputs, random));
  std::printf("%zu inputs, %llu mutations\n", inputs.size(),
              static_cast<unsigned long long>(mutations));
  return 0;
}
