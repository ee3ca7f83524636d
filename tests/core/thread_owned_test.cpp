#include "ptattn/core/thread_owned.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace ptattn::test {
namespace {

struct Counted {
  Counted() { ++alive; }
  ~Counted() { --alive; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  static inline std::atomic<int> alive = 0;
  int value = 0;
};

TEST(thread_owned, a_thread_has_one_object_that_ends_with_it) {
  ThreadOwned<Counted>::get().value = 1;
  std::thread([] {
    Counted& mine = ThreadOwned<Counted>::get();
    EXPECT_EQ(mine.value, 0);
    mine.value = 2;
    EXPECT_EQ(&ThreadOwned<Counted>::get(), &mine);
    EXPECT_EQ(Counted::alive, 2);
  }).join();
  EXPECT_EQ(Counted::alive, 1);
  EXPECT_EQ(ThreadOwned<Counted>::get().value, 1);
}

}  // namespace
}  // namespace ptattn::test
