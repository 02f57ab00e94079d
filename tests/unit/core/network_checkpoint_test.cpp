#include "checkpoint/network_checkpoint.hpp"

#include "checkpoint/timm_network.hpp"
#include "copied_vision.hpp"

// Networks that gate their channels, whose folders are damaged, incomplete or not what they say. That the numbers are right:
// tests/golden/gated_network_golden_test.cpp.

namespace saccade::test::network_checkpoint_test {
namespace {

CopiedModel residual() {
    return CopiedModel("timm_seresnet50");
}

TEST(NetworkCheckpoint, says_in_one_line_why_it_does_not_open) {
    EXPECT_EQ(residual().said(), "");
    const auto with = [](const std::string& key, const json& value) { return residual().set(key, value).said(); };
    EXPECT_SAYS(with("architecture", "resnet50"), "networks of architecture 'resnet50' do not open yet: these do: bert, ");
    EXPECT_SAYS(with("architecture", "resnet50"), "efficientnet_b0, mobilenetv3_large_100, seresnet50");
    EXPECT_SAYS(with("architecture", "tf_efficientnet_b0"), "networks of architecture 'tf_efficientnet_b0' do not open yet");
    EXPECT_SAYS(with("architecture", "bert"), "networks of architecture 'bert' do not open yet");
    EXPECT_SAYS(with("architecture", nullptr), "does not say which model_type it is");
    EXPECT_SAYS(with("architecture", "efficientnet_b0"), "model_args changes the network by 'base_width', which is not known");
    EXPECT_SAYS(with("model_args", {{"output_stride", 16}}), "'output_stride', which is not known: these are: layers");
    EXPECT_SAYS(with("model_args", {{"layers", {1, 2}}, {"channels", {4, 6, 8, 8}}}), "says 2 layers and 4 channels");
    EXPECT_SAYS(with("model_args", {{"layers", "many"}}), "layers");
    EXPECT_SAYS(with("model_args", {{"layers", {1, 1, 1, 1}}, {"channels", {1, 1, 1, 1}}, {"base_width", 1}}),
                "leaves no channels");
    EXPECT_SAYS(with("model_args", {{"layers", {2, 2, 1, 1}}, {"channels", {4, 6, 8, 8}}, {"base_width", 48}}),
                "there is no tensor 'layer1.1.conv1.weight'");
    EXPECT_SAYS(with("model_args", nullptr), "config.json asks for [64, 64, 1, 1]");
    EXPECT_SAYS(with("num_classes", 7), "label_names names 5 classes, and num_classes is 7");
    EXPECT_SAYS(with("num_classes", "five"), "num_classes");
    EXPECT_SAYS(residual().set("num_classes", 7).set("label_names", nullptr).said(),
                "tensor 'fc.weight' has shape [5, 32], and config.json asks for [7, 32]");
    EXPECT_SAYS(with("label_names", {{"0", "cat"}, {"9", "dog"}}), "label_names does not name classes by their numbers");
    EXPECT_SAYS(with("global_pool", "max"), "it pools by 'max': networks that pool by 'avg' open");
}

TEST(NetworkCheckpoint, says_in_one_line_what_of_its_reading_it_does_not_know) {
    const auto with = [](const std::string& key, const json& value) {
        const CopiedModel copied = residual();
        json all = json::parse(read_text(copied("config.json"), 1 << 20));
        all["pretrained_cfg"][key] = value;
        write_file(copied("config.json"), all.dump());
        return copied.said();
    };
    EXPECT_SAYS(with("input_size", json({1, 64, 64})), "it reads pictures of 1 channels: models of coloured pictures open");
    EXPECT_SAYS(with("input_size", json({3, 64, 48})), "it reads pictures of 48 x 64 px: models of square pictures open");
    EXPECT_SAYS(with("input_size", json({3, 64})), "input_size");
    EXPECT_SAYS(with("input_size", json({3, 8, 8})), "it reads pictures of 8 x 8 px: sides of 16 to 2048 px can be read");
    EXPECT_SAYS(with("input_size", json({3, 8000, 8000})), "it reads pictures of 8000 x 8000 px");
    EXPECT_SAYS(with("interpolation", "sinc"), "the interpolation 'sinc' is not known");
    EXPECT_SAYS(with("crop_mode", "border"), "its crop_mode is 'border': center and squash are known");
    EXPECT_SAYS(with("crop_pct", 0), "crop_pct");
    EXPECT_SAYS(with("std", json({0, 1, 1})), "'std'");
    EXPECT_SAYS(with("mean", json({0.5})), "'mean'");
    EXPECT_EQ(with("crop_mode", "squash"), "");
    EXPECT_EQ(with("crop_pct", 0.9), "");
}

TEST(NetworkCheckpoint, says_in_one_line_what_of_its_weights_is_wrong) {
    const auto with = [](const std::function<void(WeightMap&)>& change) { return residual().weights(change).said(); };
    EXPECT_SAYS(with([](WeightMap& map) { map.erase("layer2.1.se.fc2.bias"); }), "there is no tensor 'layer2.1.se.fc2.bias'");
    EXPECT_SAYS(with([](WeightMap& map) {
                    map.at("layer1.0.se.fc1.weight") = Tensor<float>(Shape{4, 16, 1, 1});
                }),
                "has shape [4, 16, 1, 1], and config.json asks for [8, 16, 1, 1]");
    EXPECT_SAYS(with([](WeightMap& map) { map.at("bn1.running_var").data()[3] = -1; }),
                "stem: a variance of its norm is negative");
    EXPECT_SAYS(with([](WeightMap& map) { map.at("fc.bias").data()[0] = NAN; }), "fc.bias");
    EXPECT_SAYS(with([](WeightMap& map) { map.emplace("layer9.0.conv1.weight", Tensor<float>(Shape{1})); }),
                "1 of its tensors is not asked for by its config.json: layer9.0.conv1.weight");
    EXPECT_SAYS(with([](WeightMap& map) {
                    for (float& v : map.at("layer3.0.conv3.weight").values()) v = 3e38f;
                }),
                "its states grow beyond all numbers on this picture");
}

TEST(NetworkCheckpoint, pictures_text_and_gates_are_not_mixed_up) {
    EXPECT_SAYS(residual().said({}, "checkpoint"),
                "SE-ResNet-50 reads pictures, and no text: open it in exhibit vision-checkpoint");
    EXPECT_EQ(error_of(ErrorCode::unsupported, [] { read_network_checkpoint(golden("vision_vit")); }).find('\n'),
              std::string::npos);
}

TEST(NetworkCheckpoint, without_names_classes_have_numbers_and_without_a_classifier_none_is_read_out) {
    const CopiedModel unnamed = residual();
    unnamed.set("label_names", nullptr);
    EXPECT_EQ(unnamed.said(), "its config.json names no classes (label_names); ");
    EXPECT_EQ(unnamed.trace().axis("class")->label(3), "#3");
    const CopiedModel bare = residual();
    bare.set("num_classes", 0).weights([](WeightMap& map) {
        map.erase("fc.weight");
        map.erase("fc.bias");
    });
    EXPECT_EQ(bare.said(), "the folder holds no classifier, so no class is read out; ");
    EXPECT_EQ(bare.trace().find("logits"), nullptr);
    EXPECT_NE(bare.trace().find("classifier.input"), nullptr);
    EXPECT_NE(bare.trace().find("stage3.block1.gate"), nullptr);
    EXPECT_SAYS(bare.trace().texts().at("output"), "SE-ResNet-50: block 4.1, gate 5 of 5, 32 channels");
    Params params;
    params.set("path", bare.path());
    for (const ViewPlacement& placed : placements(exhibit("vision-checkpoint"), params))
        EXPECT_NE(bare.trace().find(placed.tensor), nullptr) << placed.tensor;
}

TEST(NetworkCheckpoint, opens_as_the_library_transformers_saves_it) {
    const CopiedModel wrapped = residual(), plain = residual();
    wrapped.set("model_type", "timm_wrapper").set("architecture", "seresnet50.ra2_in1k").weights([](WeightMap& map) {
        WeightMap renamed;
        for (const auto& [name, tensor] : map) renamed.emplace("timm_model." + name, tensor);
        map = renamed;
    });
    EXPECT_EQ(wrapped.said(), "");
    EXPECT_EQ(plain.said(), "");
    EXPECT_TRUE(
        std::ranges::equal(wrapped.trace().tensor("logits").values.values(), plain.trace().tensor("logits").values.values()));
}

TEST(NetworkCheckpoint, what_is_asked_beyond_what_there_is_gets_a_note) {
    Params params;
    params.set("block", std::int64_t{64});
    params.set("class", std::int64_t{99});
    const CopiedModel copied = residual();
    EXPECT_EQ(copied.said(params), "the network has 5 gates; the model knows 5 classes; ");
    EXPECT_SAYS(copied.trace().texts().at("output"), "watched: plane");
}

TEST(NetworkCheckpoint, every_view_that_is_placed_finds_its_tensor_at_every_gate) {
    for (const char* name : {"timm_seresnet50", "timm_mobilenetv3_large_100", "timm_efficientnet_b0"}) {
        const CopiedModel copied(name);
        const auto gates = static_cast<std::int64_t>(network_design_of(copied.path())->gates().size());
        for (std::int64_t block = 0; block <= gates; block += 3) {
            Params params;
            params.set("block", block);
            EXPECT_EQ(copied.said(params), "");
            params.set("path", copied.path());
            const auto views = placements(exhibit("vision-checkpoint"), params);
            EXPECT_EQ(views.size(), 7u);
            for (const ViewPlacement& placed : views)
                EXPECT_NE(copied.trace().find(placed.tensor), nullptr) << name << " " << block << ": " << placed.tensor;
        }
    }
}

TEST(NetworkCheckpoint, a_design_has_the_sizes_of_its_paper) {
    const CopiedModel any = residual();
    const auto design = [&](const char* architecture) {
        write_file(any("config.json"), json({{"architecture", architecture}}).dump());
        return *network_design_of(any.path());
    };
    const GatedNetworkDesign se = design("seresnet50");
    EXPECT_EQ(se.gates().size(), 16u);
    EXPECT_EQ(se.features(), 2048);
    EXPECT_EQ(se.blocks[0].hidden, 16);
    EXPECT_EQ(se.blocks[15].hidden, 128);
    EXPECT_EQ(se.classes, 1000);
    EXPECT_EQ(se.height, 224);
    // Howard 2019, table 1: 8 of 15 blocks have a gate; 72 / 4 = 18 units become 24, no less than nine tenths.
    const GatedNetworkDesign mobile = design("mobilenetv3_large_100");
    EXPECT_EQ(mobile.gates().size(), 8u);
    EXPECT_EQ(mobile.blocks[3].hidden, 24);
    EXPECT_EQ(mobile.blocks[7].convs[1].out, 200);
    EXPECT_EQ(mobile.features(), 1280);
    // Tan and Le 2019, table 1.
    const GatedNetworkDesign efficient = design("efficientnet_b0");
    EXPECT_EQ(efficient.gates().size(), 16u);
    EXPECT_EQ(efficient.blocks[0].hidden, 8);
    EXPECT_EQ(efficient.blocks[15].gated(), 1152);
    EXPECT_EQ(efficient.blocks[15].hidden, 48);
    EXPECT_EQ(efficient.features(), 1280);
}

TEST(Preprocessing, the_middle_of_an_odd_number_of_pixels_lies_at_the_even_one) {
    Preprocessing how{.height = 0, .width = 0, .shortest = 11, .crops = true, .crop_height = 8, .crop_width = 8};
    const Image image(11, 11);
    EXPECT_DOUBLE_EQ(read_as(image, how, 8, 8).left, 1.0 / 11);
    how.middle_to_even = true;
    EXPECT_DOUBLE_EQ(read_as(image, how, 8, 8).left, 2.0 / 11);
    how.shortest = 13;  // half of 5 is nearest to 2 and 3: the even one
    EXPECT_DOUBLE_EQ(read_as(image, how, 8, 8).left, 2.0 / 13);
}

}  // namespace
}  // namespace saccade::test::network_checkpoint_test
