#include "ptattn/models/files/weight_reader.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

using Shape = std::vector<std::size_t>;

// Of each kind of problem this many tensors are named, the rest counted.
constexpr std::size_t kNamed = 12;

/// The name without the prefixes that wrappers of the training leave behind.
std::string stripped(std::string_view name) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view prefix : {"module.", "backbone."}) {
      if (name.starts_with(prefix)) {
        name.remove_prefix(prefix.size());
        again = true;
      }
    }
  }
  return std::string(name);
}

bool is_ignored(std::string_view name) {
  return name.ends_with("num_batches_tracked") || name.ends_with("inv_freq");
}

/// Equal but for ones at the end of `actual`: a convolution of width 1 is a matrix.
bool fits(const Shape& actual, const Shape& expected) {
  return actual.size() >= expected.size() &&
         std::equal(expected.begin(), expected.end(), actual.begin()) &&
         std::all_of(actual.begin() + static_cast<std::ptrdiff_t>(expected.size()), actual.end(),
                     [](std::size_t extent) { return extent == 1; });
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (const std::size_t extent : shape) {
    if (text.size() > 1) text += ", ";
    text += std::to_string(extent);
  }
  return text + "]";
}

/// "missing a, b and 3 more; ", or nothing for an empty list.
std::string listed(const std::string& what, const std::set<std::string>& items) {
  if (items.empty()) return "";
  std::string text;
  std::size_t named = 0;
  for (const std::string& item : items) {
    if (named++ == kNamed) break;
    text += (text.empty() ? what + " " : ", ") + item;
  }
  if (items.size() > kNamed) text += " and " + std::to_string(items.size() - kNamed) + " more";
  return text + "; ";
}

Matrix to_matrix(const std::vector<float>& values, std::size_t rows, std::size_t cols) {
  Matrix matrix(rows, cols);
  std::copy(values.begin(), values.end(), matrix.data());
  return matrix;
}

}  // namespace

WeightReader::WeightReader(const WeightSource& source, double norm_eps)
    : source_(source), norm_eps_(norm_eps) {
  for (const std::string& name : source.names()) {
    if (is_ignored(name)) continue;
    const std::string key = stripped(name);
    if (!names_.emplace(key, name).second) invalid_.insert(key + " (there twice)");
  }
}

std::vector<float> WeightReader::tensor(const std::string& name, const Shape& shape) {
  note(asked_, name);
  const auto found = names_.find(name);
  if (found == names_.end()) {
    note(missing_, name);
    return {};
  }
  const Shape& actual = *source_.shape(found->second);
  if (!fits(actual, shape)) {
    note(misshapen_, name + " " + to_string(actual) + " (expected " + to_string(shape) + ")");
    return {};
  }
  std::vector<float> values = source_.values(found->second);
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
    note(invalid_, name + " (not finite)");
    return {};
  }
  return values;
}

std::optional<BatchNorm> WeightReader::take_norm(const std::string& name, std::size_t channels) {
  BatchNorm norm{tensor(name + ".weight", {channels}), tensor(name + ".bias", {channels}),
                 tensor(name + ".running_mean", {channels}),
                 tensor(name + ".running_var", {channels}), norm_eps_};
  const auto negative = [](float v) { return v < 0.0F; };
  if (std::any_of(norm.variance.begin(), norm.variance.end(), negative)) {
    note(invalid_, name + ".running_var (negative)");
    return std::nullopt;
  }
  if (norm.gamma.empty() || norm.beta.empty() || norm.mean.empty() || norm.variance.empty()) {
    return std::nullopt;
  }
  return norm;
}

const Shape* WeightReader::shape(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : source_.shape(found->second);
}

/// The first extent of `shape` counts the outputs, the others together the inputs.
DenseWeights WeightReader::layer(const std::string& name, const Shape& shape,
                                 const LayerParts& parts) {
  const std::size_t out = shape.front();
  const std::vector<float> weight = tensor(name + ".weight", shape);
  std::vector<float> bias;
  if (parts.bias) bias = tensor(name + ".bias", {out});
  std::optional<BatchNorm> norm;
  if (!parts.norm.empty()) norm = take_norm(parts.norm, out);
  if (weight.empty() || (parts.bias && bias.empty())) return {};
  if (!parts.norm.empty() && !norm) return {};
  DenseWeights layer{to_matrix(weight, out, weight.size() / out), std::move(bias)};
  return norm ? folded(std::move(layer), *norm) : std::move(layer);
}

DenseWeights WeightReader::dense(const std::string& name, std::size_t in, std::size_t out,
                                 const LayerParts& parts) {
  return layer(name, {out, in}, parts);
}

DenseWeights WeightReader::convolution(const std::string& name, std::size_t in, std::size_t out,
                                       std::size_t size, const LayerParts& parts) {
  return layer(name, {out, size, size, size, in}, parts);
}

LayerNorm WeightReader::layer_norm(const std::string& name, std::size_t channels) {
  return {tensor(name + ".weight", {channels}), tensor(name + ".bias", {channels})};
}

Affine WeightReader::batch_norm(const std::string& name, std::size_t channels) {
  const std::optional<BatchNorm> norm = take_norm(name, channels);
  return norm ? affine_of(*norm) : Affine{};
}

DenseWeights WeightReader::shared_dense(const std::string& name, const std::string& other_name,
                                        std::size_t in, std::size_t out) {
  if (!names_.contains(other_name + ".weight")) return dense(name, in, out);
  if (!names_.contains(name + ".weight")) return dense(other_name, in, out);
  DenseWeights layer = dense(name, in, out);
  const DenseWeights other = dense(other_name, in, out);
  if (!std::ranges::equal(layer.weight.values(), other.weight.values()) &&
      layer.weight.size() == other.weight.size()) {
    note(invalid_,
         other_name + ".weight (differs from " + name + ".weight, which must be the same)");
  }
  return layer;
}

void WeightReader::note(std::set<std::string>& texts, const std::string& text) {
  const std::lock_guard lock(mutex_);
  texts.insert(text);
}

std::set<std::string> WeightReader::extra() const {
  std::set<std::string> names;
  for (const auto& [name, original] : names_) {
    if (!asked_.contains(name)) names.insert(name);
  }
  return names;
}

void WeightReader::scale_rows(const std::string& name, std::size_t out, DenseWeights& layer) {
  const std::vector<float> gamma = tensor(name, {out});
  if (layer.weight.rows() != gamma.size()) return;  // one of the two does not fit
  for (std::size_t i = 0; i < gamma.size(); ++i) {
    for (std::size_t j = 0; j < layer.weight.cols(); ++j) layer.weight(i, j) *= gamma[i];
    if (!layer.bias.empty()) layer.bias[i] *= gamma[i];
  }
}

void WeightReader::finish() const {
  std::string problems = listed("missing", missing_) + listed("misshapen", misshapen_) +
                         listed("invalid", invalid_) + listed("extra", extra());
  if (problems.empty()) return;
  problems.resize(problems.size() - 2);  // the last "; "
  throw Error(Fault::kModel, source_.subject(), "does not fit the architecture: " + problems);
}

}  // namespace ptattn
