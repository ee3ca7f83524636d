#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn::test {

[[nodiscard]] std::string read_file(const std::filesystem::path& path);
/// Creates the folders above it as well.
void write_file(const std::filesystem::path& path, std::string_view text);
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/// A folder of the running test's own, removed at its end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// An ASCII PLY file.
[[nodiscard]] std::string ply_text(const std::vector<std::array<double, 3>>& points);
/// `n` points on a half ellipsoid whose proportions depend on `seed`, as an ASCII PLY file.
[[nodiscard]] std::string ply_shape(std::size_t n, unsigned seed = 1);

/// Writes the folder of a PCT network so small that a cloud takes a millisecond, with pseudo-random
/// weights and the five classes airplane, chair, cone, lamp, table.
void write_tiny_model(const std::filesystem::path& folder);

}  // namespace ptattn::test
