#include "ptattn/io/ply_elements.hpp"

#include <numeric>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {
namespace {

bool read_list(ValueReader& values, const ByteSource& source, ElementProperty& property) {
  const auto length = read_list_length(values, source, property);
  if (!length) return false;
  const auto count = static_cast<std::size_t>(*length);
  const std::size_t old = property.values.size();
  property.sizes.push_back(*length);
  property.values.resize(old + count * size_of(property.type));
  return values.read(property.type, count, property.values.data() + old);
}

/// Walks through the values of one property, item after item.
struct PropertyCursor {
  const ElementProperty& property;
  std::size_t item = 0;
  const std::byte* value;

  explicit PropertyCursor(const ElementProperty& p) : property(p), value(p.values.data()) {}
};

void append_values(std::string& out, FieldType type, const std::byte* values, std::size_t count,
                   bool ascii, bool swap) {
  const std::size_t size = size_of(type);
  if (ascii) {
    for (std::size_t i = 0; i < count; ++i) {
      append_number(out, type, values + i * size);
      out += ' ';
    }
    return;
  }
  const std::size_t old = out.size();
  out.append(reinterpret_cast<const char*>(values), count * size);
  if (swap) swap_bytes(reinterpret_cast<std::byte*>(out.data() + old), size, count);
}

void append_length(std::string& out, const ElementProperty& property, std::uint64_t length,
                   bool ascii, bool swap) {
  visit_type(property.size_type, [&]<class T>(T) {
    const T value = static_cast<T>(length);
    if (static_cast<std::uint64_t>(value) != length || value < T{0}) {
      throw Error(Fault::kUsage, property.name,
                  "a list of " + std::to_string(length) + " values is too long for " +
                      std::string(name_of(property.size_type)));
    }
    append_values(out, property.size_type, reinterpret_cast<const std::byte*>(&value), 1, ascii,
                  swap);
  });
}

void append_item(std::string& out, PropertyCursor& at, bool ascii, bool swap) {
  std::size_t count = 1;
  if (at.property.is_list) {
    count = at.property.sizes[at.item++];
    append_length(out, at.property, count, ascii, swap);
  }
  append_values(out, at.property.type, at.value, count, ascii, swap);
  at.value += count * size_of(at.property.type);
}

void check_consistent(const Element& element) {
  for (const ElementProperty& property : element.properties) {
    const std::uint64_t values =
        property.is_list
            ? std::accumulate(property.sizes.begin(), property.sizes.end(), std::uint64_t{0})
            : element.items;
    if (property.sizes.size() != (property.is_list ? element.items : 0) ||
        property.values.size() != values * size_of(property.type)) {
      throw Error(Fault::kUsage, element.name,
                  "the values of property " + property.name + " do not add up to the items");
    }
  }
}

}  // namespace

Element read_element(ValueReader& values, const ByteSource& source, Element element) {
  if (element.properties.empty()) return element;  // however many items, they take no bytes
  std::uint64_t item_bytes = 0;
  for (const ElementProperty& property : element.properties) {
    item_bytes += values.least_bytes(property.is_list ? property.size_type : property.type);
  }
  check_claim(values, source, element, item_bytes);
  for (ElementProperty& property : element.properties) {
    if (!property.is_list) property.values.resize(element.items * size_of(property.type));
  }
  for (std::uint64_t i = 0; i < element.items; ++i) {
    for (ElementProperty& property : element.properties) {
      const std::size_t size = size_of(property.type);
      const bool complete = property.is_list
                                ? read_list(values, source, property)
                                : values.read(property.type, 1, property.values.data() + i * size);
      if (!complete) fail_truncated(source, element, i);
    }
  }
  return element;
}

std::optional<std::uint64_t> read_list_length(ValueReader& values, const ByteSource& source,
                                              const ElementProperty& property) {
  alignas(8) std::byte bytes[8];
  if (!values.read(property.size_type, 1, bytes)) return std::nullopt;
  const auto length = visit_type(property.size_type, [&]<class T>(T) {
    const T stored = *reinterpret_cast<const T*>(bytes);
    if (stored < T{0}) source.fail("a list " + property.name + " has a negative length");
    return static_cast<std::uint64_t>(stored);
  });
  if (saturated_product(length, values.least_bytes(property.type)) > values.most_bytes()) {
    source.fail("ends within a list " + property.name + " of " + std::to_string(length) +
                " values, the file is truncated");
  }
  return length;
}

void check_claim(const ValueReader& values, const ByteSource& source, const Element& element,
                 std::uint64_t item_bytes) {
  const std::uint64_t most = values.most_bytes();
  if (saturated_product(element.items, item_bytes) <= most) return;
  fail_truncated(source, element, most / item_bytes);
}

void fail_truncated(const ByteSource& source, const Element& element, std::uint64_t done) {
  const bool points = element.name == "vertex";
  source.fail("ends after " + std::to_string(done) + " of " + std::to_string(element.items) +
              (points ? " points" : " items of element " + element.name) +
              ", the file is truncated");
}

void write_element(AtomicFile& file, const Element& element, bool ascii, bool swap) {
  constexpr std::size_t kEnough = std::size_t{1} << 18;  // bytes to write at once
  check_consistent(element);
  if (element.properties.empty()) return;
  std::vector<PropertyCursor> cursors(element.properties.begin(), element.properties.end());
  std::string out;
  for (std::uint64_t i = 0; i < element.items; ++i) {
    for (PropertyCursor& cursor : cursors) append_item(out, cursor, ascii, swap);
    if (ascii) out.back() = '\n';
    if (out.size() < kEnough) continue;
    file.append(out);
    out.clear();
  }
  file.append(out);
}

}  // namespace ptattn::io
