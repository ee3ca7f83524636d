#include "ptattn/io/matrix_io.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ptattn/core/error.hpp"
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

std::string npy_header(std::size_t rows, std::size_t cols) {
  constexpr std::size_t kAlignment = 64;
  const std::string start("\x93NUMPY\x01\x00", 8);
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  dictionary += std::to_string(rows) + ", " + std::to_string(cols) + "), }";
  const std::size_t used = start.size() + sizeof(std::uint16_t) + dictionary.size() + 1;
  dictionary.append((kAlignment - used % kAlignment) % kAlignment, ' ').append("\n");
  return start + raw(static_cast<std::uint16_t>(dictionary.size())) + dictionary;
}

std::string safetensors_header(std::string_view name, std::size_t rows, std::size_t cols,
                               const std::map<std::string, std::string>& metadata) {
  const std::size_t bytes = rows * cols * sizeof(float);
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  header[std::string(name)] = {
      {"dtype", "F32"}, {"shape", {rows, cols}}, {"data_offsets", {0, bytes}}};
  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // aligns the tensor
  return raw(std::uint64_t{text.size()}) + text;
}

}  // namespace

struct MatrixWriter::Parts {
  io::AtomicFile file;
  std::size_t rows;
  std::size_t cols;
  std::size_t written = 0;

  Parts(const std::filesystem::path& path, std::size_t n, std::size_t c, const std::string& header)
      : file(path), rows(n), cols(c) {
    file.append(header);
  }
};

MatrixWriter::MatrixWriter(const std::filesystem::path& path, std::size_t rows, std::size_t cols)
    : parts_(std::make_unique<Parts>(path, rows, cols, npy_header(rows, cols))) {}

MatrixWriter::MatrixWriter(const std::filesystem::path& path, std::size_t rows, std::size_t cols,
                           std::string_view name,
                           const std::map<std::string, std::string>& metadata)
    : parts_(std::make_unique<Parts>(path, rows, cols,
                                     safetensors_header(name, rows, cols, metadata))) {}

MatrixWriter::~MatrixWriter() = default;

void MatrixWriter::append(MatrixView rows) {
  if (rows.cols != parts_->cols) {
    throw Error(Fault::kUsage, parts_->file.subject(),
                "got rows of " + std::to_string(rows.cols) + " values, expected " +
                    std::to_string(parts_->cols));
  }
  append_values(parts_->file, rows);
  parts_->written += rows.rows;
}

void MatrixWriter::commit() {
  if (parts_->written != parts_->rows) {
    throw Error(Fault::kUsage, parts_->file.subject(),
                "got " + std::to_string(parts_->written) + " rows, expected " +
                    std::to_string(parts_->rows));
  }
  parts_->file.commit();
}

void write_npy(const std::filesystem::path& path, MatrixView values) {
  MatrixWriter writer(path, values.rows, values.cols);
  writer.append(values);
  writer.commit();
}

void write_safetensors(const std::filesystem::path& path, std::string_view name, MatrixView values,
                       const std::map<std::string, std::string>& metadata) {
  MatrixWriter writer(path, values.rows, values.cols, name, metadata);
  writer.append(values);
  writer.commit();
}

}  // namespace ptattn
