#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn {

/// Writes numbers and lists of numbers to a file of the machine's own byte order: scratch, which no
/// other machine needs to read but those of one cluster.
class BinaryWriter {
 public:
  explicit BinaryWriter(const std::filesystem::path& path) : file_(path) {}

  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    add({reinterpret_cast<const char*>(&value), sizeof value});
  }
  /// Writes their number, then the values.
  template <class T>
  void put(std::span<const T> values) {
    put(static_cast<std::uint64_t>(values.size()));
    append(values);
  }
  /// Writes the values alone.
  template <class T>
  void append(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (values.empty()) return;
    add({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  /// Replaces values that were appended before, from byte `offset` on.
  template <class T>
  void overwrite(std::uint64_t offset, std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (values.empty()) return;
    file_.overwrite(offset, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }
  /// Returns the bytes written so far.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  void commit() { file_.commit(); }

 private:
  void add(std::string_view bytes) {
    file_.append(bytes);
    size_ += bytes.size();
  }

  io::AtomicFile file_;
  std::uint64_t size_ = 0;
};

/// Reads such a file.
/// @throws Error(Fault::kInput), from all of its functions, when the file ends before
class BinaryReader {
 public:
  explicit BinaryReader(const std::filesystem::path& path) : source_(path) {}

  template <class T>
  [[nodiscard]] T get() {
    T value;
    read(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  /// Reads a number of items that follow, each of at least `least` bytes.
  [[nodiscard]] std::size_t count(std::size_t least = 8) {
    const auto number = get<std::uint64_t>();
    if (number > (source_.size() - offset_) / least) source_.fail("ends too early");
    return static_cast<std::size_t>(number);
  }
  template <class T>
  [[nodiscard]] std::vector<T> list() {
    std::vector<T> values(count(sizeof(T)));
    read(std::as_writable_bytes(std::span(values)));
    return values;
  }
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] const io::ByteSource& source() const { return source_; }

 private:
  void read(std::span<std::byte> out) {
    if (out.size() > source_.size() - offset_) source_.fail("ends too early");
    source_.read(offset_, out);
    offset_ += out.size();
  }

  io::ByteSource source_;
  std::uint64_t offset_ = 0;
};

}  // namespace ptattn
