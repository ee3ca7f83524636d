#include "ptattn/models/batch.hpp"

#include <algorithm>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn {

std::span<const CloudRows> cloud_rows(const PointInput& input, ScratchMemory& scratch) {
  const auto clouds = scratch.take<CloudRows>(std::max<std::size_t>(1, input.ends.size()));
  clouds.front() = {0, input.positions.rows};
  std::size_t begin = 0;
  for (std::size_t c = 0; c < input.ends.size(); ++c) {
    clouds[c] = {begin, input.ends[c] - begin};
    begin = input.ends[c];
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
