#include "ptattn/models/kernel_head.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 4096;
constexpr float kLeastShare = 1e-6F;  // of a class

[[noreturn]] void fail(const WeightSource& weights, std::string_view name,
                       const std::string& problem) {
  throw Error(Fault::kModel, weights.subject(), std::string(name) + " " + problem);
}

std::vector<float> read_tensor(const WeightSource& weights, std::string_view name,
                               std::size_t dimensions) {
  const std::vector<std::size_t>* const shape = weights.shape(name);
  if (shape == nullptr) fail(weights, name, "is missing");
  if (shape->size() != dimensions || std::ranges::find(*shape, 0U) != shape->end()) {
    fail(weights, name, "does not have " + std::to_string(dimensions) + " dimensions with values");
  }
  std::vector<float> values = weights.values(name);
  if (!std::ranges::all_of(values, [](float x) { return std::isfinite(x); })) {
    fail(weights, name, "is not finite");
  }
  return values;
}

Matrix read_matrix(const WeightSource& weights, std::string_view name) {
  const std::vector<float> values = read_tensor(weights, name, 2);
  const std::vector<std::size_t>& shape = *weights.shape(name);
  Matrix matrix(shape[0], shape[1]);
  std::ranges::copy(values, matrix.values().begin());
  return matrix;
}

}  // namespace

KernelHead::KernelHead(std::unique_ptr<PointNetwork> features, KernelHeadWeights weights)
    : features_(std::move(features)), weights_(std::move(weights)) {
  const std::size_t c = features_->out_channels();
  if (features_->labels_points() || weights_.scale.size() != c || weights_.keys.cols() != c ||
      weights_.keys.rows() != weights_.values.rows() || weights_.values.size() == 0) {
    throw Error(Fault::kUsage, "attention head", "does not fit the features of the network");
  }
}

PointOutput KernelHead::forward(const PointInput& input, const Trace& trace) const {
  PointOutput out = features_->forward(input, trace);
  Matrix& queries = out.values;
  parallel_each(queries.rows(), kRowsPerTask, [&](std::size_t i) {
    float* const row = queries.row(i);
    for (std::size_t j = 0; j < queries.cols(); ++j) row[j] *= weights_.scale[j];
  });
  const float unit = 1.0F;  // widths are in the scale
  Matrix scores(queries.rows(), weights_.values.cols());
  kernel_regression(queries, {weights_.keys, weights_.values}, {.bandwidth = {&unit, 1}}, scores);
  parallel_each(scores.rows(), kRowsPerTask, [&](std::size_t i) {
    float* const row = scores.row(i);
    for (std::size_t c = 0; c < scores.cols(); ++c)
      row[c] = std::log(std::max(row[c], kLeastShare));
  });
  out.values = std::move(scores);
  return out;
}

bool has_kernel_head(const WeightSource& weights) {
  return weights.shape(kHeadKeys) != nullptr;
}

KernelHeadWeights read_kernel_head(const WeightSource& weights) {
  KernelHeadWeights head{.scale = read_tensor(weights, kHeadScale, 1),
                         .keys = read_matrix(weights, kHeadKeys),
                         .values = read_matrix(weights, kHeadValues)};
  if (head.keys.cols() != head.scale.size()) fail(weights, kHeadKeys, "does not fit the scale");
  if (head.values.rows() != head.keys.rows()) fail(weights, kHeadValues, "does not fit the keys");
  if (std::ranges::min(head.values.values()) < 0.0F) fail(weights, kHeadValues, "is negative");
  return head;
}

}  // namespace ptattn
