#include "ptattn/io/ply_wide_integers.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/header_lines.hpp"

namespace ptattn::io {
namespace {

constexpr std::size_t kValuesPerTask = 65536;
constexpr FieldType kRounded = FieldType::kFloat64;
constexpr FieldType kRest = FieldType::kInt16;
constexpr std::string_view kRestEnding = "_rest";

bool is_wide(FieldType type) {
  return type == FieldType::kInt64 || type == FieldType::kUInt64;
}

struct Halves {
  double rounded = 0.0;
  std::int16_t rest = 0;
};

/// The integer that is `rounded`, a whole number from -2^63 to 2^64, modulo 2^64.
std::uint64_t bits_of(double rounded) {
  if (rounded >= 0x1p64) return 0;
  return rounded < 0.0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(rounded))
                       : static_cast<std::uint64_t>(rounded);
}

template <class T>
Halves split(T value) {
  const auto rounded = static_cast<double>(value);
  const auto rest = static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - bits_of(rounded));
  return {rounded, static_cast<std::int16_t>(rest)};
}

template <class T>
std::optional<T> join(const Halves& halves) {
  const bool is_whole = halves.rounded >= -0x1p63 && halves.rounded <= 0x1p64 &&
                        halves.rounded == std::floor(halves.rounded);
  if (!is_whole) return std::nullopt;
  const auto rest = static_cast<std::uint64_t>(static_cast<std::int64_t>(halves.rest));
  const auto value = static_cast<T>(bits_of(halves.rounded) + rest);
  const Halves again = split(value);
  if (again.rounded != halves.rounded || again.rest != halves.rest) return std::nullopt;
  return value;
}

/// Calls `visitor(T{})` with the integer type that a wide one is.
template <class Visitor>
void visit_wide(FieldType type, const Visitor& visitor) {
  if (type == FieldType::kInt64) {
    visitor(std::int64_t{});
  } else {
    visitor(std::uint64_t{});
  }
}

void split_values(const Field& field, Field& rounded, Field& rest) {
  const auto high = rounded.values<double>();
  const auto low = rest.values<std::int16_t>();
  visit_wide(field.type(), [&]<class T>(T) {
    const auto values = field.values<T>();
    parallel_each(values.size(), kValuesPerTask, [&](std::size_t i) {
      const Halves halves = split(values[i]);
      high[i] = halves.rounded;
      low[i] = halves.rest;
    });
  });
}

/// The number of the first value that is none; nothing where all are.
std::optional<std::size_t> join_values(const Field& rounded, const Field& rest, Field& field) {
  const auto high = rounded.values<double>();
  const auto low = rest.values<std::int16_t>();
  std::atomic<std::size_t> wrong{SIZE_MAX};
  visit_wide(field.type(), [&]<class T>(T) {
    const auto values = field.values<T>();
    parallel_each(values.size(), kValuesPerTask, [&](std::size_t i) {
      const auto value = join<T>({high[i], low[i]});
      values[i] = value.value_or(0);
      if (value) return;
      std::size_t known = wrong;
      while (i < known && !wrong.compare_exchange_weak(known, i)) {
      }
    });
  });
  return wrong == SIZE_MAX ? std::nullopt : std::optional(wrong.load());
}

const Field* find(std::span<const Field> fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &*found;
}

/// What such a comment says, whether or not there are such fields.
std::optional<WideInteger> parse_comment(std::string_view comment) {
  const auto parts = words(comment);
  if (parts.size() != 6 || parts[2] != "=" || parts[4] != "+" || parts[1] != parts[3]) {
    return std::nullopt;
  }
  for (const FieldType type : {FieldType::kInt64, FieldType::kUInt64}) {
    if (parts[0] == name_of(type))
      return WideInteger{type, std::string(parts[1]), std::string(parts[5])};
  }
  return std::nullopt;
}

bool are_halves(const Field* rounded, const Field* rest) {
  return rounded != nullptr && rest != nullptr && rounded->type() == kRounded &&
         rest->type() == kRest && rounded->count() == rest->count();
}

}  // namespace

std::vector<WideInteger> find_wide_integers(std::span<const Field> fields,
                                            std::span<const ElementProperty> lists) {
  std::vector<WideInteger> found;
  UniqueNames names;
  for (const Field& field : fields) (void)names.add(field.name());
  for (const ElementProperty& list : lists) (void)names.add(list.name);
  for (const Field& field : fields) {
    if (!is_wide(field.type())) continue;
    found.push_back(
        {field.type(), field.name(), names.add(std::string(field.name()).append(kRestEnding))});
  }
  return found;
}

std::string comment_of(const WideInteger& wide) {
  return std::string(name_of(wide.type))
      .append(" " + wide.name + " = " + wide.name + " + " + wide.rest);
}

NarrowFields::NarrowFields(std::span<const Field> fields, std::span<const WideInteger> wide) {
  halves_.reserve(2 * wide.size());  // the fields point at them
  auto next = wide.begin();
  for (const Field& field : fields) {
    if (!is_wide(field.type())) {
      fields_.push_back(&field);
      continue;
    }
    const std::size_t points = field.bytes().size() / field.bytes_per_point();
    Field& rounded = halves_.emplace_back(next->name, kRounded, points, field.count());
    Field& rest = halves_.emplace_back(next->rest, kRest, points, field.count());
    split_values(field, rounded, rest);
    fields_.insert(fields_.end(), {&rounded, &rest});
    ++next;
  }
}

std::vector<WideInteger> take_wide_integers(std::vector<std::string>& comments,
                                            std::span<const Field> fields) {
  std::vector<WideInteger> taken;
  std::vector<const Field*> used;
  std::erase_if(comments, [&](const std::string& comment) {
    auto wide = parse_comment(comment);
    if (!wide) return false;
    const std::array halves{find(fields, wide->name), find(fields, wide->rest)};
    const bool is_free = std::ranges::find_first_of(used, halves) == used.end();
    if (!is_free || !are_halves(halves[0], halves[1])) return false;
    used.insert(used.end(), halves.begin(), halves.end());
    taken.push_back(*std::move(wide));
    return true;
  });
  return taken;
}

void join_wide_integers(std::span<const WideInteger> wide, std::vector<Field>& fields,
                        const ByteSource& source, std::uint64_t first) {
  for (const WideInteger& one : wide) {
    const auto rounded = std::ranges::find(fields, one.name, &Field::name);
    const auto rest = std::ranges::find(fields, one.rest, &Field::name);
    const std::size_t points = rounded->bytes().size() / rounded->bytes_per_point();
    Field joined(one.name, one.type, points, rounded->count());
    if (const auto wrong = join_values(*rounded, *rest, joined)) {
      source.fail("point " + std::to_string(first + *wrong / joined.count()) + ": " + one.name +
                  " + " + one.rest + " is not the " + std::string(name_of(one.type)) +
                  " of which a comment speaks, expected its nearest double and the difference");
    }
    *rounded = std::move(joined);
    fields.erase(rest);
  }
}

}  // namespace ptattn::io
