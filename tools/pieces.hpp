#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cloud_options.hpp"
#include "jobs.hpp"
#include "ptattn/io/cloud_stream.hpp"

namespace ptattn::tools {

/// Says when a command works on a cloud piece by piece, and on which ones it can.
struct PieceRequest {
  std::size_t memory = 0;  ///< bytes that the work on a cloud may take; 0: any number
  bool forced = false;     ///< also on clouds that would fit
  std::string done{};      ///< to them, as in "labelled"
  /// Bytes that the work on the whole of a cloud takes.
  std::function<std::uint64_t(CloudStream& stream)> bytes{};
  std::string obstacle{};  ///< why it can be done to the whole alone; empty: it can be to pieces
};

/// Returns the bytes that the fields of a point take.
[[nodiscard]] std::uint64_t bytes_of_point(const PointCloud& head);

/// Returns how many points a piece has, so that it takes a part of the memory allowed, but not so
/// few that threads lack work.
/// @param bytes  that the work on a point takes
[[nodiscard]] std::size_t piece_points(std::size_t memory, std::uint64_t bytes);

/// Opens a cloud that is to be worked on piece by piece: because that was asked for, or because it
/// would take more memory than allowed. nullptr for others, and for those that cannot be, which is
/// noted.
/// @throws Error(Fault::kUsage) when it was asked for and cannot be; Error(Fault::kInput) as
///         open_cloud_stream
[[nodiscard]] std::unique_ptr<CloudStream> open_pieces(const Job& job, const ReadOptions& options,
                                                       const PieceRequest& request,
                                                       Progress& progress);

}  // namespace ptattn::tools
