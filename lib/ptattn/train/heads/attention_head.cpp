#include "ptattn/train/heads/attention_head.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/nn/pooling/bandwidth.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"

namespace ptattn::train {
namespace {

constexpr double kLeastSpread = 1e-6;

/// Labelled examples first, then the others, each in a mixed order.
std::vector<std::uint32_t> choose_keys(const HeadExamples& examples, std::size_t most) {
  std::vector<std::uint32_t> rows(examples.size());
  std::iota(rows.begin(), rows.end(), 0U);
  std::ranges::sort(rows, {}, [](std::uint32_t i) { return splitmix64_mix(i); });
  if (rows.size() <= most) return rows;
  const auto others = std::stable_partition(rows.begin(), rows.end(),
                                            [&](std::uint32_t i) { return examples.has_label[i]; });
  const auto labelled = static_cast<std::size_t>(others - rows.begin());
  const std::size_t unlabelled = rows.size() - labelled;
  const std::size_t kept =
      std::min(labelled, std::max(most / 2, most - std::min(most, unlabelled)));
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(kept), others);
  rows.resize(std::min(rows.size(), most));
  return rows;
}

/// Weights of the keys: those that were chosen of the labelled examples stand for all of these, and
/// so do those of the others.
std::vector<float> weights_of(const HeadExamples& examples, std::span<const std::uint32_t> rows) {
  std::array<double, 2> all{};
  std::array<double, 2> chosen{};
  const auto group = [&](std::uint32_t i) { return examples.has_label[i] ? 1U : 0U; };
  for (std::uint32_t i = 0; i < examples.size(); ++i) all.at(group(i)) += examples.weights[i];
  for (const std::uint32_t i : rows) chosen.at(group(i)) += examples.weights[i];
  std::vector<float> weights;
  for (const std::uint32_t i : rows) {
    const double share = all.at(group(i)) / chosen.at(group(i));
    weights.push_back(static_cast<float>(examples.weights[i] * share));
  }
  return weights;
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

/// Lets unlabelled examples say nothing that the others take for a class with labels: where this
/// class is new, the model that gave them their targets does not know it.
/// @param rows  of the keys; their widths are in the scale
void silence_doubtful(const HeadExamples& examples, std::span<const std::uint32_t> rows,
                      KernelHeadWeights& head) {
  std::vector<std::uint32_t> self(rows.size());
  std::iota(self.begin(), self.end(), 0U);
  const float unit = 1.0F;
  Matrix shares(rows.size(), head.values.cols());
  kernel_regression(head.keys, {head.keys, head.values}, {.bandwidth = {&unit, 1}, .self = self},
                    shares);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (examples.has_label[rows[i]]) continue;
    const float* const row = shares.row(i);
    const auto best = static_cast<std::size_t>(std::max_element(row, row + shares.cols()) - row);
    if (examples.labelled[best] == 0 || examples.targets(rows[i], best) >= 0.5F) continue;
    std::fill_n(head.values.row(i), head.values.cols(), 0.0F);
  }
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
  const std::vector<float> weights = weights_of(examples, rows);
  const BandwidthFit width = fit_bandwidth(
      {.keys = fit.head.keys, .values = fit.head.values, .neighbors = lists, .weights = weights});
  fit.bandwidth = width.bandwidth;
  fit.loss = width.loss;
  fit.constant = width.constant;
  const auto factor = static_cast<float>(1.0 / width.bandwidth);
  for (float& s : fit.head.scale) s *= factor;
  for (float& k : fit.head.keys.values()) k *= factor;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t c = 0; c < fit.head.values.cols(); ++c) {
      fit.head.values(i, c) *= weights[i];
    }
  }
  silence_doubtful(examples, rows, fit.head);
  return fit;
}

}  // namespace ptattn::train
