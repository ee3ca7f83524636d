#pragma once

#include <memory>
#include <span>
#include <vector>

#include "ptattn/io/las/laz/compressed_points.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"
#include "ptattn/io/las/laz/reused_layers.hpp"
#include "ptattn/io/las/record_columns.hpp"
#include "ptattn/io/las/record_layout.hpp"

namespace ptattn::io::las {

/// Finds the layers of a LAZ file to be written that hold nothing but fields which are still those
/// of the file that `from` comes from, and whose values have the same place there: labels change
/// the layer of the classification alone.
/// @param sources  one a column of `layout`
/// @param from     may be nullptr
/// @return none where anything that was measured has changed (laz::bits_of_measurement): other
///         layers cannot be told without coding those
[[nodiscard]] laz::ReusedLayers find_unchanged_layers(
    const std::shared_ptr<const CompressedPoints>& from, const laz::LazSettings& settings,
    const RecordLayout& layout, std::span<const ColumnSource> sources);

/// Returns `sources` without the fields whose values no layer needs that is coded beside the reused
/// ones.
[[nodiscard]] std::vector<ColumnSource> sources_to_code(const laz::ReusedLayers& reused,
                                                        const laz::LazSettings& settings,
                                                        const RecordLayout& layout,
                                                        std::span<const ColumnSource> sources);

}  // namespace ptattn::io::las
