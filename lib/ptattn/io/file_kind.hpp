#pragma once

#include <optional>
#include <string>

#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::io {

/// Returns the format of a file of points, by its first line that is not empty and no comment; kLas
/// stands for LAZ as well. Nothing when it is none of them.
[[nodiscard]] std::optional<FileFormat> format_of(const ByteSource& source);

[[nodiscard]] constexpr bool is_las_format(FileFormat format) {
  return format == FileFormat::kLas || format == FileFormat::kLaz;
}

/// Returns what a file is that is no cloud, and what to do with it: "is a zip archive, unpack it
/// first". Empty for bytes that nothing is known about. Looks at the first 4 KiB.
[[nodiscard]] std::string other_kind(const ByteSource& source);

/// @throws Error(Fault::kInput) unless the bytes begin like a PLY, PCD, LAS or LAZ file
void refuse_other_kinds(const ByteSource& source);

}  // namespace ptattn::io
