#include "ptattn/core/raw_vector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <type_traits>

namespace ptattn::test {
namespace {

using testing::ElementsAre;

TEST(raw_vector, writes_nothing_but_what_it_is_given) {
  int place = 7;
  RawAllocator<int>().construct(&place);
  EXPECT_EQ(place, 7);
  EXPECT_THAT(RawVector<int>(3, 5), ElementsAre(5, 5, 5));
  RawVector<int> grown{1, 2};
  grown.push_back(3);
  grown.resize(5, 9);
  EXPECT_THAT(grown, ElementsAre(1, 2, 3, 9, 9));
  grown.resize(1);
  EXPECT_THAT(grown, ElementsAre(1));
}

TEST(raw_vector, makes_what_has_a_constructor) {
  EXPECT_EQ(RawVector<std::string>(2)[1], "");
  static_assert(std::is_same_v<std::allocator_traits<RawAllocator<int>>::rebind_alloc<char>,
                               RawAllocator<char>>);
}

}  // namespace
}  // namespace ptattn::test
