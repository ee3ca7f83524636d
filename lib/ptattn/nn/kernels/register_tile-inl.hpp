// The shape of register tiles of float32 products, compiled once per Highway target.

#if defined(PTATTN_NN_KERNELS_REGISTER_TILE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_REGISTER_TILE_INL_HPP
#undef PTATTN_NN_KERNELS_REGISTER_TILE_INL_HPP
#else
#define PTATTN_NN_KERNELS_REGISTER_TILE_INL_HPP
#endif

#include <cstddef>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

using Lane = HWY_CAPPED(float, 16);
using Vec = hwy::HWY_NAMESPACE::Vec<Lane>;

// Rows of a tile, two vectors each: 2 kMaxRows accumulators, two vectors of b and one broadcast of
// a must fit the register file (32 registers with AVX-512 and on arm64, else 16).
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr std::size_t kMaxRows = 14;
#else
constexpr std::size_t kMaxRows = 6;
#endif

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
