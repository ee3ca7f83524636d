#include "ptattn/train/temperature_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>

#include "ptattn/core/error.hpp"
#include "ptattn/core/minimize.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kFewestOfClass = 500;  // items that a temperature of their own needs
constexpr std::size_t kFewestWrong = 20;
constexpr double kLeast = 0.2;
constexpr double kMost = 5.0;

using Rows = std::vector<std::size_t>;

double confidence_under(const ConfidenceSample& sample, std::size_t item, double temperature) {
  const std::span<const float> p = sample.probabilities(item);
  const double largest = p[sample.best(item)];
  double sum = 0.0;
  for (const float x : p) {
    if (x > 0.0F) sum += std::pow(double{x} / largest, 1.0 / temperature);
  }
  return 1.0 / sum;
}

/// Sum over the rows.
double loss_under(const ConfidenceSample& sample, const Rows& rows, double temperature) {
  constexpr double kSurest = 1.0 - 1e-6;
  return deterministic_sum(rows.size(), [&](std::size_t i) {
    const double c = std::min(confidence_under(sample, rows[i], temperature), kSurest);
    return -std::log(sample.right(rows[i]) ? c : 1.0 - c);
  });
}

/// Nothing where there is too little to tell.
std::optional<double> fit_one(const ConfidenceSample& sample, const Rows& rows) {
  const auto wrong = static_cast<std::size_t>(
      std::ranges::count_if(rows, [&](std::size_t row) { return !sample.right(row); }));
  if (wrong < std::min(kFewestWrong, rows.size()) || wrong == rows.size()) return std::nullopt;
  return minimize_over_log(kLeast, kMost, [&](double t) { return loss_under(sample, rows, t); }).at;
}

Rows rows_if(std::size_t n, const auto& keep) {
  Rows rows;
  for (std::size_t i = 0; i < n; ++i) {
    if (keep(i)) rows.push_back(i);
  }
  return rows;
}

/// @return one number for each class
std::vector<double> fit_by_class(const ConfidenceSample& sample, const Rows& rows, double common) {
  std::vector<double> temperatures(sample.classes(), common);
  for (std::size_t c = 0; c < temperatures.size(); ++c) {
    Rows own;
    std::ranges::copy_if(rows, std::back_inserter(own),
                         [&](std::size_t row) { return sample.best(row) == c; });
    if (own.size() >= kFewestOfClass) temperatures[c] = fit_one(sample, own).value_or(common);
  }
  return temperatures;
}

double loss_by_class(const ConfidenceSample& sample, const Rows& rows,
                     const std::vector<double>& temperatures) {
  double loss = 0.0;
  for (std::size_t c = 0; c < temperatures.size(); ++c) {
    Rows own;
    std::ranges::copy_if(rows, std::back_inserter(own),
                         [&](std::size_t row) { return sample.best(row) == c; });
    loss += loss_under(sample, own, temperatures[c]);
  }
  return loss;
}

/// Whether temperatures by class, fitted on every other place, do better on the rest.
bool classes_differ(const ConfidenceSample& sample) {
  double gain = 0.0;
  for (const std::size_t half : {0U, 1U}) {
    const auto in_half = [&](std::size_t i) { return sample.place(i) % 2 == half; };
    const Rows fitted = rows_if(sample.size(), in_half);
    const Rows rest = rows_if(sample.size(), [&](std::size_t i) { return !in_half(i); });
    const std::optional<double> common = fit_one(sample, fitted);
    if (!common || rest.empty()) return false;
    gain += loss_under(sample, rest, *common) -
            loss_by_class(sample, rest, fit_by_class(sample, fitted, *common));
  }
  return gain > 0.0;
}

/// What stands in a file that people read.
double rounded(double temperature) {
  constexpr double kDigits = 1e4;
  return std::round(temperature * kDigits) / kDigits;
}

}  // namespace

void ConfidenceSample::add(MatrixView probabilities, const std::function<bool(std::size_t)>& counts,
                           const std::function<bool(std::size_t)>& right) {
  if (classes_ != 0 && probabilities.cols != classes_) {
    throw Error(Fault::kUsage, "sample of confidences", "gets places of different classes");
  }
  classes_ = probabilities.cols;
  const Rows known = rows_if(probabilities.rows, counts);
  const std::size_t kept = std::min(known.size(), kMostOfPlace);
  for (std::size_t i = 0; i < kept; ++i) {
    const std::size_t row = known[i * known.size() / kept];
    const std::span<const float> p{probabilities.row(row), classes_};
    probabilities_.insert(probabilities_.end(), p.begin(), p.end());
    best_.push_back(static_cast<std::uint32_t>(std::ranges::max_element(p) - p.begin()));
    right_.push_back(right(row) ? 1 : 0);
    place_.push_back(static_cast<std::uint32_t>(places_));
  }
  ++places_;
}

std::span<const float> ConfidenceSample::probabilities(std::size_t item) const {
  return std::span(probabilities_).subspan(item * classes_, classes_);
}

ReliabilityTable reliability_of(const ConfidenceSample& sample, const Temperature& temperature) {
  ReliabilityTable table;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    table.add(confidence_under(sample, i, temperature.of(sample.best(i))), sample.right(i));
  }
  return table;
}

Temperature fit_temperature(const ConfidenceSample& sample) {
  const Rows all = rows_if(sample.size(), [](std::size_t) { return true; });
  const std::optional<double> common = fit_one(sample, all);
  if (!common) return {};
  if (!classes_differ(sample)) return Temperature({rounded(*common)});
  std::vector<double> by_class = fit_by_class(sample, all, *common);
  std::ranges::transform(by_class, by_class.begin(), rounded);
  const bool same = std::ranges::adjacent_find(by_class, std::not_equal_to()) == by_class.end();
  if (same) by_class.resize(1);  // no class has items enough for a number of its own
  return Temperature(std::move(by_class));
}

}  // namespace ptattn::train
