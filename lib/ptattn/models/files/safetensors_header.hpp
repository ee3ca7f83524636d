#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn {

enum class TensorType { kF32, kF16, kBf16, kI32, kI64 };

/// Says where a tensor lies in a safetensors file.
struct TensorEntry {
  TensorType type = TensorType::kF32;
  std::vector<std::size_t> shape;
  std::size_t begin = 0;  ///< bytes from the start of the file
  std::size_t bytes = 0;
};

using TensorEntries = std::map<std::string, TensorEntry, std::less<>>;

/// Bytes of a safetensors file that tell how long its header is.
inline constexpr std::size_t kSafetensorsLengthBytes = 8;

/// Returns where the data of a safetensors file begins, behind its header.
/// @param head        the first bytes of the file
/// @param file_bytes  the size of the file
/// @param subject     what error messages call it
/// @throws Error(Fault::kModel) when there is no such header
[[nodiscard]] std::size_t safetensors_data_begin(std::string_view head, std::size_t file_bytes,
                                                 const std::string& subject);

/// Reads and checks the header of a safetensors file; see SafetensorsFile for what is checked.
/// @param head  the first bytes of the file, up to its data at least
/// @throws Error(Fault::kModel)
[[nodiscard]] TensorEntries read_safetensors_header(std::string_view head, std::size_t file_bytes,
                                                    const std::string& subject);

}  // namespace ptattn
