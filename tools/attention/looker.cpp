#include "looker.hpp"

#include <memory>
#include <utility>
#include <variant>

namespace ptattn::tools {
namespace {

template <class Loaded>
Looker looker_of(Loaded loaded) {
  const auto model = std::make_shared<const Loaded>(std::move(loaded));
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
  Model loaded = load_model(folder);
  std::vector<std::string> categories;
  if (const auto* model = std::get_if<PointModel>(&loaded)) {
    if (model->network->category_count() > 0) categories = model->description.categories;
  }
  Looker looker = std::visit([](auto& model) { return looker_of(std::move(model)); }, loaded);
  looker.names_clouds = std::holds_alternative<ClassifierModel>(loaded);
  looker.categories = std::move(categories);
  return looker;
}

}  // namespace ptattn::tools
