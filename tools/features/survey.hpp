#pragma once

#include <memory>

#include "../batch.hpp"
#include "ptattn/io/cloud_stream.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Opens a cloud whose geometry is to be computed piece by piece: because that was asked for, or
/// because it would take more memory than allowed. nullptr for others, and for those that cannot be
/// described so.
/// @throws Error(Fault::kUsage) when it was asked for and cannot be done
[[nodiscard]] std::unique_ptr<CloudStream> open_feature_survey(const FeatureSettings& settings,
                                                               const Job& job, Progress& progress);

/// Computes the geometry features of a cloud from a scratch folder, which is removed when the
/// output stands: the bytes that are computed of the whole.
/// @throws Error as the tool documents
[[nodiscard]] FileReport describe_survey(const FeatureSettings& settings, const Job& job,
                                         CloudStream& stream, Progress& progress);

}  // namespace ptattn::tools
