#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "base/utf8.hpp"
#include "viz/beam_tree.hpp"
#include "viz/layout.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr double live_room = 22, pruned_room = 13, lane_room = 18, label_size = 14, widest_branch = 5;
constexpr double smallest_label = 8.5, heavy = 200, most_spread = 1.5;
constexpr double score_at = 34;  // logical px behind the end of a lane

/// What stands in a column: a node, or the lane of a hypothesis that has ended before, on its way to the right edge.
struct Spot {
    int node = 0;
    bool lane = false;
    double y = 0, room = 0;
};

struct TreeLayout {
    double left = 0, right = 0, top = 0, bottom = 0;
    double pitch = 0;           // of the columns, in the mean
    std::vector<double> edges;  // where each begins, and the last ends: wide enough for its words
    double size = label_size;   // of the labels of live nodes
    bool pruned_labels = true;
    std::vector<std::vector<Spot>> columns;
    std::vector<double> y;            // of each node
    std::vector<std::string> labels;  // as drawn, cut; empty: a dot
    std::vector<double> label_width;

    double x(Index step) const { return edges[static_cast<std::size_t>(step)]; }
    double width(Index step) const { return x(step + 1) - x(step); }
    double end_x(int node, const BeamTree& tree) const {
        return x(tree.nodes[static_cast<std::size_t>(node)].step) + label_width[static_cast<std::size_t>(node)];
    }
};

const BeamTree::Node& node_of(const BeamTree& tree, int i) {
    return tree.nodes[static_cast<std::size_t>(i)];
}

/// The likeliest in the middle, the others by turns above and below it: its branch goes straight on.
std::vector<int> best_in_the_middle(const std::vector<int>& best_first) {
    std::vector<int> above, below;
    for (std::size_t i = 0; i < best_first.size(); ++i) (i % 2 == 1 ? above : below).push_back(best_first[i]);
    std::reverse(above.begin(), above.end());
    above.insert(above.end(), below.begin(), below.end());
    return above;
}

/// The spots of each column, in an order in which no two branches cross: by the parent's place.
std::vector<std::vector<Spot>> ordered_columns(const BeamTree& tree) {
    std::vector<std::vector<Spot>> columns(static_cast<std::size_t>(tree.steps));
    std::vector<std::vector<int>> children(tree.nodes.size() + 1);
    for (std::size_t i = 0; i < tree.nodes.size(); ++i)
        children[static_cast<std::size_t>(tree.nodes[i].parent + 1)].push_back(static_cast<int>(i));
    const auto better = [&](int a, int b) { return node_of(tree, a).score > node_of(tree, b).score; };
    for (auto& list : children) {
        std::stable_sort(list.begin(), list.end(), better);
        list = best_in_the_middle(list);
    }
    for (Index t = 0; t < tree.steps; ++t) {
        std::vector<Spot>& column = columns[static_cast<std::size_t>(t)];
        const auto grow = [&](int parent) {
            for (const int child : children[static_cast<std::size_t>(parent + 1)])
                if (node_of(tree, child).step == t) column.push_back({child, false, 0, 0});
        };
        if (t == 0) grow(-1);
        if (t > 0)
            for (const Spot& spot : columns[static_cast<std::size_t>(t - 1)]) {
                const BeamTree::Node& node = node_of(tree, spot.node);
                if (spot.lane || (node.fate == BeamTree::Fate::finished && node.rank > 0))
                    column.push_back({spot.node, true, 0, 0});
                else
                    grow(spot.node);
            }
    }
    return columns;
}

/// The finished hypothesis whose tokens are those of an output that the run shows, or -1.
int shown_hypothesis(const BeamTree& tree, const Trace& trace) {
    if (!tree.vocabulary) return -1;
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        if (tree.nodes[i].rank < 1) continue;
        std::vector<std::string> tokens;
        for (const int n : tree.path(static_cast<int>(i))) {
            const Index token = node_of(tree, n).token;
            tokens.push_back(token >= 0 && token < tree.vocabulary->extent ? tree.vocabulary->label(token) : "");
        }
        std::reverse(tokens.begin(), tokens.end());
        for (const AxisPtr& axis : trace.axes())
            if (axis->kind == AxisKind::query && axis->labels == tokens) return static_cast<int>(i);
    }
    return -1;
}

/// Nodes of the hypothesis under discussion: up to the selected node within the tree, else the one whose output is shown, else
/// a selected end, else the best.
std::vector<char> picked_path(const BeamTree& tree, const Trace& trace, const Focus& selected) {
    std::vector<char> on(tree.nodes.size(), 0);
    const auto& axes = tree.score->info.axes;
    const auto step = selected.on(axes[0]), candidate = selected.on(axes[1]);
    const int clicked = step && candidate ? tree.at(*step, *candidate) : -1;
    int leaf = clicked >= 0 && node_of(tree, clicked).rank < 1 ? clicked : shown_hypothesis(tree, trace);
    if (leaf < 0) leaf = clicked;
    for (std::size_t i = 0; leaf < 0 && i < tree.nodes.size(); ++i)
        if (tree.nodes[i].rank == 1) leaf = static_cast<int>(i);
    for (const int i : tree.path(leaf)) on[static_cast<std::size_t>(i)] = 1;
    return on;
}

/// Rooms that make the fullest column fit: first the pruned lose their labels, then all shrink.
void choose_rooms(TreeLayout& at, const BeamTree& tree, const Sketch& sketch) {
    double live = sketch.px(live_room), pruned = sketch.px(pruned_room), lane = sketch.px(lane_room);
    const double room = at.bottom - at.top;
    const auto needed = [&] {
        double most = 0;
        for (const auto& column : at.columns) {
            double sum = 0;
            for (const Spot& spot : column)
                sum += spot.lane ? lane : node_of(tree, spot.node).fate == BeamTree::Fate::pruned ? pruned : live;
            most = std::max(most, sum);
        }
        return most;
    };
    if (needed() > room) {
        pruned = sketch.px(4);
        at.pruned_labels = false;
    }
    const double shrink = std::min(most_spread, room / std::max(1.0, needed()));
    for (auto& column : at.columns)
        for (Spot& spot : column)
            spot.room = shrink * (spot.lane ? lane : node_of(tree, spot.node).fate == BeamTree::Fate::pruned ? pruned : live);
    at.size = std::min(sketch.px(label_size), live * shrink * 0.8);
    // Narrow columns are written smaller, so that more of a word can be read.
    at.size = std::min(at.size, std::max(sketch.px(10), at.pitch * 0.3));
}

bool is_pruned(const BeamTree& tree, std::size_t i) {
    return tree.nodes[i].fate == BeamTree::Fate::pruned;
}

double label_em(const TreeLayout& at, const BeamTree& tree, const Sketch& sketch, std::size_t i) {
    return is_pruned(tree, i) ? std::min(at.size, sketch.px(11)) : at.size;
}

/// Of the branches that lead to words. Where steps are narrow, words come before them.
double branch_room(const TreeLayout& at, const Sketch& sketch) {
    return std::clamp(at.pitch * (at.pitch < sketch.px(64) ? 0.2 : 0.35), sketch.px(9), sketch.px(44));
}

/// What each column needs for its words to be whole; of the live alone, or of the pruned, too.
std::vector<double> widths_wanted(const TreeLayout& at, const BeamTree& tree, const Sketch& sketch, bool pruned) {
    std::vector<double> wanted(static_cast<std::size_t>(tree.steps), 0);
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        if (is_pruned(tree, i) && !pruned) continue;
        double& column = wanted[static_cast<std::size_t>(tree.nodes[i].step)];
        const double word = sketch.text_width(tree.label(tree.nodes[i]), label_em(at, tree, sketch, i)) + sketch.px(1);
        column = std::max(column, word + branch_room(at, sketch));
    }
    return wanted;
}

/// Columns as wide as their words, with equal shares of what is left; where there is too little, the widest give way.
void place_columns(TreeLayout& at, const BeamTree& tree, const Sketch& sketch) {
    const double room = at.right - at.left;
    const auto sum = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
    std::vector<double> widths = widths_wanted(at, tree, sketch, at.pruned_labels);
    if (sum(widths) > room) widths = widths_wanted(at, tree, sketch, false);
    // Smaller rather than cut, where the size is free.
    while (sketch.state().text_size <= 0 && sum(widths) > room && at.size > sketch.px(smallest_label) + 0.5) {
        at.size -= 0.5;
        widths = widths_wanted(at, tree, sketch, false);
    }
    if (sum(widths) > room) {
        std::vector<double> sorted = widths;
        std::ranges::sort(sorted);
        double left = room, most = 0;
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            most = left / static_cast<double>(sorted.size() - i);
            if (sorted[i] > most) break;
            left -= sorted[i];
        }
        for (double& width : widths) width = std::min(width, most);
    }
    const double more = std::max(0.0, room - sum(widths)) / static_cast<double>(widths.size());
    at.edges = {at.left};
    for (const double width : widths) at.edges.push_back(at.edges.back() + width + more);
}

void write_labels(TreeLayout& at, const BeamTree& tree, Sketch& sketch) {
    at.labels.resize(tree.nodes.size());
    at.label_width.assign(tree.nodes.size(), sketch.px(3));
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        const double size = label_em(at, tree, sketch, i);
        const std::string word = tree.label(tree.nodes[i]);
        const bool small = size < sketch.px(smallest_label);
        const std::string text =
            small ? ""
                  : cut_to_fit(word, at.width(tree.nodes[i].step) - branch_room(at, sketch), size, Font::ui, sketch.measure());
        if (!is_pruned(tree, i) && text != word) sketch.leave_out(word);
        if (small || (is_pruned(tree, i) && !at.pruned_labels)) continue;
        // A letter and dots say less than the point that stands there instead.
        if (text.empty() || (text.ends_with("…") && graphemes(text).size() < 3)) continue;
        at.labels[i] = text;
        at.label_width[i] = sketch.text_width(text, size) + sketch.px(3);
    }
}

TreeLayout arrange(const BeamTree& tree, Sketch& sketch, const Box& content, const std::vector<char>& picked) {
    TreeLayout at;
    at.columns = ordered_columns(tree);
    double end = std::min(sketch.px(96), content.w * 0.2);  // rank and score
    for (const BeamTree::Node& node : tree.nodes)
        if (node.rank > 0)
            end =
                std::max(end, sketch.px(score_at + 2) + sketch.text_width(number_text(node.score), sketch.px(13), Font::mono));
    end = std::min(end, content.w * 0.3);
    at.left = content.x + std::min(sketch.px(30), content.w * 0.06);
    at.right = content.right() - end;
    at.pitch = (at.right - at.left) / static_cast<double>(tree.steps);
    at.top = content.y;
    at.bottom = content.bottom();
    choose_rooms(at, tree, sketch);
    place_columns(at, tree, sketch);
    write_labels(at, tree, sketch);
    at.y.assign(tree.nodes.size(), 0);
    std::map<int, double> lanes;
    for (auto& column : at.columns) {
        std::vector<ColumnItem> items;
        for (const Spot& spot : column) {
            const BeamTree::Node& node = node_of(tree, spot.node);
            const double middle = (at.top + at.bottom) / 2;
            const double wanted = spot.lane         ? lanes.at(spot.node)
                                  : node.parent < 0 ? middle
                                                    : at.y[static_cast<std::size_t>(node.parent)];
            const double weight = picked[static_cast<std::size_t>(spot.node)] != 0 ? heavy : node.lasting || spot.lane ? 3 : 1;
            items.push_back({wanted, spot.room, weight});
        }
        const std::vector<double> heights = place_column(items, at.top, at.bottom);
        for (std::size_t i = 0; i < column.size(); ++i) {
            column[i].y = heights[i];
            lanes[column[i].node] = heights[i];
            if (!column[i].lane) at.y[static_cast<std::size_t>(column[i].node)] = heights[i];
        }
    }
    return at;
}

struct Ink {
    const Sketch& sketch;
    const BeamTree& tree;
    const std::vector<char>& picked;
    std::vector<char> hovered;

    Ink(const Sketch& s, const BeamTree& t, const std::vector<char>& p) : sketch(s), tree(t), picked(p) {
        hovered.assign(tree.nodes.size(), 0);
        const auto& axes = tree.score->info.axes;
        const auto step = s.state().hovered.on(axes[0]), candidate = s.state().hovered.on(axes[1]);
        if (!step || !candidate) return;
        for (const int i : tree.path(tree.at(*step, *candidate))) hovered[static_cast<std::size_t>(i)] = 1;
    }
    Color of(int i, bool text) const {
        const auto n = static_cast<std::size_t>(i);
        const Theme& theme = sketch.theme();
        if (picked[n] != 0) return theme.selection;
        if (hovered[n] != 0) return sketch.hover_color();
        const BeamTree::Node& node = tree.nodes[n];
        if (node.fate == BeamTree::Fate::pruned) return text ? theme.faint : theme.negative;
        if (text) return node.lasting ? theme.text : theme.secondary;
        return node.lasting ? theme.accent : with_alpha(theme.accent, 0.5);
    }
    /// By the probability of the token.
    double width(int i) const {
        const BeamTree::Node& node = node_of(tree, i);
        if (node.fate == BeamTree::Fate::pruned) return sketch.px(0.8);
        return std::max(sketch.px(1.2), sketch.px(widest_branch) * node.width);
    }
};

void branch(Sketch& sketch, Point from, Point to, Color color, double width) {
    if (std::abs(from.y - to.y) < 0.5) return sketch.line(from, to, color, width);
    const double bend = (to.x - from.x) / 2;
    sketch.add(CurveItem{from, {from.x + bend, from.y}, {to.x - bend, to.y}, to, color, width});
}

void draw_branches(Sketch& sketch, const BeamTree& tree, const TreeLayout& at, const Ink& ink, const Box& content) {
    const double root_y = (at.top + at.bottom) / 2;
    const Point root{content.x + sketch.px(4), root_y};
    // The pruned below the live, the picked above all.
    for (const int layer : {0, 1, 2})
        for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
            const BeamTree::Node& node = tree.nodes[i];
            const bool front = ink.picked[i] != 0 || ink.hovered[i] != 0;
            if (layer != (front ? 2 : node.fate == BeamTree::Fate::pruned ? 0 : 1)) continue;
            const int n = static_cast<int>(i);
            const Point to{at.x(node.step) - sketch.px(3), at.y[i]};
            const Point from =
                node.parent < 0 ? root : Point{at.end_x(node.parent, tree), at.y[static_cast<std::size_t>(node.parent)]};
            branch(sketch, from, to, ink.of(n, false), ink.width(n));
        }
    sketch.add(CircleItem{root, sketch.px(4), sketch.theme().secondary});
}

/// From the end of a finished hypothesis along its lane to its rank and score.
void draw_ends(Sketch& sketch, const BeamTree& tree, const TreeLayout& at, const Ink& ink) {
    const Theme& theme = sketch.theme();
    for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
        const BeamTree::Node& node = tree.nodes[i];
        if (node.fate != BeamTree::Fate::finished || node.rank < 1) continue;
        const int n = static_cast<int>(i);
        const Color color = ink.picked[i] != 0 || ink.hovered[i] != 0 ? ink.of(n, false) : with_alpha(theme.accent, 0.45);
        Point from{at.end_x(n, tree), at.y[i]};
        double room = 0;
        for (Index t = node.step; t < tree.steps; ++t)
            for (const Spot& spot : at.columns[static_cast<std::size_t>(t)]) {
                if (spot.node != n) continue;
                room = spot.room;
                if (!spot.lane) continue;
                const Point to{at.x(t) + at.width(t) * 0.5, spot.y};
                branch(sketch, from, to, color, sketch.px(1));
                from = to;
            }
        const Point end{at.right, from.y};
        sketch.line(from, end, color, sketch.px(1));
        const double size = std::min(sketch.px(13), std::max(room * 0.8, sketch.px(8)));
        const Color text = ink.picked[i] != 0 ? theme.selection : theme.text;
        sketch.add(CircleItem{end, sketch.px(3), ink.picked[i] != 0 ? theme.selection : theme.accent});
        sketch.text({at.right + sketch.px(26), end.y}, std::to_string(node.rank), size, text, HAlign::right, VAlign::middle,
                    Font::mono);
        sketch.text({at.right + sketch.px(score_at), end.y}, number_text(node.score), size,
                    ink.picked[i] != 0 ? theme.selection : theme.secondary, HAlign::left, VAlign::middle, Font::mono);
        HitRegion region;
        region.box = {end.x - sketch.px(8), end.y - room / 2, sketch.px(104), room};
        region.ref = {tree.score->info.name, {node.step, node.candidate}};
        sketch.region(region);
    }
}

void draw_nodes(Sketch& sketch, const BeamTree& tree, const TreeLayout& at, const Ink& ink) {
    for (const auto& column : at.columns)
        for (const Spot& spot : column) {
            if (spot.lane) continue;
            const auto i = static_cast<std::size_t>(spot.node);
            const BeamTree::Node& node = tree.nodes[i];
            const double x = at.x(node.step);
            const bool pruned = node.fate == BeamTree::Fate::pruned;
            if (at.labels[i].empty())
                sketch.add(CircleItem{{x, spot.y}, sketch.px(pruned ? 1.2 : 2.5), ink.of(spot.node, false)});
            else
                sketch.text({x, spot.y}, at.labels[i], pruned ? std::min(at.size, sketch.px(11)) : at.size,
                            ink.of(spot.node, true), HAlign::left, VAlign::middle);
            HitRegion region;
            region.box = {x - sketch.px(4), spot.y - spot.room / 2, std::max(at.label_width[i] + sketch.px(6), sketch.px(10)),
                          spot.room};
            region.ref = {tree.score->info.name, {node.step, node.candidate}};
            sketch.region(region);
        }
}

class TreeView : public View {
 public:
    std::string id() const override { return "tree"; }
    std::string title() const override { return "Search tree"; }
    std::string needs() const override { return "give a beam of 2 or more, which searches"; }
    std::string explains() const override {
        return "Beam search: at each step the best continuations are kept. A hypothesis is one path through the tree; what it "
               "scores stands at its end, and a click there shows it.";
    }
    bool accepts(const Trace& trace, const TraceTensor& tensor) const override { return is_beam_tensor(trace, tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const BeamTree tree = beam_tree_of(trace, tensor_for(*this, trace, state));
        Sketch sketch(state, measure);
        const Box content =
            sketch.begin(title(), "a column is a step · width: probability · grey: pruned · right: rank, score");
        const std::vector<char> picked = picked_path(tree, trace, state.selected);
        const TreeLayout at = arrange(tree, sketch, content, picked);
        const Ink ink(sketch, tree, picked);
        draw_branches(sketch, tree, at, ink, content);
        draw_ends(sketch, tree, at, ink);
        draw_nodes(sketch, tree, at, ink);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const BeamTree tree = beam_tree_of(trace, tensor_for(*this, trace, state));
        std::vector<ShownValues> result;
        for (const char* name : {"score", "parent", "token", "fate", "rank"})
            if (const TraceTensor* tensor = trace.find(tree.prefix + name))
                result.push_back({tensor->info.name, tensor->info.axes, tensor->values});
        return result;
    }
};

}  // namespace

const View& tree_view() {
    static const TreeView view;
    return view;
}

}  // namespace saccade
