#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formula_weights.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::test {

/// `<case>.json`: which network with which weights; `<case>.safetensors` beside it: inputs and what
/// the original implementation made of them.
struct GoldenCase {
  ArchitectureConfig architecture;
  FormulaWeights weights;
  SafetensorsFile data;
};

/// @throws Error(Fault::kModel) for anything wrong with the two files
[[nodiscard]] GoldenCase read_golden_case(const std::filesystem::path& json_path);

/// How far a tensor is from what was expected.
struct Comparison {
  std::string name;
  bool compared = false;
  std::string note;       ///< why it was not compared, or what is wrong with its shape
  double absolute = 0.0;  ///< largest absolute difference
  double relative = 0.0;  ///< the same, divided by the largest magnitude expected
};

/// Runs `network` on every cloud of `in.xyz` [b, n, 3] (or [n, 3]) and compares each tensor of
/// `data` that is not an input: `out.logits` [b, classes]; `act.NAME`, the first rows of the first
/// cloud's trace NAME; `sum.NAME`, its mean, standard deviation, largest magnitude and rows;
/// integers (sampled indices) with the trace of their name, cloud after cloud.
[[nodiscard]] std::vector<Comparison> compare(const Classifier& network,
                                              const SafetensorsFile& data);

/// The same for a network over points. Inputs: `in.coord` or `in.xyz` [n, 3] with `in.feat` [n, f]
/// (after `in.xyz`: the features that follow the coordinates, or none), `in.grid_coord` [n, 3],
/// `in.offset`, the end of each cloud, and `in.category`. Outputs: `out.logits` or `out.feat`, and
/// `out.coord`. `serialized_code` [4, n] is compared code by code, its differences counted.
[[nodiscard]] std::vector<Comparison> compare(const PointNetwork& network,
                                              const SafetensorsFile& data);

/// How far a traced layer is from `act.NAME` and `sum.NAME`, relative to the largest value;
/// infinite when their shapes differ, zero when the case does not know the layer.
[[nodiscard]] double difference_from(const SafetensorsFile& data, std::string_view name,
                                     MatrixView values);

}  // namespace ptattn::test
