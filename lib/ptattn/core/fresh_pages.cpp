#include "ptattn/core/fresh_pages.hpp"

#include <cstdint>

#include <sys/mman.h>
#include <unistd.h>

namespace ptattn {

void prepare_pages(std::span<std::byte> memory) {
#if defined(MADV_POPULATE_WRITE)
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(memory.data()) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(memory.data() + memory.size());
  if (end - begin < 4 * page) return;  // the call costs as much as touching a few
  (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
#else
  (void)memory;
#endif
}

}  // namespace ptattn
