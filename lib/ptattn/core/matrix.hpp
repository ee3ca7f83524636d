#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace ptattn {

/// Views a row-major float32 matrix [rows, cols], read-only; `stride` floats from row to row.
///
/// A view never owns. Offsets into a larger matrix (a block of columns, a range of rows) are views
/// as well, so no function needs separate offset arguments.
struct MatrixView {
  const float* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  [[nodiscard]] const float* row(std::size_t i) const { return data + i * stride; }
  [[nodiscard]] float operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }
  [[nodiscard]] MatrixView rows_range(std::size_t begin, std::size_t count) const {
    return {row(begin), count, cols, stride};
  }
  [[nodiscard]] MatrixView cols_range(std::size_t begin, std::size_t count) const {
    return {data + begin, rows, count, stride};
  }
};

/// Represents the writable counterpart of MatrixView.
struct MutableMatrixView {
  float* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  [[nodiscard]] float* row(std::size_t i) const { return data + i * stride; }
  [[nodiscard]] float& operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }
  [[nodiscard]] MutableMatrixView rows_range(std::size_t begin, std::size_t count) const {
    return {row(begin), count, cols, stride};
  }
  [[nodiscard]] MutableMatrixView cols_range(std::size_t begin, std::size_t count) const {
    return {data + begin, rows, count, stride};
  }
  operator MatrixView() const { return {data, rows, cols, stride}; }  // NOLINT: a view of a view
};

/// Owns a row-major float32 matrix, 64-byte aligned, rows packed (stride == cols).
///
/// The constructor leaves the values uninitialised: every caller writes all of them. Moving is
/// cheap, copying is explicit (clone.hpp).
class Matrix {
 public:
  Matrix() = default;
  Matrix(std::size_t rows, std::size_t cols)
      : data_(allocate(rows * cols)), rows_(rows), cols_(cols) {}

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }
  [[nodiscard]] std::size_t size() const { return rows_ * cols_; }
  [[nodiscard]] float* data() { return data_.get(); }
  [[nodiscard]] const float* data() const { return data_.get(); }
  [[nodiscard]] float* row(std::size_t i) { return data_.get() + i * cols_; }
  [[nodiscard]] const float* row(std::size_t i) const { return data_.get() + i * cols_; }
  [[nodiscard]] float& operator()(std::size_t i, std::size_t j) { return row(i)[j]; }
  [[nodiscard]] float operator()(std::size_t i, std::size_t j) const { return row(i)[j]; }
  [[nodiscard]] std::span<float> values() { return {data_.get(), size()}; }
  [[nodiscard]] std::span<const float> values() const { return {data_.get(), size()}; }

  [[nodiscard]] MatrixView view() const { return {data_.get(), rows_, cols_, cols_}; }
  [[nodiscard]] MutableMatrixView view() { return {data_.get(), rows_, cols_, cols_}; }
  operator MatrixView() const { return view(); }   // NOLINT: inputs are views
  operator MutableMatrixView() { return view(); }  // NOLINT: outputs too

 private:
  static constexpr std::align_val_t kAlignment{64};
  struct Free {
    void operator()(float* p) const noexcept { ::operator delete(p, kAlignment); }
  };
  static std::unique_ptr<float[], Free> allocate(std::size_t count) {
    return std::unique_ptr<float[], Free>(
        count == 0 ? nullptr
                   : static_cast<float*>(::operator new(count * sizeof(float), kAlignment)));
  }

  std::unique_ptr<float[], Free> data_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

}  // namespace ptattn
