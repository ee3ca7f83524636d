#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/models/object_profile.hpp"
#include "ptattn/train/object_augment.hpp"
#include "ptattn/train/stream.hpp"

namespace ptattn::train {

/// Says how a network sees an object: as a sample of its points (and names it), or as voxels (and
/// labels its parts).
struct ObjectView {
  std::optional<ObjectProfile> sample{};
  std::optional<SceneProfile> voxels{};
};

struct ObjectStreamOptions {
  std::uint64_t seed = 1;
  std::size_t objects = 32;  ///< per step
  bool augment = true;
  ObjectChange change{};
};

/// Draws objects, changed at random: a class with probability proportional to (its objects)^0.7,
/// then one of its objects. The class of an object is the label of its first labelled point.
class ObjectStream final : public SampleStream {
 public:
  /// @param objects  not empty, each with a labelled point; kept
  ObjectStream(std::vector<LabelledCloud> objects, LabelSpace space, ObjectView view,
               const ObjectStreamOptions& options);

  [[nodiscard]] Batch batch(std::uint64_t step) const override;
  /// Returns what it draws from.
  [[nodiscard]] std::span<const LabelledCloud> objects() const { return objects_; }

 private:
  [[nodiscard]] Batch one(Draws& draws) const;

  std::vector<LabelledCloud> objects_;
  LabelSpace space_;
  ObjectView view_;
  ObjectStreamOptions options_;
  std::vector<std::vector<std::uint32_t>> by_class_;
  std::vector<double> weights_;
};

/// Returns a sample of an object by the code that classification uses, with its class as the one
/// row of counts.
[[nodiscard]] Batch make_object_sample(const LabelledCloud& object, std::size_t label,
                                       const LabelSpace& space, const ObjectProfile& profile);

}  // namespace ptattn::train
