#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/survey/tile_labels.hpp"

namespace ptattn {

/// Brings what tiles of a survey say of their points back into the order of its cloud. Refers to
/// its arguments.
class SurveyRecords {
 public:
  /// @param memory  that records at hand may take
  /// @throws Error(Fault::kInput) when what a tile says is missing, or not of this plan
  SurveyRecords(const SurveyPlan& plan, const SurveyFolder& folder, std::size_t memory);

  /// Hears of the points of a piece, one by one in their order.
  struct Listener {
    /// A point of the scene, with the bytes of its record.
    std::function<void(std::size_t point, const std::byte* record)> record;
    /// A stray point, and whether it lies in the upper half of the scene.
    std::function<void(std::size_t point, bool high)> stray{};
  };
  /// Tells of the next piece of the cloud. Points without coordinates are passed over.
  /// @param piece  the pieces come in order; its coordinates are those of the file
  /// @throws Error(Fault::kInput) when the cloud is not the one that was planned
  void next(PointCloud& piece, const Listener& listener);
  /// Begins again with the first point.
  void rewind();
  /// Returns the sums of all tiles.
  [[nodiscard]] const TileSummary& summary() const { return summary_; }

 private:
  /// Records of one square, read little by little.
  struct Cursor {
    std::uint32_t tile = 0;
    std::uint64_t begin = 0;          ///< of the packed records in the file
    std::uint64_t bytes = 0;          ///< that they take there
    std::uint64_t points = 0;         ///< records there
    std::uint64_t read = 0;           ///< of these bytes
    std::uint64_t unpacked = 0;       ///< of these records
    std::vector<std::byte> packed{};  ///< at hand, from byte `taken` on
    std::size_t taken = 0;
    std::vector<std::byte> records{};  ///< of one block, from byte `next` on
    std::size_t next = 0;
  };

  [[nodiscard]] const std::byte* next_record(Cursor& cursor);
  void unpack_next(Cursor& cursor) const;
  void read_more(Cursor& cursor) const;
  [[noreturn]] void fail_other_cloud() const;

  const SurveyPlan& plan_;
  const SurveyFolder& folder_;
  TileSummary summary_;
  std::size_t window_ = 1;       ///< bytes of packed records of a square at hand
  std::vector<Cursor> cursors_;  ///< by square
};

}  // namespace ptattn
