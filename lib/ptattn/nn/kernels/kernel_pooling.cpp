// Blocking. Keys are lanes: BlockedKeys has kPoolingBlock of them axis by axis, so that distances
// of one query to a block are whole vectors without a gather, and the block's squared distances
// stay in the first-level cache until they have become weights. A query goes through all blocks
// before the next one begins; its sums are float32 within a block, float64 from block to block,
// which keeps a million keys accurate and makes the order of sums a property of the keys. Values of
// keys without weight are not read. A Gaussian is measured from the nearest key so far: when a
// block has a nearer one, earlier sums shrink, so that a query far from all keys does not end with
// 0 / 0.

#include "ptattn/nn/kernels/kernel_pooling.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ptattn/nn/kernels/softmax.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/kernel_pooling.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = HWY_CAPPED(float, 16);
using Floats = hn::Vec<FloatTag>;

constexpr float kNoKey = std::numeric_limits<float>::infinity();  // as a squared distance
constexpr float kFarthest = std::numeric_limits<float>::max();

/// What one query's distances are measured in and compared with.
struct Scale {
  Kernel kernel;
  float inverse;  // 1 / h; 1 where only the order of distances counts
  bool nearest;   // h = 0: the nearest share all weight

  Scale(const KernelPooling& pooling, std::size_t query) : kernel(pooling.kernel) {
    const float h = pooling.bandwidth.empty()       ? 1.0F
                    : pooling.bandwidth.size() == 1 ? pooling.bandwidth[0]
                                                    : pooling.bandwidth[query];
    nearest = kernel != Kernel::kConstant && !(h > 0.0F);
    inverse = h > 0.0F && kernel != Kernel::kConstant ? std::min(1.0F / h, kFarthest) : 1.0F;
  }
  explicit Scale(Kernel shape) : kernel(shape), inverse(1.0F), nearest(false) {}
  /// Weights are relative to the nearest key seen so far.
  [[nodiscard]] bool relative() const { return nearest || kernel == Kernel::kGaussian; }
};

HWY_INLINE Floats gaussian(FloatTag d, Floats u2, float nearest) {
  const auto exponent = hn::Mul(hn::Set(d, -0.5F), hn::Sub(u2, hn::Set(d, nearest)));
  return hn::IfThenElseZero(hn::Ge(exponent, hn::Set(d, kSoftmaxFloor)), hn::Exp(d, exponent));
}

/// K of each squared distance, a vector of them at a time; kNoKey gives zero.
HWY_INLINE Floats weight_of(FloatTag d, const Scale& scale, Floats u2, float nearest) {
  const auto one = hn::Set(d, 1.0F);
  const auto zero = hn::Zero(d);
  if (scale.nearest) return hn::IfThenElseZero(hn::Le(u2, hn::Set(d, nearest)), one);
  switch (scale.kernel) {
    case Kernel::kConstant:
      return hn::IfThenElseZero(hn::Lt(u2, hn::Set(d, kNoKey)), one);
    case Kernel::kBoxcar:
      return hn::IfThenElseZero(hn::Le(u2, one), one);
    case Kernel::kEpanechnikov:
      return hn::Max(zero, hn::Sub(one, u2));
    case Kernel::kTriangular:
      return hn::Max(zero, hn::Sub(one, hn::Sqrt(u2)));
    case Kernel::kGaussian:
      break;
  }
  return gaussian(d, u2, nearest);
}

/// Squared distances to weights, in place; returns their sum.
/// @param n  a multiple of the vector's width
float weigh(const Scale& scale, float nearest, float* u2, std::size_t n) {
  const FloatTag d;
  auto total = hn::Zero(d);
  for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
    const auto weight = weight_of(d, scale, hn::LoadU(d, u2 + j), nearest);
    total = hn::Add(total, weight);
    hn::StoreU(weight, d, u2 + j);
  }
  return hn::GetLane(hn::SumOfLanes(d, total));
}

float smallest(const float* x, std::size_t n) {
  const FloatTag d;
  auto least = hn::Set(d, kNoKey);
  for (std::size_t j = 0; j < n; j += hn::Lanes(d)) least = hn::Min(least, hn::LoadU(d, x + j));
  return hn::GetLane(hn::MinOfLanes(d, least));
}

/// Squared distances, in units of h, to a block of keys.
void block_distances(const float* query, const float* block, std::size_t axes, float inverse,
                     float* u2) {
  const FloatTag d;
  const auto scale = hn::Set(d, inverse);
  for (std::size_t j = 0; j < kPoolingBlock; j += hn::Lanes(d)) {
    auto sum = hn::Zero(d);
    for (std::size_t a = 0; a < axes; ++a) {
      const auto key = hn::LoadU(d, block + a * kPoolingBlock + j);
      const auto difference = hn::Mul(hn::Sub(hn::Set(d, query[a]), key), scale);
      sum = hn::Add(sum, hn::Mul(difference, difference));
    }
    hn::StoreU(hn::Min(sum, hn::Set(d, kFarthest)), d, u2 + j);
  }
}

float distance_to(const float* query, const float* key, std::size_t axes, float inverse) {
  float sum = 0.0F;
  for (std::size_t a = 0; a < axes; ++a) {
    const float difference = (query[a] - key[a]) * inverse;
    sum += difference * difference;
  }
  return std::min(sum, kFarthest);
}

void add_row(float weight, const float* row, std::size_t columns, float* out) {
  const FloatTag d;
  const auto w = hn::Set(d, weight);
  std::size_t c = 0;
  for (; c + hn::Lanes(d) <= columns; c += hn::Lanes(d)) {
    hn::StoreU(hn::Add(hn::LoadU(d, out + c), hn::Mul(w, hn::LoadU(d, row + c))), d, out + c);
  }
  for (; c < columns; ++c) out[c] += weight * row[c];
}

/// What one query has pooled so far. Float32 within a block, float64 from block to block.
struct Pool {
  explicit Pool(std::size_t columns) : of_block(columns), sums(columns) {}

  void clear() {
    std::fill(sums.begin(), sums.end(), 0.0);
    total = 0.0;
    nearest = kNoKey;
  }
  /// Makes weights relative to a nearer key from now on.
  void rebase(const Scale& scale, float nearer) {
    const double factor =
        scale.nearest || nearest == kNoKey ? 0.0 : std::exp(-0.5 * (double{nearest} - nearer));
    for (double& sum : sums) sum *= factor;
    total *= factor;
    nearest = nearer;
  }

  std::vector<float> of_block;
  std::vector<double> sums;
  double total = 0.0;
  float nearest = kNoKey;
};

void pool_block(const Scale& scale, float* u2, std::size_t first, std::size_t count,
                const MatrixView& values, Pool& pool) {
  const float nearest = smallest(u2, kPoolingBlock);
  if (nearest < pool.nearest && scale.relative()) pool.rebase(scale, nearest);
  if (nearest == kNoKey) return;  // nothing but the query's own key
  pool.total += double{weigh(scale, pool.nearest, u2, kPoolingBlock)};
  std::fill(pool.of_block.begin(), pool.of_block.end(), 0.0F);
  for (std::size_t j = 0; j < count; ++j) {
    if (u2[j] != 0.0F) add_row(u2[j], values.row(first + j), values.cols, pool.of_block.data());
  }
  for (std::size_t c = 0; c < values.cols; ++c) pool.sums[c] += double{pool.of_block[c]};
}

void pool_queries(const PoolingRequest& request, const BlockedKeys& keys, const MatrixView& values,
                  const MutableMatrixView& out) {
  const auto& [queries, pooling, begin, end, support] = request;
  alignas(64) float u2[kPoolingBlock];
  Pool pool(values.cols);
  for (std::size_t i = begin; i < end; ++i) {
    const Scale scale(pooling, i);
    const std::size_t self = pooling.self.empty() ? keys.count() : pooling.self[i];
    pool.clear();
    for (std::size_t first = 0; first < keys.count(); first += kPoolingBlock) {
      const std::size_t count = std::min(kPoolingBlock, keys.count() - first);
      block_distances(queries.row(i), keys.block(first / kPoolingBlock), keys.axes(), scale.inverse,
                      u2);
      std::fill(u2 + count, u2 + kPoolingBlock, kNoKey);
      if (self - first < count) u2[self - first] = kNoKey;
      pool_block(scale, u2, first, count, values, pool);
    }
    const double norm = pool.total > 0.0 ? 1.0 / pool.total : 0.0;
    for (std::size_t c = 0; c < values.cols; ++c) {
      out(i, c) = static_cast<float>(pool.sums[c] * norm);
    }
    if (!support.empty()) support[i] = static_cast<float>(pool.total);
  }
}

void weigh_lists(const PoolingRequest& request, const MatrixView& keys,
                 std::span<const std::uint32_t> neighbors, const MutableMatrixView& weights) {
  const auto& [queries, pooling, begin, end, support] = request;
  const std::size_t r = weights.cols;
  const std::size_t padded = (r + 15) / 16 * 16;
  std::vector<float> u2(padded, kNoKey);
  for (std::size_t i = begin; i < end; ++i) {
    const Scale scale(pooling, i);
    const std::size_t self = pooling.self.empty() ? keys.rows : pooling.self[i];
    const std::uint32_t* const list = neighbors.data() + i * r;
    for (std::size_t j = 0; j < r; ++j) {
      const bool seen = list[j] < keys.rows && list[j] != self;
      u2[j] =
          seen ? distance_to(queries.row(i), keys.row(list[j]), keys.cols, scale.inverse) : kNoKey;
    }
    std::fill(u2.begin() + static_cast<std::ptrdiff_t>(r), u2.end(), kNoKey);
    const float nearest = smallest(u2.data(), padded);
    const bool any = nearest < kNoKey;
    const float total = any ? weigh(scale, nearest, u2.data(), padded) : 0.0F;
    const float norm = total > 0.0F ? 1.0F / total : 0.0F;
    for (std::size_t j = 0; j < r; ++j) weights(i - begin, j) = any ? u2[j] * norm : 0.0F;
    if (!support.empty()) support[i] = total;
  }
}

}  // namespace

float weigh_in_place(Kernel kernel, std::span<float> squared) {
  constexpr std::size_t kLanes = 16;
  const std::size_t whole = squared.size() / kLanes * kLanes;
  const std::size_t rest = squared.size() - whole;
  alignas(64) float tail[kLanes];
  std::fill(std::copy_n(squared.data() + whole, rest, tail), tail + kLanes, kNoKey);
  const float nearest = std::min(smallest(squared.data(), whole), smallest(tail, kLanes));
  if (nearest == kNoKey) {
    std::fill(squared.begin(), squared.end(), 0.0F);
    return 0.0F;
  }
  const Scale scale(kernel);
  const float total =
      weigh(scale, nearest, squared.data(), whole) + weigh(scale, nearest, tail, kLanes);
  std::copy_n(tail, rest, squared.data() + whole);
  return total;
}

void add_rows(std::span<const float> weights, const std::uint32_t* indices,
              const MatrixView& values, float* out) {
  std::fill(out, out + values.cols, 0.0F);
  for (std::size_t j = 0; j < weights.size(); ++j) {
    if (weights[j] != 0.0F) add_row(weights[j], values.row(indices[j]), values.cols, out);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(pool_queries);
HWY_EXPORT(weigh_lists);
HWY_EXPORT(weigh_in_place);
HWY_EXPORT(add_rows);

BlockedKeys::BlockedKeys(MatrixView keys)
    : count_(keys.rows),
      axes_(keys.cols),
      values_((keys.rows + kPoolingBlock - 1) / kPoolingBlock * kPoolingBlock * keys.cols) {
  for (std::size_t i = 0; i < count_; ++i) {
    float* const first =
        values_.data() + i / kPoolingBlock * kPoolingBlock * axes_ + i % kPoolingBlock;
    for (std::size_t a = 0; a < axes_; ++a) first[a * kPoolingBlock] = keys(i, a);
  }
}

void pool_all(const PoolingRequest& request, const BlockedKeys& keys, MatrixView values,
              MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(pool_queries)(request, keys, values, out);
}

void weigh_neighbors(const PoolingRequest& request, MatrixView keys,
                     std::span<const std::uint32_t> neighbors, MutableMatrixView weights) {
  HWY_DYNAMIC_DISPATCH(weigh_lists)(request, keys, neighbors, weights);
}

float weigh_distances(Kernel kernel, std::span<float> squared) {
  return HWY_DYNAMIC_DISPATCH(weigh_in_place)(kernel, squared);
}

void add_weighted_rows(std::span<const float> weights, const std::uint32_t* indices,
                       MatrixView values, float* out) {
  HWY_DYNAMIC_DISPATCH(add_rows)(weights, indices, values, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
