#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Writes a NumPy file, format 1.0: `numpy.load(path)` gives float32 [rows, cols] in C order.
///
/// Like write_safetensors through a temporary file beside `path` that is renamed when complete.
/// @throws Error(Fault::kInput) when it cannot be written
/// Time O(bytes), memory O(1).
void write_npy(const std::filesystem::path& path, MatrixView values);

/// Writes a safetensors file with one F32 tensor `name` [rows, cols] and, as its `__metadata__`,
/// texts under their keys. What is not UTF-8 in a text becomes U+FFFD.
/// @throws Error(Fault::kInput) when it cannot be written
void write_safetensors(const std::filesystem::path& path, std::string_view name, MatrixView values,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace ptattn
