#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ptattn::test {

/// A piece of the library's work that something may go wrong in.
struct Scenario {
  std::string name;
  std::function<std::uint64_t()> run;  ///< a hash of all that it computes
};

/// Classification, the loading of models, segmentation, features, smoothing, attention and files,
/// each of a hundredth of a second or so.
/// @param folder  for files; it outlives the scenarios
[[nodiscard]] std::vector<Scenario> scenarios(const std::filesystem::path& folder);

}  // namespace ptattn::test
