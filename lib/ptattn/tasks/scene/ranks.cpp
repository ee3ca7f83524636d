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
    firsts_.push_back(static_cast<std::uint32_t>(i));
  }
  firsts_.push_back(static_cast<std::uint32_t>(numbers_.size()));
  numbers_.resize(distinct);
}

double Ranks::operator()(double number) const {
  const auto position = std::ranges::lower_bound(numbers_, number) - numbers_.begin();
  const auto which = static_cast<std::size_t>(position);
  return static_cast<double>(std::size_t{firsts_[which]} + firsts_[which + 1]) / 2.0 / n_;
}

}  // namespace ptattn
