#include "ptattn/cloud/field.hpp"

#include <gtest/gtest.h>

#include <new>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

TEST(field, starts_zeroed_with_one_slot_a_value) {
  const Field field("normal", FieldType::kFloat64, 5, 3);
  EXPECT_EQ(field.bytes_per_point(), 24U);
  EXPECT_EQ(field.bytes().size(), 120U);
  for (const double v : field.values<double>()) EXPECT_EQ(v, 0.0);
}

TEST(field, every_type_knows_its_size_and_name) {
  const struct {
    FieldType type;
    std::size_t size;
    std::string_view name;
  } expected[] = {
      {FieldType::kInt8, 1, "int8"},       {FieldType::kUInt8, 1, "uint8"},
      {FieldType::kInt16, 2, "int16"},     {FieldType::kUInt16, 2, "uint16"},
      {FieldType::kInt32, 4, "int32"},     {FieldType::kUInt32, 4, "uint32"},
      {FieldType::kInt64, 8, "int64"},     {FieldType::kUInt64, 8, "uint64"},
      {FieldType::kFloat32, 4, "float32"}, {FieldType::kFloat64, 8, "float64"},
  };
  for (const auto& e : expected) {
    EXPECT_EQ(size_of(e.type), e.size);
    EXPECT_EQ(name_of(e.type), e.name);
    EXPECT_EQ(visit_type(e.type, []<class T>(T) { return field_type_of<T>(); }), e.type);
  }
}

TEST(field, values_of_another_type_are_refused) {
  Field field("intensity", FieldType::kFloat32, 2);
  EXPECT_NO_THROW((void)field.values<float>());
  try {
    (void)field.values<double>();
    FAIL() << "no exception";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kUsage);
    EXPECT_STREQ(e.what(), "intensity: the field holds float32, expected float64");
  }
}

TEST(field, as_double_converts_every_component) {
  Field field("pair", FieldType::kInt16, 2, 2);
  field.values<std::int16_t>()[3] = -7;
  EXPECT_EQ(field.as_double(1, 1), -7.0);
  EXPECT_EQ(field.as_double(1, 0), 0.0);
  Field big("big", FieldType::kUInt64, 1);
  big.values<std::uint64_t>()[0] = UINT64_MAX;
  EXPECT_EQ(big.as_double(0), 0x1p64);
}

TEST(field, forgets_where_its_values_come_from_as_soon_as_they_can_be_changed) {
  Field field("intensity", FieldType::kUInt16, 2);
  EXPECT_EQ(field.origin(), 0U);
  field.set_origin(7);
  (void)std::as_const(field).bytes();
  (void)std::as_const(field).values<std::uint16_t>();
  (void)field.as_double(1);
  Field copy = field;
  Field moved = std::move(field);
  EXPECT_EQ(copy.origin(), 7U);
  EXPECT_EQ(moved.origin(), 7U);
  (void)copy.bytes();
  (void)moved.values<std::uint16_t>();
  EXPECT_EQ(copy.origin(), 0U);
  EXPECT_EQ(moved.origin(), 0U);
}

TEST(field, copies_and_moves_keep_the_step) {
  Field field("confidence", FieldType::kFloat32, 2);
  EXPECT_EQ(field.step(), 0.0);
  field.set_step(0.25);
  const Field copy = field;
  Field other("b", FieldType::kFloat32, 1);
  other = copy;
  EXPECT_EQ(other.step(), 0.25);
  EXPECT_EQ(Field(std::move(field)).step(), 0.25);
}

TEST(field, copies_are_independent_and_moves_leave_nothing) {
  Field field("a", FieldType::kUInt8, 3);
  field.values<std::uint8_t>()[0] = 9;
  Field copy = field;
  copy.values<std::uint8_t>()[0] = 1;
  EXPECT_EQ(field.values<std::uint8_t>()[0], 9);
  const Field moved = std::move(field);
  EXPECT_EQ(moved.values<std::uint8_t>()[0], 9);
  EXPECT_TRUE(field.bytes().empty());  // NOLINT: what a moved-from field holds is the point
  copy = moved;
  EXPECT_EQ(copy.values<std::uint8_t>()[0], 9);
}

TEST(field, a_size_that_overflows_is_refused) {
  EXPECT_THROW(Field("x", FieldType::kFloat64, SIZE_MAX / 4), std::bad_alloc);
}

}  // namespace
}  // namespace ptattn::test
