#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Says how a cloud holds its colours. Viewers look for the one in PLY files and for the other in
/// PCD files; `color_layout_of` (ptattn/io/cloud_io.hpp) tells which by a file's name.
enum class ColorLayout {
  kChannels,  ///< uint8 fields `red`, `green`, `blue`: PLY
  kPacked,    ///< one float32 field `rgb` whose bits are 0x00RRGGBB: PCD, as PCL writes it
};

/// Gives every point a colour: appends the fields of `layout`.
///
/// Colours that the cloud has already are kept under another name: `red` becomes `original_red`, or
/// `original_red_2` and so on when that is taken, in its old place with its old bits. Renamed are
/// the fields that a viewer would take for colours of this layout: `red`, `green`, `blue` for
/// kChannels, `rgb` and `rgba` for kPacked. An `alpha` stays as it is.
/// @param colors  [n], one a point
/// @throws        Error(Fault::kUsage) when there are more or fewer colours than points; the cloud
///                is unchanged then
/// Time O(n).
void paint(PointCloud& cloud, std::span<const Rgb> colors, ColorLayout layout);

/// Returns whether a field of that name would be renamed in one of the layouts.
[[nodiscard]] bool is_painted(std::string_view name);
/// Removes the fields that `paint` would rename.
void drop_painted(PointCloud& cloud, ColorLayout layout);

}  // namespace ptattn
