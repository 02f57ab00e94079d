#include "run/scene_offer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "run/language.hpp"
#include "run/lesson_file.hpp"

namespace saccade {

using nlohmann::json;
using Kind = SceneClaim::Kind;

namespace {

/// Does its label tell it from all other positions?
bool is_named(const Axis& axis, Index at) {
    return !axis.labels.empty() && std::ranges::count(axis.labels, axis.label(at)) == 1;
}

json place_on(const Axis& axis, Index at) {
    return is_named(axis, at) ? json(axis.label(at)) : json(at + 1);
}

/// "“beijing”", "“the” (3)" of several, "layer 2", in a language.
std::string words_for(const Axis& axis, Index at, const TextsIn& in) {
    if (is_named(axis, at)) return in.tr("“{}”", axis.label(at));
    if (!axis.labels.empty()) return in.tr("“{}” ({})", axis.label(at), at + 1);
    return in.tr_composed(fmt::format("{} {}", axis.name, at + 1));
}

/// A cell of a tensor, apart: the row that it is in, and its place there.
struct Row {
    const TraceTensor& tensor;
    const CellRef& cell;

    const Axis& along() const { return *tensor.info.axes.back(); }
    Index at() const { return cell.index.back(); }
    json places() const {
        json row = json::object();
        for (std::size_t a = 0; a + 1 < cell.index.size(); ++a) {
            const Axis& axis = *tensor.info.axes[a];
            row[axis.name] = place_on(axis, cell.index[a]);
        }
        return row;
    }
    json on() const { return {{along().name, place_on(along(), at())}}; }
    bool is_largest() const {
        CellRef other = cell;
        const float here = tensor.values.at(cell.index);
        for (Index j = 0; j < along().extent; ++j) {
            other.index.back() = j;
            if (!(here >= tensor.values.at(other.index))) return false;
        }
        return true;
    }
    /// "layer 2, head 1, “get”"; of a tensor of one row its title.
    std::string words(const TextsIn& in) const {
        std::string all;
        for (std::size_t a = 0; a + 1 < cell.index.size(); ++a)
            all += (all.empty() ? "" : in.tr_in("between parts", ", ")) + words_for(*tensor.info.axes[a], cell.index[a], in);
        return all.empty() ? in.tr_composed(tensor.info.title) : all;
    }
};

/// The same said in both languages.
template <class Say>
json in_both(const Say& say) {
    json text = json::object();
    for (const Language& language : languages()) text[language.id] = say(TextsIn(language.id));
    return text;
}

/// The row of the cell; none where the run has no such cell, or the tensor no rows.
std::optional<Row> row_of(const Trace& trace, const CellRef& cell) {
    const TraceTensor* tensor = trace.find(cell.tensor);
    if (tensor == nullptr || cell.index.empty() || cell.index.size() != tensor->info.axes.size()) return std::nullopt;
    for (std::size_t a = 0; a < cell.index.size(); ++a)
        if (cell.index[a] < 0 || cell.index[a] >= tensor->info.axes[a]->extent) return std::nullopt;
    return Row{*tensor, cell};
}

bool shares_one(const TraceTensor& tensor) {
    return tensor.info.role == Role::weights || tensor.info.role == Role::probabilities;
}

/// A round number that it is no less than: 0.87 is at least 0.8.
double at_least(double share) {
    const double step = share < 0.1 ? 100 : 10;
    return std::floor(share * step + 1e-6) / step;
}

void add_claims_of_row(const Row& row, std::vector<json>& all) {
    const std::string& name = row.tensor.info.name;
    const auto words_of_place = [&row](const TextsIn& in) { return words_for(row.along(), row.at(), in); };
    if (row.along().extent < 2) return;
    if (shares_one(row.tensor))
        all.push_back({{"claim", name_of(Kind::sums_to_1)}, {"tensor", name}, {"text", in_both([&](const TextsIn& in) {
                                                                                   return in.tr(
                                                                                       "{}: every row sums to 1",
                                                                                       in.tr_composed(row.tensor.info.title));
                                                                               })}});
    if (row.is_largest())
        all.push_back({{"claim", name_of(Kind::largest)},
                       {"tensor", name},
                       {"row", row.places()},
                       {"on", row.on()},
                       {"text", in_both([&](const TextsIn& in) {
                            return in.tr("{}: the largest lies on {}", row.words(in), words_of_place(in));
                        })}});
    const double share = at_least(static_cast<double>(row.tensor.values.at(row.cell.index)));
    if (!shares_one(row.tensor) || !(share > 0)) return;
    all.push_back({{"claim", name_of(Kind::share)},
                   {"tensor", name},
                   {"row", row.places()},
                   {"on", row.on()},
                   {"at_least", share},
                   {"text", in_both([&](const TextsIn& in) {
                        return in.tr("{}: at least {} lies on {}", row.words(in), share, words_of_place(in));
                    })}});
}

}  // namespace

std::vector<json> offered_claims(const Trace& trace, const Exhibit& exhibit, const CellRef& cell, bool of_b) {
    std::vector<json> all;
    if (const std::optional<Row> row = row_of(trace, cell)) {
        add_claims_of_row(*row, all);
        if (const Step* step = trace.step_of(cell.tensor); step != nullptr && !step->rule.empty())
            all.push_back({{"claim", name_of(Kind::rule)},
                           {"tensor", cell.tensor},
                           {"text", in_both([&](const TextsIn& in) {
                                return in.tr("{} are what the formula gives", in.tr_composed(row->tensor.info.title));
                            })}});
    }
    if (const auto text = trace.texts().find(exhibit.output_text); text != trace.texts().end() && !text->second.empty())
        all.push_back({{"claim", name_of(Kind::text)}, {"is", text->second}, {"text", in_both([&](const TextsIn& in) {
                                                                                  return in.tr("it writes “{}”", text->second);
                                                                              })}});
    if (of_b)
        for (json& claim : all) claim["side"] = "b";
    return all;
}

std::optional<json> offered_question(const Trace& trace, const CellRef& cell) {
    const std::optional<Row> row = row_of(trace, cell);
    if (!row || row->tensor.info.role != Role::weights || cell.index.size() < 2 || row->along().extent < 2 ||
        row->along().extent > most_guessed)
        return std::nullopt;
    return json{{"text", in_both([&](const TextsIn& in) { return in.tr("Where does {} look?", row->words(in)); })},
                {"tensor", cell.tensor},
                {"row", row->places()}};
}

OfferedTokens offered_tokens(const Trace& trace, const CellRef& cell) {
    OfferedTokens offered;
    const std::optional<Row> row = row_of(trace, cell);
    if (!row) return offered;
    for (std::size_t a = cell.index.size() - std::min<std::size_t>(cell.index.size(), 2); a < cell.index.size(); ++a) {
        const Axis& axis = *row->tensor.info.axes[a];
        if (axis.labels.empty()) continue;
        offered.places[axis.name] = json::array({place_on(axis, cell.index[a])});
        offered.words += (offered.words.empty() ? "" : " ") + words_for(axis, cell.index[a], TextsIn("en"));
    }
    return offered;
}

}  // namespace saccade
