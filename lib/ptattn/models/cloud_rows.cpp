#include "ptattn/models/cloud_rows.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn {

std::vector<CloudRows> cloud_rows(const PointInput& input) {
  if (input.ends.empty()) return {{0, input.positions.rows}};
  std::vector<CloudRows> clouds;
  clouds.reserve(input.ends.size());
  std::size_t begin = 0;
  for (const std::size_t end : input.ends) {
    clouds.push_back({begin, end - begin});
    begin = end;
  }
  return clouds;
}

void check_point_input(const PointInput& input, std::size_t in_channels, std::string_view subject) {
  const auto require = [&](bool condition, const char* problem) {
    if (!condition) throw Error(Fault::kUsage, subject, problem);
  };
  const std::size_t n = input.positions.rows;
  require(n == 0 || input.positions.cols == 3, "positions do not have 3 coordinates");
  if (input.features.rows != n || (n > 0 && input.features.cols != in_channels)) {
    throw Error(Fault::kUsage, subject,
                "got features [" + std::to_string(input.features.rows) + ", " +
                    std::to_string(input.features.cols) + "], expected [" + std::to_string(n) +
                    ", " + std::to_string(in_channels) + "]");
  }
  require(std::ranges::is_sorted(input.ends), "the ends of the clouds do not ascend");
  require(input.ends.empty() || input.ends.back() == n,
          "the last cloud does not end at the last point");
}

}  // namespace ptattn
