// ptattn's side of scripts/bench_peers.py and bench_peers_ptv3.py: one network and one cloud in a
// process that does what it is told. Commands on stdin, one line of JSON back for each:
//
//   run all 5    {"ms": [...]}      five forward passes, sampling and neighbours included
//   output       {"output": [...]}  class scores, of the cloud or of every voxel
//   peak         {"gflops": 95.1}   the fastest large matrix product

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "golden_case.hpp"
#include "point_case.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/nn/linear.hpp"

namespace {

using ptattn::Matrix;

/// Class scores of the one input.
using Forward = std::function<Matrix()>;

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

/// A network from a model folder, or from a parity case whose weights are a formula, at its input.
Forward read_forward(const std::filesystem::path& path, const std::filesystem::path& input,
                     ptattn::Precision precision) {
  const auto classify = [&](std::shared_ptr<const ptattn::Classifier> network) -> Forward {
    return [network, cloud = std::make_shared<const Matrix>(read_cloud(input))] {
      return network->logits(*cloud);
    };
  };
  if (std::filesystem::is_directory(path)) {
    return classify(ptattn::load_classifier(path, precision).network);
  }
  const auto golden = ptattn::test::read_golden_case(path);
  if (ptattn::task_of(golden.architecture.architecture) == ptattn::ModelTask::kClassification) {
    return classify(ptattn::make_classifier(golden.architecture, golden.weights, precision));
  }
  return
      [network = std::shared_ptr<const ptattn::PointNetwork>(
           ptattn::make_point_network(golden.architecture, golden.weights)),
       points = std::make_shared<const ptattn::test::PointCase>(ptattn::SafetensorsFile(input))] {
        return network->forward(points->view()).values;
      };
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

std::string answer(const std::string& line, const Forward& forward) {
  std::istringstream words(line);
  std::string command;
  std::string way;
  int count = 0;
  words >> command >> way >> count;
  if (command == "peak") return "{\"gflops\": " + std::to_string(peak_gflops()) + "}";
  if (command == "output") {
    const Matrix logits = forward();
    return json("output", {logits.values().begin(), logits.values().end()});
  }
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    times.push_back(milliseconds([&] { (void)forward(); }));
  }
  return json("ms", times);
}

}  // namespace

int main(int argc, char** argv) {
  const auto precision = ptattn::precision_named(argc == 5 ? argv[4] : "float32");
  if (argc < 4 || argc > 5 || !precision) {
    std::cerr << "usage: bench_peer NETWORK INPUT.safetensors THREADS [float32|int8]\n";
    return 2;
  }
  try {
    const ptattn::ThreadLimit limit(std::stoi(argv[3]));
    const Forward forward = read_forward(argv[1], argv[2], *precision);
    for (std::string line; std::getline(std::cin, line);) {
      std::cout << answer(line, forward) << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << "bench_peer: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
