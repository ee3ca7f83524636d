#include "ptattn/models/files/safetensors_header.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/json_reader.hpp"

namespace ptattn {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

// Real headers take about 150 bytes a tensor; parsed JSON takes several times its text.
constexpr std::uint64_t kMaxHeaderBytes = 16U << 20U;
constexpr std::size_t kMaxDimensions = 8;

/// A non-negative integer of the header; nothing when it is something else.
std::optional<std::size_t> whole_number(const nlohmann::json& value) {
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::size_t>();
}

std::optional<std::size_t> checked_product(std::size_t a, std::size_t b) {
  std::size_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// Reads `shape`; the tensor's size starts as that of one value and grows by every extent.
void read_shape(JsonObject& tensor, TensorEntry& entry) {
  for (const nlohmann::json& value : tensor.array("shape", kMaxDimensions)) {
    const auto extent = whole_number(value);
    const auto bytes = extent ? checked_product(entry.bytes, *extent) : std::nullopt;
    if (!bytes) tensor.fail("shape", "is not made of whole numbers of a sensible size");
    entry.shape.push_back(*extent);
    entry.bytes = *bytes;
  }
}

/// Reads `data_offsets` and compares them with the shape and the `available` bytes of data.
std::size_t read_begin(JsonObject& tensor, const TensorEntry& entry, std::size_t available) {
  const nlohmann::json& offsets = tensor.array("data_offsets", 2);
  const auto begin = offsets.size() == 2 ? whole_number(offsets[0]) : std::nullopt;
  const auto end = offsets.size() == 2 ? whole_number(offsets[1]) : std::nullopt;
  if (!begin || !end || *begin > *end) {
    tensor.fail("data_offsets", "is not a pair of ascending whole numbers");
  }
  if (*end > available) {
    tensor.fail("data_offsets", "ends at byte " + std::to_string(*end) +
                                    " of the data, which has " + std::to_string(available));
  }
  if (*end - *begin != entry.bytes) {
    tensor.fail("data_offsets", "spans " + std::to_string(*end - *begin) +
                                    " bytes, shape and dtype make " + std::to_string(entry.bytes));
  }
  return *begin;
}

TensorEntry read_entry(JsonObject tensor, std::size_t file_bytes, std::size_t data_begin) {
  static const std::vector<std::string> kTypes = {"F32", "F16", "BF16", "I32", "I64"};
  static const std::vector<std::size_t> kBytes = {4, 2, 2, 4, 8};
  const std::size_t type = tensor.choice("dtype", kTypes);
  TensorEntry entry{static_cast<TensorType>(type), {}, 0, kBytes[type]};
  read_shape(tensor, entry);
  entry.begin = data_begin + read_begin(tensor, entry, file_bytes - data_begin);
  tensor.finish();
  return entry;
}

/// The tensors must cover the data exactly.
void check_coverage(const TensorEntries& entries, std::size_t data_begin, std::size_t file_bytes,
                    const std::string& subject) {
  std::vector<std::pair<std::size_t, std::size_t>> extents;
  for (const auto& [name, entry] : entries) {
    if (entry.bytes > 0) extents.emplace_back(entry.begin, entry.begin + entry.bytes);
  }
  std::sort(extents.begin(), extents.end());
  std::size_t covered = data_begin;
  for (const auto& [begin, end] : extents) {
    if (begin != covered) {
      throw Error(
          Fault::kModel, subject,
          (begin < covered ? "has tensors that overlap at byte " : "has a gap before byte ") +
              std::to_string(begin));
    }
    covered = end;
  }
  if (covered != file_bytes) {
    throw Error(Fault::kModel, subject,
                "has " + std::to_string(file_bytes - covered) +
                    " bytes at the end that belong to no tensor");
  }
}

}  // namespace

std::size_t safetensors_data_begin(std::string_view head, std::size_t file_bytes,
                                   const std::string& subject) {
  if (head.size() < kSafetensorsLengthBytes) {
    throw Error(Fault::kModel, subject, "is too short for a safetensors file");
  }
  std::uint64_t length = 0;
  std::memcpy(&length, head.data(), kSafetensorsLengthBytes);
  if (length > std::min<std::uint64_t>(file_bytes - kSafetensorsLengthBytes, kMaxHeaderBytes)) {
    throw Error(Fault::kModel, subject,
                "claims a header of " + std::to_string(length) + " bytes, in a file of " +
                    std::to_string(file_bytes));
  }
  return kSafetensorsLengthBytes + length;
}

TensorEntries read_safetensors_header(std::string_view head, std::size_t file_bytes,
                                      const std::string& subject) {
  const std::size_t data_begin = safetensors_data_begin(head, file_bytes, subject);
  const std::string_view text =
      head.substr(kSafetensorsLengthBytes, data_begin - kSafetensorsLengthBytes);
  const JsonTree tree = parse_json(text, subject);
  const nlohmann::json& header = tree.root();
  if (!header.is_object())
    throw Error(Fault::kModel, subject, "has a header that is not a JSON object");
  TensorEntries entries;
  for (const auto& item : header.items()) {
    if (item.key() == "__metadata__") continue;
    JsonObject tensor(item.value(), "tensor " + item.key(), subject);
    entries.emplace(item.key(), read_entry(std::move(tensor), file_bytes, data_begin));
  }
  check_coverage(entries, data_begin, file_bytes, subject);
  return entries;
}

}  // namespace ptattn
