// ptattn-smooth: its command line, and what it does to coordinates and fields.

#include <limits>
#include <nlohmann/json.hpp>

#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// --- The command line ---

TEST_F(Smooth, help_and_version_are_known) {
  expect_known_help_and_version();
}

TEST_F(Smooth, wrong_options_are_one_line) {
  put("in.ply", noisy_sheet(50));
  const std::string in = path("in.ply");
  const std::string out = path("out.ply");
  expect_errors({
      {{"-o", out}, "INPUT: missing, name files, folders or -, see --help"},
      {{in}, "--output: missing, name a file or a folder"},
      {{in, "-o", "out.txt"},
       "out.txt: expected a name ending in .ply, .pcd, .las or .laz, or a folder, which exists or "
       "ends in /"},
      {{in, "-o", in}, in + ": is an input, --output would overwrite it"},
      {{in, "-o", out, "--bandwidth", "-1"}, "--bandwidth: -1 is not a number above 0, see --help"},
      {{in, "-o", out, "--radius", "auto"}, "--radius: auto is not a number above 0, see --help"},
      {{in, "-o", out, "--neighbors", "0"},
       "--neighbors: 0 is not a whole number from 1 to 4096, see --help"},
      {{in, "-o", out, "--kernel", "box"},
       "--kernel: \"box\" is none of gaussian, epanechnikov, triangular, boxcar, constant, did you "
       "mean boxcar?"},
      {{in, "-o", out, "--from", in}, "--from: needs --transfer FIELD"},
      {{in, "-o", out, "--transfer", "label"}, "--transfer: needs --from FILE"},
      {{in, "-o", out, "--transfer", "label", "--from", in, "--iterations", "2"},
       "--iterations: cannot be used with --transfer"},
      {{in, "-o", out, "--transfer", "label", "--from", in, "--numeric", "--confidence-field", "c"},
       "--confidence-field: cannot be used with --numeric"},
      {{in, "-o", out, "--transfer", "label", "--from", in, "--numeric", "--categorical"},
       "--categorical excludes --numeric, see --help"},
  });
  EXPECT_FALSE(has("out.ply"));
}

TEST_F(Smooth, wrong_names_are_one_line) {
  PointCloud packed = noisy_sheet(50);
  packed.add("rgb", FieldType::kFloat32);
  put("in.ply", packed);
  const std::string in = path("in.ply");
  const std::string out = path("out.ply");
  expect_refused({path("no.ply"), "-o", out}, 3,
                 path("no.ply") + ": cannot be opened: No such file or directory");
  expect_refused({in, "-o", out, "--fields", "intensity,colour"}, 3,
                 in + ": has no field colour, its fields are x, y, z, intensity, time, label, rgb");
  expect_refused({in, "-o", out, "--fields", "z"}, 2,
                 "--fields: z is a coordinate, use --coordinates");
  expect_refused({in, "-o", out, "--fields", "rgb"}, 2,
                 "--fields: rgb packs colours into one number, which has no mean, expected fields "
                 "of their own such as red, green and blue");
}

TEST_F(Smooth, names_that_are_taken_are_refused) {
  PointCloud cloud = noisy_sheet(50);
  cloud.add("confidence", FieldType::kFloat32);
  put("in.ply", cloud);
  const std::string in = path("in.ply");
  const std::string out = path("out.ply");
  const Finished same = smooth({in, "-o", out, "--transfer", "label", "--from", in});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_THAT(same.err, HasSubstr("--field"));
  const Finished share =
      smooth({in, "-o", out, "--transfer", "label", "--from", in, "--field", "other"});
  EXPECT_EQ(share.exit_code, 2);
  EXPECT_THAT(share.err, HasSubstr("--confidence-field"));
  expect_refused({in, "-o", out, "--transfer", "label", "--from", in, "--field", "c",
                  "--confidence-field", "c"},
                 2, "--confidence-field: c is the name of the labels");
  expect_refused({in, "-o", out, "--transfer", "label", "--from", in, "--field", "a",
                  "--confidence-field", "c", "--unknown", "300"},
                 2, "--unknown: does not fit \"label\", which is uint8");
  expect_refused(
      {in, "-o", out, "--transfer", "nothing", "--from", in}, 3,
      in + ": has no field nothing, its fields are x, y, z, intensity, time, label, confidence");
}

// --- Smoothing ---

TEST_F(Smooth, only_the_coordinates_change) {
  const PointCloud before = noisy_sheet(4000);
  put("in.ply", before);
  const PointCloud after = smoothed({path("in.ply")});
  EXPECT_EQ(names_of(after), names_of(before));
  for (const char* name : {"intensity", "time", "label"}) expect_same_field(before, after, name);
  ASSERT_EQ(after.find("z")->type(), FieldType::kFloat64);
  double noise_before = 0.0;
  double noise_after = 0.0;
  const auto off = [](const PointCloud& cloud, std::size_t i) {
    const double x = cloud.find("x")->as_double(i) - 652'381.0;
    return cloud.find("z")->as_double(i) - 0.1 * std::sin(4.0 * x);
  };
  for (std::size_t i = 0; i < before.size(); ++i) {
    noise_before += off(before, i) * off(before, i);
    noise_after += off(after, i) * off(after, i);
  }
  EXPECT_LT(std::sqrt(noise_after), std::sqrt(noise_before) / 3.0);
}

TEST_F(Smooth, only_the_fields_change_when_they_are_named) {
  const PointCloud before = noisy_sheet(3000);
  put("in.ply", before);
  const PointCloud after = smoothed({"--fields", "intensity", path("in.ply")});
  for (const char* name : {"x", "y", "z", "time", "label"}) expect_same_field(before, after, name);
  ASSERT_EQ(after.find("intensity")->type(), FieldType::kUInt16);
  double before_error = 0.0;
  double after_error = 0.0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double x = before.find("x")->as_double(i) - 652'381.0;
    const double truth = 1000.0 * x + 49.5;
    before_error += std::abs(before.find("intensity")->as_double(i) - truth);
    after_error += std::abs(after.find("intensity")->as_double(i) - truth);
  }
  EXPECT_LT(after_error, 0.5 * before_error);
  const PointCloud both = smoothed({path("in.ply"), "--fields", "intensity", "--coordinates"});
  expect_same_field(after, both, "intensity");
  EXPECT_NE(both.find("z")->as_double(0), before.find("z")->as_double(0));
}

TEST_F(Smooth, invalid_points_stay) {
  PointCloud cloud = noisy_sheet(500);
  cloud.find("x")->values<double>()[3] = std::numeric_limits<double>::quiet_NaN();
  cloud.find("z")->values<double>()[4] = -std::numeric_limits<double>::infinity();
  put("in.ply", cloud);
  const PointCloud after = smoothed({path("in.ply"), "--coordinates", "--fields", "intensity"});
  for (const char* name : {"x", "y", "z", "intensity"}) {
    for (const std::size_t i : {3, 4}) {
      const double was = cloud.find(name)->as_double(i);
      const double is = after.find(name)->as_double(i);
      EXPECT_TRUE(was == is || (std::isnan(was) && std::isnan(is))) << name << ' ' << i;
    }
  }
  EXPECT_TRUE(std::isfinite(after.find("x")->as_double(2)));
}

TEST_F(Smooth, tiny_clouds_are_fine) {
  for (const std::size_t n : {0, 1, 2, 5}) {
    put("in.ply", noisy_sheet(n));
    EXPECT_EQ(smoothed({path("in.ply"), "--coordinates", "--fields", "time"}).size(), n);
  }
}

TEST_F(Smooth, same_bytes_for_any_thread_count) {
  put("in.ply", noisy_sheet(12'000));
  std::vector<std::string> outputs;
  for (const char* threads : {"1", "2", "8"}) {
    (void)smoothed({path("in.ply"), "--threads", threads, "--bandwidth", "0.02", "--neighbors",
                    "24", "--coordinates", "--fields", "intensity"});
    outputs.push_back(read_file(path("out.ply")));
  }
  EXPECT_THAT(outputs, Each(outputs.front()));
}

TEST_F(Smooth, reports) {
  put("in.ply", noisy_sheet(800));
  const std::vector<std::string> arguments{path("in.ply"), "-o", path("out.ply"), "-q"};
  auto with = [&](const char* format) {
    auto all = arguments;
    all.insert(all.end(), {"--format", format});
    return smooth(all);
  };
  const Finished text = with("table");
  EXPECT_EQ(text.err, "");
  EXPECT_THAT(lines_of(text.out),
              ElementsAre(path("in.ply") + " -> " + path("out.ply") + ": 800 points",
                          StartsWith("  coordinates: bandwidth 0.")));
  const auto record = nlohmann::json::parse(with("json").out).at(0);
  EXPECT_EQ(record["path"], path("in.ply"));
  EXPECT_EQ(record["points"], 800);
  EXPECT_EQ(record["smoothed"][0]["what"], "coordinates");
  EXPECT_FALSE(record["smoothed"][0]["bandwidth_given"]);
  EXPECT_GT(record["smoothed"][0]["moved"], 0.0);
}

TEST_F(Smooth, many_clouds_get_what_single_ones_get) {
  std::filesystem::create_directories(folder() / "in");
  put("in/a.ply", noisy_sheet(800));
  put("in/b.ply", noisy_sheet(500));
  put("known.ply", noisy_sheet(300));
  for (const std::vector<std::string>& task :
       {std::vector<std::string>{},
        {"--transfer", "label", "--from", "known.ply", "--field", "l"}}) {
    auto many = task;
    many.insert(many.end(), {"in", "-o", "out/"});
    EXPECT_EQ(smooth(many).exit_code, 0);
    for (const std::string name : {"a.ply", "b.ply"}) {
      auto one = task;
      one.insert(one.end(), {"in/" + name, "-o", "one.ply"});
      EXPECT_EQ(smooth(one).exit_code, 0);
      EXPECT_EQ(read_file(path("one.ply")), read_file(path("out/" + name))) << name;
    }
  }
}

// --- How well it does ---

/// Distance to the surface that bottle_generated was sampled from, see scripts/make_samples.py.
double to_bottle(const std::array<double, 3>& p) {
  constexpr double kProfile[][2] = {{0, 0},        {0.038, 0},    {0.038, 0.19}, {0.030, 0.215},
                                    {0.014, 0.24}, {0.014, 0.30}, {0, 0.30}};
  const double r = std::hypot(p[0], p[1]);
  double least = 1.0;
  for (std::size_t i = 0; i + 1 < std::size(kProfile); ++i) {
    const double dr = kProfile[i + 1][0] - kProfile[i][0];
    const double dz = kProfile[i + 1][1] - kProfile[i][1];
    const double along =
        ((r - kProfile[i][0]) * dr + (p[2] - kProfile[i][1]) * dz) / (dr * dr + dz * dz);
    const double t = std::clamp(along, 0.0, 1.0);
    least =
        std::min(least, std::hypot(r - kProfile[i][0] - t * dr, p[2] - kProfile[i][1] - t * dz));
  }
  return least;
}

double rms_to_bottle(const PointCloud& cloud) {
  double sum = 0.0;
  for (const auto& p : cloud.positions()) sum += to_bottle(p) * to_bottle(p);
  return std::sqrt(sum / static_cast<double>(cloud.size()));
}

TEST_F(Smooth, noise_on_a_sample_is_reduced) {
  PointCloud cloud = read_cloud(
      PTATTN_SOURCE_DIR "/samples/clouds/bottle_generated.pcd");  // 3 000 points, 2.3 mm apart
  Random random(5);
  for (const char* axis : {"x", "y", "z"}) {
    for (float& x : cloud.find(axis)->values<float>()) {
      double normal = -6.0;
      for (int i = 0; i < 12; ++i) normal += random.uniform();
      x += static_cast<float>(0.001 * normal);
    }
  }
  const double before = rms_to_bottle(cloud);
  put("noisy.ply", cloud);
  const double after = rms_to_bottle(smoothed({path("noisy.ply")}));
  RecordProperty("before_mm", std::to_string(1e3 * before));
  RecordProperty("after_mm", std::to_string(1e3 * after));
  EXPECT_GT(before / after, 2.0) << before << ' ' << after;
}

TEST_F(Smooth, labels_are_voted_on_whatever_type_they_have) {
  PointCloud cloud = noisy_sheet(400);
  std::vector<float> labels(400);
  for (std::size_t i = 0; i < 400; ++i) labels[i] = i % 3 == 0 ? 2.0F : 6.0F;
  add_field(cloud, "scalar_Classification", labels);
  add_field(cloud, "height", labels);
  put("a.ply", cloud);
  const PointCloud after = smoothed({path("a.ply"), "--fields", "classification,height"});
  std::size_t changed = 0;
  const auto voted = after.find("scalar_Classification")->values<float>();
  for (std::size_t i = 0; i < 400; ++i) {
    EXPECT_TRUE(voted[i] == 2.0F || voted[i] == 6.0F) << voted[i];
    changed += voted[i] != labels[i] ? 1 : 0;
  }
  EXPECT_GT(changed, 0U);
  const auto averaged = after.find("height")->values<float>();
  EXPECT_TRUE(std::ranges::any_of(averaged, [](float v) { return v != 2.0F && v != 6.0F; }))
      << "other numbers are averaged";
}

TEST_F(Smooth, few_whole_numbers_that_are_averaged_are_pointed_out) {
  PointCloud cloud = read_cloud(PTATTN_SOURCE_DIR "/samples/clouds/chair_coloured.ply");
  const auto fill = [&](const char* name, FieldType type, double scale) {
    Field& field = cloud.add(name, type);
    visit_type(type, [&](auto zero) {
      using T = decltype(zero);
      for (std::size_t i = 0; i < cloud.size(); ++i) {
        field.values<T>()[i] = static_cast<T>(scale * static_cast<double>(i % 5));
      }
    });
  };
  fill("material", FieldType::kFloat32, 1.0);
  fill("strength", FieldType::kFloat32, 0.1);
  put("a.ply", cloud);
  const Finished warned =
      smooth({path("a.ply"), "--fields", "material", "-o", path("b.ply"), "-q"});
  EXPECT_THAT(warned.err,
              HasSubstr("material holds few different whole numbers, which are averaged"));
  EXPECT_EQ(smooth({path("a.ply"), "--fields", "strength", "-o", path("b.ply"), "-q"}).err, "");
  const std::vector<std::string> carry{path("a.ply"), "--transfer", "material", "--from",
                                       path("a.ply"), "--field",    "new",      "-o",
                                       path("b.ply"), "-q"};
  EXPECT_THAT(smooth(carry).err, HasSubstr("see --categorical, else --numeric"));
  for (const char* const said : {"--categorical", "--numeric"}) {
    std::vector<std::string> arguments = carry;
    arguments.emplace_back(said);
    EXPECT_EQ(smooth(arguments).err, "");
  }
}

}  // namespace
}  // namespace ptattn::test
