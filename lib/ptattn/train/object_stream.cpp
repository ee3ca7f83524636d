#include "ptattn/train/object_stream.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/classify/object_sample.hpp"

namespace ptattn::train {
namespace {

constexpr double kFrequencyPower = 0.7;

std::optional<Label> class_of(const LabelledCloud& object) {
  const auto labelled =
      std::ranges::find_if(object.labels, [](Label label) { return label != kUnlabelled; });
  if (labelled == object.labels.end()) return std::nullopt;
  return *labelled;
}

}  // namespace

Batch make_object_sample(const LabelledCloud& object, std::size_t label, const LabelSpace& space,
                         const ObjectProfile& profile) {
  std::vector<Position> positions(object.size());
  for (std::size_t i = 0; i < positions.size(); ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) positions[i][axis] = object.positions[i][axis];
  }
  Batch batch;
  batch.positions = prepare(positions, profile, 0, 1);
  batch.ends = {batch.positions.rows()};
  batch.counts.assign(space.size(), 0.0F);
  batch.counts[label] = 1.0F;
  return batch;
}

ObjectStream::ObjectStream(std::vector<LabelledCloud> objects, LabelSpace space, ObjectView view,
                           const ObjectStreamOptions& options)
    : objects_(std::move(objects)),
      space_(std::move(space)),
      view_(std::move(view)),
      options_(options),
      by_class_(space_.size()) {
  for (std::size_t i = 0; i < objects_.size(); ++i) {
    const auto label = class_of(objects_[i]);
    if (!label) throw Error(Fault::kInput, objects_[i].name, "has no labelled point");
    by_class_[*label].push_back(static_cast<std::uint32_t>(i));
  }
  if (objects_.empty())
    throw Error(Fault::kUsage, "training data", "holds no object to learn from");
  for (const auto& rows : by_class_) {
    weights_.push_back(std::pow(static_cast<double>(rows.size()), kFrequencyPower));
  }
}

Batch ObjectStream::one(Draws& draws) const {
  const std::size_t label = draws.weighted(weights_);
  const auto& rows = by_class_[label];
  LabelledCloud object = objects_[rows[draws.below(rows.size())]];
  if (options_.augment) {
    const Label clutter = view_.sample ? static_cast<Label>(label) : kUnlabelled;
    object = change_object(std::move(object), options_.change, clutter, draws);
  }
  if (view_.sample) return make_object_sample(object, label, space_, *view_.sample);
  return make_voxel_sample(object, space_, *view_.voxels).batch;
}

Batch ObjectStream::batch(std::uint64_t step) const {
  std::vector<Batch> parts(options_.objects);
  parallel_each(options_.objects, 1, [&](std::size_t item) {
    Draws draws(options_.seed, step, item);
    parts[item] = one(draws);
  });
  return join(parts);
}

}  // namespace ptattn::train
