#include "ptattn/survey/point_codec.hpp"

#include <bit>
#include <cmath>
#include <type_traits>

#include "ptattn/core/copy_value.hpp"
#include "ptattn/io/las/quantization.hpp"
#include "ptattn/survey/packed_numbers.hpp"

namespace ptattn {
namespace {

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

enum class Kind : char { kBits, kSteps };  // of a column's numbers

/// The bits of a value; of signed integers such that their order is that of the values.
std::uint64_t load(const std::byte* from, std::size_t size, bool is_signed) {
  std::uint64_t bits = 0;
  copy_value(&bits, from, size);
  return is_signed ? bits ^ (std::uint64_t{1} << (8 * size - 1)) : bits;
}

void store(std::uint64_t bits, std::size_t size, bool is_signed, std::byte* to) {
  if (is_signed) bits ^= std::uint64_t{1} << (8 * size - 1);
  copy_value(to, &bits, size);
}

/// The coordinate of a number of steps.
double coordinate(std::int64_t number, const AxisSteps& steps) {
  const io::las::Quantization quantization{steps.scale, steps.offset};
  return steps.factor * quantization.value_of(static_cast<double>(number));
}

/// Replaces the bits of coordinates by numbers of steps; false, and nothing is replaced, when these
/// do not give all of them back.
bool to_steps(std::vector<std::uint64_t>& numbers, const AxisSteps& steps) {
  constexpr double kMost = 0x1p52;
  if (steps.scale == 0.0) return false;
  const io::las::Quantization quantization{steps.scale, steps.offset};
  std::vector<std::uint64_t> whole(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto value = std::bit_cast<double>(numbers[i]) / steps.factor;
    const double nearest = io::las::quantize(quantization, value);
    if (!(std::abs(nearest) < kMost)) return false;
    const auto number = static_cast<std::int64_t>(nearest);
    if (std::bit_cast<std::uint64_t>(coordinate(number, steps)) != numbers[i]) return false;
    whole[i] = static_cast<std::uint64_t>(number) ^ kSignBit;
  }
  numbers = std::move(whole);
  return true;
}

void from_steps(std::vector<std::uint64_t>& numbers, const AxisSteps& steps) {
  for (std::uint64_t& number : numbers) {
    const auto whole = static_cast<std::int64_t>(number ^ kSignBit);
    number = std::bit_cast<std::uint64_t>(coordinate(whole, steps));
  }
}

bool is_signed_integer(FieldType type) {
  return visit_type(type, []<class T>(T) { return std::is_integral_v<T> && std::is_signed_v<T>; });
}

}  // namespace

PointCodec::PointCodec(const PointLayout& layout) : stride_(layout.stride()) {
  std::size_t offset = 0;
  const auto add = [&](std::size_t size, bool is_signed, const AxisSteps& steps) {
    columns_.push_back({offset, size, is_signed, steps});
    offset += size;
  };
  for (const AxisSteps& steps : layout.steps) add(sizeof(double), false, steps);
  if (layout.order) add(sizeof(std::uint64_t), false, {});
  for (const PointLayout::Kept& kept : layout.fields) {
    for (std::uint32_t value = 0; value < kept.count; ++value) {
      add(size_of(kept.type), is_signed_integer(kept.type), {});
    }
  }
}

void PointCodec::pack(std::span<const std::byte> records, std::string& out) const {
  std::vector<std::uint64_t> numbers;
  for (const Column& column : columns_) {
    numbers.clear();
    for (std::size_t at = column.offset; at < records.size(); at += stride_) {
      numbers.push_back(load(records.data() + at, column.size, column.is_signed));
    }
    const Kind kind = to_steps(numbers, column.steps) ? Kind::kSteps : Kind::kBits;
    out.push_back(static_cast<char>(kind));
    pack_numbers(numbers, out);
  }
}

std::size_t PointCodec::unpack(std::span<const std::byte> bytes,
                               std::span<std::byte> records) const {
  std::vector<std::uint64_t> numbers(records.size() / stride_);
  std::size_t taken = 0;
  for (const Column& column : columns_) {
    if (taken == bytes.size()) return 0;
    const auto kind = static_cast<Kind>(bytes[taken++]);
    const std::size_t packed = unpack_numbers(bytes.subspan(taken), numbers);
    if (packed == 0) return 0;
    taken += packed;
    if (kind == Kind::kSteps) from_steps(numbers, column.steps);
    std::byte* to = records.data() + column.offset;
    for (const std::uint64_t number : numbers) {
      store(number, column.size, column.is_signed, to);
      to += stride_;
    }
  }
  return taken;
}

}  // namespace ptattn
