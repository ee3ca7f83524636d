#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ptattn/io/spooled_bytes.hpp"

namespace ptattn::io {

/// Returns a * b, or the largest 64-bit number when that overflows: safe to compare with a file's
/// size.
[[nodiscard]] constexpr std::uint64_t saturated_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/// Holds reusable bytes that are never zero-filled.
class Scratch {
 public:
  /// Returns room for `count` bytes; what was there is lost.
  [[nodiscard]] std::byte* reserve(std::size_t count) {
    if (count > capacity_) {
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(count);
      capacity_ = count;
    }
    return bytes_.get();
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t capacity_ = 0;
};

/// Holds random access to the bytes of a regular file, or of memory, under the name that errors
/// give it.
///
/// Files are read with pread, not mapped: a mapped file that another process truncates kills the
/// reader (SIGBUS); here it is an Error. Safe from many threads.
class ByteSource {
 public:
  /// @throws Error(Fault::kInput) when `path` is not a readable regular file
  explicit ByteSource(const std::filesystem::path& path);
  ByteSource(std::span<const std::byte> bytes, std::string_view subject);
  /// Bytes that it keeps.
  ByteSource(SpooledBytes bytes, std::string_view subject);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Returns the path, or the name given with the bytes.
  [[nodiscard]] const std::string& name() const { return subject_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Returns bytes [offset, offset + count), which lie within size(). Valid while `scratch`, which
  /// a file is read into, is not reserved again.
  /// @throws Error(Fault::kInput) when the file cannot be read or became shorter
  [[nodiscard]] std::span<const std::byte> view(std::uint64_t offset, std::size_t count,
                                                Scratch& scratch) const;

  /// Copies the bytes from `offset` on, which lie within size(), to `out`.
  /// @throws Error(Fault::kInput) as view
  void read(std::uint64_t offset, std::span<std::byte> out) const;

  /// Lets the system read bytes of a file ahead, in the background.
  void expect(std::uint64_t offset, std::uint64_t count) const;

  /// @throws Error(Fault::kInput), always
  [[noreturn]] void fail(std::string_view problem) const;

 private:
  std::string subject_;
  int file_ = -1;  // -1: bytes in memory
  const std::byte* memory_ = nullptr;
  SpooledBytes owned_;  // what `memory_` shows, where it is kept here
  std::uint64_t size_ = 0;
};

/// Reads a ByteSource front to back through a small window.
class ByteStream {
 public:
  explicit ByteStream(const ByteSource& source, std::uint64_t offset = 0)
      : source_(&source), next_(offset) {}

  [[nodiscard]] const ByteSource& source() const { return *source_; }
  /// Returns the offset in the source of the first byte not taken yet.
  [[nodiscard]] std::uint64_t offset() const { return next_ - window().size(); }
  /// Returns bytes from there to the end of the source.
  [[nodiscard]] std::uint64_t remaining() const { return source_->size() - offset(); }

  /// Returns the bytes at hand, none of them taken.
  [[nodiscard]] std::string_view window() const { return std::string_view(held_).substr(taken_); }
  void take(std::size_t count) { taken_ += count; }
  /// Lengthens the window, which may move; false at the end of the source.
  bool refill();
  /// Copies and takes `count` bytes; false (and nothing is taken) when fewer remain.
  bool read(std::byte* out, std::size_t count);
  /// Takes `count` of the remaining() bytes without looking at them.
  void skip(std::uint64_t count);

 private:
  const ByteSource* source_;
  std::uint64_t next_;  // offset behind the window
  std::string held_;    // the window and what was taken before it
  std::size_t taken_ = 0;
};

}  // namespace ptattn::io
