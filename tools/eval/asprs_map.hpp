#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "label_map.hpp"

namespace ptattn::tools {

/// Which side of a comparison labels are on.
enum class LabelSide : std::uint8_t { kTruth, kPredicted };

/// Maps ASPRS codes of LAS files (LAS 1.4 R15, table 17) to classes.
///
/// A code means the class that has it; 3 and 4, low and medium vegetation, mean the class of 5, and
/// 13 and 16, other wires, that of 14. As the truth, 0 and 1 (not classified), 7 and 18 (noise) and
/// 66 (synthetic, IGN) are ignored. Any other code means the class of code 1, which models give to
/// everything else; without one it is ignored.
/// @param classes  their names
/// @param codes    one for each class; -1: it has none
[[nodiscard]] LabelMap asprs_map(std::span<const std::string> classes, std::span<const int> codes,
                                 LabelSide side);

}  // namespace ptattn::tools
