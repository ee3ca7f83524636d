#include "ptattn/nn/shapes.hpp"

#include "ptattn/core/error.hpp"

namespace ptattn {

std::string shape_text(std::size_t rows, std::size_t cols) {
  std::string text("[");
  text += std::to_string(rows);
  text += ", ";
  text += std::to_string(cols);
  text += "]";
  return text;
}

void check_shape(std::string_view subject, std::string_view what, MatrixView m, std::size_t rows,
                 std::size_t cols) {
  if (m.rows == rows && m.cols == cols) return;
  throw Error(Fault::kUsage, subject,
              std::string(what) + " is " + shape_text(m.rows, m.cols) + ", expected " +
                  shape_text(rows, cols));
}

}  // namespace ptattn
