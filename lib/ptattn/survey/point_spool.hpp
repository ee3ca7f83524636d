#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/survey/point_codec.hpp"
#include "ptattn/survey/point_layout.hpp"
#include "ptattn/survey/survey_folder.hpp"

namespace ptattn {

/// Keeps the coordinates and some fields of a cloud in packed files, so that what a plan has to see
/// of it several times is decoded once. The cloud that it streams has the fields x, y, z (float64)
/// and those of the layout, of the points and in the order of the cloud.
class PointSpool final : public CloudStream {
 public:
  /// @param cloud   whose points will be added, as its file has them
  /// @param folder  that its files are made in; outlives this
  PointSpool(const CloudStream& cloud, PointLayout layout, const SurveyFolder& folder);
  /// Removes its files.
  ~PointSpool() override;
  PointSpool(const PointSpool&) = delete;
  PointSpool& operator=(const PointSpool&) = delete;

  /// Adds the next points of the cloud; before the first next().
  /// @throws Error(Fault::kInput) when they cannot be written
  void add(const PointCloud& piece);
  /// From now on a file is removed when its points have been read.
  void remove_what_is_read() { removes_ = true; }

  [[nodiscard]] const PointCloud& head() const override { return head_; }
  [[nodiscard]] CloudShape shape() const override { return shape_; }
  /// @throws Error(Fault::kInput) when they cannot be read, or are damaged
  [[nodiscard]] PointCloud next(std::size_t least) override;
  void rewind() override { next_ = 0; }

 private:
  /// Points that are packed together.
  struct Block {
    std::size_t file = 0;
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
    std::size_t points = 0;
  };

  void remove_files_before(std::size_t file);

  PointLayout layout_;
  PointCodec codec_;
  const SurveyFolder& folder_;
  PointCloud head_;
  CloudShape shape_;
  std::vector<Block> blocks_{};
  std::size_t files_ = 0;
  std::size_t removed_ = 0;  ///< of the files, the first ones
  std::size_t next_ = 0;     ///< block
  bool removes_ = false;
};

}  // namespace ptattn
