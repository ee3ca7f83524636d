#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn::test {

/// Values uniform in [-scale, scale).
inline void fill(MutableMatrixView m, std::uint64_t seed, double scale = 1.0) {
  Random random(seed);
  for (std::size_t i = 0; i < m.rows; ++i) {
    for (std::size_t j = 0; j < m.cols; ++j) {
      m(i, j) = static_cast<float>((2.0 * random.uniform() - 1.0) * scale);
    }
  }
}

inline Matrix random_matrix(std::size_t rows, std::size_t cols, std::uint64_t seed,
                            double scale = 1.0) {
  Matrix m(rows, cols);
  fill(m, seed, scale);
  return m;
}

inline DenseWeights random_dense(std::size_t in, std::size_t out, std::uint64_t seed) {
  DenseWeights dense{random_matrix(out, in, seed), std::vector<float>(out)};
  fill({dense.bias.data(), 1, out, out}, seed + 1);
  return dense;
}

inline DenseWeights clone(const DenseWeights& dense) {
  return {clone(dense.weight), dense.bias};
}

/// A matrix inside a larger block of memory: its rows are `gap` floats apart and start `shift`
/// floats behind an aligned address. What surrounds it must stay as it is.
class Embedded {
 public:
  Embedded(std::size_t rows, std::size_t cols, std::size_t gap, std::size_t shift)
      : memory_(1, rows * (cols + gap) + shift + gap),
        view_{memory_.data() + shift, rows, cols, cols + gap} {
    for (float& x : memory_.values()) x = kSurrounding;
  }

  [[nodiscard]] MutableMatrixView view() { return view_; }
  [[nodiscard]] bool surroundings_intact() const {
    std::size_t changed = 0;
    for (const float& x : memory_.values()) {
      const auto offset = static_cast<std::size_t>(&x - memory_.data());
      const std::size_t shift = static_cast<std::size_t>(view_.data - memory_.data());
      const bool inside = offset >= shift && (offset - shift) % view_.stride < view_.cols &&
                          (offset - shift) / view_.stride < view_.rows;
      if (!inside && x != kSurrounding) ++changed;
    }
    return changed == 0;
  }

 private:
  static constexpr float kSurrounding = -77.0F;
  Matrix memory_;
  MutableMatrixView view_;
};

inline bool same_bytes(MatrixView a, MatrixView b) {
  if (a.rows != b.rows || a.cols != b.cols) return false;
  for (std::size_t i = 0; i < a.rows; ++i) {
    if (std::memcmp(a.row(i), b.row(i), a.cols * sizeof(float)) != 0) return false;
  }
  return true;
}

/// The same of packed matrices, what fills the last panel included.
inline bool same_packed(PackedMatrixView a, PackedMatrixView b) {
  constexpr std::size_t kPanel = PackedMatrixView::kPanel;
  return a.cols == b.cols && same_bytes(MatrixView{a.data, a.panels() * a.rows, kPanel, kPanel},
                                        MatrixView{b.data, b.panels() * b.rows, kPanel, kPanel});
}

/// Rows of `m` in the order of `indices`.
inline Matrix permuted(MatrixView m, const std::vector<std::size_t>& indices) {
  Matrix out(indices.size(), m.cols);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    for (std::size_t j = 0; j < m.cols; ++j) out(i, j) = m(indices[i], j);
  }
  return out;
}

/// Largest absolute difference.
inline double distance(MatrixView a, MatrixView b) {
  double largest = 0.0;
  for (std::size_t i = 0; i < a.rows; ++i) {
    for (std::size_t j = 0; j < a.cols; ++j) {
      const double d = double{a(i, j)} - b(i, j);
      largest = std::max(largest, d < 0 ? -d : d);
    }
  }
  return largest;
}

}  // namespace ptattn::test
