#include "train/data_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/sha256.hpp"

namespace saccade {

namespace {

constexpr std::string_view attribution = "CC-BY 2.0 (France) Attribution: tatoeba.org";

bool every_line_attributed(std::string_view content) {
    bool any = false;
    for (std::size_t at = 0; at < content.size();) {
        const std::size_t end = std::min(content.find('\n', at), content.size());
        const std::string_view line = content.substr(at, end - at);
        at = end + 1;
        if (line.empty() || line == "\r") continue;
        const std::size_t first = line.find('\t');
        const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
        if (second == std::string_view::npos || !line.substr(second + 1).starts_with(attribution)) return false;
        any = true;
    }
    return any;
}

}  // namespace

std::string DataSource::str() const {
    return fmt::format("{} (SHA-256 {}…)", name, sha256.substr(0, 12));
}

std::string DataSource::licence_of(const std::string& what) const {
    return licence.empty() ? what + ": the data file gives no licence" : what + ": " + licence;
}

void DataSource::into_card(nlohmann::json& card) const {
    card["data_file"] = {{"name", name}, {"sha256", sha256}};
}

DataSource sentence_source(const std::string& path, const std::string& content) {
    return {std::filesystem::path(path).filename().string(), sha256(content),
            every_line_attributed(content) ? "CC BY 2.0 FR, Tatoeba contributors (tatoeba.org)" : ""};
}

}  // namespace saccade
