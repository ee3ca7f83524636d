#include "ptattn/models/model_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "expect_error.hpp"
#include "model_files.hpp"
#include "ptattn/models/model_search.hpp"
#include "small_pct.hpp"

namespace ptattn::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string config() {
  return replaced(R"({"format": 1, "name": "small", "architecture": "pct_cls",
    "hyper_parameters": HYPER_PARAMETERS, "preprocessing": {"points": 64, "min_points": 8,
    "resample": "fps_or_repeat", "center": "centroid", "scale": "unit_sphere", "up": "y",
    "vote_rotation_z_degrees": 15.5}, "classes": ["cone", "torus", "vase"]})",
                  "HYPER_PARAMETERS", kSmallPct);
}

class ModelFolder : public testing::Test {
 protected:
  void expect_refused(const std::string& text, const std::vector<std::string>& parts) const {
    folder_.write("config.json", text);
    expect_model_error([&] { (void)read_classifier_description(folder_.path()); }, parts);
  }
  /// `from` in the good configuration replaced by `to` must be refused.
  void expect_refused_with(const std::string& from, const std::string& to,
                           const std::vector<std::string>& parts) const {
    expect_refused(replaced(config(), from, to), parts);
  }

  TemporaryFolder folder_;
};

TEST_F(ModelFolder, reads_the_description) {
  folder_.write("config.json", config());
  const ClassifierDescription model = read_classifier_description(folder_.path());
  EXPECT_EQ(model.name, "small");
  EXPECT_EQ(model.architecture.architecture, "pct_cls");
  EXPECT_EQ(model.preprocessing.points, 64U);
  EXPECT_EQ(model.preprocessing.min_points, 8U);
  EXPECT_EQ(model.preprocessing.up, Axis::kY);
  EXPECT_EQ(model.preprocessing.vote_rotation_z_degrees, 15.5);
  EXPECT_THAT(model.classes, ElementsAre("cone", "torus", "vase"));
}

TEST_F(ModelFolder, says_purpose_terms_and_accuracy_if_it_likes) {
  folder_.write("config.json", config());
  EXPECT_EQ(read_model_description(folder_.path()).purpose, "");
  folder_.write("config.json",
                replaced(config(), "\"name\"",
                         R"("purpose": "solids", "terms": "MIT", "accuracy": "90 %", "name")"));
  const ModelDescription model = read_model_description(folder_.path());
  EXPECT_EQ(model.name, "small");
  EXPECT_EQ(model.purpose, "solids");
  EXPECT_EQ(model.terms, "MIT");
  EXPECT_EQ(model.accuracy, "90 %");
}

TEST_F(ModelFolder, says_how_far_it_can_be_relied_on) {
  const auto with = [](const std::string& keys) {
    return replaced(config(), "\"name\"", keys + ", \"name\"");
  };
  folder_.write("config.json", config());
  EXPECT_TRUE(read_model_description(folder_.path()).reliability.temperature.is_one());
  folder_.write("config.json", with(R"("calibration": {"temperature": [1.5, 0.8, 1]},
                        "unproven_classes": ["vase", "cone"], "usual": {"energy": -3.5, "strangeness": 2.5})"));
  const Reliability reliability = read_model_description(folder_.path()).reliability;
  EXPECT_EQ(reliability.temperature.of(1), 0.8);
  EXPECT_THAT(reliability.unproven, ElementsAre(0U, 2U));
  EXPECT_EQ(reliability.usual.energy, -3.5);
  EXPECT_EQ(reliability.usual.strangeness, 2.5);
  EXPECT_FALSE(reliability.usual.distance.has_value());
  expect_refused(with(R"("calibration": {"temperature": [1.5, 0.8]})"),
                 {"calibration.temperature"});
  expect_refused(with(R"("calibration": {"temperature": 0})"), {"calibration.temperature"});
  expect_refused(with(R"("calibration": {"bias": 1})"), {"calibration"});
  expect_refused(with(R"("unproven_classes": ["chair"])"), {"unproven_classes", "chair"});
  expect_refused(with(R"("usual": {"unsure_share": 2})"), {"usual.unsure_share"});
}

TEST_F(ModelFolder, says_how_to_tell_which_way_is_up) {
  const auto with = [](const std::string& upright) {
    return replaced(config(), "\"name\"", "\"upright\": " + upright + ", \"name\"");
  };
  folder_.write("config.json", with(R"({"classes": [1.5, -2, 0], "strangeness": -1})"));
  const UprightEvidence upright = read_model_description(folder_.path()).reliability.upright;
  EXPECT_EQ(upright.of(std::vector{0.5, 0.25, 0.25}, 3.0), 0.75 - 0.5 - 3.0);
  folder_.write("model.safetensors", safetensors_of(small_pct_weights()));
  expect_model_error([&] { (void)load_classifier(folder_.path()); },
                     {"familiar.safetensors: is missing"});
  expect_refused(with(R"({"classes": [1.5, -2], "strangeness": -1})"), {"upright.classes"});
  expect_refused(with(R"({"classes": [1.5, -2, "a"], "strangeness": -1})"), {"upright.classes"});
  expect_refused(with(R"({"classes": [1.5, -2, 0]})"), {"upright.strangeness"});
}

TEST_F(ModelFolder, loads_models_of_any_task) {
  folder_.write("config.json", config());
  folder_.write("model.safetensors", safetensors_of(small_pct_weights()));
  const Model classifier = load_model(folder_.path());
  EXPECT_TRUE(std::holds_alternative<ClassifierModel>(classifier));
  EXPECT_EQ(description_of(classifier).name, "small");
  const Model aerial = load_model(PTATTN_SOURCE_DIR "/samples/models/aerial");
  EXPECT_TRUE(std::holds_alternative<SegmenterModel>(aerial));
  EXPECT_EQ(description_of(aerial).name, "aerial");
}

TEST_F(ModelFolder, loads_a_network_that_equals_its_source) {
  folder_.write("config.json", config());
  folder_.write("model.safetensors", safetensors_of(small_pct_weights()));
  const ClassifierModel model = load_classifier(folder_.path());
  EXPECT_EQ(model.network->class_count(), 3U);
  const auto direct = make_classifier({"pct_cls", kSmallPct, ""}, small_pct_weights());
  const Matrix points = cube(30, 1);
  EXPECT_THAT(model.network->logits(points).values(),
              testing::ElementsAreArray(direct->logits(points).values()));
}

TEST_F(ModelFolder, files_must_be_there) {
  expect_model_error([&] { (void)load_classifier(folder_.path()); },
                     {"config.json", "No such file"});
  folder_.write("config.json", config());
  expect_model_error([&] { (void)load_classifier(folder_.path()); },
                     {"model.safetensors", "No such file"});
}

TEST_F(ModelFolder, number_of_classes_must_fit) {
  folder_.write("config.json", replaced(config(), ", \"vase\"", ""));
  folder_.write("model.safetensors", safetensors_of(small_pct_weights()));
  expect_model_error([&] { (void)load_classifier(folder_.path()); },
                     {"names 2 classes, the network has 3"});
}

TEST_F(ModelFolder, number_of_points_must_suffice_the_network) {
  folder_.write("config.json", replaced(config(), "\"points\": 64", "\"points\": 23"));
  folder_.write("model.safetensors", safetensors_of(small_pct_weights()));
  expect_model_error([&] { (void)load_classifier(folder_.path()); },
                     {"preprocessing.points is 23, the network takes at least 24"});
}

TEST_F(ModelFolder, refuses_what_is_not_a_configuration) {
  expect_refused("", {"not valid JSON"});
  expect_refused("[]", {"not a JSON object"});
  expect_refused("{}", {"format is missing"});
  expect_refused(config() + "}", {"not valid JSON"});
  expect_refused(std::string(1000, '['), {"nests deeper"});
}

TEST_F(ModelFolder, refuses_later_formats) {
  expect_refused_with("\"format\": 1", "\"format\": 2", {"format is 2", "later version of ptattn"});
  expect_refused_with("\"format\": 1", "\"format\": 0", {"format"});
}

TEST_F(ModelFolder, refuses_unknown_and_repeated_keys) {
  expect_refused_with("\"name\"", "\"colour\": 1, \"name\"", {"colour is not a known key"});
  expect_refused_with("\"up\"", "\"down\": 1, \"up\"", {"preprocessing.down is not a known key"});
  expect_refused_with("\"up\"", "\"up\": \"z\", \"up\"", {"\"up\" twice"});
}

TEST_F(ModelFolder, refuses_values_that_make_no_sense) {
  expect_refused_with("\"small\"", "5", {"name is not a string"});
  expect_refused_with("\"y\"", "\"w\"", {"preprocessing.up is \"w\"", "\"x\", \"y\", \"z\""});
  expect_refused_with("centroid", "box", {"preprocessing.center is \"box\""});
  expect_refused_with("unit_sphere", "metre", {"preprocessing.scale is \"metre\""});
  expect_refused_with("fps_or_repeat", "random", {"preprocessing.resample is \"random\""});
  expect_refused_with("\"points\": 64", "\"points\": 64.0",
                      {"preprocessing.points", "whole number"});
  expect_refused_with("\"points\": 64", "\"points\": 99999999", {"preprocessing.points"});
  expect_refused_with("\"min_points\": 8", "\"min_points\": 65", {"preprocessing.min_points"});
  expect_refused_with("15.5", "181", {"preprocessing.vote_rotation_z_degrees", "0 and 180"});
  expect_refused_with("15.5", "-1", {"preprocessing.vote_rotation_z_degrees"});
  expect_refused_with("15.5", "1e999", {"not valid JSON"});
  expect_refused_with("\"torus\"", "\"cone\"", {"classes names \"cone\" twice"});
  expect_refused_with("\"torus\"", "\"\"", {"classes"});
  expect_refused_with("\"torus\"", "7", {"classes"});
}

void expect_pct_refused(const std::string& from, const std::string& to,
                        const std::vector<std::string>& parts) {
  const ArchitectureConfig edited{"pct_cls", replaced(kSmallPct, from, to), "config.json"};
  expect_model_error([&] { (void)make_classifier(edited, small_pct_weights()); }, parts);
}

TEST(registry, refuses_hyper_parameters_that_make_no_sense) {
  expect_pct_refused("\"num_classes\": 3", "\"num_classes\": 0", {"config.json: num_classes"});
  expect_pct_refused("\"num_classes\": 3", "\"num_classes\": 4000000000", {"num_classes"});
  expect_pct_refused("1e-5", "-1e-5", {"norm_eps"});
  expect_pct_refused("\"qk_channels\": 4", "\"qk_channels\": 4294967296", {"qk_channels"});
  expect_pct_refused("\"qk_channels\"", "\"heads\"", {"heads is not a known key"});
  expect_pct_refused("\"neighbors\": 8", "\"neighbors\": 0", {"groups[0].neighbors"});
  expect_pct_refused("\"neighbors\": 8", "\"neighbors\": 25", {"groups[0].neighbors", "larger"});
  expect_pct_refused("\"points\": 16", "\"points\": 25", {"groups[1]"});
  expect_pct_refused("\"points\": 16", "\"dots\": 16", {"groups[1].points is missing"});
  expect_pct_refused("[7, 5]", "[7]", {"head_channels"});
  expect_pct_refused("[7, 5]", "[7, -5]", {"head_channels"});
}

TEST(registry, defaults_are_the_published_network) {
  // Without weights the error lists what is missing; the shapes of what is there tell the widths.
  FormulaWeights::Shapes shapes{{"linear1.weight", {1, 1}}, {"conv_fuse.0.weight", {1, 1}}};
  expect_model_error(
      [&] {
        (void)make_classifier({"pct_cls", "{}", "c"}, FormulaWeights(shapes, "", "w"));
      },
      {"linear1.weight [1, 1] (expected [512, 1024])",
       "conv_fuse.0.weight [1, 1] (expected [1024, 1280])"});
}

TEST(registry, names_the_known_architectures) {
  EXPECT_THAT(architectures_of(ModelTask::kClassification),
              ElementsAre("pct_cls", "pct_cls_posenc"));
  expect_model_error(
      [] {
        (void)make_classifier({"pct_seg", "{}", "config.json"}, small_pct_weights());
      },
      {"config.json", "\"pct_seg\" is unknown", "pct_cls, pct_cls_posenc"});
}

/// PTATTN_MODELS while it lives.
class SearchPath {
 public:
  explicit SearchPath(const std::string& folders) { ::setenv("PTATTN_MODELS", folders.c_str(), 1); }
  ~SearchPath() { ::unsetenv("PTATTN_MODELS"); }
  SearchPath(const SearchPath&) = delete;
  SearchPath& operator=(const SearchPath&) = delete;
};

TEST_F(ModelFolder, is_found_by_name_on_the_search_path) {
  folder_.write("first/one/config.json", config());
  folder_.write("second/one/config.json", config());
  folder_.write("second/two/config.json", config());
  folder_.write("second/three/README.md", "no model");
  const std::string first = folder_.path() / "first";
  const std::string second = folder_.path() / "second";
  const SearchPath path(first + "::" + second + ":/does/not/exist");
  EXPECT_EQ(find_model("one"), folder_.path() / "first/one");
  EXPECT_EQ(find_model("two"), folder_.path() / "second/two");
  EXPECT_EQ(find_model((folder_.path() / "second/one").string()), folder_.path() / "second/one");
  EXPECT_THAT(list_models(), Contains("one"));
  EXPECT_THAT(list_models(), Contains("two"));
  EXPECT_THAT(list_models(), Not(Contains("three")));
  expect_model_error([] { (void)find_model("four"); },
                     {"four: no such model", first, second, "share/ptattn/models", "one", "two"});
  expect_model_error([] { (void)find_model("../second/one"); }, {"no such model"});
  expect_model_error([&] { (void)find_model(second); }, {"holds no config.json"});
}

TEST_F(ModelFolder, is_found_where_a_folder_of_that_name_holds_something_else) {
  folder_.write("models/one/config.json", config());
  folder_.write("work/one/scan.ply", "ply");
  const SearchPath path(folder_.path() / "models");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path() / "work");
  EXPECT_EQ(find_model("one"), folder_.path() / "models/one");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace ptattn::test
