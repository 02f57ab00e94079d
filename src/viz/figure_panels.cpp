#include "viz/figure_panels.hpp"

#include <algorithm>
#include <iterator>

#include "trace/hand.hpp"
#include "viz/length.hpp"
#include "viz/shared_range.hpp"
#include "viz/theme.hpp"

namespace saccade {

namespace {

constexpr double letter_share = 1.25;  // of a letter, in the text's size

void move(Box& box, Point by) {
    box.x += by.x;
    box.y += by.y;
}
void move(Point& point, Point by) {
    point.x += by.x;
    point.y += by.y;
}

/// Every kind of item has a box, points, or a place.
struct Mover {
    Point by;
    template <class Boxed>
    void operator()(Boxed& item) const {
        move(item.box, by);
    }
    void operator()(LineItem& item) const {
        for (Point& p : item.points) move(p, by);
    }
    void operator()(CurveItem& item) const {
        for (Point* p : {&item.from, &item.control1, &item.control2, &item.to}) move(*p, by);
    }
    void operator()(TextItem& item) const { move(item.at, by); }
    void operator()(CircleItem& item) const { move(item.center, by); }
};

/// Where each panel stands, below or beside its letter.
struct PanelPlaces {
    double width;                 // of a panel, without its letter
    std::vector<double> heights;  // of each row of them
    double gap;                   // between rows
    double letter;                // px that letters take at the left
    double across;                // from one panel to the next
    std::size_t columns;

    double height(std::size_t n) const { return heights[n / columns]; }
    Point at(std::size_t n) const {
        Point point{static_cast<double>(n % columns) * across + letter, 0};
        for (std::size_t row = 0; row < n / columns; ++row) point.y += heights[row] + gap;
        return point;
    }
};

PanelPlaces places_of(const ViewState& whole, const FigurePanels& panels) {
    const std::size_t count = panels.states.size(), rows = panel_rows(panels);
    PanelPlaces p{};
    p.columns = panel_columns(panels);
    p.gap = text_px(whole);
    p.letter = count > 1 ? letter_share * p.gap * 1.2 : 0;
    p.across = (whole.width + p.gap) / static_cast<double>(p.columns);
    p.width = p.across - p.gap - p.letter;
    p.heights = panels.heights;
    if (p.heights.size() != rows) p.heights.assign(rows, (whole.height + p.gap) / static_cast<double>(rows) - p.gap);
    return p;
}

}  // namespace

std::size_t panel_columns(const FigurePanels& panels) {
    return static_cast<std::size_t>(std::clamp<Index>(panels.columns, 1, static_cast<Index>(panels.states.size())));
}

std::size_t panel_rows(const FigurePanels& panels) {
    const std::size_t columns = panel_columns(panels);
    return (panels.states.size() + columns - 1) / columns;
}

std::string panel_letter(std::size_t n) {
    const std::string last(1, static_cast<char>('a' + n % 26));
    return n < 26 ? last : panel_letter(n / 26 - 1) + last;
}

ViewState panel_state(const Trace& trace, const ViewState& whole, const FigurePanels& panels, std::size_t n) {
    const PanelPlaces places = places_of(whole, panels);
    ViewState state = panels.states.at(n);
    state.width = places.width;
    state.height = places.height(n);
    const bool by_hand = !whole.by_hand.empty() && follows_hand(trace, tensor_for(view(state.view), trace, state).info.name);
    state.by_hand = by_hand ? whole.by_hand : "";
    state.compared_as = n == 0 ? whole.compared_as : "";
    return state;
}

Figure figure_of_panels(const Trace& trace, const ViewState& whole, const FigurePanels& panels, const TextMeasure& measure) {
    const PanelPlaces places = places_of(whole, panels);
    const double size = letter_share * text_px(whole);
    std::vector<ViewState> states;
    for (std::size_t n = 0; n < panels.states.size(); ++n) states.push_back(panel_state(trace, whole, panels, n));
    if (panels.shared_range) share_range(trace, states, measure);
    Figure all;
    all.width = whole.width;
    all.height = whole.height;
    for (std::size_t n = 0; n < panels.states.size(); ++n) {
        const ViewState& state = states[n];
        Figure one = view(state.view).layout(trace, state, measure);
        const Point at = places.at(n);
        for (FigureItem& item : one.items) std::visit(Mover{at}, item);
        std::ranges::move(one.items, std::back_inserter(all.items));
        std::ranges::move(one.left_out, std::back_inserter(all.left_out));
        if (n == 0) all.title = one.title;
        if (places.letter > 0)
            all.items.push_back(TextItem{.at = {at.x - places.letter + size * 0.3, at.y + size * 0.3},
                                         .text = panel_letter(n),
                                         .size = size,
                                         .color = theme(whole.theme).text,
                                         .valign = VAlign::top});
    }
    return all;
}

std::vector<ShownValues> shown_in_panels(const Trace& trace, const FigurePanels& panels) {
    std::vector<ShownValues> all;
    for (std::size_t n = 0; n < panels.states.size(); ++n)
        for (ShownValues& shown : view(panels.states[n].view).shown(trace, panels.states[n])) {
            if (panels.states.size() > 1) shown.name = panel_letter(n) + "." + shown.name;
            all.push_back(std::move(shown));
        }
    return all;
}

}  // namespace saccade
