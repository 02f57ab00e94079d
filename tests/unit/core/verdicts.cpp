#include "verdicts.hpp"

#include <algorithm>
#include <stdexcept>

#include "exhibit/exhibit.hpp"

namespace saccade::test {
const ParamSpec& spec_of(const Exhibit& exhibit, const std::string& name) {
    const auto spec = std::ranges::find(exhibit.params, name, &ParamSpec::name);
    if (spec == exhibit.params.end()) throw std::invalid_argument(exhibit.id + " has no parameter " + name);
    return *spec;
}

const VerdictTable* table_of(const std::string& id) {
    static const std::vector<VerdictTable> all = [] {
        std::vector<VerdictTable> tables = sequence_wing();
        for (auto make : {transformer_wing, vision_wing})
            for (VerdictTable& table : make()) tables.push_back(std::move(table));
        return tables;
    }();
    const auto found = std::ranges::find(all, id, &VerdictTable::exhibit);
    return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> exhibit_ids() {
    std::vector<std::string> ids;
    for (const Exhibit& exhibit : exhibits()) ids.push_back(exhibit.id);
    return ids;
}
std::string name_of_exhibit(const testing::TestParamInfo<std::string>& tested) {
    std::string name = tested.param;
    std::ranges::replace(name, '-', '_');
    return name;
}
RunRequest request_of(const Exhibit& exhibit, const std::vector<std::string>& settings) {
    constexpr std::string_view by_hand = "intervene ";
    RunRequest request;
    request.exhibit = exhibit.id;
    for (const std::string& setting : settings) {
        if (setting.starts_with(by_hand)) {
            request.interventions.push_back(parse_intervention(setting.substr(by_hand.size())));
            continue;
        }
        const std::size_t equals = setting.find('=');
        const std::string name = setting.substr(0, equals), value = setting.substr(equals + 1);
        if (name == "seed") {
            request.seed = std::stoull(value);
            continue;
        }
        request.params.set(name, parse_param(spec_of(exhibit, name), name == "data" ? SACCADE_SOURCE_DIR "/" + value : value));
    }
    return request;
}

}  // namespace saccade::test
