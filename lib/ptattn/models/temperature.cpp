#include "ptattn/models/temperature.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

template <class T>
void soften(std::span<T> p, T temperature, std::size_t likeliest) {
  if (temperature == T{1}) return;
  const T largest = p[likeliest];
  T sum{};
  for (T& x : p) {
    x = std::min(T{1}, std::pow(x / largest, T{1} / temperature));
    sum += x;
  }
  for (T& x : p) x /= sum;
}

}  // namespace

Temperature::Temperature(std::vector<double> by_class) : by_class_(std::move(by_class)) {
  if (!std::ranges::all_of(by_class_, [](double t) { return std::isfinite(t) && t > 0.0; })) {
    throw Error(Fault::kUsage, "temperature", "is not positive");
  }
  if (std::ranges::all_of(by_class_, [](double t) { return t == 1.0; })) by_class_.clear();
}

double Temperature::of(std::size_t likeliest) const {
  if (by_class_.empty()) return 1.0;
  return by_class_.size() == 1 ? by_class_.front() : by_class_.at(likeliest);
}

void Temperature::apply(std::span<float> p, std::size_t likeliest) const {
  if (!is_one()) soften(p, static_cast<float>(of(likeliest)), likeliest);
}

void Temperature::apply(std::span<double> p, std::size_t likeliest) const {
  if (!is_one()) soften(p, of(likeliest), likeliest);
}

}  // namespace ptattn
