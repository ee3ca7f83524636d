#include "attention_model.hpp"

#include <memory>
#include <utility>
#include <variant>

#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

template <class Loaded>
AttentionModel make_attention_model(Loaded loaded) {
  const auto model = std::make_shared<const Loaded>(std::move(loaded));
  AttentionModel made;
  made.name = model->description.name;
  made.classes = model->description.classes;
  made.layers = model->network->attention_layers();
  made.compute = [model](const PointCloud& cloud, const AttentionQuery& query) {
    return attention_map(*model, cloud, query);
  };
  return made;
}

}  // namespace

AttentionModel load_attention_model(const std::filesystem::path& folder, Precision precision) {
  Model loaded = load_model(folder, precision);
  std::vector<std::string> categories;
  if (const auto* model = std::get_if<SegmenterModel>(&loaded)) {
    if (model->network->category_count() > 0) categories = model->description.categories;
  }
  const bool classifies = std::holds_alternative<ClassifierModel>(loaded);
  AttentionModel made =
      std::visit([](auto& model) { return make_attention_model(std::move(model)); }, loaded);
  if (classifies && precision == Precision::kInt8) {
    throw Error(Fault::kUsage, "--precision",
                made.name + " does not report its attention in int8, choose float32 or bf16");
  }
  made.classifies_clouds = classifies;
  made.categories = std::move(categories);
  return made;
}

}  // namespace ptattn::tools
