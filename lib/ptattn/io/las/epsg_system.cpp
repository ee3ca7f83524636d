#include "ptattn/io/las/epsg_system.hpp"

#include <dlfcn.h>
#include <proj.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "ptattn/core/error.hpp"

namespace ptattn::io::las {
namespace {

/// The functions of PROJ that are used here. It is not linked: with the forty libraries that it
/// needs it would slow down every start, for something that few commands ask for.
class Proj {
 public:
  Proj() : library_(dlopen(PTATTN_PROJ_SONAME, RTLD_NOW | RTLD_LOCAL)) {
    is_complete_ = library_ != nullptr && load(context_create, "proj_context_create") &&
                   load(context_destroy, "proj_context_destroy") &&
                   load(log_level, "proj_log_level") && load(create, "proj_create_from_database") &&
                   load(destroy, "proj_destroy") && load(get_type, "proj_get_type") &&
                   load(get_part, "proj_crs_get_sub_crs") && load(get_code, "proj_get_id_code") &&
                   load(as_wkt, "proj_as_wkt");
  }

  [[nodiscard]] bool is_complete() const { return is_complete_; }

  decltype(&proj_context_create) context_create = nullptr;
  decltype(&proj_context_destroy) context_destroy = nullptr;
  decltype(&proj_log_level) log_level = nullptr;
  decltype(&proj_create_from_database) create = nullptr;
  decltype(&proj_destroy) destroy = nullptr;
  decltype(&proj_get_type) get_type = nullptr;
  decltype(&proj_crs_get_sub_crs) get_part = nullptr;
  decltype(&proj_get_id_code) get_code = nullptr;
  decltype(&proj_as_wkt) as_wkt = nullptr;

 private:
  template <class Function>
  bool load(Function& function, const char* name) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    return function != nullptr;
  }

  void* library_;  // stays loaded
  bool is_complete_ = false;
};

const Proj& proj() {
  static const Proj loaded;
  return loaded;
}

struct DestroyContext {
  void operator()(PJ_CONTEXT* context) const { proj().context_destroy(context); }
};
struct DestroySystem {
  void operator()(PJ* system) const { proj().destroy(system); }
};
using Context = std::unique_ptr<PJ_CONTEXT, DestroyContext>;
using System = std::unique_ptr<PJ, DestroySystem>;

[[noreturn]] void refuse(std::uint16_t code, const std::string& problem) {
  throw Error(Fault::kUsage, "--crs", "EPSG:" + std::to_string(code) + " " + problem);
}

bool is_geographic(const PJ* system) {
  return proj().get_type(system) == PJ_TYPE_GEOGRAPHIC_2D_CRS;
}

/// The code of a system in its registry; 0 where it has none.
std::uint16_t code_of(const PJ* system) {
  const char* const text = proj().get_code(system, 0);
  std::uint16_t code = 0;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), code);
  return code;
}

void set_parts(EpsgSystem& found, PJ_CONTEXT* context, const PJ* system) {
  const System horizontal(proj().get_part(context, system, 0));
  const System vertical(proj().get_part(context, system, 1));
  if (horizontal == nullptr || vertical == nullptr) return;
  found.geographic = is_geographic(horizontal.get());
  found.horizontal = code_of(horizontal.get());
  found.vertical = code_of(vertical.get());
}

}  // namespace

bool has_epsg_registry() {
  return proj().is_complete();
}

std::optional<EpsgSystem> find_epsg_system(std::uint16_t code) {
  if (!has_epsg_registry()) return std::nullopt;
  const Context context(proj().context_create());
  proj().log_level(context.get(), PJ_LOG_NONE);
  const System system(proj().create(context.get(), "EPSG", std::to_string(code).c_str(),
                                    PJ_CATEGORY_CRS, 0, nullptr));
  if (system == nullptr) refuse(code, "is not in the EPSG registry of PROJ on this machine");
  EpsgSystem found{.geographic = is_geographic(system.get()), .horizontal = code};
  switch (proj().get_type(system.get())) {
    case PJ_TYPE_GEOGRAPHIC_2D_CRS:
    case PJ_TYPE_PROJECTED_CRS:
      break;
    case PJ_TYPE_COMPOUND_CRS:
      set_parts(found, context.get(), system.get());
      break;
    default:
      refuse(code, "is no projected, geographic or compound reference system");
  }
  constexpr const char* kOneLine[] = {"MULTILINE=NO", nullptr};
  const char* const wkt = proj().as_wkt(context.get(), system.get(), PJ_WKT1_GDAL, kOneLine);
  if (wkt == nullptr) refuse(code, "has no WKT of version 1, which LAS wants");
  found.wkt = wkt;
  return found;
}

}  // namespace ptattn::io::las
