#include "ptattn/nn/encoding/rotary_encoding.hpp"

#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/encoding/positional_encoding.hpp"
#include "ptattn/nn/kernels/rotate.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 256;

void check_chunks(std::size_t head_channels, std::size_t axes) {
  if (axes > 0 && head_channels > 0 && head_channels % (2 * axes) == 0) return;
  throw Error(Fault::kUsage, "rotary encoding",
              "a head has " + std::to_string(head_channels) + " channels, expected a multiple of " +
                  std::to_string(2 * axes));
}

}  // namespace

void rotary_angles(MatrixView positions, double base, MutableMatrixView angles) {
  check_chunks(angles.cols, positions.cols);
  ScratchMemory scratch;
  const std::size_t width = angles.cols / positions.cols;
  const auto wavelengths = scratch.take<double>(width / 2);
  base_wavelengths(width, base, wavelengths);
  encode_coordinates(positions, wavelengths, angles);
}

void rotate(MatrixView angles, std::size_t axes, MutableMatrixView x) {
  check_chunks(angles.cols, axes);
  if (angles.rows != x.rows || x.cols % angles.cols != 0) {
    throw Error(Fault::kUsage, "rotary encoding",
                "the rows to rotate are [" + std::to_string(x.rows) + ", " +
                    std::to_string(x.cols) + "], expected " + std::to_string(angles.rows) +
                    " rows of heads of " + std::to_string(angles.cols) + " channels");
  }
  parallel_ranges(x.rows, kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    rotate_chunks(angles.rows_range(begin, end - begin), angles.cols / axes,
                  x.rows_range(begin, end - begin));
  });
}

}  // namespace ptattn
