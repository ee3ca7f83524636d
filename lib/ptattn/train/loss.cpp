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
  std::span<const std::uint8_t> excluded;  // of write_excluded_classes()
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

/// Writes softmax of the values that `used` says, 0 for others, and returns ln sum exp of them.
template <class Used>
double softmax_of(std::span<const double> values, const Used& used, std::span<double> p) {
  double largest = kMinusInfinity;
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (used(c)) largest = std::max(largest, values[c]);
  }
  if (largest == kMinusInfinity) {
    std::ranges::fill(p, 0.0);
    return largest;
  }
  double sum = 0.0;
  for (std::size_t c = 0; c < values.size(); ++c) {
    p[c] = used(c) ? std::exp(values[c] - largest) : 0.0;
    sum += p[c];
  }
  const double scale = 1.0 / sum;
  for (double& x : p) x *= scale;
  return largest + std::log(sum);
}

/// [exclusions, classes]: 1 where the class is one of the excluded.
void write_excluded_classes(const Targets& targets, std::span<std::uint8_t> excluded) {
  std::ranges::fill(excluded, std::uint8_t{0});
  for (std::size_t k = 0; k < targets.exclusions.size(); ++k) {
    for (const std::uint32_t c : targets.exclusions[k]) excluded[k * targets.classes + c] = 1;
  }
}

/// Cross entropy of one row; adds `share` of its gradient.
class RowEntropy {
 public:
  RowEntropy(const Race& race, std::span<const float> counts, std::span<const double> z)
      : race_(race),
        counts_(counts),
        z_(z),
        home_(race.home(counts)),
        p_(scratch_.take<double>(z.size())),
        log_all_(softmax_of(
            z, [&](std::size_t c) { return race.takes_part(c, home_); }, p_)) {
    for (const float count : counts) total_ += count;
  }

  double add(double share, std::span<double> gradient) {
    double loss = named_classes(share, gradient);
    for (std::size_t k = 0; k < race_.targets.exclusions.size(); ++k) {
      const double q = counts_[z_.size() + k] / total_;
      if (q > 0.0) loss += q * excluded(k, q * share, gradient);
    }
    return loss;
  }

 private:
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
    for (std::size_t c = 0; c < z_.size(); ++c) gradient[c] += share * weighted * p_[c];
    return loss;
  }

  double excluded(std::size_t exclusion, double share, std::span<double> gradient) {
    const auto left = [&](std::size_t c) {
      return race_.takes_part(c, home_) && race_.excluded[exclusion * z_.size() + c] == 0;
    };
    const auto p_left = scratch_.take<double>(z_.size());
    const double log_left = softmax_of(z_, left, p_left);
    if (log_left == kMinusInfinity) return 0.0;  // nothing of this race is left to be
    const bool alike = !race_.options.category_of_class.empty();
    double push = 0.0;  // of each class that is left, where all get the same
    if (alike) {
      std::size_t number = 0;
      for (std::size_t c = 0; c < z_.size(); ++c) number += left(c) ? 1 : 0;
      push = std::expm1(log_left - log_all_) / static_cast<double>(number);
    }
    for (std::size_t c = 0; c < z_.size(); ++c) {
      gradient[c] += share * (alike && left(c) ? push : p_[c] - p_left[c]);
    }
    return log_all_ - log_left;
  }

  ScratchMemory scratch_;
  const Race& race_;
  std::span<const float> counts_;
  std::span<const double> z_;
  std::optional<std::uint32_t> home_;
  std::span<double> p_;  // softmax of z
  double log_all_;
  double total_ = 0.0;
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
    softmax_of(
        row, [&](std::size_t c) { return race.takes_part(c, home); },
        p.subspan(i * classes, classes));
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
  const auto known = [&](std::uint32_t c) { return c < targets.classes; };
  const auto all_known = [&](const auto& set) { return std::ranges::all_of(set, known); };
  if (targets.classes == 0 || logits != n * targets.classes || gradient != logits ||
      targets.counts.size() != n * targets.columns() || !fits(options.class_weights.size()) ||
      !fits(options.category_of_class.size()) ||
      !std::ranges::all_of(targets.exclusions, all_known)) {
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
  const auto excluded = scratch.take<std::uint8_t>(targets.exclusions.size() * targets.classes);
  write_excluded_classes(targets, excluded);
  const Race all{targets, options, excluded, false};
  const Race category{targets, options, excluded, true};
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
