#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plan.hpp"
#include "ptattn/train/stream.hpp"
#include "ptattn/train/upright_fit.hpp"
#include "ptattn/train/validation.hpp"

namespace ptattn::tools {

/// Parts of the data that a model is validated on. Of the last, what the model was made for is
/// known, not how good it is: it has learnt from them.
enum class DataPart { kSelection, kHeldOut, kLearntFrom };

/// What differs between learning from scenes, from objects with parts and from objects by class.
class TrainTask {
 public:
  using Between = std::function<bool()>;  ///< false ends a validation early

  /// How a model is validated.
  struct Validation {
    DataPart part = DataPart::kHeldOut;
    Between between{};
    bool harder = false;     ///< of scenes, on harder surveys of the held-out clouds as well
    bool calibrated = true;  ///< with the model's temperature
    train::ValidationSample* sample = nullptr;  ///< gets a sample of each cloud, unless null
  };

  virtual ~TrainTask() = default;
  [[nodiscard]] virtual const train::SampleStream& stream() const = 0;
  /// Scores of the model in `folder` on a part, by the code of inference.
  [[nodiscard]] virtual std::vector<train::CloudScores> validate(
      const std::filesystem::path& folder, const Validation& validation) const = 0;
  /// What the classifier in `folder` makes of up to 3000 of the objects that it has learnt from,
  /// with any heading and each of six axes up; nothing where points get labels, or without
  /// FamiliarScores.
  [[nodiscard]] virtual train::UprightSample look_from_all_sides(
      const std::filesystem::path& /*folder*/, const Between& /*between*/) const {
    return {};
  }
};

/// Takes the clouds out of `data`; what the model card says of them stays.
[[nodiscard]] std::unique_ptr<TrainTask> make_task(const TrainPlan& plan, TrainData& data);

/// Numbers the buildings of scenes, which stay level when relief is added.
void number_buildings(std::vector<train::LabelledCloud>& clouds, const train::LabelSpace& space,
                      double voxel);

/// How good scores are, in one number.
struct Headline {
  std::string name;  ///< "mIoU" or "accuracy"
  double value;
};
[[nodiscard]] Headline headline(const train::Scores& scores, TrainKind kind);

/// Scores of all clouds together.
[[nodiscard]] train::Scores sum_of(const std::vector<train::CloudScores>& clouds,
                                   const train::LabelSpace& space);

}  // namespace ptattn::tools
