#include "viz/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"

namespace saccade {

std::string drawn_label(const Axis& axis, Index i) {
    const bool named = i >= 0 && static_cast<std::size_t>(i) < axis.labels.size();
    if (!named) return std::to_string(i + 1);
    // Names of columns are this program's; all other labels are a person's or a model's.
    const std::string label = axis.kind == AxisKind::feature ? tr_composed(axis.label(i)) : sanitize_utf8(axis.label(i));
    if (label.empty()) return "∅";
    const bool ascii = std::ranges::all_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!ascii && graphemes(label).size() == 1) return visible_character(label);
    std::string drawn;
    for (std::size_t at = 0; at < label.size(); ++at) {
        const auto c = static_cast<unsigned char>(label[at]);
        if (c == ' ')
            // Blanks inside words stay; one that is all there is, or at an end, would be invisible.
            drawn += at == 0 || at + 1 == label.size() ? "␣" : " ";
        else if (c == '\n')
            drawn += "⏎";
        else if (c == '\t')
            drawn += "⇥";
        else if (c < 0x20 || c == 0x7f)
            drawn += "·";
        else
            drawn += static_cast<char>(c);
    }
    return ascii ? drawn : drawable_text(drawn);
}

std::string short_name(const Axis& axis) {
    return tr(axis.name.ends_with(".key") ? axis.name.substr(0, axis.name.size() - 4) : axis.name);
}

std::string axis_caption(const Axis& axis) {
    const std::string kind = tr(axis.kind == AxisKind::class_ ? "class" : to_string(axis.kind));
    const std::string name = short_name(axis);
    // What attends and what is attended to is not in the name of the tokens; what features and classes are is in theirs.
    const bool named = axis.kind == AxisKind::class_ || axis.kind == AxisKind::feature;
    return kind == name || named ? name : kind + ": " + name;
}

std::string part_text(const Axis& axis) {
    return tr("{}–{} of {}", axis.at(0) + 1, axis.end(), axis.whole());
}

std::string part_text(const PartAxis& axis) {
    return fmt::format("{}–{} of {}", axis.begin + 1, axis.end, axis.whole);
}

std::string position_text(const Axis& axis, Index i) {
    if (!axis.labels.empty()) return short_name(axis) + " “" + drawn_label(axis, i) + "”";
    return fmt::format("{} {}", short_name(axis), axis.at(i) + 1);
}

std::string cut_to_fit(const std::string& text, double width, double size, Font font, const TextMeasure& measure) {
    if (measure.width(text, size, font) <= width) return text;
    const std::vector<std::string> pieces = graphemes(text.size() > 512 ? sanitize_utf8(text.substr(0, 512)) : text);
    std::size_t low = 0, high = pieces.size();  // pieces kept
    std::string best;
    while (low <= high && high != static_cast<std::size_t>(-1)) {
        const std::size_t keep = (low + high) / 2;
        std::string candidate;
        for (std::size_t i = 0; i < keep; ++i) candidate += pieces[i];
        candidate += "…";
        if (measure.width(candidate, size, font) <= width) {
            best = std::move(candidate);
            low = keep + 1;
        } else {
            high = keep - 1;
        }
    }
    return best;
}

Ticks nice_ticks(double low, double high, int wanted) {
    if (!(high > low)) {
        const double half = low == 0 ? 0.5 : std::abs(low) * 0.1;
        low -= half;
        high += half;
    }
    const double rough = (high - low) / std::max(1, wanted);
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double fraction = rough / power;
    const double step = power * (fraction <= 1.0001 ? 1 : fraction <= 2.0001 ? 2 : fraction <= 5.0001 ? 5 : 10);
    Ticks ticks;
    const double first = std::floor(low / step + 1e-9), last = std::ceil(high / step - 1e-9);
    ticks.low = first * step;
    ticks.high = last * step;
    for (double k = first; k <= last; ++k) ticks.values.push_back(k == 0 ? 0 : k * step);
    return ticks;
}

Index nice_stride(double n) {
    Index power = 1;
    while (true) {
        for (const Index factor : {1, 2, 5})
            if (static_cast<double>(factor * power) >= n) return factor * power;
        power *= 10;
    }
}

double least_titled_height(const ViewState& state) {
    return 90 * state.text_scale;
}

namespace {

/// None of nothing.
std::vector<std::string> split(const std::string& text, const std::string& by) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; !text.empty() && from <= text.size();) {
        const std::size_t to = std::min(text.find(by, from), text.size());
        parts.push_back(text.substr(from, to - from));
        from = to + by.size();
    }
    return parts;
}

}  // namespace

Sketch::Sketch(const ViewState& state, const TextMeasure& measure)
    : state_(state), measure_(measure), one_size_(measure, state.text_size), theme_(saccade::theme(state.theme)) {
    const auto size = [](double v) { return std::isfinite(v) && v >= 16 && v <= 30000; };
    if (!size(state.width) || !size(state.height))
        throw Error(ErrorCode::usage, fmt::format("a figure of {:g} x {:g} px cannot be laid out", state.width, state.height),
                    "give a width and height from 16 to 30000 px");
    if (!(state.text_scale >= 0.25 && state.text_scale <= 8))
        throw Error(ErrorCode::usage, fmt::format("text scale {:g} is out of range", state.text_scale), "give 0.25 to 8");
    figure_.width = state.width;
    figure_.height = state.height;
}

std::vector<std::string> Sketch::lines_of(const std::string& said, double width, double size) const {
    std::vector<std::string> lines;
    const auto fits = [&](const std::string& text) { return text_width(text, size) <= width; };
    for (const std::string& part : split(said, " · ")) {
        if (!lines.empty() && fits(lines.back() + " · " + part)) {
            lines.back() += " · " + part;
            continue;
        }
        lines.emplace_back();
        for (const std::string& word : split(part, " ")) {
            std::string longer = lines.back() + (lines.back().empty() ? "" : " ") + word;
            if (lines.back().empty() || fits(longer))
                lines.back() = std::move(longer);
            else
                lines.push_back(word);
            // Chinese has no blanks: it breaks anywhere.
            while (!fits(lines.back()) && !std::ranges::all_of(lines.back(), [](char c) { return c >= 0; })) {
                std::string head, tail;
                for (const std::string& one : graphemes(lines.back()))
                    (tail.empty() && (head.empty() || fits(head + one)) ? head : tail) += one;
                if (tail.empty()) break;
                lines.back() = std::move(head);
                lines.push_back(std::move(tail));
            }
        }
    }
    return lines;
}

Box Sketch::begin(const std::string& title, const std::string& subtitle) {
    figure_.title = (state_.difference && state_.decorations ? "B − A: " : "") + tr_composed(title);
    figure_.subtitle = tr_composed(subtitle);
    const double pad = std::min({px(16), state_.width * 0.05, state_.height * 0.05});
    Box content{pad, pad, state_.width - 2 * pad, state_.height - 2 * pad};
    if (!state_.decorations || state_.height < least_titled_height(state_)) return content;
    // No larger than the labels; what does not fit beside the title stands below it, whole.
    const double size = px(12), line = size * 1.4;
    const bool titled = state_.options.title == ViewOptions::Part::on;
    std::vector<std::string> tail;
    if (state_.options.axis_names == ViewOptions::Part::on) tail = lines_of(figure_.subtitle, content.w, size);
    const double first = pad + measure().ascent(size, Font::ui);
    double baseline = first - line;  // of the last line written
    if (titled) {
        const std::string head = cut_to_fit(figure_.title, content.w, size, Font::ui, measure());
        const double used = text_width(head, size) + px(10);
        text({pad, baseline = first}, head, size, theme_.text);
        if (tail.size() == 1 && used + text_width(tail[0], size) <= content.w) {
            text({pad + used, baseline}, tail[0], size, theme_.secondary);
            tail.clear();
        }
    }
    if (state_.height < px(90) + line * static_cast<double>(tail.size())) {
        for (const std::string& one : tail) leave_out(one);
        tail.clear();
    }
    for (const std::string& one : tail)
        text({pad, baseline += line}, cut_to_fit(one, content.w, size, Font::ui, measure()), size, theme_.secondary);
    if (baseline >= first) {
        const double taken = baseline - pad + measure().descent(size, Font::ui) + px(10);
        content.y += taken;
        content.h -= taken;
    }
    if (!state_.by_hand.empty()) caption(tr("edited by hand: {}", state_.by_hand), content);
    caption(state_.compared_as, content);
    return content;
}

void Sketch::caption(const std::string& english, Box& content) {
    const double size = px(12), line = size * 1.4;
    if (english.empty()) return;
    const std::string said = tr_composed(english);
    const std::vector<std::string> lines = lines_of(said, content.w, size);
    // In a low card it would take the room of what it is about: it stands after the subtitle, where its whole can be read.
    const bool beside_title = !state_.decorations && line * static_cast<double>(lines.size()) > 0.25 * content.h;
    if (beside_title) figure_.subtitle += (figure_.subtitle.empty() ? "" : " · ") + said;
    if (!beside_title && content.h < px(70)) leave_out(said);
    if (beside_title || content.h < px(70)) return;
    content.h -= line * static_cast<double>(lines.size()) + px(4);
    double y = content.bottom() + px(4);
    for (const std::string& one : lines) {
        text({content.x, y + line / 2}, cut_to_fit(one, content.w, size, Font::ui, measure()), size, theme_.secondary,
             HAlign::left, VAlign::middle);
        y += line;
    }
}

Figure Sketch::take() {
    leave_out_crowded(figure_, measure(), {theme_.selection, theme_.accent});
    return std::move(figure_);
}

void Sketch::text(Point at, std::string text, double size, Color color, HAlign halign, VAlign valign, Font font, double angle) {
    if (text.empty()) return;
    add(TextItem{at, std::move(text), em(size), color, font, halign, valign, angle});
}

void Sketch::rect(const Box& box, Color fill, double radius) {
    RectItem item;
    item.box = box;
    item.fill = fill;
    item.radius = radius;
    add(item);
}

void Sketch::outline(const Box& box, Color stroke, double width, double radius) {
    RectItem item;
    item.box = box;
    item.stroke = stroke;
    item.stroke_width = width;
    item.radius = radius;
    add(item);
}

void Sketch::ring(const Box& box, Color stroke, double width) {
    ring(box, stroke, width, theme_.panel, theme_.text);
}

void Sketch::ring(const Box& box, Color stroke, double width, Color inner, Color outer) {
    const double small = std::min(box.w, box.h), grow = std::clamp((px(16) - small) / 2, 0.0, width + 1);
    const auto grown = [&](double by) {  // within the figure, whose edge would cut it
        const double x = std::max(box.x - by, 0.0), y = std::max(box.y - by, 0.0);
        return Box{x, y, std::max(std::min(box.right() + by, figure_.width) - x, 0.0),
                   std::max(std::min(box.bottom() + by, figure_.height) - y, 0.0)};
    };
    outline(grown(grow + 2), outer, 1);
    outline(grown(grow + 1), inner, width + 2);
    outline(grown(grow), stroke, width);
}

void Sketch::place_image(ImagePlace place) {
    if (!figure_.image_box) figure_.image_box = place.box;
    figure_.image_places.push_back(std::move(place));
}

void Sketch::hatch(const Box& box) {
    RectItem item;
    item.box = box;
    item.fill = theme_.raised;
    item.stroke = with_alpha(theme_.faint, 0.7);
    item.hatched = true;
    add(item);
}

void Sketch::line(Point a, Point b, Color color, double width) {
    add(LineItem{{a, b}, color, width});
}

void Sketch::hand_dot(Point at, Color ground) {
    const bool text = contrast(theme_.text, ground) >= contrast(theme_.panel, ground);
    add(CircleItem{at, px(3.2), text ? theme_.panel : theme_.text});
    add(CircleItem{at, px(2.2), text ? theme_.text : theme_.panel});
}

Color Sketch::hover_color() const {
    return mix(theme_.accent, theme_.text, 0.35);
}

Color Sketch::bar_color(const AxisPtr& axis, Index i, double value) const {
    if (selected(axis, i)) return theme_.selection;
    const Color color = value < 0 ? theme_.negative : theme_.accent;
    return hovered(axis, i) ? mix(color, theme_.text, 0.35) : color;
}

Color Sketch::focus_color(const AxisPtr& axis, Index i, Color otherwise) const {
    if (selected(axis, i)) return theme_.selection;
    if (hovered(axis, i)) return theme_.accent;
    return otherwise;
}

}  // namespace saccade
