#pragma once

#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "exhibit/exhibit.hpp"
#include "run/finding.hpp"

namespace saccade {

/// A text of a lesson. One of the two may be missing: the other then stands in for it.
struct InLanguages {
    std::string english, chinese;

    const std::string& in(bool chinese_first) const;
};
constexpr std::size_t longest_lesson_text = 2000;  // characters
/// {"en": ..., "zh": ...}, or one of them. `where`: "scene 3's text". Error{bad_format}.
InLanguages in_languages_from(const nlohmann::json& json, const std::string& where);

/// Positions on an axis: by their labels, which stand for all that have them, and by their numbers, from 1.
struct NamedPlaces {
    std::string axis;
    std::vector<std::string> labels;
    std::vector<Index> numbers;
};
/// {"output": "china", "source": ["中", 4]}. Error{bad_format}.
std::vector<NamedPlaces> named_places_from(const nlohmann::json& json, const std::string& where);
/// In order, each once. Error{not_found} says which there are.
std::vector<Index> positions_of(const Axis& axis, const NamedPlaces& places);

/// Error{not_found} for an axis that the tensor does not have says which it has.
void refuse_unknown_axes(const TraceTensor& tensor, const std::vector<NamedPlaces>& at);

/// Part of a tensor: where it is not said, all positions of an axis.
struct NamedPart {
    std::string tensor;
    std::vector<NamedPlaces> at;
};
/// Its first cell; the largest, where `at` leaves a choice. Error{not_found} if it is not on this run.
CellRef cell_of(const Trace& trace, const NamedPart& part);

/// A claim of a scene: what is said, and how it is executed on the scene's run (or on B).
struct SceneClaim {
    enum class Kind {
        point,      // of the exhibit's own lesson
        sums_to_1,  // every row of the tensor
        largest,    // of each row lies on one of `on`
        share,      // of each row, on all of `on` together: from at_least to at_most
        text,       // a text of the run is this, or has this in it
        rule,       // gives what was recorded, in every cell looked at: the tensor's own, or another
    };

    Kind kind = Kind::sums_to_1;
    LessonPoint point;  // sentence and check
    NamedPart rows;     // what it is about
    std::vector<NamedPlaces> on;
    double at_least = -std::numeric_limits<double>::infinity(), at_most = std::numeric_limits<double>::infinity();
    std::string name, is, contains, rule;
    bool of_b = false;         // of the run that is compared
    bool after_guess = false;  // judged when the scene's question is answered
};
/// As a lesson's file has it: "sums_to_1".
std::string name_of(SceneClaim::Kind kind);
/// `where`: "scene 3, claim 2". Error{bad_format}, {not_found}.
SceneClaim scene_claim_from(const nlohmann::json& json, const Exhibit& exhibit, const std::string& where);

/// The cell that a click on it selects; empty where this run has none.
CellRef cell_about(const SceneClaim& claim, const Finding& finding, const Trace& trace);

}  // namespace saccade
