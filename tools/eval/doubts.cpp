#include "doubts.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "../label_text.hpp"
#include "../suggest.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_description.hpp"
#include "ptattn/models/model_search.hpp"

namespace ptattn::tools {
namespace {

/// How data sets write that a point has no label: the largest byte, the largest 16-bit number, and
/// what training programs leave out.
constexpr std::array<std::string_view, 4> kUnlabelled{"255", "65535", "-1", "-100"};

/// Empty for files that say nothing, or cannot be looked at before they are read (pipes).
std::string model_of_labels(const std::filesystem::path& path, const std::string& field) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return "";
  try {
    return find_labelling_model(read_comments(path), field);
  } catch (const Error&) {  // which is said when the cloud is read
    return "";
  }
}

bool leaves_out(std::span<const std::string> ignored, const std::string& label) {
  return std::ranges::any_of(ignored,
                             [&](const std::string& text) { return plain_label(text) == label; });
}

/// None where no model of that name is found.
std::vector<std::string> classes_of_model(const std::string& name) {
  if (name.empty()) return {};
  try {
    return read_model_description(find_model(name)).classes;
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::vector<Hint> doubts_about_truth(std::span<const CloudPair> pairs, const std::string& field) {
  std::size_t made = 0;
  std::string first;
  std::string model;
  for (const CloudPair& pair : pairs) {
    const std::filesystem::path& path = pair.truth.empty() ? pair.predicted : pair.truth;
    const std::string own = model_of_labels(path, field);
    if (own.empty()) continue;
    if (made++ == 0) first = path.string(), model = own;
  }
  if (made == 0) return {};
  const std::string others =
      made == 1 ? "" : " (and in " + std::to_string(made - 1) + " other files)";
  return {{"truth", "the true labels, " + field + " in " + first + others +
                        ", were made by the model " + model +
                        ", so that agreement with them is no accuracy"}};
}

std::vector<Hint> doubts_about_labels(std::span<const LabelledInput> inputs,
                                      std::span<const std::string> ignored) {
  std::map<std::string, std::uint64_t> truth;
  std::set<std::string> predicted;
  std::uint64_t items = 0;
  for (const LabelledInput& input : inputs) {
    for (const auto& [pair, count] : input.pairs) {
      truth[pair.first] += count;
      predicted.insert(pair.second);
      items += count;
    }
  }
  std::vector<Hint> doubts;
  for (const auto& [label, count] : truth) {
    const bool is_one = std::ranges::find(kUnlabelled, label) != kUnlabelled.end();
    if (!is_one || predicted.contains(label) || leaves_out(ignored, label)) continue;
    doubts.push_back({"unlabelled", std::to_string(count) + " of " + std::to_string(items) +
                                        " points have the true label " + label +
                                        ", which is never predicted: if it means no label, leave "
                                        "them out by --ignore " +
                                        label});
  }
  return doubts;
}

std::vector<Hint> doubts_about_numbering(std::span<const LabelledInput> inputs) {
  std::map<std::string, std::map<std::string, std::uint64_t>> truths_of;
  std::uint64_t items = 0;
  for (const LabelledInput& input : inputs) {
    for (const auto& [pair, count] : input.pairs) {
      truths_of[pair.second][pair.first] += count;
      items += count;
    }
  }
  std::uint64_t renumbered = 0;
  std::uint64_t most = 0;
  std::string example;
  std::set<std::string> targets;
  for (const auto& [predicted, truths] : truths_of) {
    std::uint64_t total = 0;
    for (const auto& [truth, count] : truths) total += count;
    const auto& [truth, count] =
        *std::ranges::max_element(truths, {}, [](const auto& one) { return one.second; });
    if (truth == predicted || truth == kNoLabelText || 2 * count <= total) continue;
    renumbered += total;
    targets.insert(truth);
    if (total <= most) continue;
    most = total;
    example = std::to_string(count) + " of " + std::to_string(total) +
              " points with the predicted label " + predicted + " have the true label " + truth;
  }
  if (2 * renumbered <= items || targets.size() < 2) return {};
  return {{"numbering", example + ": the two sides seem to number their classes differently, see "
                                  "--predicted-codes, --truth-codes, --model and --map"}};
}

std::vector<Hint> doubts_about_results(std::span<const ClassifyResult> results) {
  std::set<std::string> paths;
  std::set<std::string> models;
  std::size_t again = 0;
  std::string first;
  for (const ClassifyResult& result : results) {
    if (!paths.insert(result.path).second && again++ == 0) first = result.path;
    if (!result.model.empty()) models.insert(result.model);
  }
  std::vector<Hint> doubts;
  if (again > 0) {
    const std::string others = again == 1 ? "" : " (and " + std::to_string(again - 1) + " others)";
    doubts.push_back(
        {"twice", "the results name " + first + others + " more than once, and each counts"});
  }
  if (models.size() > 1) {
    doubts.push_back({"models", "the results are of several models: " + comma_joined(models)});
  }
  return doubts;
}

std::vector<Hint> doubts_about_classes(std::span<const ClassifyResult> results,
                                       std::span<const std::string> truths) {
  std::map<std::string, std::vector<std::string>> classes_of;  // a model's
  std::map<std::pair<std::string, std::string>, std::size_t> strangers;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string& model = results[i].model;
    if (!classes_of.contains(model)) classes_of[model] = classes_of_model(model);
    const std::vector<std::string>& classes = classes_of[model];
    const bool known = classes.empty() || std::ranges::find(classes, truths[i]) != classes.end();
    if (!known) ++strangers[{truths[i], model}];
  }
  std::vector<Hint> doubts;
  for (const auto& [what, count] : strangers) {
    const auto& [truth, model] = what;
    doubts.push_back({"class", "the true class " + truth + " (" + std::to_string(count) +
                                   (count == 1 ? " cloud" : " clouds") +
                                   ") is none of the classes of " + model +
                                   did_you_mean(truth, classes_of[model])});
  }
  return doubts;
}

}  // namespace ptattn::tools
