#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/translate.hpp"
#include "ui/panels.hpp"
#include "viz/length.hpp"

namespace saccade {

namespace {

/// One of several, as segments under a heading; each is known to tests as "export NAME=CHOICE". The one clicked, or -1.
int choose(const Ui& ui, AppState& state, const std::string& name, const std::vector<std::string>& titles, int at,
           const std::vector<std::string>& tips = {}) {
    heading(ui, tr(name));
    return segments(ui, name.c_str(), tr_all(titles), at, tr_all(tips),
                    [&](int i) { note_place(state, fmt::format("export {}={}", name, titles[static_cast<std::size_t>(i)])); });
}

int index_of(const std::vector<std::string>& all, const std::string& one) {
    return static_cast<int>(std::ranges::find(all, one) - all.begin());
}

/// A length that is usual, or one's own: then a field.
struct LengthChoice {
    const char* name;
    std::vector<std::string> titles, values, tips;  // the last, msg("own"), has no value
    const char* hint;
};

void choose_length(const Ui& ui, AppState& state, const LengthChoice& choice, std::string& value, bool& own) {
    const int usual = index_of(choice.values, value), last = static_cast<int>(choice.values.size());
    own = own || usual == last;
    const int clicked = choose(ui, state, choice.name, choice.titles, own ? last : usual, choice.tips);
    if (clicked >= 0) {
        own = clicked == last;
        if (!own) value = choice.values[static_cast<std::size_t>(clicked)];
    }
    if (!own) return;
    ImGui::SetNextItemWidth(110 * ui.s);
    text_input(ui, (std::string("##") + choice.name).c_str(), value, tr(choice.hint), Font::mono, 14, clicked >= 0);
    note_place(state, std::string("export ") + choice.name);
    if (ImGui::IsItemHovered()) tooltip(ui, tr("A number and its unit: mm, cm, in, pt or px"));
}

void sizes(const Ui& ui, AppState& state) {
    FigureDesk& desk = state.desk;
    const std::string before = desk.width;
    choose_length(ui, state,
                  {msg("Width"),
                   {"85 mm", "170 mm", msg("slide"), msg("own")},
                   {"85mm", "170mm", "1280px"},
                   {msg("One column of a journal"), msg("Both columns"), msg("1280 px, for 16:9"),
                    msg("Any other, in mm, cm, in, pt or px")},
                   "85mm"},
                  desk.width, desk.own_width);
    if (desk.width == "1280px" && before != desk.width) {  // a slide is read from afar
        desk.height = "720px";
        desk.font = "18pt";
    } else if (before == "1280px" && before != desk.width && !desk.own_width) {
        desk.height.clear();
        desk.font = "8pt";
        desk.own_height = desk.own_font = false;
    }
    choose_length(ui, state,
                  {msg("Height"),
                   {msg("by content"), "60 mm", msg("own")},
                   {"", "60mm"},
                   {msg("What the views need, so that no label is left out"), msg("Labels that have no room are thinned"),
                    msg("Any other")},
                   "60mm"},
                  desk.height, desk.own_height);
    choose_length(ui, state,
                  {msg("Text"),
                   {"7 pt", "8 pt", "9 pt", msg("own")},
                   {"7pt", "8pt", "9pt"},
                   {msg("Every text has this size"), msg("Every text has this size"), msg("Every text has this size"),
                    msg("Any other; empty: each view's own sizes")},
                   msg("each view's")},
                  desk.font, desk.own_font);
}

/// The family of all texts.
void font_family(const Ui& ui, AppState& state) {
    FigureDesk& desk = state.desk;
    const std::vector<std::string> values = {"", "serif"};
    const int usual = index_of(values, desk.font_family), last = static_cast<int>(values.size());
    desk.own_family = desk.own_family || usual == last;
    const int clicked =
        choose(ui, state, msg("Font"), {msg("usual"), msg("serif"), msg("own")}, desk.own_family ? last : usual,
               {msg("As on screen"), msg("The serif family of this machine"), msg("Any other that is installed")});
    if (clicked >= 0) {
        desk.own_family = clicked == last;
        if (!desk.own_family) desk.font_family = values[static_cast<std::size_t>(clicked)];
    }
    if (!desk.own_family) return;
    ImGui::SetNextItemWidth(-1);
    text_input(ui, "##family", desk.font_family, tr("name of a family"), Font::ui, 15, clicked >= 0);
    note_place(state, "export family");
    if (ImGui::IsItemHovered()) tooltip(ui, tr("As `fc-list : family` lists them"));
}

void colours(const Ui& ui, AppState& state, bool several) {
    FigureDesk& desk = state.desk;
    const std::vector<std::string> themes = theme_ids();
    if (const int i = choose(ui, state, msg("Theme"), themes, index_of(themes, desk.theme)); i >= 0)
        desk.theme = themes[static_cast<std::size_t>(i)];
    std::vector<std::string> maps{""}, titles{msg("by role")};
    for (const std::string& id : colormap_ids()) {
        maps.push_back(id);
        titles.push_back(id);
    }
    if (const int i = choose(ui, state, msg("Colour"), titles, index_of(maps, desk.colormap),
                             {msg("Sequential for weights, diverging for what is signed")});
        i >= 0)
        desk.colormap = maps[static_cast<std::size_t>(i)];
    if (several)
        if (const int i = choose(ui, state, msg("Range"), {msg("one for all"), msg("each its own")}, desk.shared_range ? 0 : 1,
                                 {msg("Views that show the same kind of numbers can be compared by their colours"),
                                  msg("Each view uses all of its colours")});
            i >= 0)
            desk.shared_range = i == 0;
    using Scale = Normalization::Scale;
    const Scale now = desk.scale.value_or(state.view.scale);
    if (const int i = choose(
            ui, state, msg("Scale"), {msg("linear"), "√", msg("log"), msg("per row"), msg("to largest"), msg("percentile")},
            static_cast<int>(now),
            {"t = w", msg("t = √w: small weights become visible"), msg("t = 1 + log10(w) / 4, four decades"),
             msg("t = w / max of its row"), msg("t = w / max of all"), msg("t = w / percentile of what is not 0")});
        i >= 0)
        desk.scale = static_cast<Scale>(i);
}

/// A switch with its name before it; true if it was clicked.
bool named_switch(const Ui& ui, AppState& state, const std::string& name, bool on, const std::string& tip) {
    const float right = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x, y = ImGui::GetCursorPosY();
    ImGui::SetCursorPosY(y - ui.s);
    label(ui, tr(name), ui.theme.text, 15, Font::ui, right - ImGui::GetCursorPosX() - 44 * ui.s);
    const bool hovered = ImGui::IsItemHovered();
    ImGui::SetCursorPos({right - 38 * ui.s, y});
    const bool clicked = toggle_switch(ui, name.c_str(), on);
    note_place(state, "export " + name);
    if (hovered || ImGui::IsItemHovered()) tooltip(ui, tr(tip));
    return clicked;
}

void parts(const Ui& ui, AppState& state) {
    FigureDesk& desk = state.desk;
    ImGui::Dummy({0, 2 * ui.s});
    for (const ViewOption* option : options_named(figure_options)) {
        if (option->spec.choices.size() > 2) {
            const std::string now = std::get<std::string>(option->get(desk.options));
            if (const int i = choose(ui, state, option->spec.title, option->spec.choice_titles,
                                     index_of(option->spec.choices, now), option->tips);
                i >= 0)
                option->set(desk.options, option->spec.choices[static_cast<std::size_t>(i)]);
            continue;
        }
        const bool on = !option->used(desk.options);
        if (named_switch(ui, state, option->spec.title, on, option->spec.help))
            option->set(desk.options, option->spec.choices[on ? 1 : 0]);
    }
    // What of the stage changes the numbers that are printed.
    for (const ViewOption* option : options_named({"merge_subwords"})) {
        if (state.document.trace() == nullptr ||
            !option->offered(option_facts(*state.document.trace()), state.document.options))
            continue;
        const bool on = std::get<bool>(option->get(state.document.options));
        if (named_switch(ui, state, option->spec.title, on, tr("{}; on the stage, too", tr(option->spec.help))))
            option->set(state.document.options, !on);
    }
    if (named_switch(ui, state, msg("Selection"), desk.marks, msg("What is selected on the stage is outlined in the figure")))
        desk.marks = !desk.marks;
}

void file_format(const Ui& ui, AppState& state) {
    FigureDesk& desk = state.desk;
    const std::vector<std::string> formats = {"png", "svg", "pdf", "html", "csv", "tex", "npz"};
    const std::string ending = ending_of(desk.path);
    if (const int i = choose(ui, state, msg("Format"), formats, index_of(formats, ending),
                             {msg("Pixels"), msg("Vectors, text stays text"), msg("Vectors, fonts embedded"),
                              msg("A page to point at, in any browser"), msg("The values shown, as a table"),
                              msg("The values shown, as a table for LaTeX"), msg("The values shown, as arrays")});
        i >= 0)
        desk.path =
            std::filesystem::path(path_from_text(desk.path)).replace_extension(formats[static_cast<std::size_t>(i)]).string();
    if (ending == "png") {
        const std::vector<double> values = {96, 192, 300, 600};
        const auto chosen = static_cast<int>(std::ranges::find(values, desk.dpi) - values.begin());
        if (const int i = choose(ui, state, msg("Resolution"), {"96 dpi", "192 dpi", "300 dpi", "600 dpi"}, chosen); i >= 0)
            desk.dpi = values[static_cast<std::size_t>(i)];
    }
    if (ending == "csv" && named_switch(ui, state, msg("Byte order mark"), desk.byte_order_mark,
                                        msg("Some spreadsheets need it to see that a table is UTF-8")))
        desk.byte_order_mark = !desk.byte_order_mark;
}

}  // namespace

void desk_outcome(const Ui& ui, AppState& state, Controller& act) {
    const DeskPicture& shown = act.desk().preview().shown();
    ImGui::BeginGroup();
    if (shown.problem) {
        paragraph(ui, shown_line(*shown.problem), ui.theme.broken);
    } else if (shown.width > 0) {
        std::string text;
        if (shown.smallest > 0) text = tr("Smallest text {:.3g} pt · ", shown.smallest / px_per_pt);
        text += fmt::format("{:.1f} × {:.1f} mm", shown.width / px_per_mm, shown.height / px_per_mm);
        const std::string ending = ending_of(state.desk.path);
        if (ending == "pdf") text += tr(" · fonts embedded");
        if (ending == "svg") text += tr(" · text stays text");
        if (ending == "png")
            text += fmt::format(" · {:.0f} × {:.0f} px", shown.width * state.desk.dpi / 96, shown.height * state.desk.dpi / 96);
        paragraph(ui, text, shown.notes.empty() ? ui.theme.holds : ui.theme.secondary);
        for (const Note& note : shown.notes) {
            paragraph(ui, tr_composed(note.text), ui.theme.broken);
            if (ImGui::IsItemHovered()) tooltip(ui, tr_composed(note.hint));
        }
    }
    ImGui::EndGroup();
    note_place(state, "export outcome");
}

void desk_choices(const Ui& ui, AppState& state, Controller& act) {
    FigureDesk& desk = state.desk;
    if (state.document.comparing) {
        if (const int i = choose(ui, state, msg("Of"), {"A", "B", "B − A"}, static_cast<int>(desk.what),
                                 {msg("The run of A"), msg("The run of B"), msg("What B has more than A")});
            i >= 0)
            desk.what = static_cast<std::size_t>(i);
    }
    if (act.desk().exports_part()) {
        heading(ui, tr("Of the maps"));
        const bool read = !state.document.exhibit().part_param.empty();
        if (const int i =
                segments(ui, "part", {tr("the part on screen"), tr("all of it")}, desk.all ? 1 : 0,
                         {tr("As the stage has it"),
                          read ? tr("Read when the file is written; the preview shows the part") : tr("Every row and column")},
                         [&](int at) { note_place(state, at == 0 ? "export part" : "export all"); });
            i >= 0)
            desk.all = i == 1;
    }
    sizes(ui, state);
    font_family(ui, state);
    desk_panels(ui, state, act);
    colours(ui, state, act.desk().panels().size() > 1);
    parts(ui, state);
    file_format(ui, state);
    ImGui::Dummy({0, 8 * ui.s});
}

}  // namespace saccade
