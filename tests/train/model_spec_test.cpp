#include "ptattn/train/model_spec.hpp"

#include <filesystem>
#include <map>

#include <gmock/gmock.h>

#include "../io/temp_folder.hpp"
#include "linear_network.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_description.hpp"

namespace ptattn::test {
namespace {

using namespace train;

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

/// Tensors of the linear network.
class Given final : public WeightSource {
 public:
  Given(std::size_t classes, std::size_t channels)
      : shapes_{{"seg_head.weight", {classes, channels}},
                {"seg_head.bias", {classes}},
                {"seen", {1}}} {}

  [[nodiscard]] std::vector<std::string> names() const override {
    return {"seg_head.weight", "seg_head.bias", "seen"};
  }
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override {
    const auto found = shapes_.find(std::string(name));
    return found == shapes_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::vector<float> values(std::string_view name) const override {
    std::size_t size = 1;
    for (const std::size_t extent : *shape(name)) size *= extent;
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(i + 1);
    return values;
  }
  [[nodiscard]] std::string subject() const override { return "given"; }

 private:
  std::map<std::string, std::vector<std::size_t>> shapes_;
};

ModelSpec spec_of(std::vector<std::string> classes, const std::string& features) {
  return {.name = "test",
          .architecture = "ptv3m1",
          .hyper_parameters = "{}",
          .preprocessing = R"({"features": )" + features + "}",
          .classes = std::move(classes)};
}

const char* const kTwo = R"(["a", "b"])";

TEST(take_weights, takes_all_of_the_same_network) {
  LinearNetwork network(2, 3);
  const ModelSpec spec = spec_of({"x", "y", "z"}, kTwo);
  EXPECT_THAT(take_weights(network.parameters(), spec, Given(3, 2), spec), IsEmpty());
  EXPECT_THAT(network.parameters().parameters()[0].value, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(take_weights, takes_rows_of_the_head_by_class) {
  LinearNetwork network(2, 3);
  const auto left = take_weights(network.parameters(), spec_of({"z", "new", "x"}, kTwo),
                                 Given(3, 2), spec_of({"x", "y", "z"}, kTwo));
  EXPECT_THAT(left, ElementsAre("seg_head.weight", "seg_head.bias"));  // in part
  const auto value = network.parameters().parameters()[0].value;
  EXPECT_EQ(value[0], 5.0F);
  EXPECT_EQ(value[4], 1.0F);
  EXPECT_EQ(network.parameters().parameters()[1].value[0], 3.0F);
}

TEST(take_weights, takes_columns_by_channel_and_begins_others_at_zero) {
  LinearNetwork network(3, 2);
  const auto left = take_weights(network.parameters(), spec_of({"x", "y"}, R"(["b", "c", "a"])"),
                                 Given(2, 2), spec_of({"x", "y"}, kTwo));
  EXPECT_THAT(left, IsEmpty());
  EXPECT_THAT(network.parameters().parameters()[0].value, ElementsAre(2, 0, 1, 4, 0, 3));
}

TEST(with_classes, keeps_colors_and_codes_where_all_are_known) {
  ModelSpec spec = spec_of({"x", "y"}, kTwo);
  spec.palette = {{1, 1, 1}, {2, 2, 2}};
  spec.asprs_codes = {2, 6};
  EXPECT_THAT(with_classes(spec, {"y", "x"}).asprs_codes, ElementsAre(6, 2));
  EXPECT_THAT(with_classes(spec, {"y", "z"}).asprs_codes, IsEmpty());
  EXPECT_THAT(with_classes(spec, {"y", "z"}).palette, IsEmpty());
}

TEST(write_model, writes_what_read_model_spec_reads) {
  const TempFolder above;
  const fs::path folder = above / "write_model";
  LinearNetwork network(2, 2);
  ModelSpec spec = spec_of({"x", "y"}, kTwo);
  spec.palette = {{1, 1, 1}, {2, 2, 2}};
  write_model(folder, spec, network.parameters(), network.parameters().values(),
              network.parameters().buffer_values());
  const ModelSpec read = read_model_spec(folder);
  EXPECT_EQ(read.classes, spec.classes);
  EXPECT_EQ(read.palette, spec.palette);
  EXPECT_THAT(read.channels(), ElementsAre("a", "b"));
}

TEST(write_reliability, writes_what_read_model_description_reads) {
  const TempFolder folder;
  fs::copy_file(PTATTN_SOURCE_DIR "/samples/models/aerial/config.json", folder / "config.json");
  const std::vector<std::string> classes = read_model_description(folder.path()).classes;
  ASSERT_EQ(classes.size(), 6U);
  Reliability reliability{.temperature = Temperature({1.5}), .unproven = {1}, .usual = {}};
  reliability.usual.strangeness = 2.5;
  reliability.upright = UprightEvidence({0.5, -0.25, 0, 1, 2, 3}, -1.5, -4.5);
  write_reliability(folder.path(), reliability, classes);
  const Reliability written = read_model_description(folder.path()).reliability;
  EXPECT_EQ(written.temperature.of(0), 1.5);
  EXPECT_THAT(written.unproven, ElementsAre(1U));
  EXPECT_EQ(written.usual.strangeness, 2.5);
  EXPECT_THAT(written.upright.classes(), ElementsAre(0.5, -0.25, 0, 1, 2, 3));
  EXPECT_EQ(written.upright.strangeness(), -1.5);
  EXPECT_EQ(written.upright.usual(), -4.5);
  write_reliability(folder.path(), {}, classes);
  EXPECT_TRUE(read_model_description(folder.path()).reliability.upright.empty());
}

}  // namespace
}  // namespace ptattn::test
