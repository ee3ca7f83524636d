#include "ptattn/tasks/scene/ranks.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/core/parallel_sort.hpp"

namespace ptattn {

Ranks::Ranks(std::vector<double> numbers)
    : numbers_(std::move(numbers)), n_(static_cast<double>(numbers_.size())) {
  parallel_sort(numbers_);
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (i > 0 && numbers_[i] == numbers_[distinct - 1]) continue;
    numbers_[distinct++] = numbers_[i];
    firsts_.push_back(i);
  }
  firsts_.push_back(numbers_.size());
  numbers_.resize(distinct);
}

Ranks::Ranks(std::vector<double> numbers, std::span<const std::uint64_t> counts)
    : numbers_(std::move(numbers)), firsts_{0} {
  for (const std::uint64_t count : counts) firsts_.push_back(firsts_.back() + count);
  n_ = static_cast<double>(firsts_.back());
}

double Ranks::operator()(double number) const {
  const auto position = std::ranges::lower_bound(numbers_, number) - numbers_.begin();
  const std::size_t which = std::min(static_cast<std::size_t>(position), numbers_.size() - 1);
  return static_cast<double>(firsts_[which] + firsts_[which + 1]) / 2.0 / n_;
}

}  // namespace ptattn
