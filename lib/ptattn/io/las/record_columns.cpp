#include "ptattn/io/las/record_columns.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <sstream>
#include <string>
#include <type_traits>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/las/little_endian.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::size_t kPointsPerTask = 65536;
constexpr std::size_t kPointsAtOnce = 512;  // their records stay in the nearest cache

/// The records of a block of points.
template <class Byte>
struct Block {
  std::span<Byte> records;
  std::size_t stride;
  std::size_t first;  // point

  [[nodiscard]] std::size_t size() const { return records.size() / stride; }
  [[nodiscard]] Byte* at(std::size_t offset) const { return records.data() + offset; }
};

/// Takes values apart that share a byte: the byte of each record is put beside that of the next one
/// first, so that many values come out at a time.
class PackedBytes {
 public:
  explicit PackedBytes(const Block<const std::byte>& block) : block_(block), count_(block.size()) {}

  /// Zeros are not written: the field holds them already, and its pages may stay untouched.
  void unpack(const LasColumn& column, Field& field) {
    gather(column.offset);
    const unsigned shift = column.shift;
    const std::uint64_t mask = (1U << (column.is_packed() ? column.bits : 8U)) - 1;
    if ((any_ >> shift & mask) == 0) return;
    std::byte* const out = field.bytes().data() + block_.first;
    const std::size_t words = count_ / 8;
    for (std::size_t w = 0; w < words; ++w) {
      const auto eight = load<std::uint64_t>(bytes_.data() + 8 * w);
      store<std::uint64_t>(out + 8 * w, eight >> shift & kEachByte * mask);
    }
    for (std::size_t i = 8 * words; i < count_; ++i) {
      out[i] = static_cast<std::byte>(std::to_integer<std::uint64_t>(bytes_[i]) >> shift & mask);
    }
  }

 private:
  static constexpr std::uint64_t kEachByte = 0x0101010101010101U;

  void gather(std::size_t offset) {
    if (offset == offset_) return;
    offset_ = offset;
    // Copies of what the loops need: a byte that is written might be any of them.
    const std::size_t count = count_;
    const std::size_t stride = block_.stride;
    const std::byte* from = block_.at(offset);
    std::byte* const to = bytes_.data();
    for (std::size_t i = 0; i < count; ++i, from += stride) to[i] = *from;
    std::byte any{0};
    for (std::size_t i = 0; i < count; ++i) any |= to[i];
    any_ = std::to_integer<unsigned>(any);
  }

  const Block<const std::byte>& block_;
  std::size_t count_;
  std::size_t offset_ = SIZE_MAX;  // of the byte in a record
  unsigned any_ = 0;               // its bits that are set somewhere
  alignas(16) std::array<std::byte, kPointsAtOnce> bytes_;
};

void copy_values(const Block<const std::byte>& block, const LasColumn& column, Field& field) {
  const RecordColumn<std::byte> to{field.bytes().data(), column.size(), column.offset,
                                   size_of(column.stored), column.count};
  unpack_records(block.records, block.stride, false, block.first, {&to, 1});
}

/// The first loop moves values only, the second one computes with many at a time.
void unpack_quantized(const Block<const std::byte>& block, const LasColumn& column, Field& field) {
  const std::size_t count = block.size();
  visit_type(column.stored, [&]<class T>(T) {
    std::array<T, kPointsAtOnce> stored;
    double* const values = field.values<double>().data() + block.first * column.count;
    for (std::uint32_t v = 0; v < column.count; ++v) {
      const Quantization step = column.steps[v];
      const std::byte* from = block.at(column.offset + v * sizeof(T));
      for (std::size_t i = 0; i < count; ++i, from += block.stride) stored[i] = load<T>(from);
      double* out = values + v;
      if (column.count == 1) {
        for (std::size_t i = 0; i < count; ++i) {
          out[i] = step.value_of(static_cast<double>(stored[i]));
        }
      } else {
        for (std::size_t i = 0; i < count; ++i, out += column.count) {
          *out = step.value_of(static_cast<double>(stored[i]));
        }
      }
    }
  });
}

[[noreturn]] void fail_value(const LasColumn& column, double value, std::string_view subject) {
  std::ostringstream text;
  text.precision(17);
  text << "field " << column.name << " holds " << value;
  if (column.name == "classification" && column.is_packed()) {
    text << ", but this point format keeps classes of 5 bits (0 to 31); formats from 6 on hold all "
            "codes";
  } else if (!column.steps.empty()) {
    text << ", which does not fit the file's scale of " << column.steps[0].scale
         << " and offset of " << column.steps[0].offset;
  } else if (column.is_packed()) {
    text << ", LAS has room for 0 to " << (1U << column.bits) - 1 << " there";
  } else {
    text << ", LAS keeps it as " << name_of(column.stored);
  }
  throw Error(Fault::kInput, subject, text.str());
}

bool is_whole_of(FieldType type, double value) {
  return visit_type(type, [&]<class T>(T) {
    if constexpr (std::is_same_v<T, float>) {
      return std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value;
    } else if constexpr (std::is_same_v<T, double>) {
      return true;
    } else {
      return value == std::trunc(value) && holds(type, value);
    }
  });
}

bool is_storable(const LasColumn& column, double value) {
  if (column.is_packed()) {
    return value >= 0 && value < (1U << column.bits) && value == std::trunc(value);
  }
  return is_whole_of(column.stored, value);
}

void pack_packed(const Block<std::byte>& block, const LasColumn& column, const Field& field,
                 std::string_view subject) {
  std::byte* to = block.at(column.offset);
  const unsigned limit = 1U << column.bits;
  const auto put = [&](unsigned value) {
    *to |= static_cast<std::byte>(value << column.shift);
    to += block.stride;
  };
  if (field.type() == FieldType::kUInt8 && field.count() == 1) {
    for (const std::uint8_t value :
         field.values<std::uint8_t>().subspan(block.first, block.size())) {
      if (value >= limit) fail_value(column, value, subject);
      put(value);
    }
    return;
  }
  for (std::size_t i = 0; i < block.size(); ++i) {
    const double value = field.as_double(block.first + i);
    if (!is_storable(column, value)) fail_value(column, value, subject);
    put(static_cast<unsigned>(value));
  }
}

void store_double(std::byte* to, FieldType type, double value) {
  visit_type(type, [&]<class T>(T) { store<T>(to, static_cast<T>(value)); });
}

void pack_converted(const Block<std::byte>& block, const LasColumn& column,
                    const ColumnSource& source, std::string_view subject) {
  const std::size_t size = size_of(column.stored);
  for (std::size_t i = 0; i < block.size(); ++i) {
    for (std::uint32_t v = 0; v < column.count; ++v) {
      const double value = source.field->as_double(block.first + i, v) * source.factor;
      if (!is_storable(column, value)) fail_value(column, value, subject);
      store_double(block.at(i * block.stride + column.offset + v * size), column.stored, value);
    }
  }
}

void pack_values(const Block<std::byte>& block, const LasColumn& column, const ColumnSource& source,
                 std::string_view subject) {
  if (source.field->type() != column.stored || source.factor != 1) {
    pack_converted(block, column, source, subject);
    return;
  }
  const RecordColumn<const std::byte> from{source.field->bytes().data(), column.size(),
                                           column.offset, size_of(column.stored), column.count};
  pack_records({&from, 1}, block.first, false, block.stride, block.records);
}

/// The integer behind `value`: the one it was made of where the file had one, else the nearest.
template <class T>
T stored_value(const LasColumn& column, const Quantization& step, double value, const T* exact,
               std::string_view subject) {
  if (exact != nullptr) {
    const double same = step.value_of(static_cast<double>(*exact));
    if (std::memcmp(&same, &value, sizeof value) == 0) return *exact;
  }
  const double whole = quantize(step, value);
  if (std::isnan(whole) || !holds<T>(whole)) [[unlikely]]
    fail_value(column, value, subject);
  return static_cast<T>(whole);
}

/// The integers behind values of a block, many computed at a time; false where one has no room.
template <class T, class From>
bool pack_nearest(const Quantization& step, std::span<const From> values, std::byte* to,
                  std::size_t stride) {
  std::array<double, kPointsAtOnce> whole;
  const std::size_t count = values.size();
  for (std::size_t i = 0; i < count; ++i) {
    whole[i] = quantize(step, static_cast<double>(values[i]));
  }
  bool fits = true;
  for (std::size_t i = 0; i < count; ++i) fits &= holds<T>(whole[i]) && whole[i] == whole[i];
  if (!fits) return false;
  for (std::size_t i = 0; i < count; ++i, to += stride) store<T>(to, static_cast<T>(whole[i]));
  return true;
}

void pack_quantized(const Block<std::byte>& block, const LasColumn& column,
                    const ColumnSource& source, std::string_view subject) {
  const std::size_t count = block.size();
  visit_type(column.stored, [&]<class T>(T) {
    visit_type(source.field->type(), [&]<class From>(From) {
      const auto values = source.field->values<From>();
      const T* const exact = source.exact == nullptr ? nullptr : source.exact->values<T>().data();
      if (exact == nullptr && column.count == 1 &&
          pack_nearest<T>(column.steps[0], values.subspan(block.first, count),
                          block.at(column.offset), block.stride)) {
        return;
      }
      for (std::uint32_t v = 0; v < column.count; ++v) {
        std::byte* to = block.at(column.offset + v * sizeof(T));
        for (std::size_t i = 0; i < count; ++i, to += block.stride) {
          const std::size_t at = (block.first + i) * column.count + v;
          store<T>(to, stored_value(column, column.steps[v], static_cast<double>(values[at]),
                                    exact == nullptr ? nullptr : exact + at, subject));
        }
      }
    });
  });
}

template <class Byte, class Body>
void for_each_block(std::span<Byte> records, std::size_t stride, std::size_t first,
                    const Body& body) {
  const std::size_t most = kPointsAtOnce * stride;
  for (std::size_t at = 0; at < records.size(); at += most) {
    body(Block<Byte>{records.subspan(at, std::min(most, records.size() - at)), stride,
                     first + at / stride});
  }
}

void unpack_block(const RecordLayout& layout, const Block<const std::byte>& block,
                  std::span<Field> fields, std::span<Field* const> exact) {
  PackedBytes packed(block);
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const LasColumn& column = layout.columns[c];
    if (column.is_packed() || (column.steps.empty() && column.size() == 1)) {
      packed.unpack(column, fields[c]);
    } else if (column.steps.empty()) {
      copy_values(block, column, fields[c]);
    } else {
      unpack_quantized(block, column, fields[c]);
    }
    if (exact[c] != nullptr) copy_values(block, column, *exact[c]);
  }
}

void pack_block(const RecordLayout& layout, const Block<std::byte>& block,
                std::span<const ColumnSource> sources, std::string_view subject) {
  std::ranges::fill(block.records, std::byte{0});
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const LasColumn& column = layout.columns[c];
    const ColumnSource& source = sources[c];
    if (source.field == nullptr) continue;
    if (column.is_packed()) {
      pack_packed(block, column, *source.field, subject);
    } else if (column.steps.empty()) {
      pack_values(block, column, source, subject);
    } else {
      pack_quantized(block, column, source, subject);
    }
  }
}

}  // namespace

void unpack_columns(const RecordLayout& layout, std::span<const std::byte> records,
                    std::size_t first, std::span<Field> fields, std::span<Field* const> exact) {
  for_each_block(records, layout.stride, first, [&](const Block<const std::byte>& block) {
    unpack_block(layout, block, fields, exact);
  });
}

void pack_columns(const RecordLayout& layout, std::span<const ColumnSource> sources,
                  std::size_t first, std::span<std::byte> records, std::string_view subject) {
  for_each_block(records, layout.stride, first, [&](const Block<std::byte>& block) {
    pack_block(layout, block, sources, subject);
  });
}

bool fits_column(const ColumnSource& source, const LasColumn& column) {
  const Field& field = *source.field;
  if (field.count() != column.count) return false;
  if (field.type() == column.stored && !column.is_packed() && source.factor == 1) return true;
  const std::size_t values = field.bytes().size() / size_of(field.type());
  std::atomic<bool> fits{true};
  parallel_ranges(values, kPointsPerTask, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end && fits; ++i) {
      const double value = field.as_double(i / field.count(), i % field.count());
      if (!is_storable(column, value * source.factor)) fits = false;
    }
  });
  return fits;
}

}  // namespace ptattn::io::las
