#include "task.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <utility>

#include "memory_limit.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/rotation.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "ptattn/train/draws.hpp"

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
  PointTask(const TrainPlan& plan, TrainData& data)
      : space_(data.truth.space), scenes_(data.kind == TrainKind::kScenes) {
    auto training = take_clouds(data.training);
    selection_ = take_clouds(data.selection);
    held_out_ = take_clouds(data.held_out);
    if (data.kind == TrainKind::kParts) {
      auto objects = std::make_unique<train::ObjectStream>(
          std::move(training), space_, train::ObjectView{.voxels = plan.profile}, plan.objects);
      learnt_from_ = objects->objects();
      stream_ = std::move(objects);
      return;
    }
    number_buildings(training, space_, plan.profile->voxel);
    auto scenes = std::make_unique<train::SceneStream>(std::move(training), space_, *plan.profile,
                                                       plan.stream);
    learnt_from_ = scenes->scenes();
    stream_ = std::move(scenes);
  }

  [[nodiscard]] const train::SampleStream& stream() const override { return *stream_; }
  [[nodiscard]] std::vector<CloudScores> validate(const fs::path& folder,
                                                  const Validation& how) const override {
    const std::span<const LabelledCloud> clouds = part(how.part);
    SegmenterModel model = load_segmenter(folder);
    if (!how.calibrated) model.description.reliability.temperature = {};
    const train::ValidationOptions options{how.between, default_memory(), how.sample};
    auto results = train::validate(model, clouds, space_, options);
    if (!how.harder || !scenes_) return results;
    const double voxel = model.description.preprocessing.voxel;
    for (std::size_t i = 0; i < results.size() && i < clouds.size(); ++i) {
      std::vector<LabelledCloud> one{clouds[i]};
      number_buildings(one, space_, voxel);
      auto harder = train::validate(model, train::harder_surveys(one, voxel), space_, options);
      std::ranges::move(harder, std::back_inserter(results));
      if (how.sample != nullptr) name_place(i, clouds.size(), *how.sample);
    }
    return results;
  }

 private:
  [[nodiscard]] std::span<const LabelledCloud> part(DataPart which) const {
    if (which == DataPart::kSelection) return selection_;
    return which == DataPart::kHeldOut ? held_out_ : learnt_from_;
  }

  /// Copies of a cloud, those at the end of a sample behind all `clouds`, are of its place.
  static void name_place(std::size_t place, std::size_t clouds, train::ValidationSample& sample) {
    for (std::size_t i = sample.features.size(); i-- > clouds;) {
      if (sample.features[i].place != i) break;  // named before
      sample.features[i].place = place;
    }
  }

  train::LabelSpace space_;
  std::vector<LabelledCloud> selection_;
  bool scenes_;
  std::vector<LabelledCloud> held_out_;
  std::span<const LabelledCloud> learnt_from_;  // those of the stream
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
  [[nodiscard]] std::vector<CloudScores> validate(const fs::path& folder,
                                                  const Validation& how) const override {
    if (how.part == DataPart::kLearntFrom) return {};  // only points give a sample of features
    const bool selects = how.part == DataPart::kSelection;
    ClassifierModel model = load_classifier(folder);
    if (!how.calibrated) model.description.reliability.temperature = {};
    std::vector<CloudScores> result{
        {selects ? "objects of the selection" : "held-out objects", train::Scores(space_)}};
    for (const LabelledCloud& object : selects ? selection_ : held_out_) {
      if (how.between && !how.between()) break;
      const Classification found = classify(model, train::to_point_cloud(object));
      const std::vector<double>& p = found.probabilities;
      const std::size_t best = top_classes(p, 1).front();
      result.front().scores.add(std::vector{static_cast<std::uint32_t>(best)},
                                std::vector{static_cast<float>(p[best])},
                                std::vector{object.labels.front()});
      if (how.sample != nullptr) add(*how.sample, found, object.labels.front());
    }
    return result;
  }
  [[nodiscard]] train::UprightSample look_from_all_sides(const fs::path& folder,
                                                         const Between& between) const override {
    constexpr std::size_t kMost = 3000;
    const ClassifierModel model = load_classifier(folder);
    if (model.familiar.empty()) return {};
    train::UprightSample sample{model.description.classes.size(), kAllAxes.size()};
    const std::span<const LabelledCloud> objects = stream_.objects();
    for (std::size_t i = 0; i < objects.size(); i += objects.size() / kMost + 1) {
      if (between && !between()) break;
      const PointCloud cloud = train::to_point_cloud(with_any_heading(objects[i]));
      for (const Axis up : kAllAxes) {
        const Classification found = classify(model, cloud, {.up = up});
        std::ranges::copy(found.probabilities, std::back_inserter(sample.probabilities));
        sample.strangeness.push_back(*found.strangeness);
      }
    }
    return sample;
  }

 private:
  /// Which one depends on the name of the object alone.
  static LabelledCloud with_any_heading(LabelledCloud object) {
    constexpr double kFullTurn = 360.0;
    train::Draws draws(fnv1a64(object.name), 0, 0);
    const Rotation heading = Rotation::about_z(draws.uniform(0.0, kFullTurn));
    for (std::array<float, 3>& p : object.positions) {
      const Position turned = heading({p[0], p[1], p[2]});
      std::ranges::transform(turned, p.begin(), [](double x) { return static_cast<float>(x); });
    }
    return object;
  }

  static void add(train::ValidationSample& sample, const Classification& found,
                  train::Label truth) {
    Matrix p(1, found.probabilities.size());
    std::ranges::transform(found.probabilities, p.row(0),
                           [](double x) { return static_cast<float>(x); });
    sample.energies.push_back(found.energy);
    sample.scores.insert(sample.scores.end(), found.scores.begin(), found.scores.end());
    sample.truths.push_back(truth);
    const bool right = top_classes(found.probabilities, 1).front() == truth;
    sample.confidences.add(
        p, [](std::size_t) { return true; }, [right](std::size_t) { return right; });
  }

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
