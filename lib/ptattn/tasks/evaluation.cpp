#include "ptattn/tasks/evaluation.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <string>
#include <unordered_map>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kItemsPerTask = std::size_t{1} << 18U;
constexpr std::size_t kMaxPairs = 1'000'000;

using PackedPairs = std::unordered_map<std::uint64_t, std::uint64_t>;

std::uint64_t packed(std::int32_t truth, std::int32_t predicted) {
  return std::uint64_t{std::bit_cast<std::uint32_t>(truth)} << 32U |
         std::bit_cast<std::uint32_t>(predicted);
}

std::pair<std::int32_t, std::int32_t> unpacked(std::uint64_t pair) {
  return {std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(pair >> 32U)),
          std::bit_cast<std::int32_t>(static_cast<std::uint32_t>(pair))};
}

void check_number(const PackedPairs& pairs) {
  if (pairs.size() <= kMaxPairs) return;
  throw Error(Fault::kInput, "labels",
              "form more than a million different pairs, expected labels of classes");
}

/// Neighbouring items mostly have the same labels: a run of them is one look-up.
PackedPairs count_range(std::span<const std::int32_t> truth,
                        std::span<const std::int32_t> predicted) {
  PackedPairs pairs;
  for (std::size_t i = 0; i < truth.size();) {
    const std::size_t begin = i;
    while (i < truth.size() && truth[i] == truth[begin] && predicted[i] == predicted[begin]) ++i;
    pairs[packed(truth[begin], predicted[begin])] += i - begin;
    check_number(pairs);
  }
  return pairs;
}

std::optional<double> quotient(std::uint64_t numerator, std::uint64_t denominator) {
  if (denominator == 0) return std::nullopt;
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

/// The mean over the classes for which `member` is there.
std::optional<double> mean(const std::vector<ClassMetrics>& classes,
                           std::optional<double> ClassMetrics::*member) {
  double sum = 0.0;
  std::size_t count = 0;
  for (const ClassMetrics& c : classes) {
    if (!(c.*member)) continue;
    sum += *(c.*member);
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

std::optional<double> kappa(const Metrics& metrics) {
  if (metrics.items == 0) return std::nullopt;
  const auto n = static_cast<double>(metrics.items);
  double expected = 0.0;
  for (const ClassMetrics& c : metrics.classes) {
    expected += static_cast<double>(c.truth) / n * (static_cast<double>(c.predicted) / n);
  }
  if (expected >= 1.0) return std::nullopt;
  return (*metrics.overall_accuracy - expected) / (1.0 - expected);
}

}  // namespace

LabelPairs count_pairs(std::span<const std::int32_t> truth,
                       std::span<const std::int32_t> predicted) {
  if (truth.size() != predicted.size()) {
    throw Error(Fault::kInput, "labels",
                "there are " + std::to_string(predicted.size()) + " predicted and " +
                    std::to_string(truth.size()) + " true ones, expected as many");
  }
  PackedPairs total;
  std::mutex mutex;
  parallel_ranges(truth.size(), kItemsPerTask, [&](std::size_t begin, std::size_t end) {
    const PackedPairs part =
        count_range(truth.subspan(begin, end - begin), predicted.subspan(begin, end - begin));
    const std::scoped_lock lock(mutex);  // sums of integers: their order does not matter
    for (const auto& [pair, count] : part) total[pair] += count;
    check_number(total);
  });
  LabelPairs sorted;
  for (const auto& [pair, count] : total) sorted[unpacked(pair)] = count;
  return sorted;
}

void ConfusionMatrix::add(std::size_t truth, std::size_t predicted, std::uint64_t items) {
  if (truth >= classes_ || predicted > classes_) {
    throw Error(Fault::kUsage, "confusion matrix",
                "got the classes " + std::to_string(truth) + " and " + std::to_string(predicted) +
                    ", expected less than " + std::to_string(classes_));
  }
  counts_[truth * (classes_ + 1) + predicted] += items;
}

Metrics evaluate(const ConfusionMatrix& confusion) {
  const std::size_t n = confusion.classes();
  Metrics metrics;
  metrics.classes.resize(n);
  std::uint64_t correct = 0;
  for (std::size_t i = 0; i < n; ++i) {
    correct += confusion(i, i);
    for (std::size_t j = 0; j <= n; ++j) {
      metrics.classes[i].truth += confusion(i, j);
      if (j < n) metrics.classes[j].predicted += confusion(i, j);
    }
    metrics.items += metrics.classes[i].truth;
  }
  for (std::size_t i = 0; i < n; ++i) {
    ClassMetrics& c = metrics.classes[i];
    const std::uint64_t hits = confusion(i, i);
    c.iou = quotient(hits, c.truth + c.predicted - hits);
    c.precision = quotient(hits, c.predicted);
    c.recall = quotient(hits, c.truth);
    c.f1 = quotient(2 * hits, c.truth + c.predicted);
  }
  metrics.overall_accuracy = quotient(correct, metrics.items);
  metrics.mean_accuracy = mean(metrics.classes, &ClassMetrics::recall);
  metrics.mean_iou = mean(metrics.classes, &ClassMetrics::iou);
  metrics.mean_f1 = mean(metrics.classes, &ClassMetrics::f1);
  metrics.kappa = kappa(metrics);
  return metrics;
}

GroundErrors ground_errors(const ConfusionMatrix& confusion, std::size_t ground) {
  if (ground >= confusion.classes()) {
    throw Error(Fault::kUsage, "ground",
                "is class " + std::to_string(ground) + ", expected less than " +
                    std::to_string(confusion.classes()));
  }
  std::uint64_t ground_items = 0;
  std::uint64_t object_items = 0;
  std::uint64_t rejected = 0;  // ground taken for objects
  std::uint64_t accepted = 0;  // objects taken for ground
  for (std::size_t i = 0; i < confusion.classes(); ++i) {
    for (std::size_t j = 0; j <= confusion.classes(); ++j) {
      const std::uint64_t items = confusion(i, j);
      (i == ground ? ground_items : object_items) += items;
      if (i == ground && j != ground) rejected += items;
      if (i != ground && j == ground) accepted += items;
    }
  }
  return {quotient(rejected, ground_items), quotient(accepted, object_items),
          quotient(rejected + accepted, ground_items + object_items)};
}

}  // namespace ptattn
