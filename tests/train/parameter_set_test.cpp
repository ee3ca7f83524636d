#include "ptattn/train/parameter_set.hpp"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>

#include "../io/temp_folder.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/files/safetensors.hpp"

namespace ptattn::test {
namespace {

using namespace train;

/// Two matrices of odd sizes, of which the second has two names, and a buffer.
void declare_all(ParameterSet& set) {
  set.declare(Parameter{.name = "a.weight", .shape = {3, 5}, .decays = true});
  set.declare(Parameter{.name = "b.weight", .shape = {7}, .alias = "c.weight"});
  set.declare(Buffer{.name = "n.running_var", .shape = {2}, .initial = 1.0F});
  set.allocate();
}

void fill(ParameterSet& set) {
  float next = 1.0F;
  for (Parameter& parameter : set.parameters()) {
    for (float& x : parameter.value) x = next++;
  }
}

TEST(parameter_set, parameters_lie_aligned_in_one_span_and_the_filling_is_zero) {
  ParameterSet set;
  declare_all(set);
  fill(set);
  EXPECT_EQ(set.parameter_count(), 22U);
  EXPECT_EQ(set.values().size(), 32U);
  EXPECT_EQ(set.gradients().size(), 32U);
  const Parameter& second = set.parameters()[1];
  EXPECT_EQ(second.value.data(), set.values().data() + 16);
  EXPECT_EQ(second.gradient.data(), set.gradients().data() + 16);
  EXPECT_EQ(set.values()[15], 0.0F);
  EXPECT_EQ(set.values()[14], 15.0F);
  EXPECT_EQ(set.values()[16], 16.0F);
  EXPECT_EQ(set.values()[23], 0.0F);
  EXPECT_THAT(set.buffers()[0].value, testing::ElementsAre(1.0F, 1.0F));
}

TEST(parameter_set, what_is_saved_is_loaded_again) {
  ParameterSet saved;
  declare_all(saved);
  fill(saved);
  saved.buffer_values()[0] = 0.25F;
  const TempFolder folder;
  saved.save(folder / "a.safetensors");
  const SafetensorsFile file(folder / "a.safetensors");
  EXPECT_THAT(file.names(),
              testing::UnorderedElementsAre("a.weight", "b.weight", "c.weight", "n.running_var"));
  EXPECT_EQ(file.values("c.weight"), file.values("b.weight"));
  ParameterSet loaded;
  declare_all(loaded);
  EXPECT_THAT(loaded.load(file), testing::IsEmpty());
  EXPECT_TRUE(std::ranges::equal(loaded.values(), saved.values()));
  EXPECT_TRUE(std::ranges::equal(loaded.buffer_values(), saved.buffer_values()));
}

TEST(parameter_set, a_head_of_other_classes_stays_as_it_is_unless_strict) {
  ParameterSet saved;
  declare_all(saved);
  fill(saved);
  const TempFolder folder;
  saved.save(folder / "a.safetensors");
  const SafetensorsFile file(folder / "a.safetensors");
  ParameterSet other;
  other.declare(Parameter{.name = "a.weight", .shape = {4, 5}});
  other.declare(Parameter{.name = "b.weight", .shape = {7}});
  other.allocate();
  EXPECT_THAT(other.load(file, false), testing::ElementsAre("a.weight"));
  EXPECT_EQ(other.parameters()[0].value[0], 0.0F);
  EXPECT_EQ(other.parameters()[1].value[6], 22.0F);
  EXPECT_THROW(other.load(file), Error);
}

TEST(parameter_set, a_name_that_occurs_twice_is_refused) {
  ParameterSet set;
  set.declare(Parameter{.name = "a", .shape = {1}, .alias = "a"});
  set.allocate();
  const TempFolder folder;
  EXPECT_THROW(set.save(folder / "a.safetensors"), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.safetensors"));
}

}  // namespace
}  // namespace ptattn::test
