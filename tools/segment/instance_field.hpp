#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "labels.hpp"

namespace ptattn::tools {

/// How many things of a class there are.
struct InstanceCount {
  std::size_t class_number;
  std::size_t things;
};

/// The classes that --instances names.
/// @throws Error(Fault::kUsage) for what is none of the model's
[[nodiscard]] std::vector<std::size_t> find_instance_classes(const std::vector<std::string>& names,
                                                             const SegmenterDescription& model);

/// Adds the field `instance` (uint32): numbers of things of these classes, from 1 on in the order
/// of the classes; 0: of none. Vegetation and trees are numbered by crown, all else by connected
/// thing (see instances.hpp). Points that are unsure are of none.
std::vector<InstanceCount> add_instances(PointCloud& cloud, const Segmentation& result,
                                         const LabelFields& fields,
                                         const SegmenterDescription& model);

}  // namespace ptattn::tools
