#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "../batch.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Returns what is said of a cloud before features are computed.
/// @param points    of the cloud
/// @param fields    of the output
/// @param meanings  of the fields
[[nodiscard]] FileReport begin_report(const FeatureSettings& settings, std::size_t points,
                                      std::span<const std::string> fields,
                                      std::span<const std::string> meanings);

/// Adds what is said when they are written.
void end_report(const FeatureSettings& settings, const Job& job, std::size_t fields,
                std::span<const std::string> notes, FileReport& report);

/// Says so where most points are lonely.
void warn_of_lonely(std::size_t lonely, std::size_t points, std::vector<Hint>& warnings);

/// Says what there is to say; returns all lines, which outputs keep.
[[nodiscard]] std::vector<std::string> tell_all(Remarks remarks, const std::string& path,
                                                Progress& progress);

}  // namespace ptattn::tools
