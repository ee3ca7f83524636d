#include "ptattn/train/lovasz.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"

namespace ptattn::train {
namespace {

struct RowError {
  double error;
  std::uint32_t row;
};

/// The loss of one class; writes its column of the slope.
double class_loss(const LabelledRows& rows, std::size_t c, double share, std::span<double> slope) {
  ScratchMemory scratch;
  const auto taken = scratch.take<RowError>(rows.labels.size());
  std::size_t count = 0;
  std::size_t positives = 0;
  for (std::size_t i = 0; i < rows.labels.size(); ++i) {
    if (rows.labels[i] < 0) continue;
    const bool truth = rows.labels[i] == static_cast<std::int32_t>(c);
    positives += truth ? 1 : 0;
    const double p = rows.p[i * rows.classes + c];
    taken[count++] = {truth ? 1.0 - p : p, static_cast<std::uint32_t>(i)};
  }
  const auto errors = taken.first(count);
  std::ranges::sort(errors, [](const RowError& a, const RowError& b) {
    return a.error != b.error ? a.error > b.error : a.row < b.row;
  });
  double loss = 0.0;
  double before = 0.0;
  auto intersection = static_cast<double>(positives);
  auto union_size = static_cast<double>(positives);
  for (const auto& [error, row] : errors) {
    const bool truth = rows.labels[row] == static_cast<std::int32_t>(c);
    (truth ? intersection : union_size) += truth ? -1.0 : 1.0;
    const double jaccard = 1.0 - intersection / union_size;
    loss += error * (jaccard - before);
    slope[row * rows.classes + c] = share * (truth ? before - jaccard : jaccard - before);
    before = jaccard;
  }
  return loss;
}

}  // namespace

double lovasz_softmax(const LabelledRows& rows, std::size_t least, std::span<double> slope) {
  std::ranges::fill(slope, 0.0);
  std::vector<std::size_t> counts(rows.classes, 0);
  for (const std::int32_t label : rows.labels) {
    if (label >= 0) ++counts[static_cast<std::size_t>(label)];
  }
  std::vector<std::size_t> present;
  for (std::size_t c = 0; c < rows.classes; ++c) {
    if (counts[c] > 0 && counts[c] >= least) present.push_back(c);
  }
  if (present.empty()) return 0.0;
  const double share = 1.0 / static_cast<double>(present.size());
  std::vector<double> losses(present.size());
  parallel_each(present.size(), 1,
                [&](std::size_t i) { losses[i] = class_loss(rows, present[i], share, slope); });
  double sum = 0.0;
  for (const double loss : losses) sum += loss;
  return sum * share;
}

}  // namespace ptattn::train
