#include "exhibit/spatial_network.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/number_text.hpp"
#include "base/translate.hpp"
#include "image/samples.hpp"
#include "params/param_make.hpp"
#include "train/cifar_binary.hpp"

namespace saccade {

namespace {

constexpr Index least_side = 32, most_side = 512, usual_side = 64;
constexpr Index side_multiple = 4;  // two strides of 2
constexpr const char* likeliest = "likeliest";

std::vector<std::string> sample_values() {
    std::vector<std::string> values;
    for (const SceneSample& sample : scene_samples()) values.push_back("sample:" + sample.name);
    return values;
}

Index chosen_block(const ResNetDesign& design, const Params& params) {
    for (Index block = 0; block < design.block_count(); ++block)
        if (design.block_name(block) == block_of(params)) return block;
    throw Error(ErrorCode::invalid_input, fmt::format("Block: the network has no block {}", params.text("block")),
                fmt::format("it has {} stages of {} blocks", design.widths.size(), design.blocks));
}

void say_what_to_know(RunContext& context, const ResNetDesign& design, const PictureInput& picture) {
    const Index side = std::max(picture.read->image.width, picture.read->image.height), most = design.sides.back();
    if (4 * side > 5 * most)  // at half as large again as it knows, every other class is lost
        context.probe.note(
            {"resolution",
             design.sides.size() == 1
                 ? fmt::format(
                       "learned from pictures of {0}×{0} px, the network reads this one at {1} px: its classes may be wrong",
                       most, side)
                 : fmt::format(
                       "learned from pictures of {} to {} px, the network reads this one at {} px: its classes may be wrong",
                       design.sides.front(), most, side),
             fmt::format("maps are finer at {}, classes better at {}", side, most)});
    if (!picture.read->scene)
        context.probe.note({"image",
                            fmt::format("the network knows {} classes, {}, and calls whatever it sees one of them",
                                        cifar_classes().size(), fmt::join(cifar_classes(), ", ")),
                            "of anything else, its answer and its maps say nothing"});
}

}  // namespace

const std::vector<std::string>& network_models() {
    static const std::vector<std::string> ids = {"cifar-resnet20", "cifar-se-resnet20", "cifar-cbam-resnet20"};
    return ids;
}

std::string network_model(const Params& params) {
    const std::string& model = params.text("model");
    const auto kind = std::ranges::find(block_attentions(), model, &BlockAttentionKind::id);
    return network_models().at(static_cast<std::size_t>(kind - block_attentions().begin()));
}

std::vector<ParamSpec> network_params(const std::string& model, const std::string& shown_block) {
    ParamSpec which = choice_param(
        "model", "Attention",
        "Three ResNet-20 trained alike on CIFAR-10.\nnone: He 2016.\nSE: a gate for each channel, s = σ(W_2 max(0, W_1 z)) (Hu "
        "2018).\nCBAM: a gate for each channel, then a map over places, F″ = M_s(F′) F′, F′ = M_c(F) F (Woo 2018).",
        {{"none", "none"}, {"se", "SE"}, {"cbam", "CBAM"}});
    which.fallback = model;
    std::vector<Choice> blocks;
    for (int stage = 1; stage <= 3; ++stage)
        for (int block = 1; block <= 3; ++block) {
            const std::string name = fmt::format("{}.{}", stage, block);
            blocks.push_back({name, name});
        }
    ParamSpec block = choice_param("block", "Block",
                                   "Which residual block is shown whole, as stage.block. Each stage has maps of half the size "
                                   "and twice the channels.",
                                   blocks);
    block.fallback = shown_block;
    ParamSpec resolution =
        integer_param("resolution", "Resolution",
                      "Longer side of the picture as the network reads it; every map covers all of it. A "
                      "note says where that is larger than what the network learned from. Its norms have statistics of "
                      "pictures of several sizes and use those of the nearest.",
                      usual_side, least_side, most_side);
    resolution.unit = "px";
    resolution.log_scale = true;
    std::vector<Choice> classes = {{likeliest, msg("likeliest")}};
    for (const std::string& name : cifar_classes()) classes.push_back({name, name});
    return {image_param("image", "Image", "A picture file (PNG, JPEG, WebP), or a scene whose shapes can be moved.",
                        "sample:ship", sample_values()),
            which, block, resolution,
            choice_param("class", "Class", "Whose probability is watched, and whose gradient makes Grad-CAM.", classes)};
}

std::string block_of(const Params& params) {
    const std::string& name = params.text("block");
    return fmt::format("stage{}.block{}", name[0], name[2]);
}

std::string block_tensor(const Params& params, const std::string& what) {
    return block_of(params) + "." + what;
}

NetworkRun run_network(RunContext& context, bool grad_cam) {
    const Params& params = context.params;
    NetworkRun run;
    run.picture = read_picture(context, side_multiple);

    const auto loaded = resnet_of(context.model);
    const ResNetDesign& design = loaded->design();
    say_what_to_know(context, design, run.picture);
    run.request.picture = run.picture.values;
    run.request.block = chosen_block(design, params);
    run.request.grad_cam = grad_cam;
    const std::vector<std::string>& classes = design.classes;
    if (const std::string& watched = params.text("class"); watched != likeliest) {
        const auto found = std::ranges::find(classes, watched);
        if (found == classes.end())
            throw Error(ErrorCode::invalid_input, fmt::format("Class: model {} knows no '{}'", context.model->id, watched),
                        "choose the likeliest");
        run.request.watched = found - classes.begin();
    }
    const Image& read = run.picture.read->image;
    run.request.origin = fmt::format("{} at {}×{}", run.picture.read->scene ? "the scene, drawn" : "the picture, resized",
                                     read.width, read.height);
    run.output = run_resnet(context.model, run.request, Observer(context.probe), context.stop);
    const Index c = run.output.watched;
    context.probe.text(
        "output", fmt::format("{} {}", classes[static_cast<std::size_t>(c)], share_text(run.output.probabilities.data()[c])));
    return run;
}

}  // namespace saccade
