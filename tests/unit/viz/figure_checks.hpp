#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "viz/figure.hpp"

namespace saccade::test {

/// The box of a text as drawn, turned texts included (by multiples of 90 degrees).
inline Box box_of(const TextItem& t, const TextMeasure& measure) {
    const Point start = text_start(t, measure);
    const double w = measure.width(t.text, t.size, t.font), up = 0.75 * t.size, down = 0.22 * t.size;  // ink, not line height
    if (t.angle == 0) return {t.at.x + start.x, t.at.y + start.y - up, w, up + down};
    EXPECT_EQ(t.angle, -90);
    return {t.at.x + start.y - up, t.at.y - start.x - w, up + down, w};
}

inline bool overlap(const Box& a, const Box& b) {
    return a.x + 0.5 < b.right() && b.x + 0.5 < a.right() && a.y + 0.5 < b.bottom() && b.y + 0.5 < a.bottom();
}

/// Everything finite and inside, no text over another.
inline void check_sound(const Figure& figure, const TextMeasure& measure, bool check_overlap) {
    std::vector<std::pair<Box, std::string>> texts;
    for (const FigureItem& item : figure.items) {
        if (const auto* t = std::get_if<TextItem>(&item)) {
            const Box b = box_of(*t, measure);
            ASSERT_TRUE(std::isfinite(b.x + b.y + b.w + b.h));
            EXPECT_GE(b.x, -0.5) << t->text;
            EXPECT_GE(b.y, -0.5) << t->text;
            EXPECT_LE(b.right(), figure.width + 0.5) << t->text;
            EXPECT_LE(b.bottom(), figure.height + 0.5) << t->text;
            for (const auto& [other, text] : texts)
                EXPECT_FALSE(check_overlap && overlap(b, other)) << t->text << " over " << text;
            texts.emplace_back(b, t->text);
        } else if (const auto* h = std::get_if<HeatmapItem>(&item)) {
            EXPECT_GT(h->box.w, 0);
            EXPECT_GT(h->box.h, 0);
            EXPECT_GE(h->box.x, -0.5);
            EXPECT_GE(h->box.y, -0.5);
            EXPECT_LE(h->box.right(), figure.width + 0.5);
            EXPECT_LE(h->box.bottom(), figure.height + 0.5);
        } else if (const auto* i = std::get_if<ImageItem>(&item)) {
            EXPECT_GT(i->box.w, 0);
            EXPECT_GT(i->box.h, 0);
            EXPECT_GE(i->box.x, -0.5);
            EXPECT_GE(i->box.y, -0.5);
            EXPECT_LE(i->box.right(), figure.width + 0.5);
            EXPECT_LE(i->box.bottom(), figure.height + 0.5);
        } else if (const auto* g = std::get_if<HeatmapGridItem>(&item)) {
            EXPECT_GT(g->box.w, 0);
            EXPECT_GT(g->box.h, 0);
            EXPECT_LE(g->box.right(), figure.width + 0.5);
            EXPECT_LE(g->box.bottom(), figure.height + 0.5);
        } else if (const auto* l = std::get_if<LineItem>(&item)) {
            for (const Point p : l->points) ASSERT_TRUE(std::isfinite(p.x + p.y));
        } else if (const auto* r = std::get_if<RectItem>(&item)) {
            ASSERT_TRUE(std::isfinite(r->box.x + r->box.y + r->box.w + r->box.h));
            EXPECT_GE(r->box.w, 0);
            EXPECT_GE(r->box.h, 0);
            EXPECT_LE(r->box.right(), figure.width + 6);
            EXPECT_LE(r->box.bottom(), figure.height + 6);
        }
    }
}

}  // namespace saccade::test
