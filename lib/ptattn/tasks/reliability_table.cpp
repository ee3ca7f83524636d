#include "ptattn/tasks/reliability_table.hpp"

#include <algorithm>
#include <cmath>

namespace ptattn {
namespace {

double quotient(double sum, std::uint64_t items) {
  return items > 0 ? sum / static_cast<double>(items) : 0.0;
}

}  // namespace

double ReliabilityTable::Bin::mean_confidence() const {
  return quotient(confidence, items);
}

double ReliabilityTable::Bin::accuracy() const {
  return quotient(static_cast<double>(right), items);
}

std::size_t ReliabilityTable::bin_of(double confidence) {
  if (!(confidence > 0.0)) return 0;
  return std::min(static_cast<std::size_t>(std::min(confidence, 1.0) * kBins), kBins - 1);
}

void ReliabilityTable::add(double confidence, bool right) {
  add(bin_of(confidence), 1, confidence, right);
}

void ReliabilityTable::add(std::size_t bin, std::uint64_t items, double confidence, bool right) {
  Bin& b = bins_.at(bin);
  b.items += items;
  b.right += right ? items : 0;
  b.confidence += confidence;
}

void ReliabilityTable::add(const ReliabilityTable& other) {
  for (std::size_t i = 0; i < kBins; ++i) {
    bins_[i].items += other.bins_[i].items;
    bins_[i].right += other.bins_[i].right;
    bins_[i].confidence += other.bins_[i].confidence;
  }
}

std::uint64_t ReliabilityTable::items() const {
  std::uint64_t sum = 0;
  for (const Bin& bin : bins_) sum += bin.items;
  return sum;
}

double ReliabilityTable::expected_error() const {
  double error = 0.0;
  for (const Bin& bin : bins_) error += std::abs(bin.confidence - static_cast<double>(bin.right));
  return quotient(error, items());
}

double ReliabilityTable::largest_error() const {
  constexpr double kLeastShare = 0.01;
  double largest = 0.0;
  for (const Bin& bin : bins_) {
    if (bin.items == 0 || quotient(static_cast<double>(bin.items), items()) < kLeastShare) continue;
    largest = std::max(largest, std::abs(bin.mean_confidence() - bin.accuracy()));
  }
  return largest;
}

}  // namespace ptattn
