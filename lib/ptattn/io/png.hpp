#pragma once

#include <filesystem>

#include "ptattn/cloud/image.hpp"

namespace ptattn {

/// Writes a PNG file of 8 bits a channel, through a temporary file beside it that is renamed when
/// complete.
/// @throws Error(Fault::kInput) when it cannot be written; Error(Fault::kUsage) when the picture
///         has no pixel, more than a million a side or not as many as it should
/// The same picture gives the same bytes.
void write_png(const std::filesystem::path& path, const Image& image);

}  // namespace ptattn
