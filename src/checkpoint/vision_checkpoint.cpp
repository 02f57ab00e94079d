#include "checkpoint/vision_checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/kept_with.hpp"
#include "checkpoint/kept_folders.hpp"
#include "model/card_json.hpp"
#include "model/layered_parameters.hpp"
#include "model/per_model.hpp"
#include "tensor/storage.hpp"

namespace saccade {

VisionCheckpointPtr read_vision_checkpoint(const std::string& path, const std::stop_token& stop) {
    CheckpointFolder folder = read_checkpoint_folder(path, stop);
    const Family& family = family_of(folder.config, path);
    if (family.map_vision == nullptr)
        throw Error(ErrorCode::unsupported, fmt::format("{}: {} reads text, and no pictures", path, family.title),
                    "open it in exhibit checkpoint");
    MappedVision model = family.map_vision(folder, JsonObject(folder.config, path + ": config.json"));
    std::string unused = unused_tensors(folder);
    folder.tensors.clear();
    require_finite(model.weights, path);
    lay_layers_together(model.weights);
    release_kept_blocks(0);  // as many bytes as the folder's weights
    bool says_reading = false;
    VisionReading reading{.how = read_preprocessing(path, model.reading, &says_reading),
                          .height = model.design.height,
                          .width = model.design.width,
                          .channels = model.design.channels};
    if (!says_reading) reading.said_in.clear();
    return std::make_shared<const VisionCheckpoint>(
        VisionCheckpoint{.path = path,
                         .family = &family,
                         .model = VisionTransformer(Weights<float>(model.weights), model.design),
                         .classes = std::move(model.classes),
                         .reading = reading,
                         .unused = std::move(unused)});
}

VisionCheckpointPtr vision_checkpoint_of(const ModelPtr& model) {
    static PerModel<VisionCheckpoint> made;
    return made.get(model, [&] {
        const std::string where = model->path.empty() ? model->id : model->path;
        const JsonObject card = card_object(model->card.json(), where).needs({"family", "classes", "mean", "deviation"});
        std::string type;
        card.text("family", type);
        const VisionDesign design = vision_design_from_json(model->card.json(), where);
        Preprocessing reading{.height = design.height, .width = design.width};
        double mean = 0, deviation = 1;
        card.number("mean", mean, -1, 1);
        card.number("deviation", deviation, 1e-6, 1e6);
        reading.mean.fill(static_cast<float>(mean));
        reading.deviation.fill(static_cast<float>(deviation));
        std::vector<std::string> classes;
        card.texts("classes", classes);
        VisionTransformer transformer(Weights<float>(model->weights), design);
        if (transformer.classes() != static_cast<Index>(classes.size()))
            throw Error(ErrorCode::bad_format, where + ": the classes of its card do not fit its weights",
                        "use the card that was written with these weights");
        return std::make_shared<const VisionCheckpoint>(VisionCheckpoint{
            .path = where,
            .family = &family_named(type, where),
            .model = std::move(transformer),
            .classes = std::move(classes),
            .reading = {.how = reading, .height = design.height, .width = design.width, .channels = design.channels}});
    });
}

VisionCheckpointPtr vision_checkpoint_of(const std::string& path, const std::stop_token& stop) {
    static KeptFolders<VisionCheckpoint> kept;
    return kept.get(path, [&] { return read_vision_checkpoint(path, stop); });
}

VisionCheckpointPtr vision_checkpoint_at(const VisionCheckpointPtr& checkpoint, Index side, const std::stop_token& stop) {
    static KeptWith<VisionCheckpoint, VisionCheckpoint, Index> kept(4);
    const VisionDesign& own = checkpoint->model.design();
    const Index shorter = std::min(own.height, own.width);
    if (side == shorter) return checkpoint;
    const auto scaled = [&](Index size) { return (size * side + shorter / 2) / shorter; };
    return kept.get(
        checkpoint, side,
        [&] {
            auto other = std::make_shared<VisionCheckpoint>(*checkpoint);
            other->model = checkpoint->model.at_size(scaled(own.height), scaled(own.width));
            other->reading = at_size(checkpoint->reading, scaled(own.height), scaled(own.width));
            return std::shared_ptr<const VisionCheckpoint>(std::move(other));
        },
        stop);
}

}  // namespace saccade
