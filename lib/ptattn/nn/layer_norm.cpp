#include "ptattn/nn/layer_norm.hpp"

#include <string>
#include <string_view>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/normalize.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kValuesPerTask = 16384;
constexpr std::string_view kSubject = "layer norm";

void check_width(const char* what, const std::vector<float>& values, MatrixView x) {
  if (values.empty() || values.size() == x.cols) return;
  throw Error(Fault::kUsage, kSubject,
              std::string(what) + " has " + std::to_string(values.size()) +
                  " values, expected one for each of " + std::to_string(x.cols) + " channels");
}

NormWeights checked_weights(const LayerNorm& norm, MatrixView x, MatrixView out) {
  check_width("gamma", norm.gamma, x);
  check_width("beta", norm.beta, x);
  check_shape(kSubject, "the result", out, x.rows, x.cols);
  return {norm.gamma.empty() ? nullptr : norm.gamma.data(),
          norm.beta.empty() ? nullptr : norm.beta.data(), static_cast<float>(norm.eps)};
}

template <class Body>
void for_row_blocks(MatrixView x, const Body& body) {
  parallel_ranges(x.rows, 1 + kValuesPerTask / (x.cols + 1),
                  [&](std::size_t begin, std::size_t end) { body(begin, end - begin); });
}

}  // namespace

void layer_norm(const LayerNorm& norm, MatrixView x, MutableMatrixView out) {
  const NormWeights weights = checked_weights(norm, x, out);
  for_row_blocks(x, [&](std::size_t row, std::size_t rows) {
    normalize_rows(weights, x.rows_range(row, rows), out.rows_range(row, rows));
  });
}

Matrix layer_norm(const LayerNorm& norm, MatrixView x) {
  Matrix out(x.rows, x.cols);
  layer_norm(norm, x, out);
  return out;
}

void add_layer_norm(const LayerNorm& norm, MatrixView residual, MutableMatrixView x,
                    MutableMatrixView out) {
  const NormWeights weights = checked_weights(norm, x, out);
  check_shape(kSubject, "the residual", residual, x.rows, x.cols);
  for_row_blocks(x, [&](std::size_t row, std::size_t rows) {
    add_normalize_rows(weights, residual.rows_range(row, rows), x.rows_range(row, rows),
                       out.rows_range(row, rows));
  });
}

}  // namespace ptattn
