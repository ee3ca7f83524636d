#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "ptattn/cloud/field.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {

// The bodies of files in blocks of points, many at a time: read from anywhere, written in order.

/// Says where the records of points lie in a source.
struct RecordsAt {
  std::uint64_t offset;  ///< of the first, in bytes
  std::size_t points;    ///< all of which lie within the source
  std::size_t stride;    ///< bytes of a record
  bool swap;             ///< its numbers are of the other byte order
};

/// Reads records into columns. `check`, if any, sees every block of records before it is used.
void read_records(const ByteSource& source, const RecordsAt& records,
                  std::span<const RecordColumn<std::byte>> columns,
                  const std::function<void(std::span<const std::byte>)>& check = {});

/// Appends blocks of `block` points in order, each made by `encode(begin, end, out)`, which runs in
/// parallel and overwrites `out`: that holds another block's bytes. A few blocks are in memory at a
/// time.
void write_blocks(AtomicFile& file, std::size_t points, std::size_t block,
                  const std::function<void(std::size_t, std::size_t, std::string&)>& encode);

/// Returns the points of `stride` bytes that are enough work for a task and stay in the cache.
[[nodiscard]] std::size_t points_of_block(std::size_t stride);

/// Appends `points` records to `file`.
void write_records(AtomicFile& file, std::size_t points, std::size_t stride, bool swap,
                   std::span<const RecordColumn<const std::byte>> columns);

/// Appends the lines that `append_point(out, i)` makes of `points` points to `file`.
void write_text_points(AtomicFile& file, std::size_t points,
                       const std::function<void(std::string&, std::size_t)>& append_point);

/// Appends the values of point `i`, a space behind each.
void append_values(std::string& out, const Field& field, std::size_t i);

}  // namespace ptattn::io
