#include "train/reading_data.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace {

constexpr const char* usual_list = "/usr/share/dict/words";
constexpr std::size_t least_words = 100;
constexpr double degrees = std::numbers::pi / 180;

struct HeldOutFamily {
    const char *family, *package;
};
constexpr HeldOutFamily held_out[] = {
    {"Cantarell", "fonts-cantarell"},
    {"Comfortaa", "fonts-comfortaa"},
    {"Courier Prime", "fonts-courier-prime"},
    {"Gentium", "fonts-sil-gentium"},
    {"Gillius ADF", "fonts-adf-gillius"},
    {"Inconsolata", "fonts-inconsolata"},
    {"Lato", "fonts-lato"},
    {"Linux Libertine", "fonts-linuxlibertine"},
    {"PT Serif", "fonts-paratype"},
    {"Roboto Slab", "fonts-roboto-slab"},
    {"Ubuntu", "fonts-ubuntu"},
    {"Vollkorn", "fonts-vollkorn"},
};
constexpr std::size_t least_test_families = 8;

/// Fonts whose small letters are capitals, or whose letters are none; Noto's for other scripts, whose Latin is that of Noto
/// Sans.
bool unfit(const std::string& family) {
    static constexpr const char* parts[] = {
        "Keyboard",        "Initials",    "Math",    "Caps",       "Music",    "Symbol",
        "Dingbats",        "D050000L",    "Titling", "Emoji",      "Junkyard", "Humor",
        "Penguin",         "Marked Fool", "Droid",   "OpenSymbol", "IndUni",   "Irianis ADF Style",
        "Irianis ADF Std", "BetecknaGS"};
    static constexpr const char* noto[] = {"Noto Sans",      "Noto Serif",        "Noto Mono",
                                           "Noto Sans Mono", "Noto Sans Display", "Noto Serif Display"};
    if (family.starts_with("Noto")) return std::ranges::find(noto, family) == std::end(noto);
    return std::ranges::any_of(parts, [&](const char* part) { return family.find(part) != std::string::npos; });
}

const HeldOutFamily* held_out_as(const std::string& family) {
    const auto* found = std::ranges::find_if(held_out, [&](const HeldOutFamily& h) { return family.starts_with(h.family); });
    return found == std::end(held_out) ? nullptr : found;
}

bool readable(const std::string& word) {
    return !word.empty() && word.size() <= longest_read_word &&
           std::ranges::all_of(word, [](char c) { return c >= '!' && c <= '~'; });
}

char small(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
char capital(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// FNV-1a of the letters: the same on every machine, whatever else the list holds.
std::uint64_t hash_of(const std::string& word) {
    std::uint64_t h = 14695981039346656037ull;
    for (const char c : word) h = (h ^ static_cast<unsigned char>(small(c))) * 1099511628211ull;
    return h ^ (h >> 29);
}

double somewhere(Rng& rng, double low, double high) {
    return low + (high - low) * rng.uniform();
}
bool chance(Rng& rng, double p) {
    return rng.uniform() < p;
}
template <class Items>
const auto& any_of_them(const Items& items, Rng& rng) {
    return items[static_cast<std::size_t>(rng.below(std::size(items)))];
}

std::string figures(Rng& rng) {
    const auto below = [&](std::uint64_t n) { return rng.below(n); };
    switch (below(7)) {
        case 0:
            return fmt::format("{}", below(10));
        case 1:
            return fmt::format("{}", below(1000));
        case 2:
            return fmt::format("{}", below(1000000));
        case 3: {
            const std::uint64_t cents = below(100), dollars = below(1000);
            return fmt::format("{}{}.{:02}", chance(rng, 0.6) ? "$" : "", dollars, cents);
        }
        case 4: {
            const std::uint64_t minute = below(60), hour = below(24);
            return fmt::format("{}:{:02}", hour, minute);
        }
        case 5: {
            const std::uint64_t year = 1950 + below(90), day = 1 + below(28), month = 1 + below(12);
            return fmt::format("{:02}/{:02}/{}", month, day, year);
        }
        default:
            return fmt::format("{}%", below(101));
    }
}

std::string letters(Rng& rng) {
    std::string text;
    const std::uint64_t n = 1 + rng.below(8);
    for (std::uint64_t i = 0; i < n; ++i) text += static_cast<char>('!' + rng.below(94));
    return text;
}

std::string cased(std::string word, Rng& rng) {
    const double how = rng.uniform();
    if (how < 0.25)
        std::ranges::transform(word, word.begin(), capital);
    else if (how < 0.55)
        word[0] = capital(word[0]);
    return word;
}

std::string marked(std::string word, Rng& rng) {
    static constexpr const char* after[] = {".", ",", "!", "?", ":", ";", "...", "'s", ")", "\"", "*", "%", "+", "-"};
    static constexpr const char* before[] = {"(", "\"", "#", "@", "&", "*", "$", "-", "'", "[", "<", "~"};
    static constexpr const char* within[] = {"-", "/", "&", "_", ".", "@", "+", "=", "|", "\\"};
    switch (rng.below(4)) {
        case 0:
            return word + any_of_them(after, rng);
        case 1:
            return any_of_them(before, rng) + word;
        case 2: {
            const char* const last = any_of_them(after, rng);
            return any_of_them(before, rng) + word + last;
        }
        default: {
            const char* const mark = any_of_them(within, rng);
            return word.insert(static_cast<std::size_t>(rng.below(word.size() + 1)), mark);
        }
    }
}

}  // namespace

WordList read_word_list(const std::string& path) {
    const std::string from = path.empty() ? usual_list : path;
    std::string text;
    try {
        text = read_text(from);
    } catch (const Error& e) {
        if (!path.empty()) throw;
        throw Error(ErrorCode::io, fmt::format("reading: there is no list of words in {}", usual_list),
                    "install one (Debian: wamerican), or name a file with a word a line by --data");
    }
    WordList list;
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        std::string word = text.substr(start, end - start);
        start = end + 1;
        if (!word.empty() && word.back() == '\r') word.pop_back();
        if (!readable(word)) continue;
        (hash_of(word) % 20 == 0 ? list.held_out : list.train).push_back(std::move(word));
    }
    if (list.train.size() + list.held_out.size() < least_words || list.held_out.empty())
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: {} words can be used", from, list.train.size() + list.held_out.size()),
                    fmt::format("at least {} are needed, one a line, of printable ASCII", least_words));
    return list;
}

std::span<const char* const> held_out_families() {
    static constexpr auto names = [] {
        std::array<const char*, std::size(held_out)> all{};
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = held_out[i].family;
        return all;
    }();
    return names;
}

const std::vector<std::string>& training_families() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names;
        for (const std::string& family : word_families())
            if (!unfit(family) && held_out_as(family) == nullptr) names.push_back(family);
        if (names.empty())
            throw Error(ErrorCode::unsupported, "reading: there are no fonts on this machine",
                        "install some (Debian: fonts-dejavu)");
        return names;
    }();
    return all;
}

const std::vector<std::string>& testing_families() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> names, found, missing;
        for (const HeldOutFamily& h : held_out) {
            const auto begins = [&](const std::string& family) { return family.starts_with(h.family) && !unfit(family); };
            const auto family = std::ranges::find_if(word_families(), begins);
            if (family == word_families().end())
                missing.emplace_back(h.package);
            else
                names.push_back(*family);
        }
        if (names.size() < least_test_families)
            throw Error(
                ErrorCode::unsupported,
                fmt::format("reading: {} of the {} fonts that it is tested on are here", names.size(), std::size(held_out)),
                fmt::format("install {}", fmt::join(missing, " ")));
        return names;
    }();
    return all;
}

std::string draw_text(const std::vector<std::string>& words, Rng& rng) {
    const double kind = rng.uniform();
    std::string text;
    if (kind < 0.62)
        text = cased(any_of_them(words, rng), rng);
    else if (kind < 0.77)
        text = figures(rng);
    else if (kind < 0.94)
        text = marked(chance(rng, 0.8) ? cased(any_of_them(words, rng), rng) : figures(rng), rng);
    else
        text = letters(rng);
    if (text.size() > longest_read_word) text.resize(longest_read_word);
    return text;
}

WordLook draw_look(const std::vector<std::string>& families, WordShape shape, Rng& rng, const BendRange& bend) {
    WordLook look;
    look.family = any_of_them(families, rng);
    look.weight = chance(rng, 0.35) ? 700 : 400;
    look.italic = chance(rng, 0.15);
    look.spacing = chance(rng, 0.3) ? somewhere(rng, -0.02, 0.15) : 0;
    look.turn = somewhere(rng, -5, 5) * degrees;
    look.shear = chance(rng, 0.2) ? somewhere(rng, -0.2, 0.2) : 0;
    const bool curved = shape == WordShape::curved || (shape == WordShape::mixed && chance(rng, 0.5));
    if (curved) {
        const bool arc = chance(rng, 0.6);
        if (arc) {
            const double side = chance(rng, 0.7) ? 1 : -1;
            look.bend = side * somewhere(rng, bend.least, bend.most) * degrees;
        }
        if (!arc || chance(rng, 0.3)) {
            look.turn = somewhere(rng, -25, 25) * degrees;
            const double side = chance(rng, 0.5) ? 1 : -1;
            look.far_x = side * somewhere(rng, 0.25, 0.7);
            look.far_y = somewhere(rng, -0.3, 0.3);
        }
    }
    for (double& margin : look.margins) margin = somewhere(rng, 0.01, 0.12);
    look.widest = somewhere(rng, 1, 2.2);

    double dark = somewhere(rng, 0, 0.55), light = somewhere(rng, dark + 0.3, 1.0);
    if (chance(rng, 0.3)) std::swap(dark, light);
    look.ink = dark;
    look.paper = light;
    if (chance(rng, 0.2)) {
        look.outline = somewhere(rng, 0.01, 0.04);
        look.outline_grey = rng.uniform();
    }
    if (chance(rng, 0.25)) {
        look.shadow_x = somewhere(rng, -0.08, 0.08);
        look.shadow_y = somewhere(rng, -0.08, 0.08);
        look.shadow_grey = look.paper + (look.ink - look.paper) * somewhere(rng, -0.4, 0.5);
    }
    if (chance(rng, 0.4)) look.slope = somewhere(rng, -0.3, 0.3);
    if (chance(rng, 0.4)) look.mottle = somewhere(rng, 0, 0.25);
    if (chance(rng, 0.15)) look.strokes = 1 + static_cast<int>(rng.below(3));
    if (chance(rng, 0.5)) look.blur = somewhere(rng, 0, 1.1);
    if (chance(rng, 0.5)) look.grain = somewhere(rng, 0, 0.08);
    if (chance(rng, 0.4)) look.jpeg = 20 + static_cast<int>(rng.below(70));
    look.seed = rng.next();
    return look;
}

DrawnWord draw_example(const std::vector<std::string>& words, const std::vector<std::string>& families, WordShape shape,
                       Index height, Index width, Rng& rng, const BendRange& bend) {
    for (;;) {
        DrawnWord drawn;
        drawn.example.word = draw_text(words, rng);
        drawn.example.look = draw_look(families, shape, rng, bend);
        try {
            drawn.picture = draw_word(drawn.example.word, drawn.example.look, height, width);
            return drawn;
        } catch (const Error& e) {
            if (e.code() != ErrorCode::invalid_input) throw;  // one letter bent by a circle's third: another is drawn
        }
    }
}

}  // namespace saccade
