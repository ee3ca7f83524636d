#include "cloud_labels.hpp"

#include <atomic>
#include <cmath>
#include <iostream>
#include <limits>
#include <sstream>

#include "../inputs.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPointsPerTask = 65536;

/// The true cloud below `folder` that has the relative path `place`.
fs::path partner(const fs::path& folder, const fs::path& place, const fs::path& predicted) {
  std::error_code ignored;
  if (fs::is_regular_file(folder / place, ignored)) return folder / place;
  for (const std::string_view extension : kCloudExtensions) {
    fs::path other = (folder / place).replace_extension(extension);
    if (fs::is_regular_file(other, ignored)) return other;
  }
  throw Error(Fault::kInput, predicted.string(),
              "has no partner " + place.string() + " in " + folder.string());
}

void add_pairs(const std::string& argument, const std::string& truth_file, char delimiter,
               std::vector<CloudPair>& pairs) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(argument, ignored);
  for (const Input& input : expand_inputs({argument}, std::cin, delimiter)) {
    if (!input.problem.empty()) throw Error(Fault::kInput, input.path.string(), input.problem);
    if (!fs::is_directory(truth_file, ignored)) {
      pairs.push_back({input.path, truth_file});
      continue;
    }
    const fs::path place =
        is_folder ? input.path.lexically_relative(argument) : input.path.filename();
    pairs.push_back({input.path, partner(truth_file, place, input.path)});
  }
}

/// True when `value` is a whole number of 32 bits; NaN is not.
bool is_label(double value) {
  using Limits = std::numeric_limits<std::int32_t>;
  return value >= Limits::min() && value <= Limits::max() && value == std::trunc(value);
}

std::string number_text(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace

std::vector<CloudPair> pair_clouds(const std::vector<std::string>& arguments,
                                   const std::string& truth_file, char delimiter) {
  std::vector<CloudPair> pairs;
  for (const std::string& argument : arguments) add_pairs(argument, truth_file, delimiter, pairs);
  std::error_code ignored;
  if (pairs.size() > 1 && !truth_file.empty() && !fs::is_directory(truth_file, ignored)) {
    throw Error(Fault::kUsage, "--truth-file",
                "is one file for " + std::to_string(pairs.size()) + " inputs, expected a folder");
  }
  return pairs;
}

std::vector<std::int32_t> read_labels(const PointCloud& cloud, const std::string& name) {
  const Field* const field = &require_field(cloud, name);
  if (field->count() != 1) {
    throw Error(Fault::kInput, cloud.name(),
                "the field " + name + " has " + std::to_string(field->count()) +
                    " values per point, expected one label");
  }
  std::vector<std::int32_t> labels(cloud.size());
  std::atomic<std::size_t> bad = cloud.size();  // the first point without a label
  parallel_each(labels.size(), kPointsPerTask, [&](std::size_t i) {
    const double value = field->as_double(i);
    if (is_label(value)) {
      labels[i] = static_cast<std::int32_t>(value);
    } else {
      for (std::size_t first = bad; i < first && !bad.compare_exchange_weak(first, i);) {
      }
    }
  });
  if (bad < labels.size()) {
    throw Error(Fault::kInput, cloud.name(),
                "the field " + name + " is " + number_text(field->as_double(bad)) + " at point " +
                    std::to_string(bad) + ", expected an integer label");
  }
  return labels;
}

LabelledInput label_clouds(const CloudPair& pair, const std::string& predicted_field,
                           const std::string& truth_field) {
  const PointCloud cloud = read_cloud(pair.predicted);
  const std::vector<std::int32_t> predicted = read_labels(cloud, predicted_field);
  std::vector<std::int32_t> truth;
  if (pair.truth.empty()) {
    truth = read_labels(cloud, truth_field);
  } else {
    const PointCloud other = read_cloud(pair.truth);
    if (other.size() != cloud.size()) {
      throw Error(Fault::kInput, cloud.name(),
                  "has " + std::to_string(cloud.size()) + " points, " + pair.truth.string() +
                      " has " + std::to_string(other.size()) + ", expected the same points");
    }
    truth = read_labels(other, truth_field);
  }
  LabelledInput input{.name = cloud.name()};
  for (const auto& [labels, count] : count_pairs(truth, predicted)) {
    input.pairs[{std::to_string(labels.first), std::to_string(labels.second)}] = count;
  }
  return input;
}

}  // namespace ptattn::tools
