#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Returns "[rows, cols]", for messages about shapes.
[[nodiscard]] std::string shape_text(std::size_t rows, std::size_t cols);

/// @param subject  what the message is about, such as "rotary encoding"
/// @param what     the matrix, such as "the result"
/// @throws Error(Fault::kUsage) unless m is [rows, cols]
void check_shape(std::string_view subject, std::string_view what, MatrixView m, std::size_t rows,
                 std::size_t cols);

}  // namespace ptattn
