#include "ptattn/core/fresh_pages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace ptattn::test {
namespace {

/// Memory of its own whose pages nobody has touched.
class FreshPages : public testing::Test {
 protected:
  static constexpr std::size_t kPages = 64;
  FreshPages()
      : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
        start_(static_cast<std::byte*>(::mmap(nullptr, kPages * page_, PROT_READ | PROT_WRITE,
                                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {}
  ~FreshPages() override { ::munmap(start_, kPages * page_); }

  [[nodiscard]] std::span<std::byte> memory() const { return {start_, kPages * page_}; }
  [[nodiscard]] std::size_t present() const {
    std::vector<unsigned char> pages(kPages);
    EXPECT_EQ(::mincore(start_, kPages * page_, pages.data()), 0);
    return static_cast<std::size_t>(
        std::ranges::count_if(pages, [](unsigned char p) { return (p & 1U) != 0; }));
  }

  std::size_t page_;
  std::byte* start_;
};

TEST_F(FreshPages, are_present_once_asked_for_and_hold_zeros) {
  ASSERT_EQ(present(), 0U);
  prepare_pages(memory().subspan(page_ + 100, 20 * page_));  // begins and ends within pages
  const std::size_t found = present();
  EXPECT_TRUE(found == 0 || found == 21) << found << ", 0 where the system knows no such call";
  EXPECT_TRUE(std::ranges::all_of(memory(), [](std::byte b) { return b == std::byte{0}; }));
}

TEST_F(FreshPages, what_stands_there_stays) {
  std::ranges::fill(memory(), std::byte{7});
  prepare_pages(memory());
  EXPECT_TRUE(std::ranges::all_of(memory(), [](std::byte b) { return b == std::byte{7}; }));
  prepare_pages({});
  prepare_pages(memory().first(1));
}

}  // namespace
}  // namespace ptattn::test
