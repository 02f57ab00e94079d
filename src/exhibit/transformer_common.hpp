#pragma once

#include "exhibit/exhibit.hpp"
#include "model/transformer_run.hpp"

namespace saccade {

// What the exhibits share that run the encoder-decoder, or its encoder.

inline constexpr const char* translation_transformer = "zh-en-transformer";
/// The model of lists of dates that was trained with a position code.
std::string date_lists_model(const std::string& position);

/// Text that is read, as tokens of the model; Error{invalid_input} if it is empty, a note if characters are unknown.
SequenceText::Source read_source(RunContext& context, const std::string& param, const SequenceText& text,
                                 const std::string& hint);

/// A radius from a number parameter: infinity is none.
std::optional<Index> radius_of(double r);
ParamSpec radius_param(const std::string& name, const std::string& title, const std::string& whose);

/// "As trained", then every position code with its equation in the help.
ParamSpec position_param(bool as_trained);

/// The layer or head that an integer parameter names from 1, as an index; Error{invalid_input} in one line if the model has
/// fewer. The run says how far the parameter goes. `what`: its name in the error.
Index chosen(const RunContext& context, const std::string& param, const char* what, Index count);

}  // namespace saccade
