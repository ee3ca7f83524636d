#include "scratch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no file " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Scratch::Scratch() {
  const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
  path_ = fs::temp_directory_path() / ("ptattn-" + std::string(test->test_suite_name()) + "." +
                                       test->name() + "-" + std::to_string(::getpid()));
  fs::create_directories(path_);
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string ply_text(const std::vector<std::array<double, 3>>& points) {
  std::ostringstream text;
  text.precision(17);
  text << "ply\nformat ascii 1.0\nelement vertex " << points.size()
       << "\nproperty double x\nproperty double y\nproperty double z\nend_header\n";
  for (const auto& p : points) text << p[0] << ' ' << p[1] << ' ' << p[2] << '\n';
  return text.str();
}

std::string ply_shape(std::size_t n, unsigned seed) {
  Random random(seed);
  const double width = 0.2 + random.uniform();
  const double depth = 0.2 + random.uniform();
  std::vector<std::array<double, 3>> points(n);
  for (auto& p : points) {
    const double angle = 6.283185307179586 * random.uniform();
    const double height = random.uniform();
    const double radius = std::sqrt(1.0 - height * height);
    p = {width * radius * std::cos(angle), depth * radius * std::sin(angle), height};
  }
  return ply_text(points);
}

}  // namespace ptattn::test
