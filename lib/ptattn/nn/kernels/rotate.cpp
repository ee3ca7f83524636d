#include "ptattn/nn/kernels/rotate.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "ptattn/core/scratch_memory.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/rotate.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class D, class V = hn::Vec<D>>
HWY_INLINE void rotate_pairs(D d, const float* angles, float* low, float* high) {
  V sine, cosine;
  hn::LoadInterleaved2(d, angles, sine, cosine);
  const V a = hn::LoadU(d, low);
  const V b = hn::LoadU(d, high);
  hn::StoreU(hn::NegMulAdd(b, sine, hn::Mul(a, cosine)), d, low);
  hn::StoreU(hn::MulAdd(a, sine, hn::Mul(b, cosine)), d, high);
}

HWY_INLINE void rotate_chunk(const float* angles, std::size_t half, float* x) {
  const HWY_CAPPED(float, 8) d;  // a chunk is short: a third of a head
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= half; j += lanes) rotate_pairs(d, angles + 2 * j, x + j, x + half + j);
  for (; j < half; ++j) {
    rotate_pairs(HWY_CAPPED(float, 1)(), angles + 2 * j, x + j, x + half + j);
  }
}

/// Rotates heads whose chunks are shorter than a vector but which themselves are not: a channel's
/// partner is half a chunk before or behind it,
///
///   out = x cosine + partner (sine or -sine)
class HeadsOfShortChunks {
 public:
  HeadsOfShortChunks(std::size_t head, std::size_t width, std::size_t cols, ScratchMemory& scratch)
      : head_(head),
        half_(width / 2),
        cosine_(scratch.take<float>(head)),
        sine_(scratch.take<float>(head)),
        comes_behind_(scratch.take<float>(head)),
        // The first and the last channels are read together with what lies half a chunk away.
        row_(scratch.take<float>(cols + 2 * half_)) {
    for (std::size_t j = 0; j < head; ++j) comes_behind_[j] = j % width < half_ ? 1.0F : 0.0F;
    std::fill_n(row_.begin(), half_, 0.0F);
    std::fill_n(row_.end() - static_cast<std::ptrdiff_t>(half_), half_, 0.0F);
  }

  /// @param angles  [head] sine and cosine of each pair
  void operator()(const float* angles, std::size_t cols, float* x) const {
    for (std::size_t j = 0; j < head_; ++j) {
      const std::size_t chunk = j / (2 * half_) * 2 * half_;
      const float* const pair = angles + chunk + 2 * ((j - chunk) % half_);
      sine_[j] = comes_behind_[j] > 0.0F ? -pair[0] : pair[0];
      cosine_[j] = pair[1];
    }
    std::copy_n(x, cols, row_.begin() + static_cast<std::ptrdiff_t>(half_));
    const std::size_t lanes = hn::Lanes(kLane);
    std::size_t j = 0;
    for (; j + lanes <= head_; j += lanes) rotate_lanes(j, cols, x);
    if (j < head_) rotate_lanes(head_ - lanes, cols, x);  // some of them once more
  }

 private:
  static constexpr HWY_CAPPED(float, 16) kLane{};

  /// A vector of channels from the j-th on, of all heads.
  void rotate_lanes(std::size_t j, std::size_t cols, float* x) const {
    const auto cosine = hn::LoadU(kLane, cosine_.data() + j);
    const auto sine = hn::LoadU(kLane, sine_.data() + j);
    const auto behind = hn::Gt(hn::LoadU(kLane, comes_behind_.data() + j), hn::Zero(kLane));
    for (; j < cols; j += head_) {
      const float* const at = row_.data() + half_ + j;
      const auto partner =
          hn::IfThenElse(behind, hn::LoadU(kLane, at + half_), hn::LoadU(kLane, at - half_));
      hn::StoreU(hn::MulAdd(partner, sine, hn::Mul(hn::LoadU(kLane, at), cosine)), kLane, x + j);
    }
  }

  std::size_t head_;
  std::size_t half_;
  std::span<float> cosine_;
  std::span<float> sine_;
  std::span<float> comes_behind_;  // 1 where the partner does, else 0
  std::span<float> row_;
};

}  // namespace

void rotate(MatrixView angles, std::size_t width, MutableMatrixView x) {
  const std::size_t lanes = hn::Lanes(HWY_CAPPED(float, 16)());
  if (width / 2 < HWY_MIN(lanes, 8) && angles.cols >= lanes) {
    ScratchMemory scratch;
    const HeadsOfShortChunks heads(angles.cols, width, x.cols, scratch);
    for (std::size_t i = 0; i < x.rows; ++i) heads(angles.row(i), x.cols, x.row(i));
    return;
  }
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (std::size_t head = 0; head < x.cols; head += angles.cols) {
      for (std::size_t chunk = 0; chunk < angles.cols; chunk += width) {
        rotate_chunk(angles.row(i) + chunk, width / 2, x.row(i) + head + chunk);
      }
    }
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(rotate);

void rotate_chunks(MatrixView angles, std::size_t width, MutableMatrixView x) {
  HWY_DYNAMIC_DISPATCH(rotate)(angles, width, x);
}

}  // namespace ptattn
#endif  // HWY_ONCE
