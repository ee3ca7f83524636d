#include "ptattn/io/las/extra_bytes.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las {
namespace {

// Offsets in a descriptor.
constexpr std::size_t kType = 2;
constexpr std::size_t kOptions = 3;
constexpr std::size_t kName = 4;
constexpr std::size_t kNoData = 40;
constexpr std::size_t kScale = 112;
constexpr std::size_t kOffset = 136;
constexpr std::size_t kDescription = 160;
constexpr std::size_t kTextSize = 32;

constexpr unsigned kHasScale = 1U << 3U;
constexpr unsigned kHasOffset = 1U << 4U;

/// Types 1 to 10 of the standard, in its order; 11 to 20 and 21 to 30 are vectors of 2 and 3.
constexpr std::array kTypes{FieldType::kUInt8,  FieldType::kInt8,   FieldType::kUInt16,
                            FieldType::kInt16,  FieldType::kUInt32, FieldType::kInt32,
                            FieldType::kUInt64, FieldType::kInt64,  FieldType::kFloat32,
                            FieldType::kFloat64};
constexpr unsigned kLastType = 30;

std::string text_at(const std::byte* from) {
  const auto* const text = reinterpret_cast<const char*>(from);
  return {text, std::find(text, text + kTextSize, '\0')};
}

ExtraDescriptor parse(const std::byte* from) {
  const auto type = load<std::uint8_t>(from + kType);
  const auto options = load<std::uint8_t>(from + kOptions);
  ExtraDescriptor extra{.name = text_at(from + kName)};
  if (type == 0) {  // bytes without a meaning, their number in the place of the options
    extra.count = options;
    return extra;
  }
  if (type > kLastType) return extra;
  extra.type = kTypes[(type - 1U) % kTypes.size()];
  extra.count = 1 + (type - 1U) / static_cast<unsigned>(kTypes.size());
  if ((options & (kHasScale | kHasOffset)) == 0) return extra;
  for (std::uint32_t v = 0; v < extra.count; ++v) {
    Quantization step;
    if ((options & kHasScale) != 0) step.scale = load<double>(from + kScale + 8 * v);
    if ((options & kHasOffset) != 0) step.offset = load<double>(from + kOffset + 8 * v);
    extra.steps.push_back(step);
  }
  return extra;
}

void put_type(std::byte* descriptor, const ExtraDescriptor& extra) {
  if (extra.count > 3) {  // bytes without a meaning
    descriptor[kType] = std::byte{0};
    descriptor[kOptions] = static_cast<std::byte>(extra.count);
    return;
  }
  const auto index =
      static_cast<std::size_t>(std::ranges::find(kTypes, extra.type) - kTypes.begin());
  descriptor[kType] = static_cast<std::byte>(index + 1 + (extra.count - 1) * kTypes.size());
  for (std::size_t v = 0; v < extra.steps.size(); ++v) {
    descriptor[kOptions] = std::byte{kHasScale};
    store<double>(descriptor + kScale + 8 * v, extra.steps[v].scale);
  }
}

void put_text(std::byte* to, std::string_view text) {
  text.copy(reinterpret_cast<char*>(to), kTextSize);
}

}  // namespace

std::vector<ExtraDescriptor> parse_extra_bytes(std::span<const std::byte> bytes) {
  std::vector<ExtraDescriptor> all;
  for (std::size_t at = 0; at + kExtraDescriptorSize <= bytes.size(); at += kExtraDescriptorSize) {
    all.push_back(parse(bytes.data() + at));
  }
  return all;
}

std::string field_name_of(const ExtraDescriptor& extra) {
  std::string name = extra.name;
  for (char& c : name) {
    if (std::isgraph(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name.empty() ? "extra" : name;
}

void append_extra_bytes(std::vector<std::byte>& data, const ExtraDescriptor& extra,
                        std::string_view description) {
  std::array<std::byte, kExtraDescriptorSize> bytes{};
  put_type(bytes.data(), extra);
  put_text(bytes.data() + kName, extra.name);
  put_text(bytes.data() + kDescription, description);
  data.insert(data.end(), bytes.begin(), bytes.end());
}

void retype_extra_bytes(std::vector<std::byte>& data, std::size_t index,
                        const ExtraDescriptor& extra) {
  std::byte* const descriptor = data.data() + index * kExtraDescriptorSize;
  descriptor[kOptions] = std::byte{0};
  std::fill(descriptor + kNoData, descriptor + kDescription, std::byte{0});
  put_type(descriptor, extra);
}

bool fits_extra_bytes(FieldType type, std::uint32_t count) {
  const std::uint32_t most = type == FieldType::kUInt8 ? UINT8_MAX : 3;
  return count >= 1 && count <= most;
}

}  // namespace ptattn::io::las
