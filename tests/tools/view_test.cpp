// The colours of the pictures of ptattn-view, counted.

#include <array>
#include <sstream>
#include <string>
#include <vector>

#include "ptattn/io/png.hpp"
#include "view_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(View, pictures_show_the_colours_of_the_labels_in_their_proportions) {
  put("wall.ply", wall(three_classes));
  const Image image = picture({"wall.ply"});
  ASSERT_EQ(image.width, 400U);
  ASSERT_EQ(image.height, 400U);
  // The wall fills the picture but for its margins of 4 %; points of 6 pixels close it.
  const double all = share(image, kGround) + share(image, kVegetation) + share(image, kBuilding);
  EXPECT_NEAR(all, 0.92 * 0.92, 0.05);
  EXPECT_NEAR(share(image, kGround) / all, 0.5, 0.02);
  EXPECT_NEAR(share(image, kVegetation) / all, 0.3, 0.02);
  EXPECT_NEAR(share(image, kBuilding) / all, 0.2, 0.02);
  EXPECT_GT(share(image, kWhite), 0.1);
  // Left and right are not confused, and a national grid's coordinates are not rounded away.
  EXPECT_EQ(image.at(60, 200), kGround);
  EXPECT_EQ(image.at(340, 200), kBuilding);
  EXPECT_EQ(last().out,
            "wall.ply: 10000 points, coloured by classification\n"
            "   2  ground                 5000   50.0 %\n"
            "   5  high vegetation        3000   30.0 %\n"
            "   6  building               2000   20.0 %\n");
}

TEST_F(View, the_same_picture_twice) {
  put("wall.ply", wall(three_classes));
  const std::vector<std::string> arguments{"wall.ply", "--output", "a.png", "--size", "300x200"};
  ASSERT_EQ(view(arguments).exit_code, 0);
  const std::string first = read_file(folder() / "a.png");
  ASSERT_EQ(view(arguments).exit_code, 0);
  EXPECT_EQ(first, read_file(folder() / "a.png"));
  EXPECT_GT(first.size(), 1000U);
}

TEST_F(View, two_fields_of_one_cloud_are_compared_by_what_they_mean) {
  std::string text = wall(three_classes);
  const std::string column = "property uchar classification\n";
  text.replace(text.find(column), column.size(), "property uchar label\n");
  const std::string other = "property float height_above\n";
  text.replace(text.find(other), other.size(), "property float classification\n");
  put("wall.ply", text);  // rows 0 to 99 are the codes
  const Image image =
      picture({"wall.ply", "--compare-fields", "label", "classification", "--codes", "asprs"});
  EXPECT_THAT(last().out, HasSubstr("wall.ply: 10000 points, coloured by label\n"));
  EXPECT_THAT(last().out, HasSubstr("wall.ply: 10000 points, coloured by classification\n"));
  EXPECT_THAT(last().out, HasSubstr("label and classification differ: 9900 of 10000 points"));
  EXPECT_GT(share(image, kBuilding), 0.02);  // bright in the left pane
  EXPECT_EQ(view({"wall.ply", "wall.ply", "--compare-fields", "label", "classification"}).exit_code,
            2);
}

TEST_F(View, points_without_a_label_are_called_none) {
  std::string text = wall(three_classes);
  const std::string column = "property uchar classification\n";
  text.replace(text.find(column), column.size(), "property float scalar_Classification\n");
  const std::size_t first_point = text.find("end_header\n") + 11;
  const std::size_t end = text.find('\n', first_point);
  text.replace(first_point, end - first_point, "770000 6277000 0 nan 0");
  put("wall.ply", text);
  picture({"wall.ply"});
  EXPECT_THAT(last().out, HasSubstr("\n      none                      1    0.0 %\n"));
}

TEST_F(View, other_fields_and_another_axis_up) {
  put("wall.ply", wall(three_classes));
  const Image image = picture({"wall.ply", "--colorize", "height_above"});
  EXPECT_EQ(share(image, kGround), 0.0);
  // Brighter towards the top.
  const auto brightness = [&](std::size_t y) {
    const Rgb c = image.at(200, y);
    return c[0] + c[1] + c[2];
  };
  EXPECT_GT(brightness(40), brightness(200));
  EXPECT_GT(brightness(200), brightness(360));
  EXPECT_THAT(last().out, HasSubstr("coloured by height_above from 1 to 98\n"));
  // With y up, a front view sees the wall, which lies, from its edge.
  EXPECT_LT(share(picture({"wall.ply", "--up", "y"}), kGround), 0.05);
}

TEST_F(View, the_axis_across_which_a_cloud_lies_is_found) {
  // Of a valley whose lowest points are smooth and highest rough, along y.
  std::string text =
      "ply\nformat ascii 1.0\nelement vertex 3600\nproperty double x\nproperty double y\n"
      "property double z\nend_header\n";
  for (int i = 0; i < 3600; ++i) {
    const int column = i % 60;
    const int row = i / 60;
    const int height = column > 20 && column < 32 && row > 30 && row < 44 ? 6 + row % 3 : 0;
    text +=
        std::to_string(column) + " " + std::to_string(-height) + " " + std::to_string(row) + "\n";
  }
  put("fields.ply", text);
  const Image named = picture({"fields.ply", "--up", "-y"});
  EXPECT_EQ(picture({"fields.ply", "--up", "auto"}).pixels, named.pixels);
  EXPECT_THAT(last().err, HasSubstr("fields.ply: taken with -y up\n"));
  EXPECT_NE(picture({"fields.ply"}).pixels, named.pixels);
}

TEST_F(View, comparisons_pale_what_is_equal) {
  put("a.ply", wall([](int, int) { return 2; }));
  put("b.ply", wall([](int column, int) { return column < 75 ? 2 : 6; }));
  const Image image = picture({"--compare", "a.ply", "b.ply"});
  EXPECT_EQ(last().out,
            "a.ply: 10000 points, coloured by classification\n"
            "   2  ground       10000  100.0 %\n"
            "b.ply: 10000 points, coloured by classification\n"
            "   2  ground          7500   75.0 %\n"
            "   6  building        2500   25.0 %\n"
            "different classification: 2500 of 10000 points, 25.00 %\n"
            "      ground -> building        2500   25.0 %\n");
  // Of the two walls a quarter is bright, each in its own colour.
  const double differing = share(image, kGround);
  EXPECT_NEAR(differing, share(image, kBuilding), 0.006);
  EXPECT_NEAR(differing, 0.25 * 0.5 * 0.92 * 0.5 * 0.92, 0.012);
}

TEST_F(View, clouds_that_do_not_belong_together_are_not_compared) {
  const auto refused = [&](const std::string& a, const std::string& b, const std::string& line) {
    put("a.ply", a);
    put("b.ply", b);
    const Finished finished = view({"--compare", "a.ply", "b.ply", "--output", "a.png"});
    EXPECT_EQ(finished.exit_code, 3);
    EXPECT_THAT(finished.err, HasSubstr("b.ply: " + line + "\n"));
  };
  refused(ply_shape(200), ply_shape(300),
          "has 300 points, a.ply has 200, --compare needs the same points");
  std::vector<std::array<double, 3>> row;
  for (int i = 0; i < 100; ++i) row.push_back({1.0 * i, 0.01 * i, 0.0});
  std::vector<std::array<double, 3>> away;
  for (const auto& p : row) away.push_back({p[0] + 5000.0, p[1], p[2]});
  refused(ply_text(row), ply_text(away),
          "lies 4901 away from a.ply, --compare needs the same points");
  std::vector<std::array<double, 3>> back(row.rbegin(), row.rend());
  refused(
      ply_text(row), ply_text(back),
      "has its points in another order than a.ply, or elsewhere, --compare needs the same points");
}

TEST_F(View, labels_have_the_names_that_the_file_gives_them) {
  std::string parts = ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 1}});
  const auto replace = [&](const std::string& from, const std::string& to) {
    parts.replace(parts.find(from), from.size(), to);
  };
  replace("format ascii 1.0\n",
          "format ascii 1.0\ncomment ptattn made by ptattn-segment 0.1.0\n"
          "comment ptattn labels label class\ncomment ptattn class 0 - Airplane.wing\n"
          "comment ptattn class 1 - Airplane.body\n");
  replace("property double z\n", "property double z\nproperty uchar label\n");
  std::istringstream lines(parts);
  std::string labelled;
  bool in_body = false;
  for (std::string line; std::getline(lines, line);) {
    labelled += line + (in_body ? " 1\n" : "\n");
    in_body = in_body || line == "end_header";
  }
  put("parts.ply", labelled);
  picture({"parts.ply"});
  EXPECT_THAT(last().out, HasSubstr("   1  Airplane.body"));
  picture({"parts.ply", "--model", PTATTN_SOURCE_DIR "/samples/models/aerial"});
  EXPECT_THAT(last().out, HasSubstr("   1  vegetation"));
}

TEST_F(View, pictures_and_clouds_say_what_made_them) {
  const std::string labelled =
      "ply\nformat ascii 1.0\ncomment ptattn made by ptattn-segment 0.1.0\n"
      "comment ptattn labels label class\ncomment ptattn class 0 2 meadow\nelement vertex 2\n"
      "property float x\nproperty float y\nproperty float z\nproperty uchar label\nend_header\n"
      "0 0 0 0\n1 0 1 0\n";
  put("a.ply", labelled);
  ASSERT_EQ(view({"a.ply", "-o", "a.png", "--size", "40x40"}).exit_code, 0);
  const auto comments = read_png_comments(folder() / "a.png");
  EXPECT_THAT(comments, Contains("ptattn made by ptattn-segment 0.1.0")) << "what is shown";
  EXPECT_THAT(comments, Contains("ptattn option size=40x40"));
  ASSERT_EQ(view({"a.ply", "-o", "shown.ply"}).exit_code, 0);
  EXPECT_THAT(view({"shown.ply", "--colorize", "label", "-o", "b.png"}).out, HasSubstr("meadow"));
}

TEST_F(View, pictures_made_with_other_options_are_made_anew) {
  put("in/a.ply", wall(three_classes));
  const auto draw = [&](const std::string& background) {
    return view({"in", "-o", "out/", "--size", "40x40", "--background", background, "--resume"});
  };
  EXPECT_THAT(draw("black").err, HasSubstr("1 file"));
  EXPECT_THAT(draw("black").err, HasSubstr("1 of 1 outputs exist already"));
  const Finished anew = draw("grey");
  EXPECT_THAT(anew.err, HasSubstr("background"));
  EXPECT_THAT(read_png_comments(folder() / "out/a.png"), Contains("ptattn option background=grey"));
}

TEST_F(View, large_clouds_are_thinned_and_say_so) {
  put("wall.ply", wall(three_classes));
  const Image image = picture({"wall.ply", "--max-points", "1000"});
  EXPECT_THAT(last().err,
              StartsWith("ptattn-view: wall.ply: 1000 of 10000 points are drawn, see --max-points\n"
                         "ptattn-view: 1 file, 10000 points, "));
  EXPECT_THAT(last().out, StartsWith("wall.ply: 10000 points, 1000 drawn, "));
  EXPECT_GT(share(image, kWhite), 0.3);
}

TEST_F(View, points_without_coordinates_are_left_out) {
  std::string text = ply_text({{0, 0, 0}, {1, 0, 0}, {0, 1, 1}});
  const std::size_t last_point = text.rfind('\n', text.size() - 2) + 1;
  put("hole.ply", text.replace(last_point, std::string::npos, "nan 1 1\n"));
  picture({"hole.ply"});
  EXPECT_THAT(last().out, StartsWith("hole.ply: 3 points, 2 drawn"));
}

TEST_F(View, labels_that_are_nan_are_called_none) {
  constexpr int kNone = 99999;
  std::string text = wall([](int column, int row) {
    const int code = three_classes(column, row);
    return code == 5 ? kNone : code;
  });
  text.replace(text.find("uchar classification"), 20, "float scalar_Classification");
  for (std::size_t at = text.find(" 99999 "); at != std::string::npos;
       at = text.find(" 99999 ", at)) {
    text.replace(at, 7, " nan ");
  }
  put("nan.ply", text);
  (void)picture({"nan.ply"});
  EXPECT_EQ(last().out,
            "nan.ply: 10000 points, coloured by scalar_Classification\n"
            "   2  ground          5000   50.0 %\n"
            "   6  building        2000   20.0 %\n"
            "      none            3000   30.0 %\n");
  std::string other = wall(three_classes);
  other.replace(other.find("uchar classification"), 20, "float scalar_Classification");
  put("b.ply", other);
  const Finished compared =
      view({"--compare", "nan.ply", "b.ply", "-o", "c.png", "--colorize", "scalar_Classification"});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("none -> high vegetation"));
  EXPECT_EQ(compared.out.find("-9223372036854775808"), std::string::npos);
}

TEST_F(View, colours_are_found_in_the_spelling_of_other_programs) {
  for (const char* const names :
       {"red green blue", "diffuse_red diffuse_green diffuse_blue", "r g b", "Red Green Blue"}) {
    std::istringstream words(names);
    std::string text =
        "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty "
        "float z\n";
    for (std::string name; words >> name;) text += "property uchar " + name + "\n";
    text += "end_header\n0 0 0 200 10 20\n1 0 0 200 10 20\n0 0 1 200 10 20\n1 0 1 200 10 20\n";
    put("a.ply", text);
    const Image image = picture({"a.ply", "--colorize", "rgb"});
    EXPECT_GT(share(image, Rgb{200, 10, 20}), 0.0) << names;
  }
}

}  // namespace
}  // namespace ptattn::test
