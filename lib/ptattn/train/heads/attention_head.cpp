#include "ptattn/train/heads/attention_head.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/nn/pooling/bandwidth.hpp"

namespace ptattn::train {
namespace {

constexpr double kLeastSpread = 1e-6;

/// Labelled examples (whose target is one class) first, then the others, each in a mixed order.
std::vector<std::uint32_t> choose_keys(const HeadExamples& examples, std::size_t most) {
  std::vector<std::uint32_t> rows(examples.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::ranges::sort(rows, {}, [](std::uint32_t i) { return splitmix64_mix(i); });
  if (rows.size() <= most) return rows;
  const auto is_sure = [&](std::uint32_t i) {
    const float* const target = examples.targets.row(i);
    return *std::max_element(target, target + examples.targets.cols()) >= 1.0F;
  };
  const auto others = std::stable_partition(rows.begin(), rows.end(), is_sure);
  const auto sure = static_cast<std::size_t>(others - rows.begin());
  const std::size_t unsure = rows.size() - sure;
  const std::size_t kept = std::min(sure, std::max(most / 2, most - std::min(most, unsure)));
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(kept), others);
  rows.resize(std::min(rows.size(), most));
  return rows;
}

std::vector<float> inverse_spreads(const Matrix& x) {
  std::vector<float> result;
  const auto n = static_cast<double>(x.rows());
  for (std::size_t j = 0; j < x.cols(); ++j) {
    double mean = 0.0;
    double square = 0.0;
    for (std::size_t i = 0; i < x.rows(); ++i) mean += x(i, j) / n;
    for (std::size_t i = 0; i < x.rows(); ++i) square += (x(i, j) - mean) * (x(i, j) - mean) / n;
    result.push_back(static_cast<float>(1.0 / std::max(std::sqrt(square), kLeastSpread)));
  }
  return result;
}

/// [keys, keys] the numbers of the keys that each may see; `n` for the others.
std::vector<std::uint32_t> keys_apart(const HeadExamples& examples,
                                      std::span<const std::uint32_t> rows, double apart) {
  const std::size_t n = rows.size();
  std::vector<std::uint32_t> lists(n * n);
  parallel_each(n, 16, [&](std::size_t a) {
    for (std::size_t b = 0; b < n; ++b) {
      double square = 0.0;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const double d = examples.positions[rows[a]][axis] - examples.positions[rows[b]][axis];
        square += d * d;
      }
      const bool near =
          examples.clouds[rows[a]] == examples.clouds[rows[b]] && square < apart * apart;
      lists[a * n + b] = static_cast<std::uint32_t>(near ? n : b);
    }
  });
  return lists;
}

}  // namespace

AttentionFit fit_attention_head(const HeadExamples& examples, const AttentionHeadOptions& options) {
  if (examples.size() == 0) throw Error(Fault::kUsage, "head", "has no examples to attend to");
  const std::vector<std::uint32_t> rows = choose_keys(examples, options.most_keys);
  AttentionFit fit;
  fit.head.scale = inverse_spreads(examples.features);
  fit.head.keys = Matrix(rows.size(), examples.features.cols());
  fit.head.values = Matrix(rows.size(), examples.targets.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < examples.features.cols(); ++j) {
      fit.head.keys(i, j) = examples.features(rows[i], j) * fit.head.scale[j];
    }
    std::copy_n(examples.targets.row(rows[i]), examples.targets.cols(), fit.head.values.row(i));
  }
  const auto lists = keys_apart(examples, rows, options.apart);
  const BandwidthFit width =
      fit_bandwidth({.keys = fit.head.keys, .values = fit.head.values, .neighbors = lists});
  fit.bandwidth = width.bandwidth;
  fit.loss = width.loss;
  fit.constant = width.constant;
  const auto factor = static_cast<float>(1.0 / width.bandwidth);
  for (float& s : fit.head.scale) s *= factor;
  for (float& k : fit.head.keys.values()) k *= factor;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < fit.head.values.cols(); ++c) {
      fit.head.values(i, c) *= examples.weights[rows[i]];
    }
  }
  return fit;
}

}  // namespace ptattn::train
