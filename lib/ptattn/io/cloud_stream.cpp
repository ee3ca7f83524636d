#include "ptattn/io/cloud_stream.hpp"

#include <cstddef>
#include <optional>
#include <system_error>
#include <utility>

#include "ptattn/io/bin_reader.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/file_kind.hpp"
#include "ptattn/io/las/las_stream.hpp"
#include "ptattn/io/pcd_reader.hpp"
#include "ptattn/io/ply_reader.hpp"
#include "ptattn/io/record_stream.hpp"

namespace ptattn {
namespace {

bool is_gzip(const io::ByteSource& source) {
  if (source.size() < 2) return false;
  io::Scratch scratch;
  const auto start = source.view(0, 2, scratch);
  return start[0] == std::byte{0x1f} && start[1] == std::byte{0x8b};
}

std::unique_ptr<CloudStream> record_stream(std::unique_ptr<io::ByteSource> source,
                                           std::optional<io::RecordCloud> cloud) {
  if (!cloud) return nullptr;
  return std::make_unique<io::RecordStream>(std::move(source), std::move(*cloud));
}

}  // namespace

std::unique_ptr<CloudStream> open_cloud_stream(const std::filesystem::path& path,
                                               const ReadOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return nullptr;
  auto source = std::make_unique<io::ByteSource>(path);
  if (source->size() == 0 || is_gzip(*source)) return nullptr;
  if (io::has_bin_extension(path) && !io::format_of(*source)) return nullptr;
  io::refuse_other_kinds(*source);
  switch (io::format_of(*source).value_or(FileFormat::kPcd)) {
    case FileFormat::kPly: {
      auto cloud = io::open_binary_ply(*source);
      return record_stream(std::move(source), std::move(cloud));
    }
    case FileFormat::kPcd: {
      auto cloud = io::open_binary_pcd(*source);
      return record_stream(std::move(source), std::move(cloud));
    }
    default:
      return io::open_las_stream(std::move(source), options);
  }
}

}  // namespace ptattn
