#include "ptattn/train/safetensors_writer.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <string_view>

#include <nlohmann/json.hpp>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"

namespace ptattn::train {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

constexpr std::size_t kAlignment = 8;  // of the data in the file

void check_tensor(const NamedTensor& tensor, const nlohmann::ordered_json& header) {
  const std::size_t size = std::accumulate(tensor.shape.begin(), tensor.shape.end(), std::size_t{1},
                                           std::multiplies<>());
  if (size != tensor.values.size()) {
    throw Error(Fault::kUsage, tensor.name,
                "has " + std::to_string(tensor.values.size()) + " values, its shape makes " +
                    std::to_string(size));
  }
  if (header.contains(tensor.name)) {
    throw Error(Fault::kUsage, tensor.name, "is written twice, expected different names");
  }
}

/// The header's text, filled up with blanks.
std::string header_of(std::span<const NamedTensor> tensors) {
  nlohmann::ordered_json header;
  std::size_t begin = 0;
  for (const NamedTensor& tensor : tensors) {
    check_tensor(tensor, header);
    const std::size_t end = begin + tensor.values.size_bytes();
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = tensors.empty() ? "{}" : header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors) {
  const std::string header = header_of(tensors);
  const std::uint64_t length = header.size();
  std::string length_bytes(sizeof length, '\0');
  std::memcpy(length_bytes.data(), &length, sizeof length);
  io::AtomicFile file(path);
  file.append(length_bytes);
  file.append(header);
  for (const NamedTensor& tensor : tensors) {
    file.append({reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes()});
  }
  file.commit();
}

}  // namespace ptattn::train
