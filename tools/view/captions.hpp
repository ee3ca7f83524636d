#pragma once

#include <string>
#include <vector>

namespace ptattn::tools {

/// Shortens paths to what tells them apart: the file names or, where two are equal, these with the
/// folders above that are needed ("spring/tile.ply", "autumn/tile.ply"), without those that all
/// paths share.
/// @return one name a path
[[nodiscard]] std::vector<std::string> distinguishing_names(const std::vector<std::string>& paths);

}  // namespace ptattn::tools
