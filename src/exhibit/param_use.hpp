#pragma once

#include <string>

#include "exhibit/exhibit.hpp"

namespace saccade {

// Parameters that are read only while another one has some value: "Own W_in" while Weights is Own; or by models of one
// kind alone.

/// "read while Weights is Own"; empty: the parameter is read with these values (defaults filled in).
std::string why_unread(const Exhibit& exhibit, const std::string& param, const Params& params);

/// Whether no other setting would have it read: the model that is open does not.
bool is_of_other_models(const Exhibit& exhibit, const std::string& param, const Params& params);

/// What must be set for the parameter to be read, if it is not and that is one value of one other parameter.
struct Waking {
    const ParamSpec* other = nullptr;  // null: nothing
    std::string value;                 // as parse_param() reads it
};
Waking wakes(const Exhibit& exhibit, const std::string& param, const Params& params);

}  // namespace saccade
