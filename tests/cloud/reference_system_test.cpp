#include "ptattn/cloud/reference_system.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ptattn::test {
namespace {

LasRecord record(std::uint16_t id, std::string_view bytes) {
  LasRecord made;
  std::ranges::copy(std::string_view("LASF_Projection"), made.user_id.begin());
  made.record_id = id;
  for (const char c : bytes) made.data.push_back(static_cast<std::byte>(c));
  return made;
}

LasRecord keys(const std::vector<std::uint16_t>& numbers) {
  std::string bytes;
  for (const std::uint16_t n : numbers) {
    bytes.push_back(static_cast<char>(n & 255U));
    bytes.push_back(static_cast<char>(n >> 8U));
  }
  return record(34735, bytes);
}

ReferenceSystem system_of(std::vector<LasRecord> records) {
  LasMetadata las;
  las.records = std::move(records);
  return reference_system_of(las);
}

TEST(reference_system, comes_from_wkt) {
  const ReferenceSystem feet = system_of({record(
      2112, R"wkt(COMPD_CS["Kentucky (ftUS) + height",PROJCS["Kentucky (ftUS)",GEOGCS["NAD83",)wkt"
            R"wkt(UNIT["degree",0.0174532925199433]],UNIT["US survey foot",0.304800609601219]],)wkt"
            R"wkt(VERT_CS["NAVD88",UNIT["metre",1]]])wkt")});
  EXPECT_EQ(feet.name, "Kentucky (ftUS) + height");
  EXPECT_NEAR(feet.metres.value(), 1200.0 / 3937.0, 1e-9);
  EXPECT_FALSE(feet.geographic);
  EXPECT_EQ(feet.metres_of_height, 1.0);
  const ReferenceSystem degrees =
      system_of({record(2112, R"(GEOGCS["WGS 84",UNIT["degree",0.0174532925199433]])")});
  EXPECT_TRUE(degrees.geographic);
  EXPECT_FALSE(degrees.metres);
  EXPECT_FALSE(degrees.metres_of_height);
}

TEST(reference_system, of_heights_is_told_apart_in_every_spelling) {
  for (const std::string vertical : {"VERT_CS", "VERTCS", "VERTCRS", "VERTICALCRS"}) {
    SCOPED_TRACE(vertical);
    const ReferenceSystem system = system_of(
        {record(2112, R"wkt(PROJCS["New Mexico",GEOGCS["NAD83",UNIT["degree",0.0174]],)wkt"
                      R"wkt(UNIT["US survey foot",0.3048006096012192],)wkt" +
                          vertical + R"wkt(["NAVD88",UNIT["metre",1.0]]])wkt")});
    EXPECT_NEAR(system.metres.value(), 1200.0 / 3937.0, 1e-9);
    EXPECT_EQ(system.metres_of_height, 1.0);
  }
  const ReferenceSystem named = system_of(
      {record(2112, R"wkt(PROJCS["New Mexico",UNIT["US survey foot",0.3048006096012192],)wkt"
                    R"wkt(VERTCS["NAVD88",UNIT["US survey foot",1.0]]])wkt")});
  EXPECT_EQ(named.metres_of_height, 1200.0 / 3937.0) << "a foot is no metre";
}

TEST(reference_system, comes_from_geotiff_keys) {
  const ReferenceSystem metres =
      system_of({keys({1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 2154, 3076, 0, 1, 9001})});
  EXPECT_EQ(metres.name, "EPSG:2154");
  EXPECT_EQ(metres.metres, 1.0);
  EXPECT_EQ(system_of({keys({1, 1, 0, 1, 3076, 0, 1, 9003})}).metres, 1200.0 / 3937.0);
  const ReferenceSystem mixed =
      system_of({keys({1, 1, 0, 2, 3072, 0, 1, 26917, 4099, 0, 1, 9003})});
  EXPECT_EQ(mixed.metres, 1.0);  // as all zones of UTM
  EXPECT_EQ(mixed.metres_of_height, 1200.0 / 3937.0);
  EXPECT_TRUE(system_of({keys({1, 1, 0, 1, 1024, 0, 1, 2})}).geographic);
  const ReferenceSystem cited =
      system_of({keys({1, 1, 0, 1, 1026, 34737, 12, 0}), record(34737, "Texas (feet)|")});
  EXPECT_EQ(cited.name, "Texas (feet)");
  EXPECT_EQ(cited.metres, 0.3048);
}

TEST(reference_system, damaged_records_say_nothing) {
  EXPECT_FALSE(system_of({}).is_known());
  EXPECT_FALSE(system_of({record(34735, "abc")}).is_known());
  EXPECT_FALSE(system_of({keys({1, 1, 0, 900})}).is_known());  // more keys than there are bytes
  EXPECT_FALSE(system_of({record(2112, "UNIT[\"metre\"")}).metres);
}

}  // namespace
}  // namespace ptattn::test
