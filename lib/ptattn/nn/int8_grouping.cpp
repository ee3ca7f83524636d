#include "ptattn/nn/int8_grouping.hpp"

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/int8_gemm.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kCentersPerTask = 8;

}  // namespace

Int8GroupingWeights::Int8GroupingWeights(const GroupingWeights& w)
    : neighbor(w.neighbor), center(w.center), second(w.second) {}

Matrix embed_neighborhoods(const Int8GroupingWeights& w, const ByteRowsView& features,
                           std::span<const std::uint32_t> centers,
                           std::span<const std::uint32_t> neighbors) {
  const Int8Matrix& second = w.second.weight;
  Matrix out(centers.size(), second.cols());
  if (centers.empty()) return out;
  const Matrix near = linear(w.neighbor, features);
  const Matrix at_center = linear(w.center, gather_rows(features, centers).view());
  const std::size_t k = neighbors.size() / centers.size();
  const Epilogue epilogue{
      w.second.bias.empty() ? nullptr : w.second.bias.data(), Activation::kRelu, {}};
  parallel_ranges(centers.size(), kCentersPerTask, [&](std::size_t begin, std::size_t end) {
    ByteRows hidden(k, near.cols());
    for (std::size_t i = begin; i < end; ++i) {
      gather_quantize(near, neighbors.subspan(i * k, k), at_center.row(i), hidden);
      int8_gemm_max(hidden.view(), second, 0, second.panels(), epilogue, out.row(i));
    }
  });
  return out;
}

}  // namespace ptattn
