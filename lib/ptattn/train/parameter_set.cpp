#include "ptattn/train/parameter_set.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/files/weight_reader.hpp"
#include "ptattn/train/safetensors_writer.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kAlignment = 16;  // floats

std::size_t product(const std::vector<std::size_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

/// Floats that `size` values take in a flat span.
std::size_t padded(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

template <class Tensors>
std::size_t padded_total(const Tensors& tensors) {
  std::size_t total = 0;
  for (const auto& tensor : tensors) total += padded(tensor.size());
  return total;
}

/// `count` zeros.
Matrix zeros(std::size_t count) {
  Matrix matrix(1, count);
  std::ranges::fill(matrix.values(), 0.0F);
  return matrix;
}

/// Of the standard normal distribution (Box and Muller 1958), at most 2 away from its mean.
double cut_normal(Random& random) {
  for (;;) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - random.uniform()));
    const double z = radius * std::cos(2.0 * std::numbers::pi * random.uniform());
    if (std::abs(z) <= 2.0) return z;
  }
}

/// Reads tensors one by one.
class Loader {
 public:
  Loader(const WeightSource& weights, bool strict) : reader_(weights, 0.0), strict_(strict) {}

  /// Ones at the end of a shape mean nothing.
  void read(const std::string& name, std::vector<std::size_t> shape, std::span<float> value) {
    while (shape.size() > 1 && shape.back() == 1) shape.pop_back();
    if (!strict_ && !fits(name, shape)) {
      kept_.push_back(name);
      return;
    }
    const std::vector<float> values = reader_.tensor(name, shape);
    if (values.size() == value.size()) std::ranges::copy(values, value.begin());
  }
  /// The same tensor under two names, of which one may be absent.
  void read(const Parameter& parameter) {
    const bool has_name = reader_.shape(parameter.name) != nullptr;
    const bool has_alias = !parameter.alias.empty() && reader_.shape(parameter.alias) != nullptr;
    if (has_alias) read(parameter.alias, parameter.shape, parameter.value);
    if (has_name || !has_alias) read(parameter.name, parameter.shape, parameter.value);
  }

  std::vector<std::string> finish() {
    if (strict_) reader_.finish();
    return std::move(kept_);
  }

 private:
  [[nodiscard]] bool fits(const std::string& name, const std::vector<std::size_t>& shape) const {
    const std::vector<std::size_t>* const actual = reader_.shape(name);
    return actual != nullptr && actual->size() >= shape.size() &&
           std::equal(shape.begin(), shape.end(), actual->begin()) &&
           product(*actual) == product(shape);
  }

  WeightReader reader_;
  bool strict_;
  std::vector<std::string> kept_;
};

}  // namespace

std::size_t Parameter::size() const {
  return product(shape);
}

std::size_t Buffer::size() const {
  return product(shape);
}

Parameter& ParameterSet::declare(Parameter parameter) {
  return parameters_.emplace_back(std::move(parameter));
}

void ParameterSet::mark_block(std::size_t first) {
  for (std::size_t i = first; i < parameters_.size(); ++i) parameters_[i].in_block = true;
}

Buffer& ParameterSet::declare(Buffer buffer) {
  return buffers_.emplace_back(std::move(buffer));
}

void ParameterSet::round_products(const std::function<bool(const std::string& name)>& choose) {
  for (Parameter& parameter : parameters_) parameter.in_bf16 = choose(parameter.name);
}

void ParameterSet::allocate() {
  values_ = zeros(padded_total(parameters_));
  gradients_ = zeros(values_.size());
  buffer_values_ = zeros(padded_total(buffers_));
  std::size_t at = 0;
  for (Parameter& parameter : parameters_) {
    parameter.value = values().subspan(at, parameter.size());
    parameter.gradient = gradients().subspan(at, parameter.size());
    at += padded(parameter.size());
  }
  at = 0;
  for (Buffer& buffer : buffers_) {
    buffer.value = buffer_values().subspan(at, buffer.size());
    std::ranges::fill(buffer.value, buffer.initial);
    at += padded(buffer.size());
  }
}

void ParameterSet::initialize(std::uint64_t seed) {
  for (const Parameter& parameter : parameters_) {
    Random random(splitmix64_mix(seed) ^ fnv1a64(parameter.name));
    const InitialValues& from = parameter.initial;
    for (float& x : parameter.value) {
      x = from.constant;
      if (from.uniform > 0.0F) {
        x += from.uniform * static_cast<float>(2.0 * random.uniform() - 1.0);
      }
      if (from.normal > 0.0F) x += from.normal * static_cast<float>(cut_normal(random));
    }
  }
}

std::size_t ParameterSet::parameter_count() const {
  std::size_t count = 0;
  for (const Parameter& parameter : parameters_) count += parameter.size();
  return count;
}

void ParameterSet::clear_gradients() {
  constexpr std::size_t kValuesPerTask = 65536;
  const std::span<float> all = gradients();
  parallel_ranges(all.size(), kValuesPerTask, [&](std::size_t begin, std::size_t end) {
    std::ranges::fill(all.subspan(begin, end - begin), 0.0F);
  });
}

std::vector<std::string> ParameterSet::load(const WeightSource& weights, bool strict) {
  Loader loader(weights, strict);
  for (const Parameter& parameter : parameters_) loader.read(parameter);
  for (const Buffer& buffer : buffers_) loader.read(buffer.name, buffer.shape, buffer.value);
  return loader.finish();
}

std::vector<NamedTensor> ParameterSet::tensors(std::span<const float> values,
                                               std::span<const float> buffers,
                                               WeightType type) const {
  std::vector<NamedTensor> tensors;
  std::size_t at = 0;
  for (const Parameter& parameter : parameters_) {
    const auto value = values.subspan(at, parameter.size());
    const WeightType own = parameter.shape.size() < 2 ? WeightType::kFloat32 : type;
    tensors.push_back({parameter.name, parameter.shape, value, own});
    if (!parameter.alias.empty()) tensors.push_back({parameter.alias, parameter.shape, value, own});
    at += padded(parameter.size());
  }
  at = 0;
  for (const Buffer& buffer : buffers_) {
    tensors.push_back({buffer.name, buffer.shape, buffers.subspan(at, buffer.size())});
    at += padded(buffer.size());
  }
  return tensors;
}

void ParameterSet::save(const std::filesystem::path& path, std::span<const float> values,
                        std::span<const float> buffers, WeightType type) const {
  write_safetensors(path, tensors(values, buffers, type));
}

void ParameterSet::save(const std::filesystem::path& path) const {
  save(path, values(), buffer_values());
}

}  // namespace ptattn::train
