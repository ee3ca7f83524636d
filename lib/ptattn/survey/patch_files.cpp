#include "ptattn/survey/patch_files.hpp"

#include <algorithm>
#include <array>
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
#include "ptattn/survey/packed_numbers.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kCodesAtATime = 512;

/// Squares under way at a time; each may have its voxels in memory.
std::size_t squares_at_a_time() {
  return static_cast<std::size_t>(2 * thread_count());
}

/// What stands in a file of one square.
struct PackedList {
  std::size_t numbers = 0;
  std::string bytes{};
};

/// Calls `make(square)` for all squares, in parallel, and writes what it returns to a file.
template <class Make>
SquareLists write_by_square(const std::filesystem::path& path, std::size_t squares,
                            const Make& make) {
  io::AtomicFile file(path);
  SquareLists lists{path, {}, {}};
  std::size_t next = 0;
  const auto take = [&]() -> std::optional<std::size_t> {
    if (next == squares) return std::nullopt;
    return next++;
  };
  std::uint64_t numbers = 0;
  std::uint64_t bytes = 0;
  ordered_pipeline(squares_at_a_time(), take, make, [&](const PackedList& list) {
    file.append(list.bytes);
    lists.ends.push_back(numbers += list.numbers);
    lists.bytes.push_back(bytes += list.bytes.size());
  });
  file.publish();
  return lists;
}

PackedList packed_codes(std::span<const std::uint64_t> codes) {
  PackedList list{codes.size(), {}};
  for (; !codes.empty(); codes = codes.subspan(std::min(kCodesAtATime, codes.size()))) {
    pack_numbers(codes.first(std::min(kCodesAtATime, codes.size())), list.bytes);
  }
  return list;
}

/// Codes of one square, read little by little in their order.
class Run {
 public:
  Run(const io::ByteSource& source, const SquareLists& lists, std::size_t square)
      : source_(&source),
        next_(lists.begin_of(square)),
        end_(lists.bytes[square]),
        left_(lists.size_of(square)) {}

  [[nodiscard]] std::optional<std::uint64_t> next() {
    if (at_ == codes_.size()) {
      if (left_ == 0) return std::nullopt;
      refill();
    }
    return codes_[at_++];
  }

 private:
  void refill() {
    constexpr std::size_t kMost = most_packed_bytes(kCodesAtATime, 64);
    std::array<std::byte, kMost> memory;
    const auto packed = std::span(memory).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(kMost, end_ - next_)));
    source_->read(next_, packed);
    codes_.resize(std::min(kCodesAtATime, left_));
    const std::size_t taken = unpack_numbers(packed, codes_);
    if (taken == 0) source_->fail("is damaged");
    next_ += taken;
    left_ -= codes_.size();
    at_ = 0;
  }

  const io::ByteSource* source_;
  std::uint64_t next_;
  std::uint64_t end_;
  std::size_t left_;
  std::vector<std::uint64_t> codes_{};
  std::size_t at_ = 0;
};

/// Goes through the codes of all squares in ascending order.
PatchCuts::Order merge(const SquareLists& lists, std::size_t patch_size) {
  const io::ByteSource source(lists.path);
  std::vector<Run> runs;
  using Front = std::pair<std::uint64_t, std::size_t>;  // code, run
  std::priority_queue<Front, std::vector<Front>, std::greater<>> fronts;
  for (std::size_t square = 0; square < lists.squares(); ++square) {
    if (lists.size_of(square) == 0) continue;
    runs.emplace_back(source, lists, square);
    fronts.emplace(*runs.back().next(), runs.size() - 1);
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

PackedList packed_cells(std::span<const Cell> cells) {
  PackedList list{cells.size(), {}};
  std::vector<std::uint64_t> numbers(cells.size());
  for (std::size_t axis = 0; !cells.empty() && axis < 3; ++axis) {
    for (std::size_t v = 0; v < cells.size(); ++v) numbers[v] = cells[v][axis];
    pack_numbers(numbers, list.bytes);
  }
  return list;
}

/// Reads the voxels of one square.
std::vector<Cell> cells_of(const io::ByteSource& source, const VoxelFile& voxels,
                           std::size_t square) {
  std::vector<Cell> cells(voxels.voxels_of(square));
  const std::uint64_t begin = voxels.begin_of(square);
  std::vector<std::byte> memory(static_cast<std::size_t>(voxels.bytes[square] - begin));
  source.read(begin, memory);
  std::span<const std::byte> packed = memory;
  std::vector<std::uint64_t> numbers(cells.size());
  for (std::size_t axis = 0; !cells.empty() && axis < 3; ++axis) {
    const std::size_t taken = unpack_numbers(packed, numbers);
    if (taken == 0) source.fail("is damaged");
    packed = packed.subspan(taken);
    for (std::size_t v = 0; v < cells.size(); ++v) {
      cells[v][axis] = static_cast<std::uint32_t>(numbers[v]);
    }
  }
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
  return {write_by_square(path, squares,
                          [&](std::size_t square) { return packed_cells(cells_of(square)); })};
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
        return packed_codes(codes);
      };
      const SquareLists codes = write_by_square(scratch, voxels.squares(), codes_of);
      stage.orders.push_back(merge(codes, grid.patch_size));
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
