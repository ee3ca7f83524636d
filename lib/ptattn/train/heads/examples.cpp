#include "ptattn/train/heads/examples.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"
#include "ptattn/tasks/segment/scene_tiles.hpp"

namespace ptattn::train {
namespace {

/// A voxel that was chosen.
struct Choice {
  std::uint32_t voxel;
  Label label;  // kUnlabelled: what the model says counts
};

/// The label that most of a voxel's points have; kUnlabelled where none names a class.
Label label_of(const SceneVoxels& voxels, std::size_t v, std::span<const Label> labels,
               std::vector<std::size_t>& counts) {
  std::ranges::fill(counts, 0U);
  for (const std::uint32_t row : voxels.members(v)) {
    const Label label = labels[voxels.points[row]];
    if (label < counts.size()) ++counts[label];
  }
  const auto most = std::ranges::max_element(counts);
  return *most == 0 ? kUnlabelled : static_cast<Label>(most - counts.begin());
}

/// Puts softmax of the head's scores, over the classes that it knows, into `row`.
void ask_model(const LinearHead& head, const float* x, float* row) {
  float largest = -INFINITY;
  for (std::size_t c = 0; c < head.bias.size(); ++c) {
    row[c] = -INFINITY;
    if (!head.known[c]) continue;
    row[c] = head.bias[c];
    for (std::size_t j = 0; j < head.weight.cols(); ++j) row[c] += head.weight(c, j) * x[j];
    largest = std::max(largest, row[c]);
  }
  float sum = 0.0F;
  for (std::size_t c = 0; c < head.bias.size(); ++c) sum += row[c] = std::exp(row[c] - largest);
  for (std::size_t c = 0; c < head.bias.size(); ++c) row[c] /= sum;
}

class Collector {
 public:
  Collector(const PointNetwork& network, const SceneProfile& profile, const LinearHead& head,
            const ExampleOptions& options)
      : network_(network),
        profile_(profile),
        head_(head),
        options_(options),
        found_(head.bias.size(), 0) {}

  /// @param share  of the most examples that this cloud may give
  void add(const LabelledCloud& cloud, std::uint32_t number, double share) {
    const PointCloud points = to_point_cloud(cloud);
    const PreparedScene scene = prepare_scene(points, profile_);
    const std::vector<Choice> choices = choose(scene.voxels, cloud, number, share);
    std::vector<std::int64_t> row_of(scene.size(), -1);
    for (const Choice& choice : choices) {
      row_of[choice.voxel] = static_cast<std::int64_t>(labels_.size());
      labels_.push_back(choice.label);
      const Position& mean = scene.voxels.means[choice.voxel];
      const float* const channels = scene.channels.row(choice.voxel);
      channels_.insert(channels_.end(), channels, channels + scene.channels.cols());
      positions_.push_back(
          {static_cast<float>(mean[0]), static_cast<float>(mean[1]), static_cast<float>(mean[2])});
      clouds_.push_back(number);
    }
    const std::size_t c = network_.out_channels();
    features_.resize(labels_.size() * c);
    for_each_tile(scene, network_, {.memory = options_.memory}, {}, [&](const SceneTile& tile) {
      const Matrix values = std::move(network_.forward(tile.input).values);
      for (std::size_t i = 0; i < tile.size(); ++i) {
        const std::size_t v = tile.voxel(i);
        if (row_of[v] < 0 || (!tile.is_whole() && !inside(tile.core, scene.voxels.cells[v]))) {
          continue;
        }
        std::copy_n(values.row(i), c, features_.begin() + row_of[v] * static_cast<std::int64_t>(c));
      }
    });
  }

  [[nodiscard]] HeadExamples finish() {
    HeadExamples all;
    const std::size_t n = labels_.size();
    all.features = Matrix(n, network_.out_channels());
    std::ranges::copy(features_, all.features.values().begin());
    all.channels = Matrix(n, profile_.channels.size());
    std::ranges::copy(channels_, all.channels.values().begin());
    all.targets = Matrix(n, head_.bias.size());
    for (std::size_t i = 0; i < n; ++i) {
      float* const target = all.targets.row(i);
      all.has_label.push_back(labels_[i] != kUnlabelled);
      if (labels_[i] == kUnlabelled) {
        ask_model(head_, all.features.row(i), target);
        continue;
      }
      std::fill_n(target, all.targets.cols(), 0.0F);
      target[labels_[i]] = 1.0F;
    }
    all.weights = weights();
    all.positions = std::move(positions_);
    all.clouds = std::move(clouds_);
    all.labelled = std::move(found_);
    return all;
  }

 private:
  static bool inside(const TileBox& box, const Cell& cell) {
    return cell[0] >= box.low[0] && cell[0] < box.high[0] && cell[1] >= box.low[1] &&
           cell[1] < box.high[1];
  }

  /// Draws voxels of each label by a number that belongs to each voxel.
  std::vector<Choice> choose(const SceneVoxels& voxels, const LabelledCloud& cloud,
                             std::uint32_t number, double share) {
    std::vector<std::vector<std::pair<std::uint64_t, Choice>>> drawn(found_.size() + 1);
    std::vector<std::size_t> counts(found_.size());
    for (std::size_t v = 0; v < voxels.size(); ++v) {
      const Label label = label_of(voxels, v, cloud.labels, counts);
      if (label == kUnlabelled && !head_.knows_a_class()) continue;
      const std::size_t list = label == kUnlabelled ? found_.size() : label;
      drawn[list].push_back({splitmix64_mix(splitmix64_mix(options_.seed + number) + v),
                             {static_cast<std::uint32_t>(v), label}});
    }
    std::vector<Choice> choices;
    for (std::size_t list = 0; list < drawn.size(); ++list) {
      auto& own = drawn[list];
      const bool named = list < found_.size();
      const auto most = static_cast<std::size_t>(std::ceil(
          share * static_cast<double>(named ? options_.most_per_class : options_.most_unlabelled)));
      std::ranges::sort(own, {}, [](const auto& item) { return item.first; });
      own.resize(std::min(own.size(), most));
      if (named) found_[list] += own.size();
      for (const auto& item : own) choices.push_back(item.second);
    }
    return choices;
  }

  [[nodiscard]] std::vector<float> weights() const {
    const auto unlabelled = static_cast<double>(std::ranges::count(labels_, kUnlabelled));
    std::vector<float> result;
    for (const Label label : labels_) {
      if (label == kUnlabelled) {
        result.push_back(1.0F);
        continue;
      }
      const auto n = static_cast<double>(found_[label]);
      result.push_back(static_cast<float>(unlabelled > 0.0 ? options_.label_weight * unlabelled / n
                                                           : 1.0 / std::sqrt(n)));
    }
    return result;
  }

  const PointNetwork& network_;
  const SceneProfile& profile_;
  const LinearHead& head_;
  const ExampleOptions& options_;
  std::vector<std::size_t> found_;  // voxels by class
  std::vector<float> features_;     // [n, c]
  std::vector<float> channels_;     // [n, d]
  std::vector<Label> labels_;
  std::vector<std::array<float, 3>> positions_;
  std::vector<std::uint32_t> clouds_;
};

}  // namespace

bool LinearHead::knows_a_class() const {
  return std::ranges::find(known, true) != known.end();
}

HeadExamples collect_examples(const PointNetwork& network, const SceneProfile& profile,
                              const LinearHead& head, std::span<const LabelledCloud> clouds,
                              const ExampleOptions& options) {
  Collector collector(network, profile, head, options);
  for (std::size_t i = 0; i < clouds.size(); ++i) {
    collector.add(clouds[i], static_cast<std::uint32_t>(i),
                  1.0 / static_cast<double>(clouds.size()));
  }
  HeadExamples examples = collector.finish();
  if (std::ranges::all_of(examples.labelled, [](std::size_t n) { return n == 0; })) {
    throw Error(Fault::kInput, "training data", "has no labelled point");
  }
  return examples;
}

}  // namespace ptattn::train
