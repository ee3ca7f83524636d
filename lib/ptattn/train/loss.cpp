#include "ptattn/train/loss.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/lovasz.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kRowsPerTask = 512;
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// One race of classes for all rows: all of them, or those of the category of the row's label.
struct Race {
  const Targets& targets;
  const LossOptions& options;
  bool within_category;

  [[nodiscard]] bool takes_part(std::size_t c, std::optional<std::uint32_t> home) const {
    return !home || options.category_of_class[c] == *home;
  }
  [[nodiscard]] double weight(std::size_t c) const {
    return options.class_weights.empty() ? 1.0 : options.class_weights[c];
  }
  /// The category of the most frequent class of a row.
  [[nodiscard]] std::optional<std::uint32_t> home(std::span<const float> counts) const {
    if (!within_category) return std::nullopt;
    const auto known = counts.first(targets.classes);
    return options.category_of_class[std::ranges::max_element(known) - known.begin()];
  }
};

/// ln sum exp of the values that `used` says.
template <class Used>
double log_sum(std::span<const double> values, const Used& used) {
  double largest = kMinusInfinity;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (used(c)) largest = std::max(largest, values[c]);
  }
  if (largest == kMinusInfinity) return largest;
  double sum = 0.0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (used(c)) sum += std::exp(values[c] - largest);
  }
  return largest + std::log(sum);
}

bool excludes(std::span<const std::uint32_t> set, std::size_t c) {
  return std::ranges::find(set, c) != set.end();
}

/// Cross entropy of one row; adds `share` of its gradient.
class RowEntropy {
 public:
  RowEntropy(const Race& race, std::span<const float> counts, std::span<const double> z)
      : race_(race), counts_(counts), z_(z), home_(race.home(counts)) {
    for (const float count : counts) total_ += count;
    log_all_ = log_sum(z, [&](std::size_t c) { return race_.takes_part(c, home_); });
  }

  double add(double share, std::span<double> gradient) {
    double loss = named_classes(share, gradient);
    for (std::size_t k = 0; k < race_.targets.exclusions.size(); ++k) {
      const double q = counts_[z_.size() + k] / total_;
      if (q > 0.0) loss += q * excluded(race_.targets.exclusions[k], q * share, gradient);
    }
    return loss;
  }

 private:
  double probability(std::size_t c) const {
    return race_.takes_part(c, home_) ? std::exp(z_[c] - log_all_) : 0.0;
  }

  double named_classes(double share, std::span<double> gradient) {
    std::size_t racing = 0;
    double named = 0.0;
    for (std::size_t c = 0; c < z_.size(); ++c) {
      racing += race_.takes_part(c, home_) ? 1 : 0;
      named += counts_[c] / total_;
    }
    if (named <= 0.0) return 0.0;
    const double epsilon = race_.options.label_smoothing;
    double loss = 0.0;
    double weighted = 0.0;
    for (std::size_t c = 0; c < z_.size(); ++c) {
      if (!race_.takes_part(c, home_)) continue;
      const double q =
          (1.0 - epsilon) * counts_[c] / total_ + epsilon * named / static_cast<double>(racing);
      const double qw = q * race_.weight(c);
      if (qw > 0.0) loss -= qw * (z_[c] - log_all_);
      gradient[c] -= share * qw;
      weighted += qw;
    }
    for (std::size_t c = 0; c < z_.size(); ++c) gradient[c] += share * weighted * probability(c);
    return loss;
  }

  double excluded(std::span<const std::uint32_t> set, double share, std::span<double> gradient) {
    const auto left = [&](std::size_t c) {
      return race_.takes_part(c, home_) && !excludes(set, c);
    };
    const double log_left = log_sum(z_, left);
    if (log_left == kMinusInfinity) return 0.0;  // nothing of this race is left to be
    const bool alike = !race_.options.category_of_class.empty();
    double push = 0.0;  // of each class that is left, where all get the same
    if (alike) {
      std::size_t number = 0;
      for (std::size_t c = 0; c < z_.size(); ++c) number += left(c) ? 1 : 0;
      push = std::expm1(log_left - log_all_) / static_cast<double>(number);
    }
    for (std::size_t c = 0; c < z_.size(); ++c) {
      const double slope = probability(c) - (left(c) ? std::exp(z_[c] - log_left) : 0.0);
      gradient[c] += share * (alike && left(c) ? push : slope);
    }
    return log_all_ - log_left;
  }

  const Race& race_;
  std::span<const float> counts_;
  std::span<const double> z_;
  std::optional<std::uint32_t> home_;
  double total_ = 0.0;
  double log_all_ = 0.0;
};

bool labelled(std::span<const float> counts) {
  return std::ranges::any_of(counts, [](float count) { return count > 0.0F; });
}

/// The class of a row mostly labelled with classes.
std::optional<std::uint32_t> class_of(std::span<const float> counts, std::size_t classes) {
  float named = 0.0F;
  float excluded = 0.0F;
  for (std::size_t i = 0; i < counts.size(); ++i) (i < classes ? named : excluded) += counts[i];
  if (named <= excluded) return std::nullopt;
  const auto known = counts.first(classes);
  return static_cast<std::uint32_t>(std::ranges::max_element(known) - known.begin());
}

/// Adds `share` of the mean cross entropy's gradient and returns the mean.
double add_cross_entropy(const Race& race, std::span<const double> z, double share,
                         std::span<double> gradient) {
  const std::size_t classes = race.targets.classes;
  const std::size_t n = z.size() / classes;
  const double rows = deterministic_sum(
      n, [&](std::size_t i) { return labelled(race.targets.row(i)) ? 1.0 : 0.0; });
  if (rows == 0.0) return 0.0;
  ScratchMemory scratch;
  const auto losses = scratch.take<double>(n);
  parallel_each(n, kRowsPerTask, [&](std::size_t i) {
    losses[i] = 0.0;
    const auto counts = race.targets.row(i);
    if (!labelled(counts)) return;
    RowEntropy row(race, counts, z.subspan(i * classes, classes));
    losses[i] = row.add(share / rows, gradient.subspan(i * classes, classes));
  });
  return deterministic_sum(n, [&](std::size_t i) { return losses[i]; }) / rows;
}

/// Adds `share` of the Lovasz-softmax loss's gradient and returns the loss.
double add_lovasz(const Race& race, std::span<const double> z, double share,
                  std::span<double> gradient) {
  const std::size_t classes = race.targets.classes;
  const std::size_t n = z.size() / classes;
  ScratchMemory scratch;
  const auto labels = scratch.take<std::int32_t>(n);
  const auto p = scratch.take<double>(z.size());
  const auto slope = scratch.take<double>(z.size());
  parallel_each(n, kRowsPerTask, [&](std::size_t i) {
    const auto counts = race.targets.row(i);
    const auto label = class_of(counts, classes);
    labels[i] = label ? static_cast<std::int32_t>(*label) : -1;
    const auto home = race.home(counts);
    const auto row = z.subspan(i * classes, classes);
    const auto racing = [&](std::size_t c) { return race.takes_part(c, home); };
    const double all = log_sum(row, racing);
    for (std::size_t c = 0; c < classes; ++c) {
      p[i * classes + c] = racing(c) ? std::exp(row[c] - all) : 0.0;
    }
  });
  const double loss = lovasz_softmax({labels, p, classes}, race.options.lovasz_least, slope);
  parallel_each(n, kRowsPerTask, [&](std::size_t i) {
    const auto of_row = [&](std::span<double> all) { return all.subspan(i * classes, classes); };
    const auto probability = of_row(p);
    const auto d = of_row(slope);
    double mean = 0.0;
    for (std::size_t c = 0; c < classes; ++c) mean += d[c] * probability[c];
    for (std::size_t c = 0; c < classes; ++c) {
      gradient[i * classes + c] += share * probability[c] * (d[c] - mean);
    }
  });
  return loss;
}

void check_loss_input(std::size_t logits, std::size_t gradient, const Targets& targets,
                      const LossOptions& options) {
  const std::size_t n = targets.columns() > 0 ? targets.counts.size() / targets.columns() : 0;
  const auto fits = [&](std::size_t size) { return size == 0 || size == targets.classes; };
  if (targets.classes == 0 || logits != n * targets.classes || gradient != logits ||
      targets.counts.size() != n * targets.columns() || !fits(options.class_weights.size()) ||
      !fits(options.category_of_class.size())) {
    throw Error(Fault::kUsage, "loss", "logits, targets and class options do not fit each other");
  }
}

}  // namespace

template <class T>
LossValue scene_loss(std::span<const T> logits, const Targets& targets, const LossOptions& options,
                     std::span<T> gradient) {
  check_loss_input(logits.size(), gradient.size(), targets, options);
  ScratchMemory scratch;
  const auto z = scratch.take<double>(logits.size());
  const auto d = scratch.take<double>(logits.size());
  std::ranges::copy(logits, z.begin());
  std::ranges::fill(d, 0.0);
  const Race all{targets, options, false};
  const Race category{targets, options, true};
  const bool parts = !options.category_of_class.empty();
  LossValue value;
  value.cross_entropy = add_cross_entropy(all, z, parts ? 0.5 : 1.0, d);
  if (parts) {
    value.cross_entropy = 0.5 * (value.cross_entropy + add_cross_entropy(category, z, 0.5, d));
  }
  if (options.lovasz > 0.0) {
    value.lovasz = add_lovasz(parts ? category : all, z, options.lovasz, d);
  }
  value.total = value.cross_entropy + options.lovasz * value.lovasz;
  std::ranges::transform(d, gradient.begin(), [](double x) { return static_cast<T>(x); });
  return value;
}

template LossValue scene_loss<float>(std::span<const float>, const Targets&, const LossOptions&,
                                     std::span<float>);
template LossValue scene_loss<double>(std::span<const double>, const Targets&, const LossOptions&,
                                      std::span<double>);

}  // namespace ptattn::train
