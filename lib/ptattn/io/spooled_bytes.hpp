#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace ptattn::io {

/// Holds bytes in memory that grow at their end: what comes out of a pipe or of a decompressor,
/// whose length nobody knows before.
class SpooledBytes {
 public:
  /// Returns room for `count` more bytes behind the last; add tells how many of them are used.
  /// @throws std::bad_alloc
  [[nodiscard]] std::span<std::byte> room(std::size_t count);
  void add(std::size_t count) { size_ += count; }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<const std::byte> view() const { return {data_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* p) const noexcept;
  };
  std::unique_ptr<std::byte[], Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Returns the most bytes that are spooled: half of the machine's memory.
[[nodiscard]] std::size_t most_spooled_bytes();

}  // namespace ptattn::io
