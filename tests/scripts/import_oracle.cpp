// What import_checkpoint_test.py asks of the native side.
//
//   import_oracle weights CASE.json OUT.safetensors   writes the weights of a golden case
//   import_oracle check CASE.json FOLDER TOLERANCE    the model in FOLDER computes what the golden
//                                                     case's network does
//
// Exit code: 0 done, 1 they differ, 4 something cannot be read.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden_case.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::test {
namespace {

int write_weights(const GoldenCase& golden, const std::string& path) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::vector<float> values;
  for (const std::string& name : golden.weights.names()) {
    const std::vector<float> tensor = golden.weights.values(name);
    const std::size_t begin = values.size() * sizeof(float);
    values.insert(values.end(), tensor.begin(), tensor.end());
    header[name] = {{"dtype", "F32"},
                    {"shape", *golden.weights.shape(name)},
                    {"data_offsets", {begin, values.size() * sizeof(float)}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(float)));
  return file.flush() ? 0 : 4;
}

/// How far each tensor of a case is from what its network computed; where two networks are the
/// same, so are their distances.
std::map<std::string, double> distances(const std::vector<Comparison>& comparisons) {
  std::map<std::string, double> relative;
  for (const Comparison& c : comparisons) relative[c.name] = c.compared ? c.relative : 0.0;
  return relative;
}

int check(const GoldenCase& golden, const std::string& folder, double tolerance) {
  std::map<std::string, double> expected;
  std::map<std::string, double> actual;
  if (task_of(golden.architecture.architecture) == ModelTask::kClassification) {
    expected =
        distances(compare(*make_classifier(golden.architecture, golden.weights), golden.data));
    actual = distances(compare(*load_classifier(folder).network, golden.data));
  } else {
    expected =
        distances(compare(*make_point_network(golden.architecture, golden.weights), golden.data));
    actual = distances(compare(*load_segmenter(folder).network, golden.data));
  }
  int code = 0;
  for (const auto& [name, distance] : expected) {
    if (std::abs(actual.at(name) - distance) <= tolerance) continue;
    std::printf("%s: %g from the golden case, expected %g\n", name.c_str(), actual.at(name),
                distance);
    code = 1;
  }
  return code;
}

int run(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 3) return 64;
  try {
    const GoldenCase golden = read_golden_case(arguments[1]);
    if (arguments[0] == "weights") return write_weights(golden, arguments[2]);
    return check(golden, arguments[2], std::atof(arguments.at(3).c_str()));
  } catch (const Error& e) {
    std::printf("%s\n", e.what());
    return 4;
  }
}

}  // namespace
}  // namespace ptattn::test

int main(int argc, char** argv) {
  return ptattn::test::run(argc, argv);
}
