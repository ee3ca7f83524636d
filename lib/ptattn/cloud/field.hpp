#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace ptattn {

/// Holds scalar types that PLY and PCD know between them.
enum class FieldType : std::uint8_t {
  kInt8,
  kUInt8,
  kInt16,
  kUInt16,
  kInt32,
  kUInt32,
  kInt64,
  kUInt64,
  kFloat32,
  kFloat64,
};

/// Returns the bytes of one value: 1, 2, 4 or 8.
[[nodiscard]] std::size_t size_of(FieldType type);
/// Returns "int8", "uint8", ..., "float32", "float64".
[[nodiscard]] std::string_view name_of(FieldType type);

/// Returns the FieldType of a C++ arithmetic type.
template <class T>
[[nodiscard]] constexpr FieldType field_type_of() {
  if constexpr (std::is_same_v<T, std::int8_t>)
    return FieldType::kInt8;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return FieldType::kUInt8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return FieldType::kInt16;
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return FieldType::kUInt16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return FieldType::kInt32;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return FieldType::kUInt32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return FieldType::kInt64;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return FieldType::kUInt64;
  else if constexpr (std::is_same_v<T, float>)
    return FieldType::kFloat32;
  else {
    static_assert(std::is_same_v<T, double>, "not a field type");
    return FieldType::kFloat64;
  }
}

/// Calls `visitor(T{})` with the C++ type that `type` names and returns what it returns.
template <class Visitor>
decltype(auto) visit_type(FieldType type, Visitor&& visitor) {
  switch (type) {
    case FieldType::kInt8:
      return visitor(std::int8_t{});
    case FieldType::kUInt8:
      return visitor(std::uint8_t{});
    case FieldType::kInt16:
      return visitor(std::int16_t{});
    case FieldType::kUInt16:
      return visitor(std::uint16_t{});
    case FieldType::kInt32:
      return visitor(std::int32_t{});
    case FieldType::kUInt32:
      return visitor(std::uint32_t{});
    case FieldType::kInt64:
      return visitor(std::int64_t{});
    case FieldType::kUInt64:
      return visitor(std::uint64_t{});
    case FieldType::kFloat32:
      return visitor(float{});
    case FieldType::kFloat64:
      break;
  }
  return visitor(double{});
}

/// Represents one named attribute of every point: `count` values of one type a point, stored
/// contiguously in point order (native byte order).
///
/// The values are bytes to code that only carries them: a field survives reading and writing bit
/// for bit, NaN payloads and negative zeros included.
class Field {
 public:
  /// Makes a field of zeros. Memory comes zeroed from the operating system, so a large field that
  /// is overwritten straight away is not touched twice.
  /// @throws std::bad_alloc, also when the size overflows
  Field(std::string name, FieldType type, std::size_t points, std::uint32_t count = 1);
  Field(const Field& other);
  Field& operator=(const Field& other);
  Field(Field&& other) noexcept;
  Field& operator=(Field&& other) noexcept;
  ~Field() = default;

  [[nodiscard]] const std::string& name() const { return name_; }
  /// Gives the field another name; the cloud that holds it must have no other of this name.
  void rename(std::string name) { name_ = std::move(name); }
  [[nodiscard]] FieldType type() const { return type_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes_per_point() const { return size_of(type_) * count_; }
  [[nodiscard]] std::span<std::byte> bytes() {
    forget_origin();
    return {data_.get(), size_};
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

  /// Returns the values as T, count() a point.
  /// @throws Error(Fault::kUsage) when T is not the stored type
  template <class T>
  [[nodiscard]] std::span<const T> values() const {
    check_type(field_type_of<T>());
    return {reinterpret_cast<const T*>(data_.get()), size_ / sizeof(T)};
  }
  template <class T>
  [[nodiscard]] std::span<T> values() {
    check_type(field_type_of<T>());
    forget_origin();
    return {reinterpret_cast<T*>(data_.get()), size_ / sizeof(T)};
  }

  /// Returns the value `component` of point `i`, converted to double (64-bit integers may round).
  [[nodiscard]] double as_double(std::size_t i, std::uint32_t component = 0) const;

  /// Returns the step that the values are good to, such as 0.0001 for a probability; 0 where every
  /// bit counts. Formats that count in steps (extra bytes of LAS) may round to it, others do not.
  [[nodiscard]] double step() const { return step_; }
  void set_step(double step) { step_ = step; }

  /// Returns the number that its reader gave the field, by which a writer knows values that are
  /// still those of the file; 0 for none, and from the moment on when they could be changed.
  [[nodiscard]] std::uint64_t origin() const { return origin_.load(std::memory_order_relaxed); }
  void set_origin(std::uint64_t origin) { origin_.store(origin, std::memory_order_relaxed); }

 private:
  std::string name_;
  FieldType type_;
  std::uint32_t count_;
  void check_type(FieldType wanted) const;
  void forget_origin() {
    if (origin() != 0) set_origin(0);
  }

  struct Free {
    void operator()(std::byte* p) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> data_;  // aligned for every field type
  std::size_t size_ = 0;                     // bytes
  double step_ = 0.0;
  std::atomic<std::uint64_t> origin_{0};  // many threads may take the values to fill them
};

}  // namespace ptattn
