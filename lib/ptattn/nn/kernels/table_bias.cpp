#include "ptattn/nn/kernels/table_bias.hpp"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/table_bias.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// The entries of one axis; `center` is the one of difference zero.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V look_up(D d, const float* center, std::int32_t bound, std::int32_t query,
                     const std::int32_t* keys) {
  const hn::Rebind<std::int32_t, D> d32;
  const auto step = hn::Sub(hn::Set(d32, query), hn::LoadU(d32, keys));
  const auto clamped = hn::Min(hn::Max(step, hn::Set(d32, -bound)), hn::Set(d32, bound));
  return hn::GatherIndex(d, center, clamped);
}

/// The table of a head, and the keys of its rows axis by axis.
struct TableOfKeys {
  const float* center;  // the entry of difference zero of the first axis
  std::int32_t bound;
  const std::int32_t* keys;
  std::size_t key_count;
};

/// The biases of the keys j, j + 1, ... of a vector.
template <class D>
HWY_INLINE void bias_of(D d, const TableOfKeys& t, const std::int32_t* query, std::size_t j,
                        float* out) {
  const std::ptrdiff_t axis = 2 * static_cast<std::ptrdiff_t>(t.bound) + 1;
  const std::int32_t* const keys = t.keys + j;
  auto sum = look_up(d, t.center, t.bound, query[0], keys);
  sum = hn::Add(sum, look_up(d, t.center + axis, t.bound, query[1], keys + t.key_count));
  sum = hn::Add(sum, look_up(d, t.center + 2 * axis, t.bound, query[2], keys + 2 * t.key_count));
  hn::StoreU(sum, d, out + j);
}

}  // namespace

void bias_rows(const float* table, std::int32_t bound, std::span<const std::int32_t> queries,
               std::span<const std::int32_t> key_axes, MutableMatrixView out) {
  const HWY_CAPPED(float, 16) d;
  const std::size_t lanes = hn::Lanes(d);
  const TableOfKeys of_keys{table + bound, bound, key_axes.data(), out.cols};
  for (std::size_t i = 0; i < out.rows; ++i) {
    const std::int32_t* query = queries.data() + 3 * i;
    float* row = out.row(i);
    std::size_t j = 0;
    for (; j + lanes <= out.cols; j += lanes) bias_of(d, of_keys, query, j, row);
    for (; j < out.cols; ++j) bias_of(HWY_CAPPED(float, 1)(), of_keys, query, j, row);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(bias_rows);

void table_bias(const float* table, std::int32_t bound, std::span<const std::int32_t> queries,
                std::span<const std::int32_t> key_axes, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(bias_rows)(table, bound, queries, key_axes, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
