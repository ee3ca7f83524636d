#include "looker.hpp"

#include <memory>
#include <utility>

namespace ptattn::tools {
namespace {

template <class Model>
Looker looker_of(Model loaded) {
  const auto model = std::make_shared<const Model>(std::move(loaded));
  Looker looker;
  looker.name = model->description.name;
  looker.classes = model->description.classes;
  looker.layers = model->network->attention_layers();
  looker.look = [model](const PointCloud& cloud, std::string_view subject,
                        const AttentionQuestion& question) {
    return attention_map(*model, cloud, subject, question);
  };
  return looker;
}

}  // namespace

Looker load_looker(const std::filesystem::path& folder) {
  if (read_model_task(folder) == ModelTask::kClassification) {
    Looker looker = looker_of(load_classifier(folder));
    looker.names_clouds = true;
    return looker;
  }
  PointModel model = load_point_model(folder);
  std::vector<std::string> categories;
  if (model.network->category_count() > 0) categories = model.description.categories;
  Looker looker = looker_of(std::move(model));
  looker.categories = std::move(categories);
  return looker;
}

}  // namespace ptattn::tools
