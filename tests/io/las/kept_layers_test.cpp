// Writing LAZ files of clouds that kept the compressed points of the file they come from.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "../temp_folder.hpp"
#include "las_files.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/io/cloud_writer.hpp"

namespace ptattn::test {
namespace {

constexpr ReadOptions kKeeping{.salvage = false, .keep_compressed = true};

/// Gives a field random values that every attribute of one or more bits has room for.
void change(Field& field, Random& random) {
  for (std::byte& b : field.bytes()) b = static_cast<std::byte>(random.below(2));
}

void add_doubt(PointCloud& cloud, Random& random) {
  Field& doubt = cloud.add("doubt", FieldType::kFloat32);
  doubt.set_step(1e-4);
  for (float& value : doubt.values<float>()) value = static_cast<float>(random.uniform());
}

class KeptLayers : public testing::Test {
 protected:
  /// A file of `points` points like those of a fixture, in chunks of 50000.
  void make(const std::string& fixture, std::size_t points) {
    const PointCloud small = read_cloud(las_folder() / fixture);
    PointCloud cloud(points);
    Random random(points);
    for (const Field& field : small.fields()) {
      Field& to = cloud.add(field.name(), field.type(), field.count());
      const std::size_t step = field.bytes_per_point();
      for (std::size_t i = 0; i < points; ++i) {
        const std::size_t from =
            random.below(3) == 0 ? random.below(small.size()) : i % small.size();
        std::memcpy(to.bytes().data() + i * step, field.bytes().data() + from * step, step);
      }
    }
    cloud.metadata().las = small.metadata().las;
    write_cloud(input(), cloud);
  }
  [[nodiscard]] std::filesystem::path input() const { return folder_ / "in.laz"; }
  [[nodiscard]] std::string written(const PointCloud& cloud) const {
    write_cloud(folder_ / "out.laz", cloud);
    return contents(folder_ / "out.laz");
  }
  TempFolder folder_;
};

TEST_F(KeptLayers, any_changes_give_the_bytes_of_coding_everything) {
  std::size_t kept = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::string name =
        "format" + std::to_string(6 + seed % 5) + (seed % 2 == 0 ? "_extra.las" : ".las");
    make(name, seed % 8 == 0 ? 100'000 + seed : 1 + 7 * seed);
    PointCloud keeping = read_cloud(input(), kKeeping);
    PointCloud plain = read_cloud(input());
    ASSERT_NE(keeping.metadata().compressed, nullptr);
    ASSERT_EQ(plain.metadata().compressed, nullptr);
    for (PointCloud* const cloud : {&keeping, &plain}) {
      Random random(seed);
      const std::uint64_t rarity = 1 + random.below(12);
      for (Field& field : cloud->fields()) {
        const bool is_double = field.type() == FieldType::kFloat64 && field.name() != "gps_time";
        if (random.below(rarity) == 0 && !is_double) change(field, random);
      }
      if (random.below(2) == 0) add_doubt(*cloud, random);
      if (random.below(4) == 0) std::ranges::reverse(cloud->fields());
    }
    kept += std::ranges::count_if(keeping.fields(), [](const Field& f) { return f.origin() != 0; });
    EXPECT_TRUE(written(keeping) == written(plain)) << name << " " << seed;
  }
  EXPECT_GT(kept, 400U);
}

TEST_F(KeptLayers, colours_that_change_the_format_give_the_bytes_of_coding_everything) {
  make("format6_extra.las", 70'000);
  std::vector<std::string> files;
  for (const bool keep : {true, false}) {
    PointCloud cloud = read_cloud(input(), {.keep_compressed = keep});
    Random random(1);
    for (const char* const name : {"red", "green", "blue"}) {
      change(cloud.add(name, FieldType::kUInt8), random);
    }
    files.push_back(written(cloud));
  }
  EXPECT_TRUE(files[0] == files[1]);
}

template <class T>
T get(const std::string& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// A file of one chunk, without a table, and what its layers are.
struct OneChunk {
  explicit OneChunk(std::string file, std::size_t layers) : bytes(std::move(file)) {
    const std::size_t start = get<std::uint32_t>(bytes, 96);
    sizes = start + 8 + get<std::uint16_t>(bytes, 105) + 4;
    std::size_t at = sizes + 4 * layers;
    for (std::size_t l = 0; l < layers; ++l) {
      begin.push_back(at);
      at += get<std::uint32_t>(bytes, sizes + 4 * l);
    }
  }
  [[nodiscard]] std::string layer(std::size_t l) const {
    return bytes.substr(begin[l], get<std::uint32_t>(bytes, sizes + 4 * l));
  }

  std::string bytes;
  std::size_t sizes = 0;  // offset of their sizes
  std::vector<std::size_t> begin;
};

/// A byte behind the last one of a layer, which no decoder looks at and no encoder of ours writes.
std::string with_longer_layer(const std::string& file, std::size_t layers, std::size_t l) {
  OneChunk chunk(file, layers);
  const std::string layer = chunk.layer(l);
  const auto table = get<std::uint64_t>(file, get<std::uint32_t>(file, 96));
  std::string longer = file.substr(0, table);
  longer.insert(chunk.begin[l] + layer.size(), 1, '\x5a');
  const auto size = static_cast<std::uint32_t>(layer.size() + 1);
  std::memcpy(longer.data() + chunk.sizes + 4 * l, &size, sizeof size);
  std::memset(longer.data() + get<std::uint32_t>(file, 96), 0, 8);  // no table
  return longer;
}

TEST_F(KeptLayers, layers_of_fields_that_nobody_changed_are_copied) {
  make("format6.las", 3000);
  constexpr std::size_t kLayers = 9;
  constexpr std::size_t kClassification = 2;
  for (const std::size_t l : {0U, 1U, 4U, 8U}) {
    const std::string odd = with_longer_layer(contents(input()), kLayers, l);
    PointCloud cloud = parse_cloud(std::as_bytes(std::span(odd)), "odd.laz", kKeeping);
    Random random(l);
    change(*cloud.find("classification"), random);
    const OneChunk before(odd, kLayers);
    const OneChunk after(written(cloud), kLayers);
    ASSERT_EQ(before.layer(l).back(), '\x5a');
    for (std::size_t other = 0; other < kLayers; ++other) {
      const bool same = before.layer(other) == after.layer(other);
      EXPECT_EQ(same, other != kClassification) << l << " " << other;
    }
  }
}

TEST_F(KeptLayers, moved_points_copy_nothing) {
  make("format6.las", 3000);
  const std::string odd = with_longer_layer(contents(input()), 9, 4);
  PointCloud cloud = parse_cloud(std::as_bytes(std::span(odd)), "odd.laz", kKeeping);
  (void)cloud.find("y")->bytes();  // could have been changed
  EXPECT_NE(OneChunk(written(cloud), 9).layer(4).back(), '\x5a');
}

TEST_F(KeptLayers, pieces_give_the_bytes_of_the_whole) {
  make("format8_extra.las", 160'000);
  const auto label = [](PointCloud& cloud) {
    cloud.add("doubt", FieldType::kFloat32).set_step(1e-4);
    const auto x = std::as_const(*cloud.find("x")).values<double>();
    const auto codes = cloud.find("classification")->values<std::uint8_t>();
    const auto doubt = cloud.find("doubt")->values<float>();
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      codes[i] = static_cast<std::uint8_t>(static_cast<int>(x[i] * 10) % 7);
      doubt[i] = static_cast<float>(codes[i]) / 7.0F;
    }
  };
  PointCloud whole = read_cloud(input());
  label(whole);
  const std::string expected = written(whole);
  for (const int threads : {1, 2}) {
    const ThreadLimit limit(threads);
    const auto stream = open_cloud_stream(input(), kKeeping);
    PointCloud head = stream->head();
    label(head);
    CloudWriter writer(folder_ / "pieces.laz", head, stream->shape());
    for (PointCloud piece = stream->next(60'000); !piece.empty(); piece = stream->next(60'000)) {
      EXPECT_NE(piece.fields()[0].origin(), 0U);
      label(piece);
      writer.append(piece);
    }
    writer.commit();
    EXPECT_TRUE(contents(folder_ / "pieces.laz") == expected);
  }
}

TEST_F(KeptLayers, files_without_layers_and_salvaged_ones_keep_nothing) {
  for (const char* const name : {"format1.laz", "format6.las"}) {
    EXPECT_EQ(read_cloud(las_folder() / name, kKeeping).metadata().compressed, nullptr) << name;
  }
  const ReadOptions salvage{.salvage = true, .keep_compressed = true};
  EXPECT_EQ(read_cloud(las_folder() / "format6.laz", salvage).metadata().compressed, nullptr);
}

}  // namespace
}  // namespace ptattn::test
