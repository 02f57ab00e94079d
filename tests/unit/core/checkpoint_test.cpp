#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint_run.hpp"
#include "checkpoint/export_checkpoint.hpp"
#include "checkpoint/generate.hpp"
#include "checkpoint/local_checkpoints.hpp"
#include "tensor/largest.hpp"
#include "unit/core/copied_checkpoint.hpp"

// Folders that are damaged, incomplete or not what they say; what models write; ours as a folder and back. That the numbers are
// right: tests/golden/checkpoint_golden_test.cpp.

namespace saccade::test::checkpoint_test {
namespace {

namespace fs = std::filesystem;

TEST(CheckpointFolder, says_in_one_line_why_it_does_not_open) {
    Copied copied;
    EXPECT_EQ(copied.refusal(), "it opened");
    EXPECT_TRUE(is_checkpoint_folder(copied.path()));
    copied.config("n_embd", 15);
    EXPECT_SAYS(copied.refusal(), "tensor 'transformer.wte.weight' has shape [23, 12], and config.json asks for [23, 15]");
    copied.config("n_embd", 1e300);
    EXPECT_SAYS(copied.refusal(), "n_embd");
    copied.config("n_embd", 12);
    copied.config("n_head", 5);
    EXPECT_SAYS(copied.refusal(), "config.json: 'n_head' of 5 does not divide 'n_embd' of 12");
    copied.config("n_head", 3);
    copied.config("n_layer", 3);
    EXPECT_SAYS(copied.refusal(), "there is no tensor 'h.2.");
    copied.config("n_layer", 2);
    copied.config("activation_function", "mish");
    EXPECT_SAYS(copied.refusal(), "the activation 'mish' is not known: relu, gelu, gelu_new and silu are");
    copied.config("activation_function", "gelu_new");
    copied.config("model_type", "mamba");
    EXPECT_SAYS(copied.refusal(), "models of type 'mamba' do not open yet: these do: bert, deit, distilbert, gpt2");
    copied.config("model_type", 7);
    EXPECT_SAYS(copied.refusal(), "model_type");
    copied.config("model_type", "gpt2");
    copied.config("quantization_config", {{"quant_method", "gptq"}});
    EXPECT_SAYS(copied.refusal(), "its weights are quantised (gptq)");
    write_file(copied("config.json"), "{\"model_type\": ");
    EXPECT_SAYS(copied.refusal(), "config.json");
    fs::remove(copied("config.json"));
    EXPECT_SAYS(copied.refusal(), "there is no config.json");
    EXPECT_FALSE(is_checkpoint_folder(copied.path()));
}

TEST(CheckpointFolder, names_weights_that_are_stored_as_what_is_not_read) {
    const auto stored_as = [](const Copied& copied, const std::string& tensor, const std::string& type) {
        std::ifstream in(copied("model.safetensors"), std::ios::binary);
        std::string file{std::istreambuf_iterator<char>(in), {}};
        const std::size_t type_at = file.find("\"F32\"", file.find('"' + tensor + '"'));
        file.replace(type_at, 5, '"' + type + '"');
        write_file(copied("model.safetensors"), file);
    };
    Copied whole;
    stored_as(whole, "transformer.wte.weight", "I32");
    EXPECT_SAYS(whole.refusal(), "tensor 'transformer.wte.weight' is stored as I32");
    Copied packed;
    packed.weights([](WeightMap& map) {
        auto weight = map.extract("transformer.h.0.attn.c_attn.weight");
        weight.key() = "transformer.h.0.attn.c_attn.qweight";
        map.insert(std::move(weight));
    });
    stored_as(packed, "transformer.h.0.attn.c_attn.qweight", "I32");
    EXPECT_SAYS(packed.refusal(), "its weights are quantised ('transformer.h.0.attn.c_attn.qweight')");
    Copied unnamed;
    unnamed.config("quantization_config", {{"load_in_4bit", true}});
    EXPECT_SAYS(unnamed.refusal(), "its weights are quantised (bitsandbytes)");
}

TEST(CheckpointFolder, a_model_that_is_larger_than_memory_says_what_it_needs_and_what_is_there) {
    Copied copied;
    fs::resize_file(copied("model.safetensors"), std::uintmax_t{1} << 40);  // a hole: it takes no room on the disk
    const std::string line = copied.refusal();
    EXPECT_SAYS(line, "its weights are 1099.5 GB and need about 1374.4 GB of memory; ");
    EXPECT_SAYS(line, " GB are free: close other programs, or open a smaller model");
    fs::rename(copied("model.safetensors"), copied("part.safetensors"));
    write_file(copied("model.safetensors.index.json"), R"({"weight_map": {"transformer.wte.weight": "part.safetensors"}})");
    EXPECT_SAYS(copied.refusal(), "need about 1374.4 GB of memory");
}

TEST(CheckpointFolder, pickles_are_not_read_and_shards_are_looked_for) {
    Copied copied;
    fs::rename(copied("model.safetensors"), copied("model-00001-of-00002.safetensors"));
    EXPECT_SAYS(copied.refusal(), "there is no model.safetensors");
    write_file(copied("pytorch_model.bin"), "PK");
    EXPECT_SAYS(copied.refusal(), "its weights are a pickle (pytorch_model.bin)");
    // Half of the tensors in each of two shards; what another shard holds as well does not count.
    const WeightMap all = read_safetensors(copied("model-00001-of-00002.safetensors"));
    WeightMap halves[2];
    nlohmann::json index = {{"weight_map", nlohmann::json::object()}};
    std::size_t count = 0;
    for (const auto& [name, tensor] : all) {
        const std::size_t shard = count++ % 2;
        halves[shard].emplace(name, tensor);
        index["weight_map"][name] = shard == 0 ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors";
    }
    write_safetensors(copied("model-00001-of-00002.safetensors"), halves[0], StoredType::f32);
    write_file(copied("model.safetensors.index.json"), index.dump());
    EXPECT_SAYS(copied.refusal(), "1 of 2 shards are missing: model-00002-of-00002.safetensors");
    write_safetensors(copied("model-00002-of-00002.safetensors"), halves[1], StoredType::f32);
    EXPECT_EQ(copied.refusal(), "it opened");
    halves[0].emplace(halves[1].begin()->first, Tensor<float>(Shape{1}));
    write_safetensors(copied("model-00001-of-00002.safetensors"), halves[0], StoredType::f32);
    EXPECT_EQ(copied.refusal(), "it opened");
    index["weight_map"]["transformer.wte.weight"] = "../elsewhere.safetensors";
    write_file(copied("model.safetensors.index.json"), index.dump());
    EXPECT_SAYS(copied.refusal(), "no file's name");
}

TEST(CheckpointFolder, what_a_config_says_counts_or_is_refused) {
    Copied gpt2;
    gpt2.config("scale_attn_weights", false);
    EXPECT_SAYS(gpt2.refusal(), "config.json says false of scale_attn_weights");
    Copied bert("bert");
    bert.config("is_decoder", true);
    EXPECT_SAYS(bert.refusal(), "is_decoder");
    bert.config("is_decoder", false);
    bert.config("tie_word_embeddings", false);
    EXPECT_SAYS(bert.refusal(), "there is no tensor 'cls.predictions.decoder.weight'");
    Copied neox("gpt_neox");
    neox.config("rotary_pct", 0.4);  // 3 of 8 units
    EXPECT_SAYS(neox.refusal(), "3 units of each head turn, and they turn in pairs");
    neox.config("rotary_pct", 0.5);
    neox.config("rope_scaling", {{"type", "yarn"}, {"factor", 2}});
    EXPECT_SAYS(neox.refusal(), "rotary positions of type 'yarn' are not known");
    Copied llama("llama");
    llama.config("rope_scaling", {{"rope_type", "linear"}});
    EXPECT_SAYS(llama.refusal(), "has no 'factor'");
    llama.config("rope_scaling", {{"rope_type", "llama3"},
                                  {"factor", 8},
                                  {"low_freq_factor", 4},
                                  {"high_freq_factor", 4},
                                  {"original_max_position_embeddings", 16}});
    EXPECT_SAYS(llama.refusal(), "high_freq_factor");
    llama.config("num_key_value_heads", nullptr);
    EXPECT_SAYS(llama.refusal(), "high_freq_factor") << "null is as many as queries";
    Copied qwen("qwen2");
    qwen.config("use_sliding_window", true);
    qwen.config("sliding_window", 2);
    EXPECT_EQ(qwen.refusal(), "it opened") << "from layer 28 on, which it does not have";
    qwen.config("max_window_layers", 1);
    EXPECT_SAYS(qwen.refusal(), "1 of its 2 layers have a sliding window");
    qwen.config("layer_types", {"sliding_attention", "sliding_attention"});
    EXPECT_EQ(qwen.refusal(), "it opened");
    EXPECT_EQ(read_checkpoint(qwen.path())->stack.design().window, 2);
}

TEST(CheckpointFolder, what_does_not_fit_is_named_as_config_json_names_it) {
    struct Case {
        const char *family, *key;
        double value;
        const char* said;
    };
    const Case cases[] = {
        {"gpt2", "layer_norm_epsilon", 0, "config.json: 'layer_norm_epsilon' is 0: it lies between 0 and 1"},
        {"bert", "layer_norm_eps", 0, "config.json: 'layer_norm_eps' is 0"},
        {"bert", "num_attention_heads", 3, "'num_attention_heads' of 3 does not divide 'hidden_size' of "},
        {"distilbert", "n_heads", 5, "'n_heads' of 5 does not divide 'dim' of "},
        {"gpt_neox", "num_attention_heads", 5, "'num_attention_heads' of 5 does not divide 'hidden_size' of "},
        {"llama", "rms_norm_eps", 1, "config.json: 'rms_norm_eps' is 1"},
        {"llama", "num_key_value_heads", 3, "'num_key_value_heads' of 3 does not divide 'num_attention_heads' of 4"},
        {"marian", "decoder_attention_heads", 5, "'decoder_attention_heads' of 5 does not divide 'd_model' of "},
        {"t5", "layer_norm_epsilon", 0, "config.json: 'layer_norm_epsilon' is 0"}};
    for (const Case& one : cases) {
        Copied copied(one.family);
        copied.config(one.key, one.value);
        EXPECT_SAYS(copied.refusal(), one.said);
        for (const char* ours : {"d_ff", "norm_epsilon is", "d_head", "transformer:"})
            EXPECT_FALSE(contains(copied.refusal(), ours)) << copied.refusal();
    }
}

TEST(CheckpointFolder, rotary_settings_count_wherever_they_stand) {
    Copied above("mistral"), within("mistral");
    above.config("rope_theta", 77.0);
    within.config("rope_theta", 500.0);
    within.config("rope_parameters", {{"rope_type", "default"}, {"rope_theta", 77.0}});
    const Probe probe({}, {});
    const Ids ids = {3, 1, 4, 1, 5, 9, 2};
    const Tensor<float> a = logits_aside(*read_checkpoint(above.path()), ids, probe, {}),
                        b = logits_aside(*read_checkpoint(within.path()), ids, probe, {}),
                        usual = logits_aside(*read_checkpoint(golden_checkpoint("mistral")), ids, probe, {});
    EXPECT_TRUE(std::ranges::equal(a.values(), b.values()));
    EXPECT_FALSE(std::ranges::equal(a.values(), usual.values()));
}

TEST(CheckpointExhibit, what_each_layer_would_say_are_ids) {
    for (const char* change : {"lens.id[0,0]=0.5", "lens.id[1,2]=-1", "lens.id[0,0]=23", "lens.id[1,:]=1e9"}) {
        RunRequest request;
        request.exhibit = "checkpoint";
        request.params.set("path", golden_checkpoint("gpt2"));
        request.params.set("text", std::string("3 1 4"));
        request.interventions = {parse_intervention(change)};
        EXPECT_SAYS(error_of(ErrorCode::invalid_input, [&] { run(request); }),
                    "not a valid id: set it to a whole number from 0 to 22");
        request.interventions = {parse_intervention("lens.id[0,0]=7")};
        const TracePtr trace = run(request);
        EXPECT_EQ(trace->tensor("lens.id").values.at({0, 0}), 7);
        EXPECT_LE(trace->tensor("lens.probabilities").values.at({0, 0}), trace->tensor("lens.probabilities").values.at({0, 1}))
            << "is that of the id that stands there";
    }
}

TEST(CheckpointExhibit, parameters_are_refused_before_anything_is_computed) {
    RunRequest request;
    request.exhibit = "checkpoint";
    request.params.set("path", golden_checkpoint("gpt2"));
    request.params.set("text", std::string("3 1 4"));
    request.interventions = {parse_intervention("head.weight[0,0]=1")};
    EXPECT_SAYS(error_of(ErrorCode::invalid_input, [&] { run(request); }),
                "'head.weight' is a parameter of the model, and is not changed: change what is computed with it");
    request.interventions = {parse_intervention("self.query.weight[0]*=0")};
    EXPECT_SAYS(error_of(ErrorCode::invalid_input, [&] { run(request); }), "is a parameter of the model");
    // What asks for gradients is told where there are some, not of a flag that this exhibit lacks.
    request.interventions.clear();
    request.analyses = {"gradient_attention"};
    const std::string line = error_of(ErrorCode::invalid_input, [&] { run(request); });
    EXPECT_SAYS(line, "exhibit checkpoint records no gradients by the weights; with --gradients true these do: transformer, ");
}

TEST(CheckpointFolder, what_it_does_not_use_is_said) {
    Copied copied;
    EXPECT_EQ(said_by(copied), "");
    copied.config("n_layer", 1);
    EXPECT_SAYS(said_by(copied), "12 of its tensors are not asked for by its config.json: transformer.h.1.attn.c_attn.bias, …");
    // Buffers are no weights.
    Copied buffered;
    buffered.weights([](WeightMap& map) { map.emplace("transformer.h.0.attn.bias", Tensor<float>(Shape{1, 1, 16, 16})); });
    EXPECT_EQ(said_by(buffered), "");
}

TEST(CheckpointFolder, states_beyond_all_numbers_are_no_answer) {
    Copied copied;
    copied.weights([](WeightMap& map) {
        for (float& v : map.at("transformer.h.1.mlp.c_proj.weight").values()) v = 1e38f;
    });
    EXPECT_SAYS(said_by(copied), "its states grow beyond all numbers on this text");
    Params params;
    params.set("generate", std::int64_t{3});
    EXPECT_SAYS(said_by(copied, params), "not finite");
}

TEST(CheckpointFolder, weights_that_are_damaged_are_named) {
    Copied copied;
    copied.weights(
        [](WeightMap& map) { map.at("transformer.h.1.ln_1.bias").data()[3] = std::numeric_limits<float>::quiet_NaN(); });
    EXPECT_SAYS(copied.refusal(), "tensor 'transformer.h.1.ln_1.bias' holds nan at position 3");
    copied.weights([](WeightMap& map) { map.erase("transformer.h.1.mlp.c_fc.weight"); });
    EXPECT_SAYS(copied.refusal(), "there is no tensor 'h.1.mlp.c_fc.weight'");
    write_file(copied("model.safetensors"), std::string("\x10\0\0\0\0\0\0\0{\"a\":", 13));
    EXPECT_SAYS(copied.refusal(), "model.safetensors");
    // Names without the prefix of the whole model open, too.
    Copied bare;
    bare.weights([](WeightMap& map) {
        WeightMap renamed;
        for (const auto& [name, tensor] : map) renamed.emplace(name.substr(std::string("transformer.").size()), tensor);
        map = renamed;
    });
    EXPECT_EQ(bare.refusal(), "it opened");
}

TEST(LocalCheckpoints, are_those_of_the_cache_that_open) {
    const TemporaryFolder folder;
    const auto snapshot = [&](const std::string& model, const std::string& revision, const std::string& config) {
        const std::string path = folder / ("hub/" + model + "/snapshots/" + revision);
        fs::create_directories(path);
        if (!config.empty()) write_file(path + "/config.json", config);
        return path;
    };
    setenv("HF_HOME", (folder / "").c_str(), 1);
    unsetenv("HF_HUB_CACHE");
    EXPECT_TRUE(local_checkpoints().empty());
    const std::string old = snapshot("models--openai-community--gpt2", "1a", R"({"model_type": "gpt2"})");
    const std::string latest = snapshot("models--openai-community--gpt2", "2b", R"({"model_type": "gpt2"})");
    fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(1));
    snapshot("models--bert", "1", R"({"model_type": "bert"})");
    snapshot("models--state-spaces--mamba", "1", R"({"model_type": "mamba"})");
    snapshot("models--damaged", "1", "{");
    snapshot("models--empty", "1", "");
    snapshot("datasets--imdb", "1", R"({"model_type": "bert"})");
    const auto found = local_checkpoints();
    unsetenv("HF_HOME");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].name, "bert");
    EXPECT_EQ(found[1].name, "openai-community/gpt2");
    EXPECT_EQ(found[1].family, "GPT-2");
    EXPECT_EQ(found[1].path, latest);
}

std::string exhibit_refusal(Params params) {
    RunRequest request;
    request.exhibit = "checkpoint";
    request.params = std::move(params);
    try {
        run(request);
    } catch (const Error& e) {
        return e.line();
    }
    return "it ran";
}

TEST(CheckpointExhibit, reads_ids_where_there_is_no_tokenizer) {
    const auto asking = [](const std::string& text, const std::string& family = "gpt2") {
        Params params;
        params.set("path", golden_checkpoint(family));
        params.set("text", text);
        return params;
    };
    EXPECT_EQ(exhibit_refusal(asking("3 1 4, 1\r\n5")), "it ran");
    EXPECT_SAYS(exhibit_refusal(asking("3 one 4")), "the text is read as ids, and 'one' is none: type numbers from 0 to 22");
    EXPECT_SAYS(exhibit_refusal(asking("3 23")), "'23' is none");
    EXPECT_SAYS(exhibit_refusal(asking("-1")), "'-1' is none");
    EXPECT_SAYS(exhibit_refusal(asking("99999999999999999999999")), "is none");
    EXPECT_SAYS(exhibit_refusal(asking("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17")), "17 tokens, and the model knows 16");
    EXPECT_EQ(exhibit_refusal(asking("1 2 3", "bert")), "it ran");
    Params nowhere = asking("1");
    nowhere.set("path", std::string("/no/such/folder"));
    EXPECT_SAYS(exhibit_refusal(nowhere), "/no/such/folder: there is no such folder");
}

TEST(CheckpointExhibit, bundled_model_reads_and_writes_english) {
    RunRequest request;
    request.exhibit = "checkpoint";
    request.params.set("text", std::string("Tom told Mary that he"));
    const TracePtr trace = run(request);
    EXPECT_EQ(trace->axis("token")->labels.front(), "Tom");
    EXPECT_EQ(trace->axis("token")->labels.back(), "·he");
    request.params.set("generate", std::int64_t{5});
    const TracePtr longer = run(request);
    const Index n = trace->axis("token")->extent, m = longer->axis("token")->extent;
    EXPECT_GT(m, n);
    EXPECT_EQ(longer->tensor("token.id").values.data()[n], trace->tensor("next.id").values.data()[0]) << "greedy";
    EXPECT_EQ(longer->tensor("token.written").values.data()[n], 1);
    EXPECT_EQ(longer->tensor("token.written").values.data()[n - 1], 0);
    EXPECT_SAYS(longer->texts().at("output"), "writes “");
    // What a hand changes, changes what is written: with its last layers silenced it says something else.
    for (const char* change : {"self.feed_forward[3]*=0", "self.attended[3]*=0", "self.feed_forward[2]*=0"})
        request.interventions.push_back(parse_intervention(change));
    const TracePtr changed = run(request);
    EXPECT_FALSE(std::ranges::equal(changed->tensor("token.id").values.values(), longer->tensor("token.id").values.values()));
}

TEST(Largest, comes_first_and_what_is_no_number_last) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(places_of_largest(std::vector<float>{1, 5, nan, 5, -2}, 9), (Ids{1, 3, 0, 4, 2}));
    EXPECT_EQ(places_of_largest(std::vector<float>{nan, nan, 0}, 2), (Ids{2, 0}));
    EXPECT_TRUE(places_of_largest(std::vector<float>{}, 3).empty());
}

TEST(Sampling, draws_from_the_likeliest) {
    const auto logits = Tensor<float>::from({5}, {0, 3, 2, 1, -9});
    const auto counted = [&](const Sampling& how) {
        std::vector<int> counts(5);
        Rng rng(3);
        for (int i = 0; i < 4000; ++i) ++counts[static_cast<std::size_t>(sampled_token(logits, how, rng))];
        return counts;
    };
    EXPECT_EQ(counted({})[1], 4000);
    EXPECT_EQ(counted({.temperature = 2, .top_k = 1})[1], 4000);
    EXPECT_EQ(counted({.temperature = 1, .top_p = 0.01})[1], 4000);
    const auto three = counted({.temperature = 1, .top_k = 3});
    EXPECT_EQ(three[0] + three[4], 0);
    const double z = std::exp(3.0) + std::exp(2.0) + std::exp(1.0);
    EXPECT_NEAR(three[2] / 4000.0, std::exp(2.0) / z, 0.03);
    // Of 0.64, 0.24, 0.09, 0.03: the first two hold 0.8 first.
    const auto nucleus = counted({.temperature = 1, .top_p = 0.8});
    EXPECT_EQ(nucleus[1] + nucleus[2], 4000);
    EXPECT_GT(nucleus[2], 900);
    EXPECT_GT(counted({.temperature = 5})[0], 400) << "hot: nearly even";
}

TEST(ExportCheckpoint, ours_is_a_folder_that_opens_with_the_same_numbers) {
    const TemporaryFolder folder;
    const ModelPtr model = bundled_model("english");
    const std::string path = folder / "english";
    export_checkpoint(*model, path);
    EXPECT_EQ(read_checkpoint_config(path).at("model_type"), "gpt2");
    const CheckpointPtr ours = checkpoint_of(model), theirs = read_checkpoint(path);
    EXPECT_EQ(ours->stack.design(), theirs->stack.design());
    EXPECT_EQ(ours->labels, theirs->labels);
    const std::string text = "I don't know what you are talking about.";
    const Ids ids = ours->tokenizer->encode(text).ids;
    EXPECT_EQ(ids, theirs->tokenizer->encode(text).ids);
    EXPECT_EQ(ours->tokenizer->decode(ids), text);
    const Probe probe({}, {});
    EXPECT_TRUE(
        std::ranges::equal(logits_aside(*ours, ids, probe, {}).values(), logits_aside(*theirs, ids, probe, {}).values()));
    EXPECT_SAYS(error_of(ErrorCode::io, [&] { export_checkpoint(*model, path); }), "is not empty");
    EXPECT_SAYS(error_of(ErrorCode::unsupported, [&] { export_checkpoint(*bundled_model("induction"), folder / "other"); }),
                "induction: no family");
    EXPECT_FALSE(fs::exists(folder / "other"));
}

}  // namespace
}  // namespace saccade::test::checkpoint_test
