#include "ptattn/nn/attention/key_value_cache.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSmallest = 64;  // positions

/// The first `used` rows of `m` in a matrix of more.
Matrix grown(const Matrix& m, std::size_t used, std::size_t capacity, std::size_t channels) {
  Matrix larger(capacity, channels);
  std::copy_n(m.data(), used * channels, larger.data());
  return larger;
}

}  // namespace

KeyValueCache::Rows KeyValueCache::append(std::size_t count, std::size_t channels) {
  if (positions_ > 0 && keys_.cols() != channels) {
    throw Error(Fault::kUsage, "key-value cache",
                "it holds keys of " + std::to_string(keys_.cols()) + " channels, expected " +
                    std::to_string(channels));
  }
  const std::size_t needed = positions_ + count;
  if (keys_.rows() < needed || keys_.cols() != channels) {
    const std::size_t capacity = std::max({needed, 2 * positions_, kSmallest});
    Matrix keys = grown(keys_, positions_, capacity, channels);
    values_ = grown(values_, positions_, capacity, channels);
    keys_ = std::move(keys);
  }
  const std::size_t first = std::exchange(positions_, needed);
  return {keys_.view().rows_range(first, count), values_.view().rows_range(first, count)};
}

}  // namespace ptattn
