#include "formula_weights.hpp"

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using Shape = std::vector<std::size_t>;

std::size_t product(Shape::const_iterator begin, Shape::const_iterator end) {
  return std::accumulate(begin, end, std::size_t{1}, std::multiplies<>());
}

/// value = offset + factor * u
struct Line {
  float offset;
  float factor;
};

Line line_of(std::string_view name, const Shape& shape) {
  const std::string_view role = name.substr(name.rfind('.') + 1);
  if (role == "running_var") return {1.0F, 0.5F};
  if (role == "running_mean" || role == "bias" || role == "mask_token") return {0.0F, 0.1F};
  if (role == "gamma") return {0.5F, 0.25F};
  if (role == "rpe_table") return {0.0F, 0.5F};
  if (shape.size() == 1) return {1.0F, 0.25F};
  const auto inputs = static_cast<double>(product(shape.begin() + 1, shape.end()));
  return {0.0F, static_cast<float>(std::sqrt(3.0 / inputs))};
}

/// The tensor whose formula applies: PCT's queries and keys share the weight of the keys.
std::string formula_name(std::string_view name) {
  constexpr std::string_view kQuery = "q_conv.weight";
  if (!name.ends_with(kQuery)) return std::string(name);
  return std::string(name.substr(0, name.size() - kQuery.size())) + "k_conv.weight";
}

}  // namespace

FormulaWeights::FormulaWeights(Shapes shapes, std::string salt, std::string subject)
    : shapes_(std::move(shapes)), salt_(std::move(salt)), subject_(std::move(subject)) {}

std::vector<std::string> FormulaWeights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, shape] : shapes_) names.push_back(name);
  return names;
}

const Shape* FormulaWeights::shape(std::string_view name) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() ? nullptr : &found->second;
}

std::vector<float> FormulaWeights::values(std::string_view name) const {
  const Shape& extents = *shape(name);
  const auto [offset, factor] = line_of(name, extents);
  const std::uint64_t hash = fnv1a64(salt_ + formula_name(name));
  std::vector<float> values(product(extents.begin(), extents.end()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t z = splitmix64_mix(hash + i + 0x9e3779b97f4a7c15ULL);
    const float u = static_cast<float>(z >> 40U) / 8388608.0F - 1.0F;
    values[i] = offset + factor * u;
  }
  return values;
}

}  // namespace ptattn::test
