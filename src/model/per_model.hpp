#pragma once

#include "base/kept_with.hpp"
#include "model/model_store.hpp"

namespace saccade {

/// Things made once from a model (and of a key, where there are several): typing runs a model many times a second.
template <class T, class Key = std::monostate>
using PerModel = KeptWith<Model, T, Key>;

}  // namespace saccade
