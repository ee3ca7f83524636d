#include "ptattn/train/safetensors_writer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <string_view>
#include <vector>

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

bool is_half(const NamedTensor& tensor) {
  constexpr float kBeyond = 65520.0F;  // rounds to infinity
  return tensor.type == WeightType::kFloat16 &&
         std::ranges::all_of(tensor.values, [](float x) { return std::abs(x) < kBeyond; });
}

/// The header's text, filled up with blanks.
std::string header_of(std::span<const NamedTensor> tensors) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  std::size_t begin = 0;
  for (const NamedTensor& tensor : tensors) {
    check_tensor(tensor, header);
    const bool half = is_half(tensor);
    const std::size_t end = begin + tensor.values.size() * (half ? 2 : sizeof(float));
    header[tensor.name] = {
        {"dtype", half ? "F16" : "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = tensors.empty() ? "{}" : header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

void append_values(io::AtomicFile& file, const NamedTensor& tensor) {
  if (!is_half(tensor)) {
    file.append({reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size_bytes()});
    return;
  }
  std::vector<std::uint16_t> halves(tensor.values.size());
  std::ranges::transform(tensor.values, halves.begin(), to_half);
  file.append({reinterpret_cast<const char*>(halves.data()), halves.size() * 2});
}

}  // namespace

std::uint16_t to_half(float value) {
  constexpr std::uint32_t kLeastNormal = 113U << 23U;  // 2^-14
  constexpr std::uint32_t kInfinity = 0x7c00U;
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16U) & 0x8000U;
  const std::uint32_t size = bits & 0x7fffffffU;
  if (size > 0x7f800000U) return static_cast<std::uint16_t>(sign | kInfinity | 0x200U);  // NaN
  std::uint32_t half = 0;
  if (size < kLeastNormal) {
    // The sum's last bit is worth 2^-24, as that of subnormal halves: it rounds as they do.
    constexpr float kHalf = 0.5F;
    half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(size) + kHalf) -
           std::bit_cast<std::uint32_t>(kHalf);
  } else {
    const std::uint32_t odd = (size >> 13U) & 1U;
    half = std::min((size - (112U << 23U) + 0xfffU + odd) >> 13U, kInfinity);
  }
  return static_cast<std::uint16_t>(sign | half);
}

void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors) {
  const std::string header = header_of(tensors);
  const std::uint64_t length = header.size();
  std::string length_bytes(sizeof length, '\0');
  std::memcpy(length_bytes.data(), &length, sizeof length);
  io::AtomicFile file(path);
  file.append(length_bytes);
  file.append(header);
  for (const NamedTensor& tensor : tensors) append_values(file, tensor);
  file.commit();
}

}  // namespace ptattn::train
