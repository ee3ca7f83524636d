// Inputs of many small parts take the time of their number: each is refused or done long before a
// cost that grows with the square of it would be.

#include <cstdint>
#include <cstring>

#include "faults.hpp"

namespace ptattn::test {
namespace {

class Growth : public Faults {
 protected:
  /// The command within `seconds` of processor time.
  [[nodiscard]] Finished within(int seconds, const std::string& command) const {
    return shell(limit_seconds(seconds) + "exec " + command);
  }
  /// A scene of a label each, 0 to `labels` - 1 in turn.
  void put_scene(const std::string& name, int points, int labels) const {
    std::string text = "ply\nformat ascii 1.0\nelement vertex " + std::to_string(points) +
                       "\nproperty float x\nproperty float y\nproperty float z\n"
                       "property int label\nend_header\n";
    for (int i = 0; i < points; ++i) {
      text += std::to_string(i % 50) + " " + std::to_string(i / 50) + " 0 " +
              std::to_string(i % labels) + "\n";
    }
    put(name, text);
  }
};

template <class T>
void store(std::string& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

/// A LAS 1.4 file of three points with `records` empty records before them and as many behind.
std::string las_of_records(std::uint32_t records) {
  constexpr std::size_t kHeader = 375;
  constexpr std::size_t kRecord = 54;
  constexpr std::size_t kExtended = 60;
  constexpr std::size_t kPoint = 20;
  constexpr std::size_t kPoints = 3;
  const std::size_t start = kHeader + kRecord * records;
  std::string file(start + kPoints * kPoint + kExtended * records, '\0');
  file.replace(0, 4, "LASF");
  file[24] = 1;
  file[25] = 4;
  store<std::uint16_t>(file, 94, kHeader);
  store<std::uint32_t>(file, 96, static_cast<std::uint32_t>(start));
  store<std::uint32_t>(file, 100, records);
  store<std::uint16_t>(file, 105, kPoint);
  store<std::uint32_t>(file, 107, kPoints);
  for (const std::size_t axis : {0, 1, 2}) store<double>(file, 131 + 8 * axis, 0.01);
  store<std::uint64_t>(file, 235, start + kPoints * kPoint);
  store<std::uint32_t>(file, 243, records);
  store<std::uint64_t>(file, 247, kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) {
    store<std::int32_t>(file, start + i * kPoint, static_cast<std::int32_t>(100 * i));
  }
  return file;
}

TEST_F(Growth, of_records_in_a_las_file_is_linear) {
  const std::string file = las_of_records(200'000);
  put("in.las", file);
  const Finished finished = within(10, "ptattn-smooth in.las -o out.las --fields intensity");
  ASSERT_EQ(finished.exit_code, 0) << finished.err << finished.signal;
  EXPECT_GE(get("out.las").size(), file.size());
}

TEST_F(Growth, of_classes_to_learn_ends_at_a_limit) {
  put_scene("data/scene.ply", 3000, 10);
  std::string many;
  std::string few;
  for (int i = 0; i < 100'000; ++i) {
    many += std::to_string(i) + " class_" + std::to_string(i) + "\n";
    few += std::to_string(i) + " class_" + std::to_string(i % 5) + "\n";
  }
  put("many.txt", many);
  put("few.txt", few);
  const std::string train =
      "ptattn-train data -o model --size tiny --steps 1 --voxels-per-step 300 ";
  expect_line(within(5, train + "--classes many.txt"), 3,
              "ptattn-train: many.txt: makes more than 2000 classes");
  EXPECT_EQ(within(30, train + "--classes few.txt").exit_code, 0);
}

TEST_F(Growth, of_maps_of_labels_to_learn_is_linear) {
  put_scene("data/scene.ply", 3000, 10);
  put("classes.txt", "0 a\n1 b\n");
  std::string maps = "{\"scene\": {\"map\": {\"0\": \"a\"";
  for (int i = 1; i < 100'000; ++i) maps += ",\"" + std::to_string(i) + "\": \"b\"";
  maps += "}}";
  for (int i = 1; i < 100'000; ++i) maps += ",\"" + std::to_string(i) + "\": {\"map\": {}}";
  put("maps.json", maps + "}");
  // A look at each key before it takes minutes.
  const Finished finished =
      within(5,
             "ptattn-train data -o model --size tiny --steps 1 --voxels-per-step 300 --classes "
             "classes.txt --maps maps.json");
  EXPECT_EQ(finished.exit_code, 0) << finished.err << finished.signal;
}

TEST_F(Growth, of_folders_of_objects_ends_at_a_limit) {
  ASSERT_EQ(shell("mkdir -p data/{1..2001}").exit_code, 0);
  const std::string cloud = ply_shape(5);
  for (int i = 1; i <= 2001; ++i) put("data/" + std::to_string(i) + "/a.ply", cloud);
  expect_line(within(20, "ptattn-train data -o model --truth folder --steps 1"), 3,
              "ptattn-train: DATA: makes more than 2000 classes");
}

TEST_F(Growth, of_words_to_complete_is_linear) {
  std::string header = "ply\nformat ascii 1.0\nelement vertex 0\n";
  for (int i = 0; i < 3000; ++i) header += "property float f" + std::to_string(i) + "\n";
  put("a.ply", header + "end_header\n");
  std::string words;
  for (int i = 0; i < 300; ++i) words += " a.ply";
  const Finished finished =
      within(10, "ptattn-smooth --generate complete" + words + " --fields f29");
  EXPECT_EQ(finished.exit_code, 0) << finished.err << finished.signal;
  EXPECT_EQ(lines_of(finished.out).size(), 112U);  // a kind; f29, f290 to f299, f2900 to f2999
}

}  // namespace
}  // namespace ptattn::test
