#include "ptattn/io/las/las_stream.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/io/las/las_file.hpp"

namespace ptattn::io {
namespace {

constexpr std::uint64_t kMostChunkPoints = std::uint64_t{1} << 22U;

class LasStream final : public CloudStream {
 public:
  LasStream(std::unique_ptr<ByteSource> source, las::LasFile file)
      : source_(std::move(source)), file_(std::move(file)), head_(las::read_las_part(file_, {})) {
    head_.metadata().notes = std::move(file_.notes);
    head_.set_name(source_->name());
  }

  [[nodiscard]] const PointCloud& head() const override { return head_; }
  [[nodiscard]] CloudShape shape() const override { return {file_.points, 1}; }

  [[nodiscard]] PointCloud next(std::size_t least) override {
    las::LasPart part{.first = next_};
    if (file_.compression) {
      part.chunks = {next_chunk_, next_chunk_};
      while (part.points < least && part.chunks.end < file_.chunks.size()) {
        part.points += static_cast<std::size_t>(file_.chunks[part.chunks.end++].points);
      }
    } else {
      part.points = static_cast<std::size_t>(std::min<std::uint64_t>(least, file_.points - next_));
    }
    PointCloud piece = las::read_las_part(file_, part);
    piece.set_name(source_->name());
    next_ += part.points;
    next_chunk_ = part.chunks.end;
    return piece;
  }
  void rewind() override { next_ = next_chunk_ = 0; }

 private:
  std::unique_ptr<ByteSource> source_;
  las::LasFile file_;
  PointCloud head_;
  std::uint64_t next_ = 0;
  std::size_t next_chunk_ = 0;
};

}  // namespace

std::unique_ptr<CloudStream> open_las_stream(std::unique_ptr<ByteSource> source,
                                             const ReadOptions& options) {
  las::LasFile file = las::open_las(*source, options);
  const auto is_large = [](const las::laz::Chunk& chunk) {
    return chunk.points > kMostChunkPoints;
  };
  if (std::ranges::any_of(file.chunks, is_large)) return nullptr;
  return std::make_unique<LasStream>(std::move(source), std::move(file));
}

}  // namespace ptattn::io
