#include "checkpoint/family.hpp"
#include "target.hpp"

using namespace saccade;

/// config.json of every family, with weights that are one number each.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::refuses_or_reads([&] {
        CheckpointFolder folder{"folder", parse_json(fuzz::text_of(data, size), "config.json", ""), {}};
        for (const char* name : {"wte.weight", "wpe.weight", "embeddings.word_embeddings.weight", "embed_tokens.weight",
                                 "embeddings.position_embeddings.weight", "embed_in.weight"})
            folder.tensors.emplace(name, Tensor<float>(Shape{1, 1}));
        family_of(folder.config, "folder").map(folder, JsonObject(folder.config, "config.json"));
    });
}
