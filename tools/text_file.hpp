#pragma once

#include <filesystem>
#include <string>

namespace ptattn::tools {

/// The whole text of a file, without a byte-order mark; `-` is standard input.
/// @throws Error(Fault::kInput) when it cannot be read, or is UTF-16
[[nodiscard]] std::string read_text_file(const std::filesystem::path& path);

}  // namespace ptattn::tools
