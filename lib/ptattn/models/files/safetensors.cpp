#include "ptattn/models/files/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <span>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/model_file.hpp"
#include "ptattn/models/files/safetensors_header.hpp"

namespace ptattn {
namespace {

/// IEEE 754 binary16, exactly.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = (half >> 10U) & 0x1fU;
  const std::uint32_t mantissa = half & 0x3ffU;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t rebased = exponent == 0x1fU ? 0xffU : exponent + (127U - 15U);
  return std::bit_cast<float>(sign | (rebased << 23U) | (mantissa << 13U));
}

float from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16U);
}

constexpr std::size_t kChunk = std::size_t{1} << 14;  // values converted at a time

/// The tensor's values of type Stored, each converted.
template <class Stored, class Convert>
auto converted(const ModelFile& file, const TensorEntry& entry, const Convert& convert) {
  std::vector<decltype(convert(Stored{}))> values(entry.bytes / sizeof(Stored));
  std::vector<Stored> stored(std::min(kChunk, values.size()));
  for (std::size_t first = 0; first < values.size(); first += stored.size()) {
    stored.resize(std::min(stored.size(), values.size() - first));
    file.read(entry.begin + first * sizeof(Stored), std::as_writable_bytes(std::span(stored)));
    for (std::size_t i = 0; i < stored.size(); ++i) values[first + i] = convert(stored[i]);
  }
  return values;
}

/// The tensor's values, stored as they are.
template <class T>
std::vector<T> stored_values(const ModelFile& file, const TensorEntry& entry) {
  std::vector<T> values(entry.bytes / sizeof(T));
  file.read(entry.begin, std::as_writable_bytes(std::span(values)));
  return values;
}

TensorEntries read_entries(const ModelFile& file, const std::string& subject) {
  const std::string length = file.head(std::min(file.size(), kSafetensorsLengthBytes));
  const std::string head = file.head(safetensors_data_begin(length, file.size(), subject));
  return read_safetensors_header(head, file.size(), subject);
}

std::int64_t widen(std::int32_t x) {
  return x;
}

bool is_integer(TensorType type) {
  return type == TensorType::kI32 || type == TensorType::kI64;
}

}  // namespace

struct SafetensorsFile::Contents {
  explicit Contents(const std::filesystem::path& path)
      : subject(path.string()), file(path), entries(read_entries(file, subject)) {}

  [[nodiscard]] const TensorEntry& find(std::string_view name) const {
    const auto found = entries.find(name);
    if (found == entries.end()) fail(name, "is missing");
    return found->second;
  }
  [[noreturn]] void fail(std::string_view name, const std::string& problem) const {
    throw Error(Fault::kModel, subject, "tensor " + std::string(name) + " " + problem);
  }

  std::string subject;
  ModelFile file;
  TensorEntries entries;
};

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : contents_(std::make_unique<const Contents>(path)) {}

SafetensorsFile::~SafetensorsFile() = default;

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : contents_->entries) names.push_back(name);
  return names;
}

const std::vector<std::size_t>* SafetensorsFile::shape(std::string_view name) const {
  const auto found = contents_->entries.find(name);
  return found == contents_->entries.end() ? nullptr : &found->second.shape;
}

std::vector<float> SafetensorsFile::values(std::string_view name) const {
  const TensorEntry& entry = contents_->find(name);
  const ModelFile& file = contents_->file;
  switch (entry.type) {
    case TensorType::kF32:
      return stored_values<float>(file, entry);
    case TensorType::kF16:
      return converted<std::uint16_t>(file, entry, from_half);
    case TensorType::kBf16:
      return converted<std::uint16_t>(file, entry, from_bfloat);
    case TensorType::kI32:
    case TensorType::kI64:
      break;
  }
  contents_->fail(name, "holds integers, expected F32, F16 or BF16");
}

std::vector<std::int64_t> SafetensorsFile::integers(std::string_view name) const {
  const TensorEntry& entry = contents_->find(name);
  if (!is_integer(entry.type)) contents_->fail(name, "holds real numbers, expected I32 or I64");
  return entry.type == TensorType::kI32 ? converted<std::int32_t>(contents_->file, entry, widen)
                                        : stored_values<std::int64_t>(contents_->file, entry);
}

bool SafetensorsFile::holds_integers(std::string_view name) const {
  return is_integer(contents_->find(name).type);
}

std::string SafetensorsFile::subject() const {
  return contents_->subject;
}

}  // namespace ptattn
