#include "checkpoint/timm_network.hpp"
#include "target.hpp"

using namespace saccade;

/// config.json of every family, with weights that are one number each.
FUZZ_TARGET(checkpoint_config) {
    return fuzz::refuses_or_reads([&] {
        CheckpointFolder folder{"folder", parse_json(fuzz::text_of(data, size), "config.json", ""), {}};
        for (const char* name : {"wte.weight", "wpe.weight", "embeddings.word_embeddings.weight", "embed_tokens.weight",
                                 "embeddings.position_embeddings.weight", "embed_in.weight", "shared.weight"})
            folder.tensors.emplace(name, Tensor<float>(Shape{1, 1}));
        for (const char* name : {"embeddings.cls_token", "embeddings.distillation_token", "embeddings.position_embeddings"})
            folder.tensors.emplace(name, Tensor<float>(Shape{1, 1, 1}));
        folder.tensors.emplace("embeddings.patch_embeddings.projection.weight", Tensor<float>(Shape{1, 1, 1, 1}));
        folder.tensors.emplace("embeddings.patch_embeddings.projection.bias", Tensor<float>(Shape{1}));
        const Family& family = family_of(folder.config, "folder");
        const JsonObject config(folder.config, "config.json");
        if (family.network.design != nullptr) {
            const GatedNetworkDesign design = family.network.design(config, "folder");
            require_valid(design);
            timm_class_names(config, design.classes, "folder");
            WeightMap weights;
            Taking taking(folder, {}, weights);
            family.network.take(taking, design);
        } else {
            family.map != nullptr ? (void)family.map(folder, config) : (void)family.map_vision(folder, config);
        }
    });
}
