#include "ptattn/nn/encoding/positional_encoding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/sincos.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr char kSubject[] = "positional encoding";
constexpr std::size_t kRowsPerTask = 256;

bool is_positive(double x) {
  return std::isnormal(x) && x > 0.0;
}

/// 1 / lambda: angles are counted in turns. In memory of `scratch`.
std::span<const double> frequencies_of(std::span<const double> wavelengths,
                                       ScratchMemory& scratch) {
  const auto frequencies = scratch.take<double>(wavelengths.size());
  std::ranges::transform(wavelengths, frequencies.begin(), [](double wavelength) {
    if (!is_positive(wavelength)) {
      throw Error(Fault::kUsage, kSubject,
                  "a wavelength is " + std::to_string(wavelength) + ", expected a positive number");
    }
    return 1.0 / wavelength;
  });
  return frequencies;
}

/// `coordinate(i, a)` is coordinate a of point i, whatever its type.
template <class Coordinate>
void encode(std::size_t axes, std::span<const double> frequencies, MutableMatrixView out,
            const Coordinate& coordinate) {
  parallel_ranges(out.rows, kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    ScratchMemory scratch;
    const auto turns = scratch.take<double>(axes * frequencies.size());
    for (std::size_t i = begin; i < end; ++i) {
      double* next = turns.data();
      for (std::size_t a = 0; a < axes; ++a) {
        const double x = coordinate(i, a);
        for (const double frequency : frequencies) *next++ = x * frequency;
      }
      sincos_turns(turns, out.row(i));
    }
  });
}

}  // namespace

std::vector<double> base_wavelengths(std::size_t channels, double base) {
  std::vector<double> wavelengths((channels + 1) / 2);
  base_wavelengths(channels, base, wavelengths);
  return wavelengths;
}

void base_wavelengths(std::size_t channels, double base, std::span<double> wavelengths) {
  if (!is_positive(base)) {
    throw Error(Fault::kUsage, kSubject,
                "the base is " + std::to_string(base) + ", expected a positive number");
  }
  for (std::size_t j = 0; j < wavelengths.size(); ++j) {
    const double exponent = static_cast<double>(2 * j) / static_cast<double>(channels);
    wavelengths[j] = 2.0 * std::numbers::pi * std::pow(base, exponent);
  }
}

std::vector<double> geometric_wavelengths(double shortest, double longest, std::size_t count) {
  if (!is_positive(shortest) || !is_positive(longest) || shortest > longest) {
    throw Error(Fault::kUsage, kSubject,
                "wavelengths from " + std::to_string(shortest) + " to " + std::to_string(longest) +
                    ", expected positive numbers, the shortest first");
  }
  std::vector<double> wavelengths(count, shortest);
  for (std::size_t j = 1; j < count; ++j) {
    const double share = static_cast<double>(j) / static_cast<double>(count - 1);
    wavelengths[j] = shortest * std::pow(longest / shortest, share);
  }
  return wavelengths;
}

Matrix index_encoding(std::size_t first, std::size_t count, std::size_t channels, double base) {
  ScratchMemory scratch;
  const auto frequencies = frequencies_of(base_wavelengths(channels, base), scratch);
  const std::size_t pairs = channels / 2;
  Matrix out(count, channels);
  const auto index = [&](std::size_t i, std::size_t) { return static_cast<double>(first + i); };
  encode(1, frequencies.first(pairs), out.view().cols_range(0, 2 * pairs), index);
  for (std::size_t i = 0; i < count && channels % 2 == 1; ++i) {
    std::array<float, 2> last;
    const double turns = index(i, 0) * frequencies.back();
    sincos_turns({&turns, 1}, last.data());
    out(i, channels - 1) = last[0];
  }
  return out;
}

void encode_coordinates(std::span<const double> coordinates, std::size_t axes,
                        std::span<const double> wavelengths, MutableMatrixView out) {
  const std::size_t points = axes > 0 ? coordinates.size() / axes : 0;
  check_shape(kSubject, "the result", out, points, encoding_channels(axes, wavelengths.size()));
  ScratchMemory scratch;
  encode(axes, frequencies_of(wavelengths, scratch), out,
         [&](std::size_t i, std::size_t a) { return coordinates[i * axes + a]; });
}

void encode_coordinates(MatrixView coordinates, std::span<const double> wavelengths,
                        MutableMatrixView out) {
  check_shape(kSubject, "the result", out, coordinates.rows,
              encoding_channels(coordinates.cols, wavelengths.size()));
  ScratchMemory scratch;
  encode(coordinates.cols, frequencies_of(wavelengths, scratch), out,
         [&](std::size_t i, std::size_t a) { return double{coordinates(i, a)}; });
}

}  // namespace ptattn
