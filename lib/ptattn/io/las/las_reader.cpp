#include "ptattn/io/las/las_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "ptattn/io/las/las_file.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/provenance_records.hpp"

namespace ptattn::io {

std::vector<std::string> read_las_comments(const ByteSource& source) {
  std::vector<std::byte> block;
  const las::LasHeader header = las::read_las_header(source, block);
  std::uint64_t begin = header.header_size;
  return las::read_provenance_lines(
      las::read_records(source, begin, header.points_start, header.records));
}

PointCloud read_las(const ByteSource& source, const ReadOptions& options) {
  las::LasFile file = las::open_las(source, options);
  PointCloud cloud = las::read_las_part(file, las::whole_of(file));
  cloud.metadata().notes = std::move(file.notes);
  return cloud;
}

}  // namespace ptattn::io
