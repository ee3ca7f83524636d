#include "ptattn/nn/attention/masked_softmax.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/softmax.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kValuesPerTask = 16384;

void check_counts(MatrixView x, std::span<const std::uint32_t> valid) {
  if (valid.empty()) return;
  if (valid.size() != x.rows) {
    throw Error(Fault::kUsage, "masked softmax",
                "there are " + std::to_string(valid.size()) +
                    " lengths, expected one for each of " + std::to_string(x.rows) + " rows");
  }
  const std::uint32_t longest = *std::max_element(valid.begin(), valid.end());
  if (longest > x.cols) {
    throw Error(Fault::kUsage, "masked softmax",
                "a row's length is " + std::to_string(longest) + ", expected at most " +
                    std::to_string(x.cols));
  }
}

}  // namespace

void masked_softmax(MutableMatrixView x, std::span<const std::uint32_t> valid) {
  check_counts(x, valid);
  const std::size_t rows_per_task = 1 + kValuesPerTask / (x.cols + 1);
  parallel_ranges(x.rows, rows_per_task, [&](std::size_t begin, std::size_t end) {
    softmax_rows(x.rows_range(begin, end - begin),
                 valid.empty() ? valid : valid.subspan(begin, end - begin));
  });
}

}  // namespace ptattn
