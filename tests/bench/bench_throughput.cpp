// Throughput over many files: how well reading, sampling and writing hide behind the network.
//
//   bench_throughput MODEL FOLDER
//
// network  the forward passes of all clouds of FOLDER, prepared beforehand, one after the other on
// one
//          thread
// wall     what ptattn-classify does with the same files on t threads: read, sample, run, write
// share    (network / t) / wall; 1 when all but the network is hidden
//
// Both in turn, three times; medians.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "classify/record.hpp"
#include "classify/run.hpp"
#include "inputs.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"

namespace {

using ptattn::Matrix;

constexpr int kRounds = 3;
constexpr std::array kThreads{1, 2};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::vector<Matrix> prepared(const std::vector<ptattn::tools::Input>& inputs,
                             const ptattn::ObjectProfile& profile) {
  std::vector<Matrix> samples;
  for (const ptattn::tools::Input& input : inputs) {
    const ptattn::PointCloud cloud = ptattn::read_cloud(input.path);
    samples.push_back(prepare(usable_positions(cloud, profile), profile, 0, 1));
  }
  return samples;
}

void run_network(const ptattn::ClassifierModel& model, const std::vector<Matrix>& samples) {
  const ptattn::ThreadLimit limit(1);
  for (const Matrix& sample : samples) {
    const Matrix logits = model.network->logits(sample);
    if (logits.size() == 0) std::abort();  // and nothing is optimised away
  }
}

void run_files(const ptattn::ClassifierModel& model,
               const std::vector<ptattn::tools::Input>& inputs, int threads) {
  const ptattn::ThreadLimit limit(threads);
  const std::filesystem::path target =
      std::filesystem::temp_directory_path() / "bench_throughput.jsonl";
  {
    const auto format = ptattn::tools::make_jsonl_format({.model = model.description.name});
    ptattn::tools::Output output = ptattn::tools::Output::appending(target);
    output.keep(0);
    ptattn::tools::Progress progress("bench_throughput", inputs.size());
    const ptattn::tools::RunOptions options{
        .classify = {}, .top_k = 5, .batch = 2 * static_cast<std::size_t>(threads)};
    if (run_classify(inputs, model, options, *format, output, progress).failed > 0) std::abort();
  }
  std::filesystem::remove(target);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_throughput MODEL FOLDER\n");
    return 2;
  }
  const ptattn::ClassifierModel model = ptattn::load_classifier(argv[1]);
  std::istringstream no_list;
  const auto inputs = ptattn::tools::expand_inputs({argv[2]}, no_list);
  const std::vector<Matrix> samples = prepared(inputs, model.description.preprocessing);

  std::vector<double> network;
  std::array<std::vector<double>, kThreads.size()> wall;
  for (int round = 0; round < kRounds; ++round) {
    network.push_back(seconds_of([&] { run_network(model, samples); }));
    for (std::size_t i = 0; i < kThreads.size(); ++i) {
      wall[i].push_back(seconds_of([&] { run_files(model, inputs, kThreads[i]); }));
    }
  }
  std::printf("%zu files, network alone, one thread: %.2f s (%.2f ms a cloud)\n", inputs.size(),
              median(network), 1e3 * median(network) / static_cast<double>(inputs.size()));
  std::printf("%7s %8s %9s %7s\n", "threads", "wall s", "clouds/s", "share");
  for (std::size_t i = 0; i < kThreads.size(); ++i) {
    const double seconds = median(wall[i]);
    std::printf("%7d %8.2f %9.0f %7.2f\n", kThreads[i], seconds,
                static_cast<double>(inputs.size()) / seconds,
                median(network) / kThreads[i] / seconds);
  }
  return 0;
}
