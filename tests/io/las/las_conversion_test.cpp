// LAS files made into PLY and PCD and back: every attribute is the same, bit for bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "../random_cloud.hpp"
#include "las_fixture.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/point_format.hpp"
#include "ptattn/io/las/quantization.hpp"

namespace ptattn::test {
namespace {

io::las::LasHeader header_of(const PointCloud& cloud) {
  return io::las::parse_las_header(cloud.metadata().las->header);
}

/// Any values that the attributes of a file can have.
void fill_attributes(Random& random, PointCloud& cloud, bool ascii) {
  const io::las::LasHeader header = header_of(cloud);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const io::las::Quantization step{header.scale[axis], header.offset[axis]};
    for (double& value : cloud.fields()[axis].values<double>()) {
      value = step.value_of(static_cast<double>(static_cast<std::int32_t>(random.next())));
    }
  }
  const auto attributes = io::las::dimensions_of_format(header.format);
  for (std::size_t a = 0; a < attributes.size(); ++a) {
    Field& field = cloud.fields()[3 + a];
    if (attributes[a].bits == 0) {
      fill_random(random, field.type(), field.bytes(), ascii);
      continue;
    }
    const std::uint64_t values = std::uint64_t{1} << attributes[a].bits;
    for (std::uint8_t& value : field.values<std::uint8_t>()) {
      value = static_cast<std::uint8_t>(random.below(values));
    }
  }
}

/// Extra bytes of all types.
void add_extra_bytes(Random& random, PointCloud& cloud, bool ascii) {
  for (int type = 0; type < 10; ++type) {
    const std::string name = "extra_of_type_" + std::to_string(type);
    const auto count = static_cast<std::uint32_t>(1 + random.below(3));
    Field& field = cloud.add(name, static_cast<FieldType>(type), count);
    fill_random(random, field.type(), field.bytes(), ascii);
  }
}

void expect_same_fields(const PointCloud& a, const PointCloud& b, const std::string& what) {
  ASSERT_EQ(a.fields().size(), b.fields().size()) << what;
  for (std::size_t f = 0; f < a.fields().size(); ++f) {
    EXPECT_EQ(a.fields()[f].name(), b.fields()[f].name()) << what;
    EXPECT_EQ(a.fields()[f].type(), b.fields()[f].type()) << what << " " << a.fields()[f].name();
    EXPECT_TRUE(std::ranges::equal(a.fields()[f].bytes(), b.fields()[f].bytes()))
        << what << " " << a.fields()[f].name();
  }
}

class LasConversion : public Las, public testing::WithParamInterface<Container> {
 protected:
  /// Written in the other format, read, written to LAS and read again.
  [[nodiscard]] PointCloud there_and_back(const PointCloud& cloud) const {
    const auto path = folder_ / (std::string("other") + GetParam().extension);
    write_cloud(path, cloud, GetParam().encoding);
    return again(read_cloud(path));
  }
};

TEST_P(LasConversion, every_attribute_of_the_fixtures_comes_back) {
  for (const std::string& name : fixture_names(".las")) {
    const PointCloud cloud = fixture(name);
    const PointCloud back = there_and_back(cloud);
    expect_same_fields(cloud, back, name);
    EXPECT_EQ(header_of(back).format, header_of(cloud).format) << name;
    EXPECT_EQ(header_of(back).scale, header_of(cloud).scale) << name;
    EXPECT_EQ(header_of(back).offset, header_of(cloud).offset) << name;
  }
}

TEST_P(LasConversion, any_values_of_every_format_come_back) {
  for (unsigned format = 0; format <= io::las::kLastFormat; ++format) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      Random random(100 * format + seed);
      const std::string name = "format" + std::to_string(format) + ".las";
      PointCloud cloud = fixture(name);
      fill_attributes(random, cloud, GetParam().is_ascii());
      add_extra_bytes(random, cloud, GetParam().is_ascii());
      const PointCloud back = there_and_back(cloud);
      expect_same_fields(cloud, back, name + ", seed " + std::to_string(seed));
      EXPECT_EQ(header_of(back).format, format) << "seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(all_encodings, LasConversion, testing::ValuesIn(kContainers),
                         [](const auto& one) { return name_of(one.param); });

class LasSteps : public Las {
 protected:
  /// A cloud of a comment on steps, with one value of x that may be none of them.
  [[nodiscard]] static PointCloud commented(double x) {
    PointCloud cloud(2);
    for (const char* const axis : {"x", "y", "z"}) {
      cloud.add(axis, FieldType::kFloat64).values<double>()[0] = 25.0;
    }
    cloud.find("x")->values<double>()[1] = x;
    cloud.metadata().comments = {"las scale 0.25 0.25 0.25 offset 1000 0 -3"};
    return cloud;
  }
};

TEST_F(LasSteps, of_the_file_that_a_cloud_comes_from_are_kept) {
  const io::las::LasHeader header = header_of(again(commented(-7.5)));
  EXPECT_EQ(header.scale, (std::array{0.25, 0.25, 0.25}));
  EXPECT_EQ(header.offset, (std::array{1000.0, 0.0, -3.0}));
}

TEST_F(LasSteps, give_way_where_a_coordinate_is_none_of_them) {
  for (const double x : {-7.4, 1e9}) {  // between two steps; too many of them
    const PointCloud cloud = again(commented(x), {.scale = x > 0 ? 1.0 : 0.0});
    EXPECT_NE(header_of(cloud).scale[0], 0.25);
    EXPECT_NEAR(cloud.find("x")->as_double(1), x, 1e-9);
  }
}

TEST_F(LasSteps, give_way_to_the_option) {
  EXPECT_EQ(header_of(again(commented(-7.5), {.scale = 0.5})).scale[0], 0.5);
}

TEST_F(LasSteps, that_a_comment_misspells_are_passed_over) {
  for (const char* const comment :
       {"las scale 0.25 0.25 0 offset 0 0 0", "las scale 0.25 0.25 nan offset 0 0 0",
        "las scale 0.25 0.25 0.25 offset 0 0", "las scale 0.25 0.25 0.25 offset 0 0 east"}) {
    PointCloud cloud = commented(-7.5);
    cloud.metadata().comments = {comment};
    EXPECT_EQ(header_of(again(cloud)).scale[0], 0.001) << comment;
  }
}

}  // namespace
}  // namespace ptattn::test
