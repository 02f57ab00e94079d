#include <algorithm>

#include "analysis/analysis.hpp"
#include "exhibit/exhibit.hpp"

// The exhibits in small, for fuzz.sh: what a session or a picture names is looked up here, so that its readers are built
// without the engine. Parameters of every type stand in it.

namespace saccade {

const std::vector<Exhibit>& exhibits() {
    static const std::vector<Exhibit> all = [] {
        std::vector<Exhibit> made(3);
        made[0].id = "alignment";
        made[0].params = {{"source", ParamType::text, "Source", "", std::string("30 Sep 2019"), "", 0, 60},
                          {"temperature", ParamType::number, "Temperature", "", 1.0, "", 0.1, 10},
                          {"beam", ParamType::integer, "Beam", "", std::int64_t{1}, "", 1, 10},
                          {"score", ParamType::choice, "Score", "", std::string("dot"), "", 0, 0, false, {"dot", "additive"}},
                          {"causal", ParamType::toggle, "Causal", "", false}};
        made[1].id = "spatial";
        made[1].params = {{"image", ParamType::image, "Picture", "", std::string("sample:ship")}};
        made[2].id = "memory";
        for (const char* name : {"q", "k", "v"})
            made[2].params.push_back({name, ParamType::matrix, name, "", Tensor<float>::from({1, 1}, {1}), "", 0, 64});
        return made;
    }();
    return all;
}

const Exhibit& exhibit(const std::string& id) {
    for (const Exhibit& one : exhibits())
        if (one.id == id) return one;
    throw Error(ErrorCode::usage, "there is no exhibit '" + id + "'", "choose another");
}

std::vector<std::string> analyses_from(const std::string& text) {
    if (text != "entropy") throw Error(ErrorCode::usage, "there is no analysis '" + text + "'", "choose another");
    return {text};
}

}  // namespace saccade
