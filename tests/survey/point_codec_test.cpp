#include "ptattn/survey/point_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/survey/point_records.hpp"
#include "ptattn/survey/survey_pieces.hpp"

namespace ptattn::test {
namespace {

const std::string kCoast = PTATTN_SOURCE_DIR "/samples/scenes/aerial_coast.laz";

/// Records of coordinates and fields of a cloud, in a frame.
std::vector<std::byte> records_of(PointCloud& cloud, const CloudFrame& frame,
                                  const PointLayout& layout) {
  const FrameChange framed(cloud, frame);
  const RawVector<Position> positions = cloud.positions();
  const RecordWriter writer(cloud, layout);
  std::vector<std::byte> records(cloud.size() * layout.stride());
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    writer.write(i, positions[i], 1000 + i, records.data() + i * layout.stride());
  }
  return records;
}

/// The bytes that records take, which must come back.
std::size_t packed_bytes(const std::vector<std::byte>& records, const PointLayout& layout) {
  const PointCodec codec(layout);
  std::string packed;
  codec.pack(records, packed);
  std::vector<std::byte> back(records.size());
  EXPECT_EQ(codec.unpack(std::as_bytes(std::span(packed)), back), packed.size());
  EXPECT_EQ(back, records);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, packed.size() - 1}) {
    EXPECT_EQ(codec.unpack(std::as_bytes(std::span(packed).first(size)), back), 0U);
  }
  return packed.size();
}

TEST(PointCodec, coordinates_of_a_las_file_are_packed_as_its_whole_numbers) {
  PointCloud cloud = read_cloud(kCoast);
  const std::vector<CloudFrame> frames{
      {}, {Axis::kZ, 0.3048}, {Axis::kY, 1.0}, {Axis::kMinusX, 1200.0 / 3937.0}};
  for (const CloudFrame& frame : frames) {
    PointLayout layout{.fields = {{"intensity", FieldType::kUInt16, 1}}};
    const std::vector<std::byte> records = records_of(cloud, frame, layout);
    const std::size_t as_bits = packed_bytes(records, layout);
    layout.steps = steps_of(cloud, frame);
    const std::size_t as_steps = packed_bytes(records, layout);
    EXPECT_LT(static_cast<double>(as_steps) / static_cast<double>(cloud.size()), 9.0);
    EXPECT_GT(static_cast<double>(as_bits) / static_cast<double>(cloud.size()), 17.0);
  }
}

TEST(PointCodec, what_is_no_whole_number_of_steps_comes_back_too) {
  const PointLayout layout{.steps = {{{0.01, 0.0, 1.0}, {0.01, 500.0, -1.0}, {0.01, 0.0, 0.3048}}}};
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  const std::vector<double> values{0.0,  -0.0,      0.01, 0.1 + 0.2,     1e300,
                                   -5.5, kInfinite, 1e-9, std::nan("7"), std::ldexp(1.0, 60)};
  std::vector<double> records;
  for (const double value : values) {
    for (const double other : {0.25, value, -value}) records.push_back(other);
    const std::vector<std::byte> bytes(std::as_bytes(std::span(records)).begin(),
                                       std::as_bytes(std::span(records)).end());
    (void)packed_bytes(bytes, layout);
  }
}

TEST(PointCodec, fields_of_every_type_and_count_come_back) {
  PointCloud cloud(500);
  PointLayout layout{.fields = {}, .order = true};
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat32);
  for (int type = 0; type <= static_cast<int>(FieldType::kFloat64); ++type) {
    const std::uint32_t count = type % 3 == 1 ? 3 : 1;
    Field& field = cloud.add("f" + std::to_string(type), static_cast<FieldType>(type), count);
    std::uint32_t state = 17 + static_cast<std::uint32_t>(type);
    for (std::byte& byte : field.bytes())
      byte = static_cast<std::byte>((state = state * 1664525U + 1013904223U) >> 24U);
    layout.fields.push_back({field.name(), field.type(), count});
  }
  (void)packed_bytes(records_of(cloud, {}, layout), layout);
}

TEST(PointCodec, small_signed_numbers_take_few_bits) {
  PointCloud cloud(1000);
  for (const char* const axis : {"x", "y", "z"}) cloud.add(axis, FieldType::kFloat32);
  const auto angles = cloud.add("angle", FieldType::kInt16).values<std::int16_t>();
  for (std::size_t i = 0; i < angles.size(); ++i) {
    angles[i] = static_cast<std::int16_t>(static_cast<int>(i % 32) - 16);
  }
  const PointLayout layout{.fields = {{"angle", FieldType::kInt16, 1}}};
  EXPECT_EQ(packed_bytes(records_of(cloud, {}, layout), layout),
            4 * 11U + (1000 * 5 + 63) / 64 * 8);
}

}  // namespace
}  // namespace ptattn::test
