#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "exhibit/exhibit.hpp"
#include "exhibit/param_use.hpp"
#include "params/matrix_text.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/matrix_edit.hpp"
#include "ui/panels.hpp"
#include "viz/colormap.hpp"

namespace saccade {

namespace {

constexpr float least_cell = 38, largest_cell = 84, cell_height = 24, least_card = 204,
                margin = 34;  // logical px; the margin holds the row numbers
constexpr Index most_rows_shown = 6;

void note_place(AppState& state, const std::string& name, ImVec2 low, ImVec2 size) {
    state.places[name] = {low.x, low.y, size.x, size.y};
}

/// As two axes; what has another rank cannot be edited as a grid.
Tensor<float> matrix_of(const AppState& state, const ParamSpec& spec) {
    const Params& params = state.document.side().request.params;
    const Tensor<float> matrix = params.has(spec.name) ? params.matrix(spec.name) : std::get<Tensor<float>>(spec.fallback);
    if (matrix.shape().rank() == 2 && !matrix.empty()) return matrix;
    return matrix.empty() ? Tensor<float>(Shape{1, 1}) : matrix.reshape(Shape{1, matrix.size()});
}

/// Decimals that the numbers of a matrix need so that they all stand with their points aligned; a few of a large one decide.
struct NumberFormat {
    int decimals = 0;
    bool exponent = false;
    double largest = 0;

    explicit NumberFormat(const Tensor<float>& matrix) {
        const Index step = std::max<Index>(1, matrix.size() / 2048);
        for (Index i = 0; i < matrix.size(); i += step) {
            const double v = std::abs(static_cast<double>(matrix.data()[i]));
            largest = std::max(largest, v);
            while (decimals < 3 && std::abs(v * std::pow(10, decimals) - std::round(v * std::pow(10, decimals))) > 1e-3)
                ++decimals;
        }
        exponent = largest >= 1e5 || (largest > 0 && largest < 1e-3);
    }
    std::string operator()(float v) const {
        std::string text = exponent ? fmt::format("{:.1e}", v) : fmt::format("{:.{}f}", v, decimals);
        if (text.find_first_not_of("-0.") == std::string::npos && text[0] == '-') text.erase(0, 1);
        if (text[0] == '-') text = "−" + text.substr(1);
        return text;
    }
};

void set(Controller& act, const std::string& name, Tensor<float> matrix) {
    act.history().pause();  // each edit can be undone by itself
    act.inputs().set_param(name, std::move(matrix));
}

void complain(AppState& state, const std::string& name, const std::string& problem) {
    state.document.matrix.problem = problem;
    state.document.matrix.problem_param = name;
}

/// What was typed or pasted, put in at the cursor. False if it is no number: then the line below says why.
bool put(AppState& state, Controller& act, const std::string& name, const Tensor<float>& matrix, const std::string& text) {
    if (const std::size_t begin = text.find_first_not_of(" \t\r\n"); begin != std::string::npos && text[begin] == '@') {
        act.files().open_matrix(text.substr(begin + 1), name);
        return true;
    }
    try {
        const Tensor<float> block = matrix_from_text(text);
        // Over everything, if it is larger than a cell and was put at the first one: a whole matrix.
        const bool whole = block.size() > 1 && state.document.matrix.row == 0 && state.document.matrix.col == 0;
        set(act, name, whole ? block : with_block(matrix, state.document.matrix.row, state.document.matrix.col, block));
        complain(state, name, "");
        return true;
    } catch (const Error& error) {
        complain(state, name, shown_line(error));
        return false;
    }
}

void move_to(AppState& state, const Tensor<float>& matrix, Index row, Index col) {
    MatrixCursor& at = state.document.matrix;
    at.row = std::clamp<Index>(row, 0, matrix.shape()[0] - 1);
    at.col = std::clamp<Index>(col, 0, matrix.shape()[1] - 1);
    at.typing = false;
    at.follow = true;
}

/// Tab goes on along the row and then to the next one; Shift the other way.
void move_along(AppState& state, const Tensor<float>& matrix, Index by) {
    const Index cols = matrix.shape()[1];
    const Index cell =
        std::clamp<Index>(state.document.matrix.row * cols + state.document.matrix.col + by, 0, matrix.size() - 1);
    move_to(state, matrix, cell / cols, cell % cols);
}

void type_characters(AppState& state) {
    MatrixCursor& at = state.document.matrix;
    for (const ImWchar c : ImGui::GetIO().InputQueueCharacters) {
        if (c < 32 || c > 126 || ImGui::GetIO().KeyCtrl) continue;
        if (!at.typing) at.text.clear();
        at.typing = true;
        at.text += static_cast<char>(c);
    }
}

/// The keys, for the matrix that has the cursor.
void keyboard(AppState& state, Controller& act, const ParamSpec& spec, const Tensor<float>& matrix) {
    MatrixCursor& at = state.document.matrix;
    const ImGuiIO& io = ImGui::GetIO();
    if (io.KeyCtrl) {
        if (compat::letter_pressed('V'))
            if (const char* text = ImGui::GetClipboardText()) put(state, act, spec.name, matrix, text);
        if (compat::letter_pressed('C')) ImGui::SetClipboardText(text_from_cells(matrix).c_str());
        return;
    }
    type_characters(state);
    if (state.escape == Layer::cell) {
        if (!at.typing) at.param.clear();
        at.typing = false;
        complain(state, spec.name, "");
        return;
    }
    if (at.typing && compat::key_pressed(ImGuiKey_Backspace) && !at.text.empty()) at.text.pop_back();
    if (!at.typing && compat::key_pressed(ImGuiKey_Delete, false)) put(state, act, spec.name, matrix, "0");
    struct Step {
        ImGuiKey key;
        Index rows, cols;
    };
    const Step steps[] = {{ImGuiKey_UpArrow, -1, 0},
                          {ImGuiKey_DownArrow, 1, 0},
                          {ImGuiKey_LeftArrow, 0, -1},
                          {ImGuiKey_RightArrow, 0, 1},
                          {ImGuiKey_Enter, io.KeyShift ? -1 : 1, 0},
                          {ImGuiKey_Tab, 0, io.KeyShift ? -1 : 1}};
    for (const Step& step : steps) {
        if (!(step.key == ImGuiKey_Tab ? compat::tab_pressed() : compat::key_pressed(step.key))) continue;
        if (at.typing && !put(state, act, spec.name, matrix, at.text)) return;
        // What was put in may have made it larger.
        const Tensor<float> now = matrix_of(state, spec);
        if (step.key == ImGuiKey_Tab)
            move_along(state, now, step.cols);
        else
            move_to(state, now, at.row + step.rows, at.col + step.cols);
    }
}

void draw_cell(const Ui& ui, AppState& state, const std::string& text, Color ground, ImVec2 low, ImVec2 size, bool cursor) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 high(low.x + size.x - 1, low.y + size.y - 1);
    const bool typing = cursor && state.document.matrix.typing;
    list.AddRectFilled(low, high, ui.color(typing ? ui.theme.background : ground), 2 * ui.s);
    ImFont* font = ui.fonts.face(Font::mono, 14);
    const float height = compat::font_size(*font);
    const std::string& shown = typing ? state.document.matrix.text : text;
    const float width = font->CalcTextSizeA(height, 1e9f, 0, shown.c_str()).x;
    const float room = size.x - 12 * ui.s;
    const ImVec2 at(high.x - 6 * ui.s - std::min(width, typing ? width : room), low.y + (size.y - height) / 2);
    list.PushClipRect(low, high, true);
    list.AddText(font, height, at, ui.color(ui.theme.text), shown.c_str());
    if (typing && std::fmod(ImGui::GetTime(), 1.0) < 0.6)
        list.AddLine({high.x - 4 * ui.s, low.y + 5 * ui.s}, {high.x - 4 * ui.s, high.y - 5 * ui.s}, ui.color(ui.theme.accent));
    list.PopClipRect();
    if (cursor) list.AddRect(low, high, ui.color(typing ? ui.theme.accent : ui.theme.selection), 2 * ui.s, 0, 2 * ui.s);
}

/// Of the widest number, px; a few of a large matrix decide.
float width_of(const Ui& ui, const NumberFormat& format, const Tensor<float>& matrix) {
    ImFont* font = ui.fonts.face(Font::mono, 14);
    float widest = 0;
    const Index step = std::max<Index>(1, matrix.size() / 256);
    for (Index i = 0; i < matrix.size(); i += step)
        widest = std::max(widest, font->CalcTextSizeA(compat::font_size(*font), 1e9f, 0, format(matrix.data()[i]).c_str()).x);
    return widest;
}

/// The cells that can be seen, within a child that scrolls over all of them.
void grid(const Ui& ui, AppState& state, Controller& act, const ParamSpec& spec, const Tensor<float>& matrix, ImVec2 low,
          ImVec2 size) {
    const float s = ui.s, h = cell_height * s, left = margin * s;
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    const NumberFormat format(matrix);
    const float least = std::clamp(width_of(ui, format, matrix) + 14 * s, least_cell * s, largest_cell * s);
    const float w = std::clamp((size.x - left - 10 * s) / static_cast<float>(cols), least, largest_cell * s);
    MatrixCursor& at = state.document.matrix;
    const bool mine = at.param == spec.name;
    ImGui::SetCursorScreenPos(low);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    compat::begin_padded_child(
        ("grid_" + spec.name).c_str(), size,
        ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoNavInputs);
    ImGui::PopStyleVar();
    if (mine && at.follow) {
        const auto follow = [](float from, float extent, float scroll, float room) {
            return from < scroll ? from : from + extent > scroll + room ? from + extent - room : scroll;
        };
        ImGui::SetScrollX(follow(static_cast<float>(at.col) * w, w, ImGui::GetScrollX(), size.x - left - 10 * s));
        ImGui::SetScrollY(follow(static_cast<float>(at.row) * h, h, ImGui::GetScrollY(), size.y - 10 * s));
        at.follow = false;
    }
    const ImVec2 origin = ImGui::GetCursorScreenPos();  // of cell (0, 0) less the margin, scrolled
    const ImVec2 whole(left + static_cast<float>(cols) * w, static_cast<float>(rows) * h);
    if (ImGui::InvisibleButton("cells", whole) && ui.tabs.focused()) at.param = spec.name;
    ui.stop();
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (ImGui::IsItemClicked() && mouse.x >= origin.x + left) {
        const auto row = static_cast<Index>((mouse.y - origin.y) / h),
                   col = static_cast<Index>((mouse.x - origin.x - left) / w);
        const bool again = mine && row == at.row && col == at.col && ImGui::IsMouseDoubleClicked(0);
        if (mine && at.typing && !again) put(state, act, spec.name, matrix, at.text);
        at.param = spec.name;
        move_to(state, matrix, row, col);
        if (again) {
            at.typing = true;
            at.text = fmt::format("{}", matrix.data()[at.row * cols + at.col]);
        }
        at.follow = false;
    }
    const Colormap& map = colormap("diverging", ui.theme);
    const Index row0 = std::clamp<Index>(static_cast<Index>((low.y - origin.y) / h), 0, rows - 1);
    const Index row1 = std::min(rows, row0 + static_cast<Index>(size.y / h) + 2);
    const bool read = why_unread(state.document.exhibit(), spec.name, state.document.side().request.params).empty();
    const Index col0 = std::clamp<Index>(static_cast<Index>((low.x - origin.x) / w), 0, cols - 1);
    const Index col1 = std::min(cols, col0 + static_cast<Index>(size.x / w) + 2);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.PushClipRect({low.x + left, low.y}, {low.x + size.x, low.y + size.y}, true);
    for (Index r = row0; r < row1; ++r)
        for (Index c = col0; c < col1; ++c) {
            const float v = matrix.data()[r * cols + c];
            const double t = format.largest > 0 ? 0.5 + 0.5 * static_cast<double>(v) / format.largest : 0.5;
            draw_cell(ui, state, format(v), mix(ui.theme.raised, map.at(t), v == 0 || !read ? 0 : 0.4),
                      {origin.x + left + static_cast<float>(c) * w, origin.y + static_cast<float>(r) * h}, {w, h},
                      mine && r == at.row && c == at.col);
        }
    list.PopClipRect();
    ImFont* font = ui.fonts.face(Font::mono, 12);
    for (Index r = row0; r < row1; ++r) {
        const std::string number = std::to_string(r + 1);
        const float width = font->CalcTextSizeA(compat::font_size(*font), 1e9f, 0, number.c_str()).x;
        list.AddText(font, compat::font_size(*font),
                     {low.x + left - 8 * s - width, origin.y + static_cast<float>(r) * h + 5 * s}, ui.color(ui.theme.faint),
                     number.c_str());
    }
    const bool beside = ImGui::IsMouseClicked(0) && !ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem);
    ImGui::EndChild();
    if (mine && beside && !ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup)) {
        if (at.typing) put(state, act, spec.name, matrix, at.text);
        at.typing = false;
        at.param.clear();
    } else if (mine && !ImGui::GetIO().WantTextInput) {
        keyboard(state, act, spec, matrix_of(state, spec));
    }
}

/// What can be done with the whole of it; the cursor says where.
void menu(const Ui& ui, AppState& state, Controller& act, const ParamSpec& spec, const Tensor<float>& matrix) {
    if (button(ui, "edit", tr("Edit ▾"), ButtonKind::quiet, 0, tr("Rows, columns, files; paste cells with Ctrl V"), 24 * ui.s))
        ImGui::OpenPopup("matrix menu");
    const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
    note_place(state, "edit " + spec.name, low, size);
    if (!ImGui::BeginPopup("matrix menu")) return;
    const bool mine = state.document.matrix.param == spec.name;
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    const Index row = mine ? state.document.matrix.row : rows - 1, col = mine ? state.document.matrix.col : cols - 1;
    const auto item = [&](const char* title) {
        const bool chosen = menu_line(ui, title);
        note_place(state, std::string(title) + " " + spec.name, ImGui::GetItemRectMin(), ImGui::GetItemRectSize());
        return chosen;
    };
    try {
        if (item(msg("Add a row"))) set(act, spec.name, with_line(matrix, 0, row + 1));
        if (item(msg("Add a column"))) set(act, spec.name, with_line(matrix, 1, col + 1));
        if (item(msg("Remove the row"))) set(act, spec.name, without_line(matrix, 0, row));
        if (item(msg("Remove the column"))) set(act, spec.name, without_line(matrix, 1, col));
    } catch (const Error& error) {
        complain(state, spec.name, shown_line(error));
    }
    if (item(msg("Paste cells")))
        if (const char* text = ImGui::GetClipboardText()) {
            if (!mine) state.document.matrix.row = state.document.matrix.col = 0;
            put(state, act, spec.name, matrix, text);
        }
    if (item(msg("Copy all"))) ImGui::SetClipboardText(text_from_cells(matrix).c_str());
    if (item(msg("Open .npy, .npz, .csv …"))) {
        state.prompt = {PathPrompt::Kind::open, "", "", spec.name};
    }
    if (item(msg("Reset to the default"))) set(act, spec.name, std::get<Tensor<float>>(spec.fallback));
    ImGui::EndPopup();
}

void matrix_card(const Ui& ui, AppState& state, Controller& act, const ParamSpec& spec, const Rect& place) {
    const float s = ui.s;
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    card_ground(ui, place.at, high);
    note_place(state, spec.name, place.at, place.size);
    const Tensor<float> matrix = matrix_of(state, spec);
    ImGui::PushID(spec.name.c_str());
    ImGui::SetCursorScreenPos({place.at.x + 14 * s, place.at.y + 9 * s});
    const std::string unread = why_unread(state.document.exhibit(), spec.name, state.document.side().request.params);
    label(ui, tr(spec.title), unread.empty() ? ui.theme.secondary : ui.theme.faint, 13, Font::ui, place.size.x - 150 * s);
    if (ImGui::IsItemHovered()) tooltip(ui, tr(spec.help));
    ImGui::SameLine(0, 8 * s);
    const std::string extent = fmt::format("{} × {}", matrix.shape()[0], matrix.shape()[1]);
    const float room = high.x - 84 * s - ImGui::GetCursorScreenPos().x;
    const ScreenTextMeasure measure(ui.fonts);
    const auto fits = [&](const std::string& text) {
        return static_cast<float>(measure.width(text, 13, Font::ui)) * s <= room;
    };
    const std::string why = tr_composed(unread);
    std::string beside = unread.empty() ? extent : extent + " · " + why;
    if (!unread.empty() && !fits(beside)) beside = fits(why) ? why : tr("not read");
    label(ui, beside, ui.theme.faint, 13, Font::ui, room);
    if (!unread.empty() && ImGui::IsItemHovered()) tooltip(ui, tr("{}; a change here sets that", why));
    ImGui::SetCursorScreenPos({high.x - 80 * s, place.at.y + 5 * s});
    menu(ui, state, act, spec, matrix);
    const ImVec2 low(place.at.x + 4 * s, place.at.y + 34 * s);
    const ImVec2 size(place.size.x - 14 * s, place.size.y - 44 * s);
    // The menu may have replaced it.
    const Tensor<float> now = matrix_of(state, spec);
    if (state.document.matrix.param == spec.name &&
        (state.document.matrix.row >= now.shape()[0] || state.document.matrix.col >= now.shape()[1]))
        move_to(state, now, state.document.matrix.row, state.document.matrix.col);
    grid(ui, state, act, spec, now, low, size);
    note_place(state, "grid " + spec.name, {low.x + margin * s, low.y}, {size.x - margin * s, size.y});
    ImGui::PopID();
}

/// How the matrices of an exhibit stand together.
struct MatrixLayout {
    std::vector<const ParamSpec*> specs;
    std::size_t in_row = 1;
    float each = 0, height = 0, gap = 0;  // of a card, px
    float whole() const {
        const auto lines = static_cast<float>((specs.size() + in_row - 1) / in_row);
        return specs.empty() ? 0 : lines * (height + gap);
    }
};

MatrixLayout matrix_layout(const Ui& ui, const AppState& state, float width) {
    MatrixLayout l;
    Index rows = 1;
    for (const ParamSpec& spec : state.document.exhibit().params) {
        if (spec.type != ParamType::matrix) continue;
        l.specs.push_back(&spec);
        rows = std::max(rows, matrix_of(state, spec).shape()[0]);
    }
    const float s = ui.s;
    l.gap = 12 * s;
    const auto fit = static_cast<std::size_t>((width + l.gap) / (least_card * s + l.gap));
    l.in_row = std::clamp<std::size_t>(fit, 1, std::max<std::size_t>(1, l.specs.size()));
    l.each = (width - l.gap * static_cast<float>(l.in_row - 1)) / static_cast<float>(l.in_row);
    l.height = (44 + 12) * s + static_cast<float>(std::min(rows, most_rows_shown)) * cell_height * s;
    return l;
}

}  // namespace

float matrices_height(const Ui& ui, const AppState& state, float width) {
    return matrix_layout(ui, state, width).whole();
}

void matrices(const Ui& ui, AppState& state, Controller& act) {
    const MatrixLayout l = matrix_layout(ui, state, ImGui::GetContentRegionAvail().x);
    if (l.specs.empty()) return;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    for (std::size_t i = 0; i < l.specs.size(); ++i) {
        const auto row = static_cast<float>(i / l.in_row), col = static_cast<float>(i % l.in_row);
        const ImVec2 corner(at.x + col * (l.each + l.gap), at.y + row * (l.height + l.gap));
        matrix_card(ui, state, act, *l.specs[i], {corner, {l.each, l.height}});
    }
    ImGui::SetCursorScreenPos({at.x, at.y + l.whole()});
}

}  // namespace saccade
