#include "ptattn/train/layers/gradient_sums.hpp"

#include <algorithm>

#include "ptattn/core/parallel.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kChunkRows = 192;  // about as many at least
constexpr std::size_t kMostChunks = 16;
constexpr std::size_t kGrain = 8192;  // values of a task

}  // namespace

// An even number of chunks keeps two threads equally busy.
RowChunks::RowChunks(std::size_t rows) : rows_(rows), count_(rows > 0 ? 1 : 0) {
  if (rows > kChunkRows) {
    count_ = std::min(kMostChunks, 2 * ((rows + 2 * kChunkRows - 1) / (2 * kChunkRows)));
  }
}

GradientSums::GradientSums(const Parameter& first, const Parameter& last, std::size_t chunks,
                           ScratchMemory& scratch)
    : gradients_(first.gradient.data(), last.gradient.data() + last.gradient.size()),
      sums_(scratch.take<float>(chunks * gradients_.size())) {
  parallel_ranges(sums_.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    std::fill(sums_.begin() + static_cast<std::ptrdiff_t>(begin),
              sums_.begin() + static_cast<std::ptrdiff_t>(end), 0.0F);
  });
}

void GradientSums::add_up() const {
  const std::size_t size = gradients_.size();
  if (size == 0) return;
  const std::size_t chunks = sums_.size() / size;
  parallel_ranges(size, kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t c = 0; c < chunks; ++c) {
      const float* const sums = sums_.data() + c * size;
      for (std::size_t i = begin; i < end; ++i) gradients_[i] += sums[i];
    }
  });
}

}  // namespace ptattn::train
