#include "viz/font_subset.hpp"

#include <hb-subset.h>
#include <hb.h>

#include <memory>

#include "base/error.hpp"

namespace saccade {

namespace {

template <class T, void (*destroy)(T*)>
struct Destroy {
    void operator()(T* object) const { destroy(object); }
};
template <class T, void (*destroy)(T*)>
using Owned = std::unique_ptr<T, Destroy<T, destroy>>;

using Blob = Owned<hb_blob_t, hb_blob_destroy>;
using Face = Owned<hb_face_t, hb_face_destroy>;
using HbFont = Owned<hb_font_t, hb_font_destroy>;
using Input = Owned<hb_subset_input_t, hb_subset_input_destroy>;

Face open_face(const FontFile& font) {
    const Blob blob(hb_blob_create_from_file_or_fail(font.path.c_str()));
    if (!blob) throw Error(ErrorCode::io, font.path + ": the font cannot be read", "install fonts-noto-core again");
    return Face(hb_face_create(blob.get(), static_cast<unsigned>(font.face_index)));
}

}  // namespace

bool has_glyph(const FontFile& font, char32_t code_point) {
    const Face face = open_face(font);
    const HbFont sized(hb_font_create(face.get()));
    hb_codepoint_t glyph = 0;
    return hb_font_get_nominal_glyph(sized.get(), code_point, &glyph) != 0;
}

std::string font_subset(const FontFile& font, const std::set<char32_t>& code_points) {
    const Face face = open_face(font);
    const HbFont sized(hb_font_create(face.get()));
    const Input input(hb_subset_input_create_or_fail());
    if (!input) return {};
    bool any = false;
    for (const char32_t c : code_points) {
        hb_codepoint_t glyph = 0;
        if (hb_font_get_nominal_glyph(sized.get(), c, &glyph) == 0) continue;
        hb_set_add(hb_subset_input_unicode_set(input.get()), c);
        any = true;
    }
    if (!any) return {};
    const Face subset(hb_subset_or_fail(face.get(), input.get()));
    if (!subset) return {};
    const Blob blob(hb_face_reference_blob(subset.get()));
    unsigned length = 0;
    const char* data = hb_blob_get_data(blob.get(), &length);
    return {data, length};
}

}  // namespace saccade
