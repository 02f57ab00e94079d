#pragma once

#include <string>

#include "model/model_store.hpp"

namespace saccade {

/// Writes a model that was trained in such a layout (mapped_model) as a folder that other programs open: config.json,
/// model.safetensors (F32), tokenizer.json. The folder is made; one that holds anything is refused. Error{unsupported} for a
/// model of another kind; {io}.
void export_checkpoint(const Model& model, const std::string& folder);

}  // namespace saccade
