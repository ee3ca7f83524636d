// Blocking. A tile register holds 16 rows of 64 bytes. One instruction multiplies 16 rows of a,
// 64 numbers each, with 16 columns of b and adds the products to 16 x 16 sums. Four tiles of sums
// make a block of 32 rows and a panel of 32 columns; two tiles of a and two of b are loaded for
// every four such instructions, which is what the loads can keep up with. A block runs through the
// whole depth, so that sums leave the registers once. Int8Matrix already has b as the unit wants
// it: four rows after four rows, and for each of 16 columns the four numbers side by side.
//
// Compiled for AMX whatever the rest is compiled for; the intrinsics want the numbers of tiles as
// literals.

#include "ptattn/nn/kernels/int8_amx.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>

namespace ptattn {
namespace {

constexpr std::size_t kTileRows = 16;
constexpr std::size_t kTileBytes = 64;  // of a row
constexpr std::size_t kTiles = 8;

static_assert(2 * kTileRows == AmxTiles::kRows && kTileBytes == AmxTiles::kDepth);
static_assert(2 * kTileRows == Int8Matrix::kPanel && kTileBytes == 4 * Int8Matrix::kColumns);

/// What the CPU reads to set the tiles up.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t first_row = 0;
  std::array<std::uint8_t, 14> reserved{};
  std::array<std::uint16_t, 16> bytes{};  // of a row
  std::array<std::uint8_t, 16> rows{};
};
static_assert(sizeof(TileShapes) == 64);

constexpr TileShapes whole_tiles() {
  TileShapes shapes;
  for (std::size_t tile = 0; tile < kTiles; ++tile) {
    shapes.bytes[tile] = kTileBytes;
    shapes.rows[tile] = kTileRows;
  }
  return shapes;
}

constexpr TileShapes kShapes = whole_tiles();

__attribute__((target("amx-tile"))) void set_up() {
  _tile_loadconfig(&kShapes);
}

__attribute__((target("amx-tile"))) void release() {
  _tile_release();
}

/// The four tiles of sums of a block; `lower` are the last 16 rows of a, `right` the last 16
/// columns of b.
__attribute__((target("amx-tile,amx-int8"))) void multiply_block(
    const std::uint8_t* upper, const std::uint8_t* lower, std::size_t depth,
    const std::int8_t* left, const std::int8_t* right, std::int32_t* sums) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (std::size_t k = 0; k < depth; k += kTileBytes) {
    _tile_loadd(4, upper + k, depth);
    _tile_loadd(5, lower + k, depth);
    _tile_loadd(6, left + k * Int8Matrix::kColumns, kTileBytes);
    _tile_loadd(7, right + k * Int8Matrix::kColumns, kTileBytes);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    _tile_dpbusd(2, 5, 6);
    _tile_dpbusd(3, 5, 7);
  }
  constexpr std::size_t kStride = Int8Matrix::kPanel * sizeof(std::int32_t);
  std::int32_t* const lower_sums = sums + kTileRows * Int8Matrix::kPanel;
  _tile_stored(0, sums, kStride);
  _tile_stored(1, sums + Int8Matrix::kColumns, kStride);
  _tile_stored(2, lower_sums, kStride);
  _tile_stored(3, lower_sums + Int8Matrix::kColumns, kStride);
}

}  // namespace

AmxTiles::AmxTiles() {
  set_up();
}

AmxTiles::~AmxTiles() {
  release();
}

// Not static, as the tiles must be set up:
// NOLINTNEXTLINE(readability-convert-member-functions-to-static)
void AmxTiles::multiply(const std::uint8_t* a, std::size_t depth, const std::int8_t* panel,
                        std::int32_t* sums) const {
  multiply_block(a, a + kTileRows * depth, depth, panel,
                 panel + Int8Matrix::offset(0, Int8Matrix::kColumns, depth), sums);
}

}  // namespace ptattn

#endif  // x86-64
