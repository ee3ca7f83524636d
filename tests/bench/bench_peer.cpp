// ptattn's side of scripts/bench_peers.py: one network and one cloud in a process that does what it
// is told. Commands on stdin, one line of JSON back for each:
//
//   run all 5    {"ms": [...]}      five forward passes, sampling and neighbours included
//   output       {"output": [...]}  class scores of the cloud
//   peak         {"gflops": 95.1}   the fastest large matrix product

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "golden_case.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/nn/linear.hpp"

namespace {

using ptattn::Matrix;

/// A model folder, or a parity case whose weights are a formula.
std::unique_ptr<ptattn::Classifier> read_network(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) return ptattn::load_classifier(path).network;
  const auto golden = ptattn::test::read_golden_case(path);
  return ptattn::make_classifier(golden.architecture, golden.weights);
}

/// The first cloud of `in.xyz`.
Matrix read_cloud(const std::filesystem::path& path) {
  const ptattn::SafetensorsFile file(path);
  const auto* shape = file.shape("in.xyz");
  if (shape == nullptr || shape->size() < 2 || shape->back() != 3) {
    throw ptattn::Error(ptattn::Fault::kInput, path.string(), "no tensor in.xyz [..., n, 3]");
  }
  const std::vector<float> values = file.values("in.xyz");
  Matrix cloud(shape->at(shape->size() - 2), 3);
  std::copy_n(values.begin(), cloud.size(), cloud.data());
  return cloud;
}

template <class Call>
double milliseconds(const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  call();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

std::string json(const char* name, const std::vector<double>& values) {
  std::ostringstream text;
  text.precision(9);
  text << "{\"" << name << "\": [";
  for (std::size_t i = 0; i < values.size(); ++i) text << (i > 0 ? ", " : "") << values[i];
  text << "]}";
  return text.str();
}

Matrix random_matrix(std::size_t rows, std::size_t cols) {
  ptattn::Random random(rows * 31 + cols);
  Matrix m(rows, cols);
  for (float& x : m.values()) x = static_cast<float>(random.uniform() - 0.5);
  return m;
}

double peak_gflops() {
  constexpr std::size_t kSize = 256;
  const Matrix a = random_matrix(2 * kSize, kSize);
  const auto b = ptattn::PackedMatrix::from_rows(random_matrix(kSize, kSize));
  Matrix c(2 * kSize, kSize);
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 200; ++i) {
    best = std::min(best, milliseconds([&] { ptattn::multiply(a, b, {}, c); }));
  }
  return 4.0 * kSize * kSize * kSize / best / 1e6;
}

std::string answer(const std::string& line, const ptattn::Classifier& network,
                   const Matrix& cloud) {
  std::istringstream words(line);
  std::string command;
  std::string way;
  int count = 0;
  words >> command >> way >> count;
  if (command == "peak") return "{\"gflops\": " + std::to_string(peak_gflops()) + "}";
  if (command == "output") {
    const Matrix logits = network.logits(cloud);
    return json("output", {logits.values().begin(), logits.values().end()});
  }
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    times.push_back(milliseconds([&] { (void)network.logits(cloud); }));
  }
  return json("ms", times);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: bench_peer NETWORK CLOUD.safetensors THREADS\n";
    return 2;
  }
  try {
    const ptattn::ThreadLimit limit(std::stoi(argv[3]));
    const auto network = read_network(argv[1]);
    const Matrix cloud = read_cloud(argv[2]);
    for (std::string line; std::getline(std::cin, line);) {
      std::cout << answer(line, *network, cloud) << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << "bench_peer: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
