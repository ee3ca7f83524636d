#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ptattn::test {

/// One `#include` that goes against the arrows of the architecture.
struct Violation {
  std::string file;      ///< relative to the source root
  std::string included;  ///< as written
  std::string reason;
};

/// Checks every source under lib/ptattn and tools below `root`: a module includes only itself and
/// the modules its arrows reach, the rooms inside of a module keep arrows of their own, kernels are
/// included by networks and training only, PCL stays in io, Open3D in view.
[[nodiscard]] std::vector<Violation> check_include_arrows(const std::filesystem::path& root);

}  // namespace ptattn::test
