#include "cloud_labels.hpp"

#include <atomic>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include "../inputs.hpp"
#include "../label_text.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "same_points.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPointsPerTask = 65536;

/// The true cloud below `folder` that has the relative path `place`, as it is or in another format,
/// compressed or not.
fs::path partner(const fs::path& folder, const fs::path& place, const fs::path& predicted) {
  std::vector<fs::path> names{place};
  const fs::path plain = without_gz(place);
  if (plain == place) names.push_back(fs::path(place) += ".gz");
  if (plain != place) names.push_back(plain);
  for (const std::string_view extension : kCloudExtensions) {
    names.push_back(fs::path(plain).replace_extension(extension));
    names.push_back(fs::path(names.back()) += ".gz");
  }
  for (const fs::path& name : names) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / name, ignored)) return folder / name;
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

/// True when `value` is a whole number of 32 bits, the least of which stands for NaN.
bool is_label(double value) {
  using Limits = std::numeric_limits<std::int32_t>;
  return value > Limits::min() && value <= Limits::max() && value == std::trunc(value);
}

std::string text_of(std::int32_t label) {
  return label == kNoLabel ? std::string(kNoLabelText) : std::to_string(label);
}

/// The labels of the partners of points; an empty list of partners: as they are.
std::vector<std::int32_t> in_order(std::vector<std::int32_t> labels,
                                   const std::vector<std::uint32_t>& partner) {
  if (partner.empty()) return labels;
  std::vector<std::int32_t> ordered(labels.size());
  for (std::size_t i = 0; i < ordered.size(); ++i) ordered[i] = labels[partner[i]];
  return ordered;
}

std::string number_text(double value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

/// How sure the prediction was, for each pair of labels.
std::map<LabelledInput::Pair, ReliabilityTable> sort_confidences(
    const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& predicted,
    const Field& confidence, const std::string& subject) {
  std::map<std::pair<std::int32_t, std::int32_t>, ReliabilityTable> tables;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double value = confidence.as_double(i);
    if (!(value >= 0.0 && value <= 1.0)) {
      throw Error(Fault::kInput, subject,
                  "the field " + confidence.name() + " is " + number_text(value) + " at point " +
                      std::to_string(i) + ", expected a confidence from 0 to 1");
    }
    tables[{truth[i], predicted[i]}].add(value, false);
  }
  std::map<LabelledInput::Pair, ReliabilityTable> named;
  for (const auto& [labels, table] : tables) {
    named[{text_of(labels.first), text_of(labels.second)}] = table;
  }
  return named;
}

/// A field is always right about itself.
void refuse_itself(const PointCloud& cloud, const CloudPair& pair, const EvalFields& fields) {
  std::error_code ignored;
  const bool one_file = pair.truth.empty() || fs::equivalent(pair.predicted, pair.truth, ignored);
  const Field& predicted = require_field(cloud, fields.predicted);
  if (!one_file || &require_field(cloud, fields.truth) != &predicted) return;
  throw Error(Fault::kUsage, "--truth",
              "is the field " + predicted.name() + " of " + cloud.name() +
                  ", and so is --predicted: expected two fields, or two files");
}

/// The comments of a cloud; none where it cannot be looked at before it is read, or cannot be read,
/// which is said then.
std::vector<std::string> comments_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return {};
  try {
    return read_comments(path);
  } catch (const Error&) {
    return {};
  }
}

/// A pipe cannot be looked at before it is read, when the classes are settled.
void refuse_unheard_meaning(const PointCloud& cloud, const CloudPair& pair,
                            const EvalFields& fields) {
  std::error_code ignored;
  if (!fields.as_file_says || fs::is_regular_file(pair.predicted, ignored)) return;
  if (!find_label_meaning(cloud.metadata().comments, fields.predicted)) return;
  throw Error(
      Fault::kInput, cloud.name(),
      "says what its labels are, which is heard too late from a pipe, write it to a file or "
      "use --predicted-codes");
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
                "the field " + field->name() + " has " + std::to_string(field->count()) +
                    " values per point, expected one label");
  }
  std::vector<std::int32_t> labels(cloud.size());
  std::atomic<std::size_t> bad = cloud.size();  // the first point whose value is no label
  parallel_each(labels.size(), kPointsPerTask, [&](std::size_t i) {
    const double value = field->as_double(i);
    if (is_label(value)) {
      labels[i] = static_cast<std::int32_t>(value);
    } else if (std::isnan(value)) {
      labels[i] = kNoLabel;
    } else {
      for (std::size_t first = bad; i < first && !bad.compare_exchange_weak(first, i);) {
      }
    }
  });
  if (bad < labels.size()) {
    throw Error(Fault::kInput, cloud.name(),
                "the field " + field->name() + " is " + number_text(field->as_double(bad)) +
                    " at point " + std::to_string(bad) + ", expected an integer label");
  }
  return labels;
}

LabelledInput label_clouds(const CloudPair& pair, const EvalFields& fields,
                           const ReadOptions& options) {
  const PointCloud cloud = read_cloud(pair.predicted, options);
  const std::vector<std::int32_t> predicted = read_labels(cloud, fields.predicted);
  LabelledInput input{.name = cloud.name(), .pairs = {}, .notes = cloud.metadata().notes};
  refuse_itself(cloud, pair, fields);
  refuse_unheard_meaning(cloud, pair, fields);
  std::vector<std::int32_t> truth;
  if (pair.truth.empty()) {
    truth = read_labels(cloud, fields.truth);
  } else {
    const PointCloud other = read_cloud(pair.truth, options);
    for (const std::string& note : other.metadata().notes) {
      input.notes.push_back("the true cloud: " + note);
    }
    SamePoints same = find_same_points(cloud, other);
    if (!same.note.empty()) input.notes.push_back(std::move(same.note));
    truth = in_order(read_labels(other, fields.truth), same.partner);
  }
  for (const auto& [labels, count] : count_pairs(truth, predicted)) {
    input.pairs[{text_of(labels.first), text_of(labels.second)}] = count;
  }
  if (!fields.confidence.empty()) {
    const Field& confidence = require_field(cloud, fields.confidence);
    input.confidences = sort_confidences(truth, predicted, confidence, cloud.name());
  }
  return input;
}

std::optional<LabelMeaning> read_label_meaning(const fs::path& path, const std::string& field) {
  return find_label_meaning(comments_of(path), field);
}

std::string find_predicted_field(const std::vector<CloudPair>& pairs, const std::string& truth) {
  std::string field = "label";
  if (pairs.empty()) return field;
  const CloudPair& first = pairs.front();
  for (const Provenance& provenance : read_provenance(comments_of(first.predicted))) {
    if (provenance.labels) field = provenance.labels->field;
  }
  return first.truth.empty() && field == truth ? "label" : field;
}

}  // namespace ptattn::tools
