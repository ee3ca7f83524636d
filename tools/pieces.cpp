#include "pieces.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "target.hpp"

namespace ptattn::tools {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;

/// Why a cloud cannot be worked on piece by piece; empty when it can.
std::string obstacle(const Job& job, const PieceRequest& request, const CloudStream* stream) {
  if (!request.obstacle.empty()) return request.obstacle;
  if (stream == nullptr) {
    return "it is read as a whole (text, compressed PCD, gzip or a pipe), expected LAS, LAZ, or "
           "binary PLY or PCD";
  }
  const bool las = has_extension(job.output, ".las") || has_extension(job.output, ".laz");
  if (las && stream->head().metadata().las == nullptr) {
    return "a LAS file of another cloud is made from the whole of it, expected a .ply or .pcd file";
  }
  return "";
}

}  // namespace

std::uint64_t bytes_of_point(const PointCloud& head) {
  std::uint64_t bytes = 0;
  for (const Field& field : head.fields()) bytes += field.bytes_per_point();
  return bytes;
}

std::size_t piece_points(std::size_t memory, std::uint64_t bytes) {
  constexpr std::size_t kFewest = 4096;
  constexpr std::size_t kMost = std::size_t{1} << 18U;
  return std::clamp<std::size_t>(memory / (4 * bytes), kFewest, kMost);
}

std::unique_ptr<CloudStream> open_pieces(const Job& job, const ReadOptions& options,
                                         const PieceRequest& request, Progress& progress) {
  constexpr std::uint64_t kLeastPart = 1024;  // of the memory that a byte of a LAZ file may take
  const std::filesystem::path& path = job.input.path;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return nullptr;  // which the reader will say
  const std::uint64_t bytes = std::filesystem::file_size(path, ignored);
  const bool fits = ignored || request.memory == 0 || bytes < request.memory / kLeastPart;
  if (!request.forced && fits) return nullptr;
  std::unique_ptr<CloudStream> stream =
      open_cloud_stream(path, read_options_for(job.output, options));
  const std::string problem = obstacle(job, request, stream.get());
  if (request.forced && !problem.empty()) {
    throw Error(Fault::kUsage, "--out-of-core", path.string() + ": " + problem);
  }
  if (request.forced) return stream;
  if (stream == nullptr) return nullptr;
  const std::uint64_t needed = request.bytes(*stream);
  if (needed <= request.memory) return nullptr;
  if (problem.empty()) return stream;
  progress.note(path.string(), "takes about " + std::to_string(needed / kMebi + 1) +
                                   " MiB, more than was allowed, and cannot be " + request.done +
                                   " piece by piece: " + problem);
  return nullptr;
}

}  // namespace ptattn::tools
