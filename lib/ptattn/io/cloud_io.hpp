#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/paint.hpp"
#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn {

enum class FileFormat { kPly, kPcd, kLas, kLaz };

/// Says how the body of a file is written. PLY knows kAscii, kBinary (little endian) and
/// kBinaryBigEndian; PCD knows kAscii, kBinary and kBinaryCompressed (LZF, field after field). LAS
/// and LAZ know kBinary.
enum class Encoding { kAscii, kBinary, kBinaryBigEndian, kBinaryCompressed };

/// Says how files are read.
struct ReadOptions {
  bool salvage = false;  ///< of a truncated LAS or LAZ file, take the points that are whole
  /// Keep the compressed points of a LAZ file beside the cloud, so that a LAZ file that is made of
  /// it is written in less time, with the same bytes. They take as much memory as in the file.
  bool keep_compressed = false;
  /// What the float32 numbers of a record are in files *.bin, which have no header: names, x, y and
  /// z among them, "-" for a number to pass over. Empty: x, y, z, intensity and, where it looks
  /// like it, ring.
  std::vector<std::string> bin_columns{};
};

/// Holds what a LAS or LAZ file gets that is made of a cloud that was none.
struct LasOptions {
  double scale = 0.0;  ///< of the coordinates; 0: 0.001, or as fine as these are or their extent
  std::string crs{};   ///< reference system: "EPSG:2154", WKT, or empty for none
};

/// Reads a PLY, PCD, LAS or LAZ file, or one of them compressed by gzip; the content decides which,
/// not the name. A file *.bin that is none of them is a sweep of records of float32. A pipe is read
/// into memory first. The path becomes the cloud's name.
///
/// What is certain is read, also where other programs write it in another way than the formats have
/// it; metadata().notes says what a user should know. Where it is not certain, the error names what
/// the file is, or the line that is wrong.
///
/// Every field comes back with its type, count and order, bit for bit (ASCII: the value of the
/// decimal text; a NaN has no payload there). Comments, obj_info, viewpoint and PLY elements other
/// than the vertices come back as metadata. Nothing is allocated before the header's claims were
/// checked against the file's size; memory is a small multiple of that size.
/// @throws Error(Fault::kInput) one line, for whatever is wrong with the file
/// Time O(bytes); parallel over points (binary); the same cloud for any thread count.
[[nodiscard]] PointCloud read_cloud(const std::filesystem::path& path,
                                    const ReadOptions& options = {});

/// Reads a cloud from memory; `subject` names it in errors and becomes its name.
[[nodiscard]] PointCloud parse_cloud(std::span<const std::byte> bytes, std::string_view subject,
                                     const ReadOptions& options = {});

/// Reads the comments of a file alone, those that read_cloud gives back as metadata, without its
/// points: what they say of its origin (cloud/provenance.hpp) costs a look at its header. (A file
/// compressed by gzip is unpacked whole.)
/// @throws Error(Fault::kInput) when the header cannot be read
[[nodiscard]] std::vector<std::string> read_comments(const std::filesystem::path& path);

/// Writes `cloud` to `path` through a temporary file beside it that is renamed when complete.
///
/// The format follows the extension (.ply, .pcd, .las, .laz). ASCII numbers are the shortest that
/// read back to the same bits. A PLY holds a field of several values as a list property, the grid
/// of an organised cloud as `obj_info num_cols` and `num_rows`, the viewpoint as a comment. What a
/// format cannot hold (faces in a PCD, an 8-byte integer in a PLY) is refused.
/// @throws Error(Fault::kInput) when it cannot be written; Error(Fault::kUsage) when the extension
///         and the encoding do not fit each other, or the cloud's fields not its points
/// Time O(bytes); parallel over points except for the compression; the same bytes for any thread
/// count.
void write_cloud(const std::filesystem::path& path, const PointCloud& cloud,
                 Encoding encoding = Encoding::kBinary, const LasOptions& las = {});

/// Throws what write_cloud would throw because the format cannot hold the cloud; touches no file.
/// Call it before long work on a cloud that is to be written.
void check_format(const std::filesystem::path& path, const PointCloud& cloud,
                  Encoding encoding = Encoding::kBinary, const LasOptions& las = {});

/// Returns the format that a file of this name is written in.
/// @throws Error(Fault::kUsage) when there is none, or it has no such encoding
[[nodiscard]] FileFormat file_format_of(const std::filesystem::path& path, Encoding encoding);

/// Returns the colours that viewers expect in a file of this name: packed in a *.pcd, else
/// channels.
[[nodiscard]] ColorLayout color_layout_of(const std::filesystem::path& path);

/// Returns true for the file names that folders are searched for: *.ply, *.pcd, *.las and *.laz,
/// also with .gz behind, any case.
[[nodiscard]] bool has_cloud_extension(const std::filesystem::path& path);
/// Returns the same name without a .gz at its end.
[[nodiscard]] std::filesystem::path without_gz(const std::filesystem::path& path);

}  // namespace ptattn
