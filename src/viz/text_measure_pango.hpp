#pragma once

#include <memory>

#include "viz/figure.hpp"

typedef struct _PangoContext PangoContext;
typedef struct _PangoLayout PangoLayout;

namespace saccade {

/// Pango's metrics without hinting: a text has the same width at any resolution, so PNG, PDF and SVG lay out alike. One object
/// a thread.
class PangoTextMeasure : public TextMeasure {
 public:
    /// `family` as in find_fonts(); Error{usage} if there is no such family.
    explicit PangoTextMeasure(const std::string& family = {});
    ~PangoTextMeasure() override;
    PangoTextMeasure(const PangoTextMeasure&) = delete;
    PangoTextMeasure& operator=(const PangoTextMeasure&) = delete;

    double width(const std::string& text, double size, Font font) const override;
    double ascent(double size, Font font) const override;
    double descent(double size, Font font) const override;
    std::string family() const override { return family_; }

    /// The text laid out in one line; valid until the next call.
    PangoLayout* layout(const std::string& text, double size, Font font) const;

 private:
    struct Faces;
    std::unique_ptr<Faces> faces_;
    std::string family_;
};

}  // namespace saccade
