#include "task.hpp"

#include <algorithm>
#include <utility>

#include "memory_limit.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/classify.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;
using train::CloudScores;
using train::LabelledCloud;

/// What the card says of files whose points are used elsewhere; labels are counted from it.
std::vector<DataFile> summary_of(const std::vector<DataFile>& files) {
  std::vector<DataFile> summary;
  for (const DataFile& file : files) {
    DataFile& item = summary.emplace_back(file);
    item.cloud.attributes.clear();
  }
  return summary;
}

std::vector<LabelledCloud> take_clouds(std::vector<DataFile>& files) {
  std::vector<LabelledCloud> clouds;
  for (DataFile& file : std::exchange(files, summary_of(files))) {
    clouds.push_back(std::move(file.cloud));
  }
  return clouds;
}

/// Points get labels: of scenes, or of objects with parts.
class PointTask final : public TrainTask {
 public:
  PointTask(const TrainPlan& plan, TrainData& data) : space_(data.truth.space) {
    auto training = take_clouds(data.training);
    selection_ = take_clouds(data.selection);
    held_out_ = take_clouds(data.held_out);
    if (data.kind == TrainKind::kParts) {
      stream_ = std::make_unique<train::ObjectStream>(
          std::move(training), space_, train::ObjectView{.voxels = plan.profile}, plan.objects);
      return;
    }
    number_buildings(training, space_, plan.profile->voxel);
    stream_ = std::make_unique<train::SceneStream>(std::move(training), space_, *plan.profile,
                                                   plan.stream);
  }

  [[nodiscard]] const train::SampleStream& stream() const override { return *stream_; }
  [[nodiscard]] std::vector<CloudScores> validate(DataPart part, const fs::path& folder,
                                                  const Between& between) const override {
    const auto& clouds = part == DataPart::kSelection ? selection_ : held_out_;
    return train::validate(load_segmenter(folder), clouds, space_, between, default_memory());
  }

 private:
  train::LabelSpace space_;
  std::vector<LabelledCloud> selection_;
  std::vector<LabelledCloud> held_out_;
  std::unique_ptr<train::SampleStream> stream_;
};

/// Objects get a class. All those of a part count as one cloud whose points they are.
class ObjectTask final : public TrainTask {
 public:
  ObjectTask(const TrainPlan& plan, TrainData& data)
      : space_(data.truth.space),
        selection_(take_clouds(data.selection)),
        held_out_(take_clouds(data.held_out)),
        stream_(take_clouds(data.training), space_, train::ObjectView{.sample = plan.sample},
                plan.objects) {}

  [[nodiscard]] const train::SampleStream& stream() const override { return stream_; }
  [[nodiscard]] std::vector<CloudScores> validate(DataPart part, const fs::path& folder,
                                                  const Between& between) const override {
    const bool selects = part == DataPart::kSelection;
    const ClassifierModel model = load_classifier(folder);
    std::vector<CloudScores> result{
        {selects ? "objects of the selection" : "held-out objects", train::Scores(space_)}};
    for (const LabelledCloud& object : selects ? selection_ : held_out_) {
      if (between && !between()) break;
      const auto p = classify(model, train::to_point_cloud(object)).probabilities;
      const std::size_t best = top_classes(p, 1).front();
      result.front().scores.add(std::vector{static_cast<std::uint32_t>(best)},
                                std::vector{static_cast<float>(p[best])},
                                std::vector{object.labels.front()});
    }
    return result;
  }

 private:
  train::LabelSpace space_;
  std::vector<LabelledCloud> selection_;
  std::vector<LabelledCloud> held_out_;
  train::ObjectStream stream_;
};

}  // namespace

void number_buildings(std::vector<LabelledCloud>& clouds, const train::LabelSpace& space,
                      double voxel) {
  constexpr double kCell = 4.0;  // voxels
  const auto found = std::ranges::find(space.classes, "building");
  if (found == space.classes.end()) return;
  const auto label = static_cast<train::Label>(found - space.classes.begin());
  for (LabelledCloud& cloud : clouds) {
    cloud.objects = train::number_objects(cloud, label, kCell * voxel);
  }
}

std::unique_ptr<TrainTask> make_task(const TrainPlan& plan, TrainData& data) {
  if (data.kind == TrainKind::kObjects) return std::make_unique<ObjectTask>(plan, data);
  return std::make_unique<PointTask>(plan, data);
}

Headline headline(const train::Scores& scores, TrainKind kind) {
  if (kind != TrainKind::kObjects) return {"mIoU", scores.mean_iou()};
  return {"accuracy", evaluate(scores.confusion()).overall_accuracy.value_or(0.0)};
}

train::Scores sum_of(const std::vector<CloudScores>& clouds, const train::LabelSpace& space) {
  train::Scores all(space);
  for (const CloudScores& cloud : clouds) all.add(cloud.scores);
  return all;
}

}  // namespace ptattn::tools
