// Runs LLVMFuzzerTestOneInput where libFuzzer is not at hand: replays a folder of inputs, then
// mutates them with a seeded generator, so many times or for so many seconds. An input at which the
// process dies, or that takes more than 20 seconds, is written to crash-PID in the working folder.
//
//   fuzz_cloud_io FOLDER [MUTATIONS [SEED [SECONDS]]]

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
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
                                        "{\"path\":\"",
                                        "\":[",
                                        "}",
                                        "[[[[[[[[",
                                        "\",\"",
                                        "null",
                                        "\\ud800",
                                        "\"",
                                        ",",
                                        "*",
                                        "ignore",
                                        "F16",
                                        "1e-320",
                                        std::string(1, '\0'),
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

const std::string* current = nullptr;

/// Keeps the input in work. Called when the process is about to die.
void keep_current() {
  if (current == nullptr) return;
  const std::string name = "crash-" + std::to_string(::getpid());
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) return;
  (void)!::write(file, current->data(), current->size());
  ::close(file);
  std::fprintf(stderr, "\nthe input is in %s\n", name.c_str());
  current = nullptr;
}

extern "C" void keep_and_die(int signal) {
  keep_current();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

void run(const std::string& input) {
  constexpr unsigned kMostSeconds = 20;
  current = &input;
  ::alarm(kMostSeconds);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [MUTATIONS [SEED [SECONDS]]]\n", argv[0]);
    return 2;
  }
  for (const int signal : {SIGABRT, SIGALRM, SIGSEGV, SIGFPE}) {
    if (signal != SIGSEGV || __sanitizer_set_death_callback == nullptr) {
      std::signal(signal, keep_and_die);
    }
  }
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_current);
  const std::vector<std::string> inputs = load(argv[1]);
  if (inputs.empty()) return 2;
  for (const std::string& input : inputs) run(input);
  const auto number = [&](int i) { return argc > i ? std::strtoull(argv[i], nullptr, 10) : 0; };
  const std::uint64_t mutations = number(2);
  Random random(number(3));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(number(4));
  std::uint64_t done = 0;
  while (done < mutations || std::chrono::steady_clock::now() < end) {
    run(mutated(inputs, random));
    ++done;
  }
  std::printf("%zu inputs, %llu mutations\n", inputs.size(), static_cast<unsigned long long>(done));
  return 0;
}
