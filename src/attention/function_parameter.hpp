#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/var.hpp"

namespace saccade {

/// A parameter of a score or alignment function, named below "attention.", with what a trace says of it.
struct FunctionParameter {
    std::string name, symbol;
    Shape shape;
    std::vector<std::string> axes;  // of: state, annotation, attention, position, unit, centre
};

/// Hands out parameters by their name below "attention.".
template <class T>
using FunctionParameters = std::function<Var<T>(const std::string& name)>;

}  // namespace saccade
