#pragma once

#include <string>
#include <vector>

namespace saccade {

/// A model that somebody used before, in Hugging Face's cache.
struct LocalCheckpoint {
    std::string name;    // "openai-community/gpt2"
    std::string path;    // of its latest snapshot
    std::string family;  // "GPT-2"
};

/// Those that open here, by name, at most 100: below $HF_HUB_CACHE, $HF_HOME/hub, or ~/.cache/huggingface/hub ($XDG_CACHE_HOME
/// for ~/.cache). Looks at names and config.json alone. Never throws: what cannot be read is left out.
std::vector<LocalCheckpoint> local_checkpoints();

}  // namespace saccade
