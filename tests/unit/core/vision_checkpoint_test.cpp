#include <gtest/gtest.h>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/vision_checkpoint.hpp"
#include "copied_vision.hpp"

// Models of pictures whose folders are damaged, incomplete or not what they say, and how their pictures are read. That the
// numbers are right: tests/golden/vision_checkpoint_golden_test.cpp.

namespace saccade::test::vision_checkpoint_test {
namespace {

TEST(VisionCheckpoint, says_in_one_line_why_it_does_not_open) {
    EXPECT_EQ(CopiedModel().said(), "");
    const auto with = [](const std::string& key, const json& value) { return CopiedModel().set(key, value).said(); };
    EXPECT_SAYS(with("hidden_size", 15), "projection.weight' has shape [12, 3, 4, 4], and config.json asks for [15, 3, 4, 4]");
    EXPECT_SAYS(with("image_size", 16), "position_embeddings' has shape [1, 10, 12], and config.json asks for [1, 17, 12]");
    EXPECT_SAYS(with("image_size", json({12, 12, 12})), "image_size");
    EXPECT_SAYS(with("image_size", 0), "image_size");
    EXPECT_SAYS(with("patch_size", 13), "patches of 13 x 13 px do not fit into pictures of 12 x 12");
    EXPECT_SAYS(with("patch_size", json({4, 2})), "its patches are 2 x 4 px: models of square patches open");
    EXPECT_SAYS(with("image_size", 8000), "and every pair of them has a weight in each head");
    EXPECT_SAYS(with("num_channels", 4), "it reads pictures of 4 channels");
    EXPECT_SAYS(with("num_channels", 1), "and config.json asks for [12, 1, 4, 4]");
    EXPECT_SAYS(with("num_attention_heads", 5), "'num_attention_heads' of 5 does not divide 'hidden_size' of 12");
    EXPECT_SAYS(with("num_hidden_layers", 3), "there is no tensor 'encoder.layer.2.");
    EXPECT_SAYS(with("hidden_act", "mish"), "the activation 'mish' is not known");
    EXPECT_SAYS(with("model_type", "swin"), "models of type 'swin' do not open yet: these do: bert, deit, ");
    EXPECT_SAYS(with("id2label", {{"0", "cat"}, {"2", "dog"}}), "id2label does not name classes 0 to 1, each once");
    EXPECT_SAYS(with("id2label", {{"0", "cat"}, {"1", "dog"}}), "classifier.weight' has shape [4, 12]");
    EXPECT_SAYS(with("id2label", 7), "id2label");
    EXPECT_SAYS(with("num_hidden_layers", 1), "of its tensors are not asked for by its config.json");
    EXPECT_SAYS(CopiedModel().weights([](WeightMap& map) { map.erase("vit.embeddings.cls_token"); }).said(),
                "there is no tensor 'embeddings.cls_token'");
    EXPECT_SAYS(CopiedModel().weights([](WeightMap& map) { map.at("vit.layernorm.bias").data()[2] = INFINITY; }).said(),
                "vit.layernorm.bias");
    EXPECT_SAYS(CopiedModel()
                    .weights([](WeightMap& map) {
                        for (float& v : map.at("vit.encoder.layer.1.output.dense.weight").values()) v = 1e38f;
                    })
                    .said(),
                "its states grow beyond all numbers on this picture");
}

TEST(VisionCheckpoint, text_and_pictures_are_not_mixed_up) {
    EXPECT_SAYS(CopiedModel("checkpoint_bert").said(), "BERT reads text, and no pictures: open it in exhibit checkpoint");
    EXPECT_SAYS(CopiedModel().said({}, "checkpoint"), "ViT reads pictures, and no text: open it in exhibit vision-checkpoint");
    Params params;
    params.set("text", std::string("a cat"));
    EXPECT_SAYS(CopiedModel().said(params), "text");
    Params none;
    none.set("image", golden("vision_vit/config.json"));
    EXPECT_SAYS(CopiedModel().said(none), "config.json is a text file, not a picture that can be read");
}

TEST(VisionCheckpoint, without_a_classifier_its_attention_is_shown) {
    const CopiedModel bare;
    bare.weights([](WeightMap& map) {
        WeightMap renamed;
        for (const auto& [name, tensor] : map)
            if (!name.starts_with("classifier")) renamed.emplace(name.substr(std::string("vit.").size()), tensor);
        map = renamed;
    });
    EXPECT_EQ(bare.said(), "the folder holds no classifier, so no class is read out; ");
    EXPECT_NE(bare.trace().find("rollout.map"), nullptr);
    EXPECT_EQ(bare.trace().find("relevance.map"), nullptr);
    EXPECT_EQ(bare.trace().find("logits"), nullptr);
    EXPECT_SAYS(bare.trace().texts().at("output"), "ViT: 2 layers of 3 heads, 3 × 3 patches of 4 px");
    Params params;
    params.set("class", std::int64_t{3});
    EXPECT_EQ(bare.said(params), "the folder holds no classifier, so no class is read out; ");
}

TEST(VisionCheckpoint, distilled_with_one_classifier_is_read_out_at_the_class_token) {
    const CopiedModel one("vision_deit");
    one.weights([](WeightMap& map) {
        for (const char* part : {".weight", ".bias"}) {
            map.emplace(std::string("classifier") + part, map.at(std::string("cls_classifier") + part));
            map.erase(std::string("cls_classifier") + part);
            map.erase(std::string("distillation_classifier") + part);
        }
    });
    CopiedModel both("vision_deit");
    EXPECT_EQ(one.said(), "");
    EXPECT_EQ(both.said(), "");
    EXPECT_EQ(one.trace().find("distillation.logits"), nullptr);
    EXPECT_TRUE(
        std::ranges::equal(one.trace().tensor("logits").values.values(), both.trace().tensor("class.logits").values.values()));
    EXPECT_EQ(one.trace().axis("token")->label(1), "[DIST]");
}

TEST(VisionCheckpoint, what_is_asked_beyond_what_there_is_gets_a_note) {
    Params params;
    params.set("query", std::int64_t{99});
    params.set("class", std::int64_t{99});
    EXPECT_EQ(CopiedModel().said(params), "the model knows 4 classes; the model reads the picture as 10 tokens; ");
}

TEST(VisionCheckpoint, without_a_folder_the_bundled_model_reads_a_digit) {
    RunRequest request;
    request.exhibit = "vision-checkpoint";
    const TracePtr trace = run(request);
    EXPECT_SAYS(trace->texts().at("output"), "4 ");
    for (const ViewPlacement& placed : placements(exhibit("vision-checkpoint"), {}))
        EXPECT_NE(trace->find(placed.tensor), nullptr) << placed.tensor;
}

TEST(Preprocessing, says_in_one_line_what_is_wrong) {
    EXPECT_SAYS(CopiedModel().reading("size", "large").said(), "'size' is \"large\"");
    EXPECT_SAYS(CopiedModel().reading("size", {{"longest_edge", 9}}).said(), "size");
    EXPECT_SAYS(CopiedModel().reading("size", {{"height", 12}}).said(), "size");
    EXPECT_SAYS(CopiedModel().reading("resample", 9).said(), "resample");
    EXPECT_SAYS(CopiedModel().reading("image_std", json({0.5, 0, 0.5})).said(), "image_std");
    EXPECT_SAYS(CopiedModel().reading("image_mean", json({0.5, 0.5})).said(), "image_mean");
    EXPECT_SAYS(CopiedModel().reading("do_center_crop", true).said(), "crop_size");
    const CopiedModel cut;
    write_file(cut("preprocessor_config.json"), "{\"size\": ");
    EXPECT_SAYS(cut.said(), "preprocessor_config.json");
    fs::remove(cut("preprocessor_config.json"));
    EXPECT_SAYS(cut.said(), "the folder has no preprocessor_config.json");
}

TEST(Preprocessing, sizes_are_written_in_every_way_and_what_differs_is_said) {
    EXPECT_EQ(CopiedModel().reading("size", 12).said(), "");
    EXPECT_EQ(CopiedModel().reading("do_normalize", false).said(), "");
    EXPECT_EQ(CopiedModel().reading("resample", nullptr).said(), "");
    EXPECT_EQ(
        CopiedModel().reading("size", {{"shortest_edge", 16}}).reading("do_center_crop", true).reading("crop_size", 12).said(),
        "");
    EXPECT_SAYS(CopiedModel().reading("size", 24).said(),
                "preprocessor_config.json makes pictures of 24 x 24 px, and config.json asks for 12 x 12");
    EXPECT_SAYS(CopiedModel().reading("do_center_crop", true).reading("crop_size", 16).said(),
                "16 x 16 px cannot be cut out of a picture of 12 x 12");
}

TEST(Preprocessing, the_middle_is_cut_out_and_shown) {
    Preprocessing how{.height = 0, .width = 0, .shortest = 8, .crops = true, .crop_height = 4, .crop_width = 8};
    Image image(24, 16);
    for (Index y = 0; y < image.height; ++y)
        for (Index x = 0; x < image.width; ++x)
            for (Index c = 0; c < 3; ++c) image.row(y)[3 * x + c] = static_cast<std::uint8_t>(c == 0 ? 10 * x : 10 * y);
    const ReadPicture read = read_as(image, how, 4, 8);
    EXPECT_EQ(read.image.width, 8);
    EXPECT_EQ(read.image.height, 4);
    EXPECT_EQ(read.differs, "");
    EXPECT_NEAR(read.left, 2.0 / 12, 1e-12);
    EXPECT_NEAR(read.right, 10.0 / 12, 1e-12);
    EXPECT_NEAR(read.top, 2.0 / 8, 1e-12);
    EXPECT_NEAR(read.bottom, 6.0 / 8, 1e-12);
    // Two pixels become one: the first column of the middle is that of old columns 4 and 5.
    EXPECT_NEAR(read.image.row(0)[0], 45, 1);
    EXPECT_NEAR(read.image.row(0)[1], 45, 1);
    const Tensor<float> plain = plain_pixels(read.image, 3), pixels = normalised_pixels(plain, how);
    EXPECT_FLOAT_EQ(pixels.data()[0], (plain.data()[0] - 0.5f) / 0.5f);
    EXPECT_EQ(plain_pixels(read.image, 1).shape(), (Shape{4, 8, 1}));
}

}  // namespace
}  // namespace saccade::test::vision_checkpoint_test
