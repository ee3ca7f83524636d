#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Writes a matrix of float32 row by row: the bytes that the functions below write of the whole.
///
/// All write through a temporary file beside `path` that gets its name when complete.
class MatrixWriter {
 public:
  /// Begins a NumPy file, see write_npy.
  /// @throws Error(Fault::kInput), here and below, when it cannot be written
  MatrixWriter(const std::filesystem::path& path, std::size_t rows, std::size_t cols);
  /// Begins a safetensors file, see write_safetensors.
  MatrixWriter(const std::filesystem::path& path, std::size_t rows, std::size_t cols,
               std::string_view name, const std::map<std::string, std::string>& metadata);
  ~MatrixWriter();
  MatrixWriter(const MatrixWriter&) = delete;
  MatrixWriter& operator=(const MatrixWriter&) = delete;

  /// Appends rows.
  /// @throws Error(Fault::kUsage) when they have another number of columns
  void append(MatrixView rows);
  /// Completes the file and gives it its name.
  /// @throws Error(Fault::kUsage) unless there were as many rows as said
  void commit();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Writes a NumPy file, format 1.0: `numpy.load(path)` gives float32 [rows, cols] in C order.
/// @throws Error(Fault::kInput) when it cannot be written
/// Time O(bytes), memory O(1).
void write_npy(const std::filesystem::path& path, MatrixView values);

/// Writes a safetensors file with one F32 tensor `name` [rows, cols] and, as its `__metadata__`,
/// texts under their keys. What is not UTF-8 in a text becomes U+FFFD.
/// @throws Error(Fault::kInput) when it cannot be written
void write_safetensors(const std::filesystem::path& path, std::string_view name, MatrixView values,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace ptattn
