#include "ptattn/io/matrix_io.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ptattn/io/atomic_file.hpp"

namespace ptattn {
namespace {

static_assert(std::endian::native == std::endian::little, "both formats hold little-endian values");

std::string_view bytes_of(const float* values, std::size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(float)};
}

void append_values(io::AtomicFile& file, MatrixView values) {
  if (values.stride == values.cols) {
    file.append(bytes_of(values.data, values.rows * values.cols));
    return;
  }
  for (std::size_t i = 0; i < values.rows; ++i) file.append(bytes_of(values.row(i), values.cols));
}

/// `value` as little-endian bytes.
template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

std::string npy_header(MatrixView values) {
  constexpr std::size_t kAlignment = 64;
  const std::string start("\x93NUMPY\x01\x00", 8);
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  dictionary += std::to_string(values.rows) + ", " + std::to_string(values.cols) + "), }";
  const std::size_t used = start.size() + sizeof(std::uint16_t) + dictionary.size() + 1;
  dictionary.append((kAlignment - used % kAlignment) % kAlignment, ' ').append("\n");
  return start + raw(static_cast<std::uint16_t>(dictionary.size())) + dictionary;
}

std::string safetensors_header(std::string_view name, MatrixView values,
                               const std::map<std::string, std::string>& metadata) {
  const std::size_t bytes = values.rows * values.cols * sizeof(float);
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  header[std::string(name)] = {
      {"dtype", "F32"}, {"shape", {values.rows, values.cols}}, {"data_offsets", {0, bytes}}};
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // aligns the tensor
  return raw(std::uint64_t{text.size()}) + text;
}

void write(const std::filesystem::path& path, const std::string& header, MatrixView values) {
  io::AtomicFile file(path);
  file.append(header);
  append_values(file, values);
  file.commit();
}

}  // namespace

void write_npy(const std::filesystem::path& path, MatrixView values) {
  write(path, npy_header(values), values);
}

void write_safetensors(const std::filesystem::path& path, std::string_view name, MatrixView values,
                       const std::map<std::string, std::string>& metadata) {
  write(path, safetensors_header(name, values, metadata), values);
}

}  // namespace ptattn
