#pragma once

#include <memory>

#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_stream.hpp"

namespace ptattn::io {

/// Opens a LAS or LAZ file to be read in pieces; nullptr for a LAZ file with chunks of more than
/// 2^22 points, each of which is in memory as a whole.
/// @throws Error(Fault::kInput) as read_las, for what is wrong before the points
[[nodiscard]] std::unique_ptr<CloudStream> open_las_stream(std::unique_ptr<ByteSource> source,
                                                           const ReadOptions& options);

}  // namespace ptattn::io
