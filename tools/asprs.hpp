#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn::tools {

/// The classes that codes of LAS files stand for (LAS 1.4 R15, table 17) as labels of points use
/// them: one vegetation, one wire, and `other` for what has no class of its own.

/// The names of these classes, and the code of each.
[[nodiscard]] const std::vector<std::string>& asprs_names();
[[nodiscard]] const std::vector<int>& asprs_codes();

/// Returns the class of a code: "vegetation" for 3, 4 and 5, "other" for codes without one; empty
/// for those that say nothing of a surface (0 and 1, not classified; 7 and 18, noise; 12, overlap
/// of strips; 66, synthetic).
[[nodiscard]] std::string asprs_class_of(std::int64_t code);

/// Returns the code that a class of this name has, in any case and in the plural, too; -1 for names
/// that LAS does not know.
[[nodiscard]] int asprs_code_of(std::string_view name);

}  // namespace ptattn::tools
