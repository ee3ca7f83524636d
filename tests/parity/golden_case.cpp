#include "golden_case.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>

#include "point_case.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/files/json_reader.hpp"
#include "ptattn/models/files/model_file.hpp"
#include "ptattn/models/ptv3/serialization.hpp"

namespace ptattn::test {
namespace {

using Shape = std::vector<std::size_t>;
using Traces = std::map<std::string, Matrix, std::less<>>;  // of one cloud

FormulaWeights::Shapes read_shapes(const nlohmann::json& tensors, const std::string& subject) {
  JsonObject json(tensors, "tensors", subject);
  FormulaWeights::Shapes shapes;
  for (const auto& item : tensors.items()) {
    Shape shape;
    for (const nlohmann::json& extent : json.array(item.key(), 8)) {
      if (!extent.is_number_unsigned() || extent.get<std::size_t>() > 1'000'000) {
        json.fail(item.key(), "is not a shape");
      }
      shape.push_back(extent.get<std::size_t>());
    }
    shapes.emplace(item.key(), std::move(shape));
  }
  return shapes;
}

/// What the network returned and said on the way, cloud by cloud.
struct Run {
  std::map<std::string, std::vector<float>, std::less<>> outputs;
  std::vector<Traces> clouds;
};

/// Keeps everything that a network says.
auto recorder(Traces& traces) {
  return [&](std::string_view name, MatrixView values) {
    traces.insert_or_assign(std::string(name), clone(values));
  };
}

Run run(const Classifier& network, const SafetensorsFile& data) {
  const Shape* shape = data.shape("in.xyz");
  if (shape == nullptr || shape->size() < 2 || shape->back() != 3) {
    throw Error(Fault::kModel, data.subject(), "has no in.xyz [clouds, points, 3]");
  }
  const std::vector<float> xyz = data.values("in.xyz");
  const std::size_t points = (*shape)[shape->size() - 2];
  const std::size_t clouds = shape->size() == 2 ? 1 : (*shape)[0];
  Run result;
  for (std::size_t b = 0; b < clouds; ++b) {
    Traces& traces = result.clouds.emplace_back();
    const MatrixView cloud{xyz.data() + b * points * 3, points, 3, 3};
    const Matrix logits = network.logits(cloud, recorder(traces));
    std::vector<float>& all = result.outputs["out.logits"];
    all.insert(all.end(), logits.values().begin(), logits.values().end());
  }
  return result;
}

Run run(const PointNetwork& network, const SafetensorsFile& data) {
  const PointCase input(data);
  Run result;
  const PointOutput out = network.forward(input.view(), recorder(result.clouds.emplace_back()));
  const auto to_vector = [](const Matrix& m) {
    return std::vector<float>(m.values().begin(), m.values().end());
  };
  result.outputs["out.logits"] = to_vector(out.values);
  result.outputs["out.feat"] = to_vector(out.values);
  // Row i of an output without positions belongs to input point i.
  const MatrixView where = out.positions.size() > 0 ? out.positions.view() : input.view().positions;
  result.outputs["out.coord"] = to_vector(clone(where));
  return result;
}

Comparison not_compared(const std::string& name, const std::string& note) {
  return {.name = name, .compared = false, .note = note};
}

/// What cannot be compared, though both sides have it, does not agree.
Comparison misshapen(const std::string& name, const std::string& note) {
  return {.name = name, .compared = true, .note = note, .absolute = HUGE_VAL, .relative = HUGE_VAL};
}

Comparison difference(const std::string& name, std::span<const float> actual,
                      std::span<const float> expected) {
  if (actual.size() != expected.size()) {
    return misshapen(name, "has " + std::to_string(expected.size()) + " values, computed " +
                               std::to_string(actual.size()));
  }
  Comparison result{.name = name, .compared = true, .note = ""};
  double largest = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double distance = std::abs(double{actual[i]} - expected[i]);
    // A NaN on either side is as far away as can be.
    result.absolute = distance >= 0.0 ? std::max(result.absolute, distance) : HUGE_VAL;
    largest = std::max(largest, std::abs(double{expected[i]}));
  }
  result.relative = result.absolute > 0.0 ? result.absolute / largest : 0.0;
  return result;
}

/// Mean, standard deviation and largest magnitude.
/// @param others  1: the deviation of a sample, divided by one less; 0: of all there is
std::vector<float> summary(const Matrix& values, double others) {
  double sum = 0.0;
  double largest = 0.0;
  for (const float x : values.values()) {
    sum += x;
    largest = std::max(largest, std::abs(double{x}));
  }
  const auto n = static_cast<double>(values.size());
  double squares = 0.0;
  for (const float x : values.values()) squares += (x - sum / n) * (x - sum / n);
  return {static_cast<float>(sum / n), static_cast<float>(std::sqrt(squares / (n - others))),
          static_cast<float>(largest)};
}

Comparison compare_activation(const std::string& name, const Matrix& traced,
                              const SafetensorsFile& data) {
  const Shape& shape = *data.shape(name);
  if (shape.size() != 2 || shape[1] != traced.cols() || shape[0] > traced.rows()) {
    return misshapen(name, "shape differs from the traced [" + std::to_string(traced.rows()) +
                               ", " + std::to_string(traced.cols()) + "]");
  }
  return difference(name, traced.values().first(shape[0] * shape[1]), data.values(name));
}

Comparison compare_summary(const std::string& name, const Matrix& traced,
                           const SafetensorsFile& data) {
  const std::vector<float> expected = data.values(name);
  if (expected.size() != 4 || expected[3] != static_cast<float>(traced.rows())) {
    return misshapen(name, "is not of the " + std::to_string(traced.rows()) + " rows traced");
  }
  // The cases were made with either deviation; they differ by 1 / 2n.
  const Comparison sample = difference(name, summary(traced, 1.0), std::span(expected).first(3));
  const Comparison all = difference(name, summary(traced, 0.0), std::span(expected).first(3));
  return sample.absolute < all.absolute ? sample : all;
}

Comparison compare_integers(const std::string& name, const Run& result,
                            const SafetensorsFile& data) {
  std::vector<float> actual;
  for (const Traces& traces : result.clouds) {
    const auto found = traces.find(name);
    if (found == traces.end()) return not_compared(name, "not traced");
    actual.insert(actual.end(), found->second.values().begin(), found->second.values().end());
  }
  const std::vector<std::int64_t> integers = data.integers(name);
  return difference(name, actual, std::vector<float>(integers.begin(), integers.end()));
}

Comparison compare_one(const std::string& name, const Run& result, const SafetensorsFile& data) {
  if (data.holds_integers(name)) return compare_integers(name, result, data);
  const auto output = result.outputs.find(name);
  if (output != result.outputs.end()) return difference(name, output->second, data.values(name));
  const std::string kind = name.substr(0, 4);
  const auto traced =
      result.clouds.front().find(name.substr(std::min<std::size_t>(4, name.size())));
  if (traced == result.clouds.front().end()) return not_compared(name, "not traced");
  if (kind == "act.") return compare_activation(name, traced->second, data);
  if (kind == "sum.") return compare_summary(name, traced->second, data);
  return not_compared(name, "neither act. nor sum.");
}

/// Codes of the curves z, z-trans, hilbert and hilbert-trans, one curve after the other.
Comparison compare_codes(const std::string& name, const SafetensorsFile& data) {
  const PointCase point_case(data);
  const PointInput input = point_case.view();
  std::vector<Cell> cells(input.grid.size() / 3);
  for (std::size_t i = 0; i < input.grid.size(); ++i) {
    cells[i / 3][i % 3] = static_cast<std::uint32_t>(input.grid[i]);
  }
  std::vector<std::uint64_t> codes;
  for (const Curve curve : {Curve::kZ, Curve::kZTrans, Curve::kHilbert, Curve::kHilbertTrans}) {
    codes.resize(codes.size() + cells.size());
    serialized_codes(curve, cells, input.ends, serialization_depth(cells),
                     std::span(codes).last(cells.size()));
  }
  const std::vector<std::int64_t> expected = data.integers(name);
  if (codes.size() != expected.size()) return misshapen(name, "is not of four curves");
  Comparison result{.name = name, .compared = true, .note = ""};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    result.absolute += static_cast<std::int64_t>(codes[i]) == expected[i] ? 0.0 : 1.0;
  }
  result.relative = result.absolute / static_cast<double>(std::max<std::size_t>(1, codes.size()));
  return result;
}

}  // namespace

double difference_from(const SafetensorsFile& data, std::string_view name, MatrixView values) {
  double largest = 0.0;
  const Matrix traced = clone(values);
  for (const char* kind : {"act.", "sum."}) {
    const std::string tensor = kind + std::string(name);
    if (data.shape(tensor) == nullptr) continue;
    const Comparison c = kind == std::string_view("act.") ? compare_activation(tensor, traced, data)
                                                          : compare_summary(tensor, traced, data);
    largest = std::max(largest, c.relative);
  }
  return largest;
}

GoldenCase read_golden_case(const std::filesystem::path& json_path) {
  const std::string subject = json_path.string();
  const ModelFile file(json_path);
  const JsonTree parsed = parse_json(file.head(file.size()), subject);
  JsonObject json(parsed.root(), "", subject);
  ArchitectureConfig architecture{json.text("architecture"), json.object("config").dump(), subject};
  FormulaWeights weights(read_shapes(json.object("tensors"), subject), json.text("weights_salt"),
                         subject);
  // These say where a case comes from: cells are stored beside the coordinates.
  if (json.find("grid_size") != nullptr) (void)json.number("grid_size", {1e-6, 1e6});
  if (json.find("note") != nullptr) (void)json.text("note");
  json.finish();
  std::filesystem::path data = json_path;
  return {std::move(architecture), std::move(weights),
          SafetensorsFile(data.replace_extension(".safetensors"))};
}

std::vector<Comparison> compare(const Classifier& network, const SafetensorsFile& data) {
  const Run result = run(network, data);
  std::vector<Comparison> comparisons;
  for (const std::string& name : data.names()) {
    if (!name.starts_with("in.")) comparisons.push_back(compare_one(name, result, data));
  }
  return comparisons;
}

std::vector<Comparison> compare(const PointNetwork& network, const SafetensorsFile& data) {
  const Run result = run(network, data);
  std::vector<Comparison> comparisons;
  for (const std::string& name : data.names()) {
    if (name.starts_with("in.")) continue;
    comparisons.push_back(name == "serialized_code" ? compare_codes(name, data)
                                                    : compare_one(name, result, data));
  }
  return comparisons;
}

}  // namespace ptattn::test
