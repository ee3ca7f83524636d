#include "ptattn/nn/sum.hpp"

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 1024;  // rows of a task

}  // namespace

void add_to(MutableMatrixView sum, MatrixView x) {
  check_shape("sum", "the matrix to add", x, sum.rows, sum.cols);
  parallel_ranges(sum.rows, kGrain, [&](std::size_t begin, std::size_t end) {
    const MutableMatrixView part = sum.rows_range(begin, end - begin);
    add_matrices(part, x.rows_range(begin, end - begin), part);
  });
}

}  // namespace ptattn
