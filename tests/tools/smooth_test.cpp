// ptattn-smooth: its command line, and what it does to coordinates and fields.

#include <limits>
#include <nlohmann/json.hpp>

#include "smooth_fixture.hpp"

namespace ptattn::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// --- The command line ---

TEST_F(Smooth, HelpIsTheKnownText) {
  const Finished finished = smooth({"--help"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.err, "");
  EXPECT_EQ(finished.out, read_file(PTATTN_TEST_DIR "/tools/golden/ptattn-smooth_help.txt"));
  for (const std::string& line : lines_of(finished.out)) EXPECT_LE(line.size(), 80U) << line;
}

TEST_F(Smooth, Version) {
  EXPECT_EQ(smooth({"--version"}).out, version_text("ptattn-smooth"));
}

TEST_F(Smooth, WrongOptionsAreOneLine) {
  put("in.ply", noisy_sheet(50));
  const std::string in = path("in.ply");
  const std::string out = path("out.ply");
  expect_refused({"-o", out}, 2, "INPUT: missing, name a file, see --help");
  expect_refused({in}, 2, "--output: missing, name a file to write");
  expect_refused({in, "-o", path("out.txt")}, 2,
                 path("out.txt") + ": expected a name ending in .ply, .pcd, .las or .laz");
  expect_refused({in, "-o", in}, 2, in + ": is an input, --output would overwrite it");
  expect_refused({in, "-o", out, "--bandwidth", "-1"}, 2,
                 "--bandwidth: -1 is not a number above 0, see --help");
  expect_refused({in, "-o", out, "--radius", "auto"}, 2,
                 "--radius: auto is not a number above 0, see --help");
  expect_refused({in, "-o", out, "--k", "0"}, 2, "--k: Value 0 not in range 1 to 4096, see --help");
  expect_refused({in, "-o", out, "--kernel", "box"}, 2,
                 "--kernel: box not in {gaussian,epanechnikov,triangular,boxcar,constant}, see "
                 "--help");
  expect_refused({in, "-o", out, "--from", in}, 2, "--from: needs --transfer FIELD");
  expect_refused({in, "-o", out, "--transfer", "label"}, 2, "--transfer: needs --from FILE");
  expect_refused({in, "-o", out, "--transfer", "label", "--from", in, "--iterations", "2"}, 2,
                 "--iterations: does not go with --transfer");
  expect_refused(
      {in, "-o", out, "--transfer", "label", "--from", in, "--numeric", "--confidence-field", "c"},
      2, "--confidence-field: does not go with --numeric");
  expect_refused({in, "-o", out, "--transfer", "label", "--from", in, "--numeric", "--categorical"},
                 2, "--categorical excludes --numeric, see --help");
}

TEST_F(Smooth, WrongNamesAreOneLine) {
  PointCloud packed = noisy_sheet(50);
  packed.add("rgb", FieldType::kFloat32);
  put("in.ply", packed);
  const std::string in = path("in.ply");
  const std::string out = path("out.ply");
  expect_refused({path("no.ply"), "-o", out}, 3,
                 path("no.ply") + ": cannot be opened: No such file or directory");
  expect_refused({in, "-o", out, "--fields", "intensity,colour"}, 3,
                 in + ": has no field \"colour\", see --fields");
  expect_refused({in, "-o", out, "--fields", "z"}, 2,
                 "--fields: z is a coordinate, use --coordinates");
  expect_refused({in, "-o", out, "--fields", "rgb"}, 2,
                 "--fields: rgb packs colours into one number, which has no mean, expected fields "
                 "of their own such as red, green and blue");
}

TEST_F(Smooth, NamesThatAreTakenAreRefused) {
  PointCloud cloud = noisy_sheet(50);
  cloud.add("confidence", FieldType::kFloat32);
  put("in.ply", cloud);
  const std::string in = path("in.ply");
  const std::string out = path("out.ply");
  const Finished same = smooth({in, "-o", out, "--transfer", "label", "--from", in});
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_THAT(same.err, HasSubstr("--as"));
  const Finished share =
      smooth({in, "-o", out, "--transfer", "label", "--from", in, "--as", "other"});
  EXPECT_EQ(share.exit_code, 2);
  EXPECT_THAT(share.err, HasSubstr("--confidence-field"));
  expect_refused(
      {in, "-o", out, "--transfer", "label", "--from", in, "--as", "c", "--confidence-field", "c"},
      2, "--confidence-field: c is the name of the labels");
  expect_refused({in, "-o", out, "--transfer", "label", "--from", in, "--as", "a",
                  "--confidence-field", "c", "--unknown", "300"},
                 2, "--unknown: does not fit \"label\", which is uint8");
  expect_refused({in, "-o", out, "--transfer", "nothing", "--from", in}, 3,
                 in + ": has no field \"nothing\", see --transfer");
}

// --- Smoothing ---

TEST_F(Smooth, OnlyTheCoordinatesChange) {
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

TEST_F(Smooth, OnlyTheFieldsChangeWhenTheyAreNamed) {
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

TEST_F(Smooth, InvalidPointsStay) {
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

TEST_F(Smooth, TinyCloudsAreFine) {
  for (const std::size_t n : {0, 1, 2, 5}) {
    put("in.ply", noisy_sheet(n));
    EXPECT_EQ(smoothed({path("in.ply"), "--coordinates", "--fields", "time"}).size(), n);
  }
}

TEST_F(Smooth, SameBytesForAnyThreadCount) {
  put("in.ply", noisy_sheet(12'000));
  std::vector<std::string> outputs;
  for (const char* threads : {"1", "2", "8"}) {
    (void)smoothed({path("in.ply"), "--threads", threads, "--bandwidth", "0.02", "--k", "24",
                    "--coordinates", "--fields", "intensity"});
    outputs.push_back(read_file(path("out.ply")));
  }
  EXPECT_THAT(outputs, Each(outputs.front()));
}

TEST_F(Smooth, Reports) {
  put("in.ply", noisy_sheet(800));
  const std::vector<std::string> arguments{path("in.ply"), "-o", path("out.ply"), "--report"};
  auto with = [&](const char* format) {
    auto all = arguments;
    all.push_back(format);
    return smooth(all);
  };
  const Finished text = with("text");
  EXPECT_EQ(text.out, "");
  EXPECT_THAT(lines_of(text.err),
              ElementsAre(StartsWith("ptattn-smooth: coordinates: bandwidth 0.")));
  const Finished none = with("none");
  EXPECT_EQ(none.out + none.err, "");
  const Finished json = with("json");
  EXPECT_EQ(json.err, "");
  const auto record = nlohmann::json::parse(json.out);
  EXPECT_EQ(record["points"], 800);
  EXPECT_EQ(record["smoothed"][0]["what"], "coordinates");
  EXPECT_FALSE(record["smoothed"][0]["bandwidth_given"]);
  EXPECT_GT(record["smoothed"][0]["moved"], 0.0);
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
  for (const auto& p : cloud.positions("bottle")) sum += to_bottle(p) * to_bottle(p);
  return std::sqrt(sum / static_cast<double>(cloud.size()));
}

TEST_F(Smooth, NoiseOnASampleIsReduced) {
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

}  // namespace
}  // namespace ptattn::test
