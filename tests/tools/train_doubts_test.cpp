// Clouds to learn from that are not what they seem.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "train_fixture.hpp"

namespace ptattn::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Labels in a field `label`, with what a file says of them.
void name_labels(PointCloud& cloud, const std::string& model,
                 const std::vector<std::string>& classes) {
  const auto codes = cloud.find("classification")->values<std::uint8_t>();
  const auto labels = cloud.add("label", FieldType::kUInt8).values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); ++i) labels[i] = codes[i] == 6 ? 2 : 0;
  LabelMeaning meaning{.field = "label", .codes = LabelCodes::kClass, .classes = {}};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    meaning.classes.push_back(
        {.code = static_cast<std::int64_t>(c), .asprs = {}, .name = classes[c]});
  }
  add_provenance(cloud.metadata(), {.tool = "ptattn-segment",
                                    .version = "0.1.0",
                                    .model = model,
                                    .model_hash = std::string(32, 'a'),
                                    .labels = meaning});
}

class TrainDoubts : public Train {
 protected:
  void put_cloud(const std::string& name, const PointCloud& cloud) const {
    write_cloud(folder() / "data" / name, cloud);
  }
  [[nodiscard]] Finished plan(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"data", "--dry-run", "-q"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return train(arguments);
  }
};

TEST_F(TrainDoubts, another_axis_up_and_feet_are_noticed_and_taken) {
  put_village("a.ply");
  const Finished usual = plan({});
  EXPECT_EQ(usual.err, "");
  PointCloud cloud = village(80, 1);
  const auto x = cloud.find("x")->values<double>();
  const auto y = cloud.find("y")->values<double>();
  const auto z = cloud.find("z")->values<double>();
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    Position p{x[i] - 500'000.0, y[i], z[i]};
    for (double& v : p) v = std::round(v * 1000.0) / 1000.0 / 0.3048;
    p = turned_from_upright(p, Axis::kY);
    x[i] = p[0], y[i] = p[1], z[i] = p[2];
  }
  put_cloud("a.ply", cloud);
  const std::string err = plan({}).err;
  EXPECT_THAT(err, HasSubstr("data/a.ply: coordinates seem to be feet, see --unit ft"));
  EXPECT_THAT(err, HasSubstr("data/a.ply: seems to have y up instead of z, see --up y"));
  for (const auto& frame : {std::vector<std::string>{"--up", "y", "--unit", "ft"},
                            std::vector<std::string>{"--up", "auto", "--unit", "auto"}}) {
    const Finished turned = plan(frame);
    EXPECT_EQ(turned.err, "");
    EXPECT_EQ(turned.out, usual.out);
  }
}

TEST_F(TrainDoubts, labels_have_the_names_that_the_file_gives_them) {
  PointCloud cloud = village(80, 1);
  name_labels(cloud, "", {"floor", "wall", "roof"});
  put_cloud("a.ply", cloud);
  const Finished named = plan({"--truth", "label"});
  EXPECT_EQ(named.err, "");
  EXPECT_THAT(named.out, HasSubstr("  floor"));
  EXPECT_THAT(named.out, HasSubstr("  roof"));
  EXPECT_THAT(named.out, Not(HasSubstr("class 0")));
}

TEST_F(TrainDoubts, labels_of_other_classes_than_those_of_the_model_are_refused) {
  PointCloud cloud = village(80, 1);
  name_labels(cloud, "", {"floor", "wall", "roof"});
  put_cloud("a.ply", cloud);
  const Finished other = plan({"--truth", "label", "--init", "aerial"});
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_EQ(other.err,
            "ptattn-train: label: holds other classes than those of aerial, such as floor, say by "
            "--classes what they mean\n");
}

TEST_F(TrainDoubts, labels_are_matched_by_name_and_those_of_a_model_are_warned_of) {
  PointCloud cloud = village(80, 1);
  name_labels(cloud, "mine", {"building", "other", "ground"});
  put_cloud("a.ply", cloud);
  const Finished known = plan({"--truth", "label", "--init", "aerial"});
  EXPECT_EQ(known.exit_code, 0) << known.err;
  EXPECT_THAT(known.err,
              HasSubstr("data/a.ply: its labels, label, were made by the model mine, whose "
                        "mistakes would be learnt"));
  const auto points_of = [&](const std::string& name) {
    for (const std::string& line : lines_of(known.out)) {
      if (line.starts_with("  " + name)) return std::stod(line.substr(2 + name.size()));
    }
    return -1.0;
  };
  EXPECT_LT(points_of("ground"), points_of("building")) << known.out;  // 2 is ground in this file
}

TEST_F(TrainDoubts, the_largest_byte_and_noise_are_no_classes) {
  PointCloud cloud = village(80, 1);
  const auto codes = cloud.find("classification")->values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); i += 9) codes[i] = i % 2 == 0 ? 7 : 18;
  const auto own = cloud.add("class", FieldType::kUInt8).values<std::uint8_t>();
  for (std::size_t i = 0; i < cloud.size(); ++i) own[i] = i % 5 == 0 ? 255 : codes[i] == 6 ? 1 : 0;
  put_cloud("a.ply", cloud);
  EXPECT_THAT(plan({}).out, Not(HasSubstr("  other ")));
  const std::string out = plan({"--truth", "class"}).out;
  EXPECT_THAT(out, HasSubstr("255 is taken as no label (--classes)"));
  EXPECT_THAT(out, Not(HasSubstr("class 255")));
}

TEST_F(TrainDoubts, points_that_are_learnt_from_and_held_out_are_noticed) {
  put_village("a.ply");
  put_village("copy.ply");
  EXPECT_EQ(plan({"--hold-out", "copy*"}).err,
            "ptattn-train: data/copy.ply: 100 % of its points are in clouds that are learnt from, "
            "so that its accuracy says little\n");
  put_village("copy.ply", 2);
  EXPECT_EQ(plan({"--hold-out", "copy*"}).err, "");
}

}  // namespace
}  // namespace ptattn::test
