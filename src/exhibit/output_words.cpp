#include "exhibit/output_words.hpp"

#include <array>
#include <string_view>

#include "base/translate.hpp"

namespace saccade {

namespace {

constexpr std::array<std::string_view, 3> joints = {";  ", "  ·  ", "  |  "};

/// Some of what follows another part is known with what joins it.
std::string part_in_language(const std::string& joint, const std::string& part) {
    const std::string joined = joint + part;
    if (std::string shown = tr_composed(joined); shown != joined) return shown;
    return joint + tr_composed(part);
}

}  // namespace

std::string output_in_language(const Exhibit& exhibit, const std::string& text) {
    if (!exhibit.output_said || catalogue_in_use() == nullptr) return text;
    std::string made;
    std::string_view joint;
    for (std::size_t from = 0;;) {
        std::size_t end = text.size();
        std::string_view next;
        for (const std::string_view one : joints)
            if (const std::size_t at = text.find(one, from); at < end) {
                end = at;
                next = one;
            }
        made += part_in_language(std::string(joint), text.substr(from, end - from));
        if (next.empty()) break;
        joint = next;
        from = end + next.size();
    }
    return made;
}

}  // namespace saccade
