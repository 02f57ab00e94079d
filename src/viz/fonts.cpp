#include "viz/fonts.hpp"

#include <fontconfig/fontconfig.h>

#include <map>
#include <memory>
#include <mutex>

#include "base/error.hpp"

namespace saccade {

namespace {

struct PatternDeleter {
    void operator()(FcPattern* p) const { FcPatternDestroy(p); }
};
using Pattern = std::unique_ptr<FcPattern, PatternDeleter>;

struct CharSetDeleter {
    void operator()(FcCharSet* s) const { FcCharSetDestroy(s); }
};
using CharSet = std::unique_ptr<FcCharSet, CharSetDeleter>;

// Preferred families; the first that the machine has is used.
const char* const ui_families[] = {"Noto Sans", "Inter", "DejaVu Sans"};
const char* const mono_families[] = {"DejaVu Sans Mono", "Noto Sans Mono", "Noto Mono"};
const char* const cjk_families[] = {"Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei",
                                    "WenQuanYi Zen Hei"};
constexpr char32_t cjk_samples[] = {0x5e74, 0x6708, 0x8da3, 0x3002};  // 年 月 趣 。

std::string string_of(FcPattern* pattern, const char* object) {
    FcChar8* value = nullptr;
    return FcPatternGetString(pattern, object, 0, &value) == FcResultMatch ? reinterpret_cast<const char*>(value)
                                                                           : std::string();
}

FontFile file_of(FcPattern* pattern) {
    FontFile file;
    file.path = string_of(pattern, FC_FILE);
    file.family = string_of(pattern, FC_FAMILY);
    FcPatternGetInteger(pattern, FC_INDEX, 0, &file.face_index);
    file.face_index &= 0xffff;  // the upper half names an instance of a variable font
    return file;
}

bool covers(FcPattern* pattern, const FcCharSet* wanted) {
    FcCharSet* has = nullptr;
    return FcPatternGetCharSet(pattern, FC_CHARSET, 0, &has) == FcResultMatch && FcCharSetIsSubset(wanted, has) == FcTrue;
}

/// The best upright, regular, scalable face; of `family` if given, with all of `characters` if given.
Pattern match(const char* family, const FcCharSet* characters) {
    Pattern pattern(FcPatternCreate());
    if (family != nullptr) FcPatternAddString(pattern.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>(family));
    FcPatternAddString(pattern.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>("sans-serif"));
    FcPatternAddBool(pattern.get(), FC_SCALABLE, FcTrue);
    FcPatternAddInteger(pattern.get(), FC_WEIGHT, FC_WEIGHT_REGULAR);
    FcPatternAddInteger(pattern.get(), FC_SLANT, FC_SLANT_ROMAN);
    if (characters != nullptr) FcPatternAddCharSet(pattern.get(), FC_CHARSET, characters);
    FcConfigSubstitute(nullptr, pattern.get(), FcMatchPattern);
    FcDefaultSubstitute(pattern.get());
    FcResult result = FcResultNoMatch;
    return Pattern(FcFontMatch(nullptr, pattern.get(), &result));
}

template <std::size_t n>
FontFile first_installed(const char* const (&families)[n], const FcCharSet* characters) {
    for (const char* family : families) {
        const Pattern found = match(family, characters);
        if (found && string_of(found.get(), FC_FAMILY) == family && (characters == nullptr || covers(found.get(), characters)))
            return file_of(found.get());
    }
    const Pattern found = match(nullptr, characters);
    return found && (characters == nullptr || covers(found.get(), characters)) ? file_of(found.get()) : FontFile{};
}

FontFiles look_up_own() {
    CharSet cjk(FcCharSetCreate());
    for (const char32_t c : cjk_samples) FcCharSetAddChar(cjk.get(), c);
    FontFiles files;
    files.ui = first_installed(ui_families, nullptr);
    files.mono = first_installed(mono_families, nullptr);
    files.cjk = first_installed(cjk_families, cjk.get());
    if (files.ui.empty())
        throw Error(ErrorCode::not_found, "fontconfig finds no font", "install one, e.g. the package fonts-noto-core");
    return files;
}

/// Names that stand for whichever family a machine has.
bool is_generic(const std::string& family) {
    return family == "serif" || family == "sans-serif" || family == "monospace";
}

FontFiles look_up(const std::string& family) {
    FontFiles files = look_up_own();
    if (family.empty()) return files;
    const Pattern found = match(family.c_str(), nullptr);
    const auto folded = [](std::string text) {
        for (char& c : text)
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        return text;
    };
    if (!found || (!is_generic(family) && folded(string_of(found.get(), FC_FAMILY)) != folded(family)))
        throw Error(ErrorCode::usage, "there is no font family \"" + family + "\" on this machine",
                    "`fc-list : family` lists those that are there; serif, sans-serif and monospace are everywhere");
    files.ui = file_of(found.get());
    return files;
}

}  // namespace

const FontFiles& find_fonts(const std::string& family) {
    static std::mutex mutex;
    static std::map<std::string, FontFiles> known;  // addresses stay
    const std::scoped_lock lock(mutex);
    const auto found = known.find(family);
    return found != known.end() ? found->second : known.emplace(family, look_up(family)).first->second;
}

std::vector<std::string> font_families(Font font, const std::string& family) {
    const FontFiles& files = find_fonts(family);
    std::vector<std::string> families{font == Font::mono ? files.mono.family : files.ui.family};
    if (!files.cjk.empty() && files.cjk.family != families.front()) families.push_back(files.cjk.family);
    families.push_back(font == Font::mono ? "monospace" : "sans-serif");
    return families;
}

std::optional<FontFile> font_with(char32_t code_point) {
    CharSet wanted(FcCharSetCreate());
    FcCharSetAddChar(wanted.get(), code_point);
    const Pattern found = match(nullptr, wanted.get());
    if (!found || !covers(found.get(), wanted.get())) return std::nullopt;
    return file_of(found.get());
}

}  // namespace saccade
