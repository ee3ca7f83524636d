#include "ptattn/survey/point_spool.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/survey/point_records.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlockPoints = 8192;

/// The cloud without points, as it is streamed again.
PointCloud head_of(const PointCloud& cloud, const PointLayout& layout) {
  CloudOfRecords records(layout, 0);
  PointCloud head = std::move(records.cloud());
  head.set_name(cloud.name());
  head.metadata() = cloud.metadata();
  return head;
}

}  // namespace

PointSpool::PointSpool(const CloudStream& cloud, PointLayout layout, const SurveyFolder& folder)
    : layout_(std::move(layout)),
      codec_(layout_),
      folder_(folder),
      head_(head_of(cloud.head(), layout_)),
      shape_(cloud.shape()) {}

PointSpool::~PointSpool() {
  remove_files_before(files_);
}

void PointSpool::add(const PointCloud& piece) {
  const std::size_t stride = layout_.stride();
  const RawVector<Position> positions = piece.positions();
  const RecordWriter writer(piece, layout_);
  std::vector<std::string> packed((piece.size() + kBlockPoints - 1) / kBlockPoints);
  parallel_each(packed.size(), 1, [&](std::size_t b) {
    const std::size_t begin = b * kBlockPoints;
    const std::size_t points = std::min(kBlockPoints, piece.size() - begin);
    std::vector<std::byte> records(points * stride);
    for (std::size_t i = 0; i < points; ++i) {
      writer.write(begin + i, positions[begin + i], 0, records.data() + i * stride);
    }
    codec_.pack(records, packed[b]);
  });
  io::AtomicFile file(folder_.spool(files_));
  std::uint64_t offset = 0;
  for (std::size_t b = 0; b < packed.size(); ++b) {
    file.append(packed[b]);
    blocks_.push_back({files_, offset, packed[b].size(),
                       std::min(kBlockPoints, piece.size() - b * kBlockPoints)});
    offset += packed[b].size();
  }
  file.publish();
  ++files_;
}

PointCloud PointSpool::next(std::size_t least) {
  std::vector<std::size_t> first{0};
  const std::size_t begin = next_;
  while (first.back() < least && next_ < blocks_.size()) {
    first.push_back(first.back() + blocks_[next_++].points);
  }
  CloudOfRecords records(layout_, first.back());
  if (next_ > begin) {
    std::vector<std::unique_ptr<io::ByteSource>> sources;  // of the files from `from` on
    const std::size_t from = blocks_[begin].file;
    for (std::size_t file = from; file <= blocks_[next_ - 1].file; ++file) {
      sources.push_back(std::make_unique<io::ByteSource>(folder_.spool(file)));
    }
    parallel_each(next_ - begin, 1, [&](std::size_t b) {
      const Block& block = blocks_[begin + b];
      const io::ByteSource& source = *sources[block.file - from];
      std::vector<std::byte> packed(block.bytes);
      source.read(block.offset, packed);
      std::vector<std::byte> points(block.points * layout_.stride());
      if (codec_.unpack(packed, points) != packed.size()) source.fail("is damaged");
      records.fill(first[b], points);
    });
    if (removes_) {
      remove_files_before(next_ < blocks_.size() ? blocks_[next_].file : files_);
    }
  }
  PointCloud piece = std::move(records.cloud());
  piece.set_name(head_.name());
  piece.metadata() = head_.metadata();
  return piece;
}

void PointSpool::remove_files_before(std::size_t file) {
  std::error_code ignored;
  for (; removed_ < file; ++removed_) std::filesystem::remove(folder_.spool(removed_), ignored);
}

}  // namespace ptattn
