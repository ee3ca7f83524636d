#include "ptattn/view/typeface.hpp"

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace ptattn::view {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr FT_Int32 kHow = FT_LOAD_TARGET_LIGHT | FT_LOAD_NO_BITMAP;  // hinted in height alone

/// Calls a C function when the scope ends.
template <class T, void (*kDestroy)(T*)>
struct Destroyer {
  void operator()(T* object) const { kDestroy(object); }
};
using Pattern = std::unique_ptr<FcPattern, Destroyer<FcPattern, FcPatternDestroy>>;
using Config = std::unique_ptr<FcConfig, Destroyer<FcConfig, FcConfigDestroy>>;

struct FontFile {
  std::string path;
  int face = 0;  // in files of several
};

/// The file of the outline font that fontconfig thinks nearest to `family`.
std::optional<FontFile> font_file(std::string_view family) {
  const Config config(FcInitLoadConfigAndFonts());
  if (!config) return std::nullopt;
  const std::string name(family);
  const Pattern wanted(FcPatternCreate());
  FcPatternAddString(wanted.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>(name.c_str()));
  FcPatternAddBool(wanted.get(), FC_OUTLINE, FcTrue);
  FcConfigSubstitute(config.get(), wanted.get(), FcMatchPattern);
  FcDefaultSubstitute(wanted.get());
  FcResult result = FcResultNoMatch;
  const Pattern found(FcFontMatch(config.get(), wanted.get(), &result));
  FcChar8* path = nullptr;
  if (!found || FcPatternGetString(found.get(), FC_FILE, 0, &path) != FcResultMatch) {
    return std::nullopt;
  }
  FontFile file{.path = reinterpret_cast<const char*>(path)};
  FcPatternGetInteger(found.get(), FC_INDEX, 0, &file.face);
  return file;
}

/// The next character of UTF-8 text, and what is left of it.
char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first < 0x80) return first;
  const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  if (more == 0 || first > 0xf4 || text.size() < more) return kReplacement;
  char32_t character = first & (0x3fU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return kReplacement;
    character = character << 6 | (next & 0x3fU);
  }
  text.remove_prefix(more);
  return character;
}

FT_Pos whole_pixels(FT_Pos sixty_fourths) {
  return (sixty_fourths + 63) >> 6;
}

/// Adds a rendered glyph whose upper left corner lies at (left, top).
void put_glyph(const FT_GlyphSlotRec& glyph, FT_Pos left, FT_Pos top, Mask& mask) {
  for (unsigned row = 0; row < glyph.bitmap.rows; ++row) {
    for (unsigned column = 0; column < glyph.bitmap.width; ++column) {
      const FT_Pos x = left + column;
      const FT_Pos y = top + row;
      if (x < 0 || y < 0) continue;
      const auto at = static_cast<std::size_t>(y) * mask.width + static_cast<std::size_t>(x);
      if (static_cast<std::size_t>(x) >= mask.width || at >= mask.cover.size()) continue;
      const auto pitch = static_cast<unsigned>(glyph.bitmap.pitch);
      mask.cover[at] = std::max(mask.cover[at], glyph.bitmap.buffer[row * pitch + column]);
    }
  }
}

}  // namespace

struct Typeface::Impl {
  Impl() = default;
  ~Impl() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  FT_Library library = nullptr;
  FT_Face face = nullptr;
};

Typeface::Typeface(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Typeface::~Typeface() = default;

std::unique_ptr<Typeface> Typeface::find(std::string_view family) {
  const std::optional<FontFile> file = font_file(family);
  if (!file) return nullptr;
  auto impl = std::make_unique<Impl>();
  if (FT_Init_FreeType(&impl->library) != 0) return nullptr;
  if (FT_New_Face(impl->library, file->path.c_str(), file->face, &impl->face) != 0) return nullptr;
  if (FT_IS_SCALABLE(impl->face) == 0) return nullptr;
  return std::unique_ptr<Typeface>(new Typeface(std::move(impl)));
}

Mask Typeface::set(std::string_view utf8, std::size_t pixels) {
  FT_Face face = impl_->face;
  FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(pixels));
  std::vector<char32_t> characters;
  FT_Pos width = 0;
  while (!utf8.empty()) {
    characters.push_back(take_character(utf8));
    if (FT_Load_Char(face, characters.back(), kHow) == 0) width += face->glyph->advance.x >> 6;
  }
  const FT_Pos rise = whole_pixels(face->size->metrics.ascender);
  const FT_Pos height = rise + whole_pixels(-face->size->metrics.descender);
  Mask mask{.width = static_cast<std::size_t>(std::max(width, FT_Pos{0})),
            .height = static_cast<std::size_t>(std::max(height, FT_Pos{0})),
            .cover = {}};
  mask.cover.resize(mask.width * mask.height);
  FT_Pos pen = 0;
  for (const char32_t character : characters) {
    if (FT_Load_Char(face, character, kHow | FT_LOAD_RENDER) != 0) continue;
    put_glyph(*face->glyph, pen + face->glyph->bitmap_left, rise - face->glyph->bitmap_top, mask);
    pen += face->glyph->advance.x >> 6;
  }
  return mask;
}

}  // namespace ptattn::view
