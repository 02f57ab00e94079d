#include "viz/font_subset.hpp"

#include <hb-subset.h>
#include <hb.h>

#include <algorithm>
#include <memory>

#include "base/utf8.hpp"

namespace saccade {

// Named, as Faces has them for members.
namespace font_files {

template <class T, void (*destroy)(T*)>
struct Destroy {
    void operator()(T* object) const { destroy(object); }
};
using Blob = std::unique_ptr<hb_blob_t, Destroy<hb_blob_t, hb_blob_destroy>>;
using FacePtr = std::unique_ptr<hb_face_t, Destroy<hb_face_t, hb_face_destroy>>;
using FontPtr = std::unique_ptr<hb_font_t, Destroy<hb_font_t, hb_font_destroy>>;
using SubsetInput = std::unique_ptr<hb_subset_input_t, Destroy<hb_subset_input_t, hb_subset_input_destroy>>;

/// A font file in use: its face, and the code points that are taken from it.
struct Face {
    FontFile file;
    FacePtr face;
    FontPtr font;
    std::set<char32_t> taken;

    explicit Face(FontFile f) : file(std::move(f)) {
        const Blob blob(hb_blob_create_from_file(file.path.c_str()));
        face.reset(hb_face_create(blob.get(), static_cast<unsigned>(file.face_index)));
        font.reset(hb_font_create(face.get()));
    }
    bool has(char32_t c) const {
        hb_codepoint_t glyph = 0;
        return hb_font_get_nominal_glyph(font.get(), c, &glyph) != 0;
    }
    bool has_table(hb_tag_t tag) const {
        const Blob table(hb_face_reference_table(face.get(), tag));
        return hb_blob_get_length(table.get()) > 0;
    }
    /// OS/2 fsType: bit 1 forbids embedding, bit 8 forbids subsets.
    bool may_embed() const {
        const Blob table(hb_face_reference_table(face.get(), HB_TAG('O', 'S', '/', '2')));
        unsigned length = 0;
        const char* data = hb_blob_get_data(table.get(), &length);
        if (length < 10) return true;
        const unsigned type =
            static_cast<unsigned>(static_cast<unsigned char>(data[8])) << 8 | static_cast<unsigned char>(data[9]);
        return (type & 0x0102u) == 0;
    }
};

}  // namespace font_files

namespace {

using namespace font_files;

std::string subset_of(const Face& face) {
    if (!face.may_embed()) return {};
    const SubsetInput input(hb_subset_input_create_or_fail());
    if (!input) return {};
    hb_set_t* wanted = hb_subset_input_unicode_set(input.get());
    for (const char32_t c : face.taken) hb_set_add(wanted, c);
    const FacePtr subset(hb_subset_or_fail(face.face.get(), input.get()));
    if (!subset) return {};
    const Blob blob(hb_face_reference_blob(subset.get()));
    unsigned length = 0;
    const char* data = hb_blob_get_data(blob.get(), &length);
    return {data, length};
}

}  // namespace

class Faces {
 public:
    font_files::Face& of(const FontFile& file) {
        for (const auto& face : faces_)
            if (face->file.path == file.path && face->file.face_index == file.face_index) return *face;
        faces_.push_back(std::make_unique<font_files::Face>(file));
        return *faces_.back();
    }
    const std::vector<std::unique_ptr<font_files::Face>>& all() const { return faces_; }

 private:
    std::vector<std::unique_ptr<font_files::Face>> faces_;
};

namespace {

/// Drawn with what stands before it: joiners, variation selectors, combining marks, skin tones, tags.
bool continues(char32_t c) {
    return c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0x0300 && c <= 0x036F) || (c >= 0x20D0 && c <= 0x20FF) ||
           (c >= 0x1F3FB && c <= 0x1F3FF) || (c >= 0xE0020 && c <= 0xE007F);
}

/// The face of a code point, in the order that font_families() has, then any of the machine. Null: none has it.
Face* face_with(Faces& faces, Font font, const std::string& family, char32_t c) {
    const FontFiles& files = find_fonts(family);
    for (const FontFile* file : {font == Font::mono ? &files.mono : &files.ui, &files.cjk})
        if (!file->empty() && faces.of(*file).has(c)) return &faces.of(*file);
    const auto other = font_with(c);
    return other ? &faces.of(*other) : nullptr;
}

}  // namespace

TextRuns::TextRuns(std::string family) : faces_(std::make_unique<Faces>()), family_(std::move(family)) {}
TextRuns::~TextRuns() = default;

std::vector<TextRun> TextRuns::operator()(const std::string& text, Font font) {
    const std::vector<std::string> usual = font_families(font, family_);
    std::vector<TextRun> runs;
    for (const char32_t c : decode_utf8(text)) {
        std::string family;
        if (c >= 0x300) {  // all fonts have what lies below
            if (!runs.empty() && continues(c)) {
                runs.back().text += encode_utf8(c);
                continue;
            }
            if (const Face* face = face_with(*faces_, font, family_, c)) family = face->file.family;
            if (std::find(usual.begin(), usual.end(), family) != usual.end()) family.clear();
        }
        if (runs.empty() || runs.back().family != family) runs.push_back({{}, family});
        runs.back().text += encode_utf8(c);
    }
    return runs;
}

std::vector<EmbeddedFont> embedded_fonts(const std::map<Font, std::set<char32_t>>& used, const std::string& family) {
    Faces faces;
    for (const auto& [font, characters] : used)
        for (const char32_t c : characters) {
            if (Face* found = face_with(faces, font, family, c)) found->taken.insert(c);
        }
    std::vector<EmbeddedFont> embedded;
    for (const auto& face : faces.all())
        if (!face->taken.empty())
            embedded.push_back({face->file.family, subset_of(*face), face->has_table(HB_TAG('C', 'F', 'F', ' '))});
    return embedded;
}

}  // namespace saccade
