#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ptattn::tools {

/// Finds what a user meant by typing `text`: the name among `known` that differs in few letters
/// (Damerau-Levenshtein distance up to a third of its length, any case), or that begins alike.
/// @return  empty when nothing is near
/// Time O(names * length^2).
[[nodiscard]] std::string nearest_name(std::string_view text, std::span<const std::string> known);

/// Returns `, did you mean NAME?`, to be put behind an error message; empty when nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view text, std::span<const std::string> known);

}  // namespace ptattn::tools
