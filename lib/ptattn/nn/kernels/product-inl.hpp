// A step of a matrix product, compiled once per Highway target.

#if defined(PTATTN_NN_KERNELS_PRODUCT_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_PRODUCT_INL_HPP
#undef PTATTN_NN_KERNELS_PRODUCT_INL_HPP
#else
#define PTATTN_NN_KERNELS_PRODUCT_INL_HPP
#endif

#include <type_traits>

#include <hwy/highway.h>

#include "ptattn/nn/kernels/product.hpp"
#include "ptattn/nn/kernels/register_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Returns the first and the second number of every word.
HWY_INLINE Vec first_of(Vec words) {
  const hn::RebindToUnsigned<Lane> d;
  return hn::BitCast(Lane(), hn::ShiftLeft<16>(hn::BitCast(d, words)));
}
HWY_INLINE Vec second_of(Vec words) {
  const hn::RebindToUnsigned<Lane> d;
  return hn::BitCast(Lane(), hn::And(hn::BitCast(d, words), hn::Set(d, 0xFFFF'0000)));
}

/// Returns sum + a b, as `kProduct` says.
template <Product kProduct>
HWY_INLINE Vec multiply_add(Vec a, Vec b, Vec sum) {
  if constexpr (kProduct == Product::kFloat32) return hn::MulAdd(a, b, sum);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  // Not the intrinsic: Highway compiles no level of AVX-512 that all CPUs with this one have.
  if constexpr (kProduct == Product::kBf16Unit) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
  }
#endif
  sum = hn::MulAdd(second_of(a), second_of(b), sum);
  return hn::MulAdd(first_of(a), first_of(b), sum);
}

/// Calls the function for the product of the call, as a template argument.
template <class Function>
void with_product(Product product, const Function& function) {
  switch (product) {
    case Product::kFloat32:
      return function(std::integral_constant<Product, Product::kFloat32>());
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    case Product::kBf16Unit:
      return function(std::integral_constant<Product, Product::kBf16Unit>());
#else
    case Product::kBf16Unit:
#endif
    case Product::kBf16:
      return function(std::integral_constant<Product, Product::kBf16>());
  }
}

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
