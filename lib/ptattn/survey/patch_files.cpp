#include "ptattn/survey/patch_files.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <system_error>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/pipeline.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/survey/binary_file.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kCodesAtATime = 512;

/// Squares under way at a time; each may have its voxels in memory.
std::size_t squares_at_a_time() {
  return static_cast<std::size_t>(2 * thread_count());
}

std::string_view as_text(const auto& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(values.front())};
}

/// Calls `make(square)` for all squares, in parallel, and appends what it returns to a file.
/// @return how many values there are before the end of each square
template <class Make>
std::vector<std::uint64_t> write_by_square(const std::filesystem::path& path, std::size_t squares,
                                           const Make& make) {
  io::AtomicFile file(path);
  std::vector<std::uint64_t> ends;
  std::size_t next = 0;
  const auto take = [&]() -> std::optional<std::size_t> {
    if (next == squares) return std::nullopt;
    return next++;
  };
  ordered_pipeline(squares_at_a_time(), take, make, [&](const auto& values) {
    if (!values.empty()) file.append(as_text(values));
    ends.push_back((ends.empty() ? 0 : ends.back()) + values.size());
  });
  file.commit();
  return ends;
}

/// Codes of one square, read little by little in their order.
class Run {
 public:
  Run(const io::ByteSource& source, std::uint64_t begin, std::uint64_t end)
      : source_(&source), next_(begin), end_(end) {}

  [[nodiscard]] std::optional<std::uint64_t> next() {
    if (at_ == codes_.size()) {
      if (next_ == end_) return std::nullopt;
      codes_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kCodesAtATime, end_ - next_)));
      source_->read(next_ * sizeof(std::uint64_t), std::as_writable_bytes(std::span(codes_)));
      next_ += codes_.size();
      at_ = 0;
    }
    return codes_[at_++];
  }

 private:
  const io::ByteSource* source_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::vector<std::uint64_t> codes_;
  std::size_t at_ = 0;
};

/// Goes through the codes of all squares in ascending order.
PatchCuts::Order merge(const std::filesystem::path& path, std::span<const std::uint64_t> ends,
                       std::size_t patch_size) {
  const io::ByteSource source(path);
  std::vector<Run> runs;
  using Front = std::pair<std::uint64_t, std::size_t>;  // code, run
  std::priority_queue<Front, std::vector<Front>, std::greater<>> fronts;
  std::uint64_t begin = 0;
  for (const std::uint64_t end : ends) {
    if (end == begin) continue;
    runs.emplace_back(source, begin, end);
    fronts.emplace(*runs.back().next(), runs.size() - 1);
    begin = end;
  }
  PatchCutter cutter(patch_size);
  while (!fronts.empty()) {
    const auto [code, run] = fronts.top();
    fronts.pop();
    cutter.add(code);
    if (const auto next = runs[run].next()) fronts.emplace(*next, run);
  }
  return cutter.finish();
}

/// Reads the voxels of one square.
std::vector<Cell> cells_of(const io::ByteSource& source, const VoxelFile& voxels,
                           std::size_t square) {
  std::vector<Cell> cells(voxels.voxels_of(square));
  const std::uint64_t first = voxels.ends[square] - cells.size();
  source.read(first * sizeof(Cell), std::as_writable_bytes(std::span(cells)));
  return cells;
}

// By std::unique, since Clang 14 cannot compile std::ranges::unique.
void sort_unique(auto& values) {
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

VoxelFile write_voxels(const std::filesystem::path& path, std::size_t squares,
                       const std::function<std::vector<Cell>(std::size_t)>& cells_of) {
  return {path, write_by_square(path, squares, [&](std::size_t square) {
            std::vector<Cell> cells = cells_of(square);
            sort_unique(cells);
            return cells;
          })};
}

PatchCuts find_cuts(const VoxelFile& voxels, std::span<const PatchGrid> grids,
                    const std::function<Cell(const Cell&)>& turn,
                    const std::filesystem::path& scratch) {
  const io::ByteSource source(voxels.path);
  PatchCuts cuts;
  for (const PatchGrid& grid : grids) {
    PatchCuts::Stage stage{.depth = grid.depth, .orders = {}};
    const auto stride = static_cast<std::uint32_t>(grid.stride);
    for (const Curve curve : grid.curves) {
      const auto codes_of = [&](std::size_t square) {
        std::vector<std::uint64_t> codes;
        for (const Cell& cell : cells_of(source, voxels, square)) {
          const Cell seen = turn(cell);
          const Cell coarse{seen[0] / stride, seen[1] / stride, seen[2] / stride};
          codes.push_back(curve_code(curve, coarse, std::max(1, grid.depth)));
        }
        sort_unique(codes);
        return codes;
      };
      const auto ends = write_by_square(scratch, voxels.squares(), codes_of);
      stage.orders.push_back(merge(scratch, ends, grid.patch_size));
    }
    cuts.stages.push_back(std::move(stage));
  }
  std::error_code ignored;
  std::filesystem::remove(scratch, ignored);
  return cuts;
}

void write_cuts(const std::filesystem::path& path, std::span<const PatchCuts> cuts) {
  BinaryWriter out(path);
  out.put(static_cast<std::uint64_t>(cuts.size()));
  for (const PatchCuts& of_turn : cuts) {
    out.put(static_cast<std::uint64_t>(of_turn.stages.size()));
    for (const PatchCuts::Stage& stage : of_turn.stages) {
      out.put(std::int64_t{stage.depth});
      out.put(static_cast<std::uint64_t>(stage.orders.size()));
      for (const PatchCuts::Order& order : stage.orders) {
        out.put(order.padding_begin);
        out.put(std::span<const std::uint64_t>(order.begins));
      }
    }
  }
  out.commit();
}

std::vector<PatchCuts> read_cuts(const std::filesystem::path& path) {
  BinaryReader in(path);
  std::vector<PatchCuts> cuts(in.count());
  for (PatchCuts& of_turn : cuts) {
    of_turn.stages.resize(in.count());
    for (PatchCuts::Stage& stage : of_turn.stages) {
      stage.depth = static_cast<int>(in.get<std::int64_t>());
      stage.orders.resize(in.count());
      for (PatchCuts::Order& order : stage.orders) {
        order.padding_begin = in.get<std::uint64_t>();
        order.begins = in.list<std::uint64_t>();
      }
    }
  }
  return cuts;
}

}  // namespace ptattn
