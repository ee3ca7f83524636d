#include "ptattn/io/spooled_bytes.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <unistd.h>

namespace ptattn::io {

void SpooledBytes::Free::operator()(std::byte* p) const noexcept {
  std::free(p);
}

std::span<std::byte> SpooledBytes::room(std::size_t count) {
  if (count > capacity_ - size_) {
    // The system moves the pages of a large block, not its bytes.
    const std::size_t wanted = std::max(size_ + count, capacity_ + capacity_ / 2);
    auto* const longer = static_cast<std::byte*>(std::realloc(data_.get(), wanted));
    if (longer == nullptr) throw std::bad_alloc();
    (void)data_.release();  // realloc has freed it
    data_.reset(longer);
    capacity_ = wanted;
  }
  return {data_.get() + size_, count};
}

std::size_t most_spooled_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return SIZE_MAX / 2;
  return static_cast<std::size_t>(pages) / 2 * static_cast<std::size_t>(page);
}

}  // namespace ptattn::io
