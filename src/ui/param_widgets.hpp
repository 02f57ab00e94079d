#pragma once

#include <optional>

#include "params/param_spec.hpp"
#include "ui/app_state.hpp"
#include "ui/widgets.hpp"

namespace saccade {

/// Where a number stands on a slider from 0 to 1, and back: linear, or logarithmic, or with infinity at its end.
class SliderScale {
 public:
    /// Integers and numbers of the spec. Log: from min (or a ten-thousandth of the top, if min is 0) on.
    explicit SliderScale(const ParamSpec& spec);
    bool limited() const { return limited_; }  // without limits there is no slider
    double position(double value) const;
    double value(double position) const;

 private:
    double low_ = 0, top_ = 1;
    bool log_ = false, infinite_ = false, zero_ = false, whole_ = false, limited_ = false;
};

/// "1.5", "∞"; and back: a comma is a point, "inf" and "∞" are infinity. Empty if it is not a number of the spec's type and
/// range.
std::string number_field_text(const ParamSpec& spec, const ParamValue& value);
std::optional<ParamValue> number_from_field(const ParamSpec& spec, const std::string& text);
/// The one that is nearest to a number beyond the range, or between two whole ones; empty if it is no number at all.
std::optional<ParamValue> nearest_number(const ParamSpec& spec, const std::string& text);

/// The spec with what people read in the language that is shown; names, values and ids of choices stay.
ParamSpec in_language(ParamSpec spec);

/// A choice, toggle, integer or number as the inspector shows it: title, value, control, its help under the mouse. The new
/// value, if the user has just changed it.
std::optional<ParamValue> param_widget(const Ui& ui, AppState& state, const ParamSpec& spec, const ParamValue& value);

}  // namespace saccade
