// Messages, exit codes and outputs of ptattn-view.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "view_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(View, help_and_version_are_known) {
  expect_known_help_and_version();
}

void expect_one_line(const Finished& finished, int exit_code, const std::string& part) {
  EXPECT_EQ(finished.exit_code, exit_code);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(lines_of(finished.err), SizeIs(1)) << finished.err;
  EXPECT_THAT(finished.err, StartsWith("ptattn-view: "));
  EXPECT_THAT(finished.err, HasSubstr(part));
}

TEST_F(View, wrong_inputs_are_one_line) {
  put("wall.ply", wall(three_classes));
  put("broken.ply", "ply\nnonsense\n");
  put("empty.ply", ply_text({}));
  const std::vector<std::string> shot{"--output", "a.png"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), shot.begin(), shot.end());
    return view(arguments);
  };
  expect_one_line(with({"missing.ply"}), 3, "missing.ply: ");
  expect_one_line(with({"broken.ply"}), 3, "broken.ply: ");
  expect_one_line(with({"empty.ply"}), 3, "empty.ply: has no point with finite coordinates");
  expect_one_line(with({"wall.ply", "--colorize", "nothing"}), 3,
                  "wall.ply: has nothing called nothing to colour by, it has classification, "
                  "height, height_above");
  expect_one_line(with({"wall.ply", "--model", "nowhere"}), 4, "nowhere: ");
  EXPECT_FALSE(std::filesystem::exists(folder() / "a.png"));
}

TEST_F(View, wrong_options_are_one_line) {
  expect_one_line(view({}), 2, "INPUT: missing");
  expect_one_line(view({"--compare", "a.ply"}), 2, "--compare: needs two clouds, got 1");
  expect_one_line(view({"a.ply", "--size", "big"}), 2, "--size: big is not a size");
  expect_one_line(view({"a.ply", "--size", "9000x10"}), 2, "--size: 9000x10 is not a size");
  expect_one_line(view({"a.ply", "--camera", "above"}), 2, "--camera: above is not a direction");
  expect_one_line(view({"a.ply", "--camera", "10,100"}), 2, "--camera: 10,100 is not a direction");
  expect_one_line(view({"a.ply", "--background", "#12345g"}), 2, "--background: #12345g is");
  expect_one_line(view({"a.ply", "--output", "a.jpg"}), 2,
                  "a.jpg: expected a name ending in .png or .ply");
}

TEST_F(View, a_window_without_a_display_says_why) {
  put("wall.ply", wall(three_classes));
  expect_one_line(view({"wall.ply"}), 3,
                  "window: cannot be opened, The DISPLAY environment variable is missing; a window "
                  "needs a desktop or ssh -X");
  ::setenv("DISPLAY", ":987", 1);
  expect_one_line(view({"wall.ply"}), 3, "window: cannot be opened, Failed to open display :987; ");
  ::setenv("DISPLAY", "", 1);
  expect_one_line(view({"wall.ply"}), 3, "window: cannot be opened, Failed to open display; ");
  ::unsetenv("DISPLAY");
}

TEST_F(View, a_picture_without_xvfb_says_what_to_install) {
  put("wall.ply", wall(three_classes));
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  expect_one_line(view({"wall.ply", "--output", "a.png"}), 3,
                  "for pictures without a display install xvfb and xauth");
  ::setenv("PATH", path.c_str(), 1);
}

TEST_F(View, a_folder_gets_a_picture_per_cloud_and_bad_files_are_skipped) {
  put("in/a.ply", wall(three_classes));
  put("in/b.ply", wall([](int, int) { return 2; }));
  put("in/broken.ply", "ply\nnonsense\n");
  const Finished finished =
      view({"in", "-o", "pictures/", "--size", "200x200", "--format", "jsonl"});
  EXPECT_EQ(finished.exit_code, 3) << finished.err;
  EXPECT_THAT(lines_of(finished.out), SizeIs(3));
  EXPECT_THAT(finished.err, HasSubstr("1 of 3 inputs failed\n"));
  EXPECT_TRUE(has("pictures/a.png") && has("pictures/b.png"));
  ASSERT_EQ(view({"in/a.ply", "-o", "one.png", "--size", "200x200"}).exit_code, 0);
  EXPECT_EQ(get("one.png"), get("pictures/a.png"));
}

TEST_F(View, clouds_are_written_as_they_are_shown) {
  put("wall.ply", wall(three_classes));
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);  // no display is needed, xvfb-run is not either
  const Finished finished = view({"wall.ply", "-o", "shown.ply"});
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, StartsWith("wall.ply: 10000 points, coloured by classification\n"));
  const PointCloud cloud = read_cloud(folder() / "shown.ply");
  ASSERT_EQ(cloud.size(), 10000U);
  EXPECT_EQ(cloud.positions()[101], (Position{770'001.0, 6'277'000.0, 1.0}));
  EXPECT_EQ(cloud.find("classification")->as_double(60), 5.0);
  const std::vector<FieldColumn> colors = find_columns(cloud, "colors");
  ASSERT_THAT(colors, SizeIs(3));
  for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(colors[c](60), kVegetation[c]);
  ::setenv("PATH", path.c_str(), 1);
}

/// Labels 0, 1 and 2, with what a file says of them.
std::string wall_of_labels(const std::vector<std::string>& classes) {
  std::string text = wall([](int column, int) { return column < 50 ? 0 : column < 80 ? 1 : 2; });
  const std::string column = "property uchar classification\n";
  text.replace(text.find(column), column.size(), "property uchar label\n");
  if (classes.empty()) return text;
  std::string comments =
      "comment ptattn made by ptattn-segment 0.1.0\n"
      "comment ptattn model 0123456789abcdef0123456789abcdef mine\n"
      "comment ptattn labels label class\n";
  for (std::size_t c = 0; c < classes.size(); ++c) {
    comments += "comment ptattn class " + std::to_string(c) + " - " + classes[c] + "\n";
  }
  return text.insert(text.find("element vertex"), comments);
}

TEST_F(View, labels_that_nothing_explains_are_numbers) {
  put("wall.ply", wall_of_labels({}));
  const Finished finished = view({"wall.ply", "-o", "shown.ply"});
  EXPECT_THAT(finished.out, HasSubstr("   0  class 0"));
  EXPECT_THAT(finished.out, Not(HasSubstr("ground")));
}

TEST_F(View, clouds_of_different_classes_have_numbers_and_a_warning) {
  put("rooms.ply", wall_of_labels({"floor", "wall", "chair"}));
  put("same.ply", wall_of_labels({"floor", "wall", "chair"}));
  put("roads.ply", wall_of_labels({"road", "kerb", "car"}));
  const Finished same = view({"rooms.ply", "same.ply", "-o", "shown.ply", "-q"});
  EXPECT_EQ(same.err, "");
  EXPECT_THAT(same.out, HasSubstr("   2  chair"));
  const Finished unlike = view({"rooms.ply", "roads.ply", "-o", "shown.ply", "-q"});
  EXPECT_EQ(unlike.err,
            "ptattn-view: the clouds hold different classes in label: numbers of labels are shown, "
            "and equal ones may mean different things\n");
  EXPECT_THAT(unlike.out, HasSubstr("   2  class 2"));
  EXPECT_THAT(unlike.out, Not(HasSubstr("chair")));
}

TEST_F(View, a_model_with_other_classes_than_the_labels_is_warned_of) {
  put("rooms.ply", wall_of_labels({"floor", "wall", "chair"}));
  put("town.ply", wall_of_labels({"ground", "vegetation", "building"}));
  put("plain.ply", wall_of_labels({}));
  EXPECT_EQ(view({"rooms.ply", "--model", "aerial", "-o", "shown.ply", "-q"}).err,
            "ptattn-view: aerial has other classes than label, which holds floor, wall, chair as "
            "the file says; leave --model out\n");
  for (const char* const cloud : {"town.ply", "plain.ply"}) {
    EXPECT_EQ(view({cloud, "--model", "aerial", "-o", "shown.ply", "-q"}).err, "");
  }
}

}  // namespace
}  // namespace ptattn::test
