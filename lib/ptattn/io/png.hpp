#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/image.hpp"

namespace ptattn {

/// Writes a PNG file of 8 bits a channel, through a temporary file beside it that is renamed when
/// complete.
/// @param comments  lines of UTF-8 that the file carries along, such as those of a provenance
///                  (cloud/provenance.hpp): the text of an iTXt chunk with the keyword Comment
/// @throws Error(Fault::kInput) when it cannot be written; Error(Fault::kUsage) when the picture
///         has no pixel, more than a million a side or not as many as it should
/// The same picture and comments give the same bytes.
void write_png(const std::filesystem::path& path, const Image& image,
               std::span<const std::string> comments = {});

/// Reads the comments that write_png wrote, without the picture; none for files of other programs.
/// @throws Error(Fault::kInput) when the file cannot be read or is no PNG file
[[nodiscard]] std::vector<std::string> read_png_comments(const std::filesystem::path& path);

}  // namespace ptattn
