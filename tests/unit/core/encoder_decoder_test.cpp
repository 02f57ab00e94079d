#include "checkpoint/encoder_decoder_run.hpp"
#include "unit/core/copied_checkpoint.hpp"

// T5 and Marian: what their configs say, what is typed, what is written. That the numbers are right:
// tests/golden/checkpoint_golden_test.cpp.

namespace saccade::test::encoder_decoder_test {
namespace {

/// Everything that the decoder's states depend on, as one tensor.
Tensor<float> states_of(const Copied& copied) {
    Probe probe({}, {});
    Reuse reuse;
    const EncoderDecoderRequest request{.source = {3, 1, 4, 1, 5, 9, 2, 6, 5}, .output = {7, 3, 3, 11, 2, 8, 0}};
    run_encoder_decoder(read_checkpoint(copied.path()), request, probe, reuse, {});
    return probe.finish().tensor("logits").values;
}

/// Does another value of a key give other numbers?
void expect_counts(const std::string& family, const std::string& key, const nlohmann::json& value) {
    const Copied usual(family), other(family);
    other.config(key, value);
    EXPECT_FALSE(std::ranges::equal(states_of(usual).values(), states_of(other).values())) << key;
}

std::string refused(const std::string& family, const std::string& key, const nlohmann::json& value) {
    const Copied copied(family);
    copied.config(key, value);
    return copied.refusal();
}

TEST(EncoderDecoderFolder, what_a_config_of_t5_says_counts_or_is_refused) {
    EXPECT_SAYS(refused("t5", "feed_forward_proj", "gated-gelu"),
                "there is no tensor 'encoder.block.0.layer.1.DenseReluDense.wi_0.weight'");
    EXPECT_SAYS(refused("t5", "feed_forward_proj", "gated-mish"), "the activation 'mish' is not known");
    EXPECT_SAYS(refused("t5", "feed_forward_proj", 3), "feed_forward_proj");
    EXPECT_SAYS(refused("t5", "relative_attention_num_buckets", 8), "has shape [10, 3], and config.json asks for [8, 3]");
    EXPECT_SAYS(refused("t5", "relative_attention_num_buckets", 2), "relative_attention_num_buckets");
    EXPECT_SAYS(refused("t5", "relative_attention_max_distance", 5), "'relative_attention_max_distance' is 5");
    EXPECT_SAYS(refused("t5", "tie_word_embeddings", false), "there is no tensor 'lm_head.weight'");
    EXPECT_SAYS(refused("t5", "num_decoder_layers", 3), "there is no tensor 'decoder.block.2.layer.0.SelfAttention.q.weight'");
    EXPECT_SAYS(refused("t5", "d_kv", 5), "and config.json asks for [15, 12]");
    EXPECT_SAYS(refused("t5", "num_heads", 4), "config.json asks for");
    EXPECT_SAYS(refused("t5", "decoder_start_token_id", 19), "decoder_start_token_id");
    EXPECT_SAYS(refused("t5", "eos_token_id", -1), "eos_token_id");
    EXPECT_SAYS(refused("t5", "layer_norm_epsilon", 2), "layer_norm_epsilon");
    EXPECT_EQ(refused("t5", "num_decoder_layers", nullptr), "it opened");
    expect_counts("t5", "relative_attention_max_distance", 6);
    expect_counts("t5", "layer_norm_epsilon", 0.1);
    expect_counts("t5", "feed_forward_proj", "gelu");
    expect_counts("t5", "decoder_start_token_id", 4);
    expect_counts("t5_gated", "feed_forward_proj", "gated-relu");
    expect_counts("t5", "scale_decoder_outputs", false);
    // As newer folders say it: every model is tied, and one that is not is not scaled.
    const Copied usual("t5_gated"), newer("t5_gated");
    newer.config("tie_word_embeddings", true);
    newer.config("scale_decoder_outputs", false);
    EXPECT_TRUE(std::ranges::equal(states_of(usual).values(), states_of(newer).values()));
    const Copied tied("t5_gated");
    tied.config("tie_word_embeddings", true);
    EXPECT_SAYS(said_by(tied), "did not end") << "lm_head, which is not asked for, is a copy where a table is tied";
}

TEST(EncoderDecoderFolder, what_a_config_of_marian_says_counts_or_is_refused) {
    for (const char* key : {"normalize_before", "normalize_embedding", "add_final_layer_norm", "is_decoder"})
        EXPECT_SAYS(refused("marian", key, true), std::string("config.json says true of ") + key);
    for (const char* key : {"static_position_embeddings", "is_encoder_decoder"})
        EXPECT_SAYS(refused("marian", key, false), std::string("config.json says false of ") + key);
    EXPECT_SAYS(refused("marian", "decoder_vocab_size", 17), "one table for both sides, of 19 and of 17 rows");
    EXPECT_SAYS(refused("marian", "share_encoder_decoder_embeddings", false),
                "there is no tensor 'encoder.embed_tokens.weight'");
    EXPECT_SAYS(refused("marian", "tie_word_embeddings", false), "there is no tensor 'lm_head.weight'");
    EXPECT_SAYS(refused("marian", "decoder_attention_heads", 5),
                "'decoder_attention_heads' of 5 does not divide 'd_model' of 12");
    EXPECT_SAYS(refused("marian", "encoder_ffn_dim", 21), "config.json asks for [21, 12]");
    EXPECT_SAYS(refused("marian", "bad_words_ids", {{1, 2}}), "bad_words_ids has words of several tokens");
    EXPECT_SAYS(refused("marian", "bad_words_ids", {{19}}), "bad_words_ids");
    EXPECT_SAYS(refused("marian", "bad_words_ids", "pad"), "a list of lists of ids");
    expect_counts("marian", "scale_embedding", false);
    expect_counts("marian", "activation_function", "relu");
    expect_counts("marian", "encoder_attention_heads", 3);
    expect_counts("marian", "decoder_start_token_id", 4);
}

TEST(EncoderDecoderFolder, positions_of_marian_may_be_stored_and_are_what_they_are_computed_as) {
    const Copied stored("marian");
    Tensor<float> sinusoids = sinusoidal_code<float>(0, 24, 12, true);
    const auto store = [&] {
        stored.weights([&](WeightMap& map) {
            for (const char* side : {"encoder", "decoder"})
                map.insert_or_assign(std::string("model.") + side + ".embed_positions.weight", sinusoids);
        });
    };
    store();
    EXPECT_EQ(stored.refusal(), "it opened");
    EXPECT_EQ(read_checkpoint(stored.path())->unused, "");
    sinusoids.data()[30] += 0.5f;
    store();
    EXPECT_SAYS(stored.refusal(), "'encoder.embed_positions.weight' holds other positions than sines and cosines");
}

Ids ids_of(const Trace& trace, const std::string& tensor) {
    Ids ids;
    for (const float id : trace.tensor(tensor).values.values()) ids.push_back(static_cast<Index>(id));
    return ids;
}

Ids written_by(const Copied& copied) {
    return with_written(*read_checkpoint(copied.path()), {3, 1, 4, 1, 5, 9, 2, 6, 0}, {}, 4, {}, Rng(1), Probe({}, {}), {});
}

TEST(EncoderDecoderFolder, generation_config_says_how_it_writes) {
    const Copied copied("marian");
    EXPECT_EQ(written_by(copied), (Ids{9, 9, 9, 4}));
    copied.config("bad_words_ids", {{9}, {18}});
    for (const Index id : written_by(copied)) EXPECT_NE(id, 9);
    write_file(copied("generation_config.json"),
               R"({"bad_words_ids": [[4]], "eos_token_id": 9, "decoder_start_token_id": 18})");
    EXPECT_EQ(written_by(copied), Ids{9}) << "which ends it, and may be written again";
    write_file(copied("generation_config.json"), R"({"eos_token_id": 19})");
    EXPECT_SAYS(copied.refusal(), "generation_config.json: 'eos_token_id' is 19");
    write_file(copied("generation_config.json"), "[");
    EXPECT_SAYS(copied.refusal(), "generation_config.json");
}

TEST(EncoderDecoderFolder, an_encoder_of_t5_alone_opens_as_an_encoder) {
    const Copied copied("t5");
    copied.weights(
        [](WeightMap& map) { std::erase_if(map, [](const auto& one) { return one.first.starts_with("decoder."); }); });
    const CheckpointPtr checkpoint = read_checkpoint(copied.path());
    EXPECT_FALSE(checkpoint->source.has_value());
    EXPECT_EQ(checkpoint->read_out, ReadOut::none);
    EXPECT_FALSE(checkpoint->stack.design().causal);
    EXPECT_EQ(checkpoint->unused, "");
}

TEST(EncoderDecoderFolder, what_is_stored_beside_the_one_table_is_no_tensor_too_many) {
    const Copied copied("t5");
    copied.weights([](WeightMap& map) {
        map.emplace("encoder.embed_tokens.weight", map.at("shared.weight"));
        map.emplace("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", Tensor<float>(Shape{10, 3}));
        map.emplace("decoder.block.0.layer.3.adapter.weight", Tensor<float>(Shape{2, 2}));
    });
    EXPECT_SAYS(read_checkpoint(copied.path())->unused,
                "1 of its tensors is not asked for by its config.json: "
                "decoder.block.0.layer.3.adapter.weight");
    copied.weights([](WeightMap& map) { map.erase("shared.weight"); });
    EXPECT_SAYS(copied.refusal(), "there is no tensor 'decoder.embed_tokens.weight'");
}

TEST(EncoderDecoderFolder, a_decoder_may_have_a_tokenizer_of_its_own) {
    const std::string model = bytes_of(std::string(SACCADE_TEST_DATA) + "/data/sentence_piece.model");
    const TemporaryFolder folder;
    put_bytes(folder / "source.spm", model);
    put_bytes(folder / "vocab.json", R"({"</s>": 0, "<unk>": 1, "<pad>": 2, "▁the": 3, "▁weather": 4})");
    EXPECT_EQ(read_target_tokenizer(folder / ""), nullptr);
    put_bytes(folder / "target.spm", model);
    std::shared_ptr<const Tokenizer> target;
    try {
        target = read_target_tokenizer(folder / "");
    } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::unsupported) << error.line();
        GTEST_SKIP() << error.line();
    }
    EXPECT_EQ(target->pieces("the"), read_tokenizer(folder / "")->pieces("the"));
    EXPECT_EQ(target->size(), 5);
    put_bytes(folder / "target_vocab.json", R"({"</s>": 0, "<unk>": 1, "<pad>": 2, "▁the": 7})");
    EXPECT_EQ(read_target_tokenizer(folder / "")->size(), 8);
    put_bytes(folder / "tokenizer.json", "{}");
    EXPECT_EQ(read_target_tokenizer(folder / ""), nullptr) << "it is for both";
}

RunRequest asking(const std::string& family, const std::string& text, const std::string& target = {}) {
    RunRequest request;
    request.exhibit = "checkpoint";
    request.params.set("path", golden_checkpoint(family));
    request.params.set("text", text);
    request.params.set("target", target);
    return request;
}

TEST(EncoderDecoderExhibit, writes_by_itself_what_is_not_typed) {
    const TracePtr trace = run(asking("marian", "3 1 4 1 5 9 2 6 0"));
    EXPECT_EQ(ids_of(*trace, "output.id"), (Ids{9, 9, 9, 4, 0}));
    EXPECT_EQ(ids_of(*trace, "decoder.id"), (Ids{18, 9, 9, 9, 4}));
    EXPECT_EQ(ids_of(*trace, "output.written"), (Ids{1, 1, 1, 1, 1}));
    EXPECT_TRUE(trace->notes().empty());
    EXPECT_EQ(trace->axis("output")->labels, (std::vector<std::string>{"#9", "#9", "#9", "#4", "#0"}));
    EXPECT_EQ(trace->axis("output.key")->labels.front(), "#18");
    EXPECT_EQ(trace->axis("source")->labels.front(), "#3");
    EXPECT_EQ(trace->tensor("cross.weights").values.shape(), (Shape{2, 2, 5, 9}));
    // A source that it does not end says so.
    const TracePtr endless = run(asking("t5", "3 1 4 1 5 9 2 6 5 3 5 8 9 7 1"));
    ASSERT_EQ(endless->notes().size(), 1u);
    EXPECT_SAYS(endless->notes()[0].text, "the output did not end within 64 tokens");
    EXPECT_EQ(endless->axis("output")->extent, 64);
}

TEST(EncoderDecoderFolder, a_search_ends_as_it_says) {
    const auto end_of = [](const nlohmann::json& said) {
        const Copied copied("marian");
        copied.config("early_stopping", said);
        return read_checkpoint(copied.path())->source->beam.end;
    };
    EXPECT_EQ(end_of(true), BeamEnd::early);
    EXPECT_EQ(end_of(false), BeamEnd::likely);
    EXPECT_EQ(end_of(nullptr), BeamEnd::likely);
    EXPECT_EQ(end_of("never"), BeamEnd::certain);
    EXPECT_SAYS(refused("marian", "early_stopping", "always"), "early_stopping");
}

TEST(EncoderDecoderExhibit, searches_with_as_many_hypotheses_as_its_folder_says) {
    Copied copied("marian");
    write_file(copied("generation_config.json"), R"({"num_beams": 3, "length_penalty": 0.5, "early_stopping": true})");
    RunRequest request = asking("marian", "3 1 4 1 5 9 2 6 0");
    request.params.set("path", copied.path());
    const TracePtr searched = run(request);
    ASSERT_EQ(searched->axis("beam.candidate")->extent, 6);
    EXPECT_TRUE(contains(searched->step_of("beam.score")->formula, "|y|^α"));
    EXPECT_TRUE(searched->notes().empty());
    // What is shown is the best of them, whose score and probability are said.
    const Ids best = ids_of(*searched, "output.id");
    const auto& rank = searched->tensor("beam.rank").values;
    const auto at = std::ranges::find(rank.values(), 1.0f) - rank.values().begin();
    EXPECT_NEAR(searched->tensor("beam.score").values.data()[at],
                searched->tensor("beam.log_probability").values.data()[at] / std::sqrt(static_cast<float>(best.size())), 1e-5);
    request.params.set("hypothesis", std::int64_t{2});
    EXPECT_NE(ids_of(*run(request), "output.id"), best);
    // A person's number counts; one is greedy, and what is drawn has no beam.
    request.params.set("beam", std::int64_t{1});
    EXPECT_EQ(ids_of(*run(request), "output.id"), (Ids{9, 9, 9, 4, 0}));
    EXPECT_EQ(run(request)->find("beam.score"), nullptr);
    request.params.set("beam", std::int64_t{2});
    EXPECT_EQ(run(request)->axis("beam.candidate")->extent, 4);
    request.params.set("temperature", 1.0);
    const TracePtr drawn = run(request);
    EXPECT_EQ(drawn->find("beam.score"), nullptr);
    ASSERT_EQ(drawn->notes().size(), 1u);
    EXPECT_SAYS(drawn->notes()[0].text, "tokens are drawn, so there is no beam");
    // Behind what was typed, too; and other models say that they have none.
    request.params.set("temperature", 0.0);
    request.params.set("hypothesis", std::int64_t{1});
    request.params.set("target", std::string("9 9"));
    request.params.set("generate", std::int64_t{5});
    const Ids forced = ids_of(*run(request), "output.id");
    EXPECT_EQ((Ids{forced[0], forced[1]}), (Ids{9, 9}));
    RunRequest other = asking("gpt2", "3 1 4");
    other.params.set("beam", std::int64_t{3});
    ASSERT_EQ(run(other)->notes().size(), 1u);
    EXPECT_SAYS(run(other)->notes()[0].text, "no decoder of its own");
    // More than are kept here, and several ends: it opens all the same, and says what is not as there.
    write_file(copied("generation_config.json"), R"({"num_beams": 200, "eos_token_id": [0, 3]})");
    RunRequest many = asking("marian", "3 1 4");
    many.params.set("path", copied.path());
    const TracePtr opened = run(many);
    EXPECT_EQ(opened->axis("beam.candidate")->extent % 64, 0);
    ASSERT_EQ(opened->notes().size(), 1u);
    EXPECT_SAYS(opened->notes()[0].text, "num_beams = 200, eos_token_id = [0,3]");
    write_file(copied("generation_config.json"), R"({"eos_token_id": [0]})");
    EXPECT_TRUE(run(many)->notes().empty());
    write_file(copied("generation_config.json"), R"({"eos_token_id": []})");
    EXPECT_SAYS(copied.refusal(), "an id from 0 to 18, or a list of them");
    write_file(copied("generation_config.json"), R"({"num_beams": 0})");
    EXPECT_SAYS(copied.refusal(), "generation_config.json: 'num_beams' is 0");
}

TEST(EncoderDecoderExhibit, a_target_is_forced_and_gone_on_from) {
    RunRequest request = asking("marian", "3 1 4 1 5 9 2 6 0", "9 9");
    EXPECT_EQ(ids_of(*run(request), "output.id"), (Ids{9, 9, 0}));
    EXPECT_EQ(ids_of(*run(request), "output.written"), (Ids{0, 0, 0}));
    request.params.set("target", std::string("9 9 0"));
    EXPECT_EQ(ids_of(*run(request), "output.id"), (Ids{9, 9, 0})) << "one end is enough";
    request.params.set("generate", std::int64_t{1});
    const TracePtr one = run(request);
    EXPECT_EQ(ids_of(*one, "output.id"), (Ids{9, 9, 9}));
    EXPECT_EQ(ids_of(*one, "output.written"), (Ids{0, 0, 1}));
    request.params.set("generate", std::int64_t{9});
    EXPECT_EQ(ids_of(*run(request), "output.id"), (Ids{9, 9, 9, 4, 0}));
    // What is read out is what was chosen at the position.
    request.params.set("position", std::int64_t{4});
    const TracePtr read = run(request);
    EXPECT_EQ(ids_of(*read, "next.id").front(), 4);
    EXPECT_SAYS(read->texts().at("output"), "at 4: “#4”");
}

TEST(EncoderDecoderExhibit, what_was_written_is_kept_while_nothing_that_it_depends_on_changes) {
    Reuse reuse;
    RunRequest request = asking("marian", "3 1 4 1 5 9 2 6 0");
    const auto output = [&] { return ids_of(*run(request, {}, {}, &reuse), "output.id"); };
    const Ids first = output();
    request.params.set("position", std::int64_t{2});
    EXPECT_EQ(output(), first);
    request.params.set("temperature", 3.0);
    const Ids drawn = output();
    EXPECT_NE(drawn, first);
    request.seed = 8;
    EXPECT_NE(output(), drawn);
    request.seed = RunRequest{}.seed;
    EXPECT_EQ(output(), drawn);
    request.params.set("temperature", 0.0);
    request.params.set("text", std::string("8 8 8 0"));
    EXPECT_NE(output(), first);
    request.params.set("text", std::string("3 1 4 1 5 9 2 6 0"));
    EXPECT_EQ(output(), first);
}

TEST(EncoderDecoderExhibit, what_a_hand_changes_changes_what_is_written) {
    RunRequest request = asking("marian", "3 1 4 1 5 9 2 6 0");
    request.interventions = {parse_intervention("cross.weights[0]*=0"), parse_intervention("cross.weights[1]*=0")};
    const TracePtr silenced = run(request);
    EXPECT_NE(ids_of(*silenced, "output.id"), (Ids{9, 9, 9, 4, 0}));
    // Without cross-attention the source does not matter.
    request.params.set("text", std::string("8 8 8 0"));
    EXPECT_EQ(ids_of(*run(request), "output.id"), ids_of(*silenced, "output.id"));
}

TEST(EncoderDecoderExhibit, says_what_it_does_not_read) {
    const Copied marian("marian"), gpt2;
    Params params;
    params.set("text", std::string("3 0"));
    params.set("second", std::string("7"));
    params.set("mask", true);
    params.set("position", std::int64_t{99});
    params.set("target", std::string("9"));
    const std::string said = said_by(marian, params);
    EXPECT_SAYS(said, "this model reads one text, and writes another");
    EXPECT_SAYS(said, "this model fills no gaps");
    EXPECT_SAYS(said, "the output has 2 tokens");
    Params target;
    target.set("target", std::string("9"));
    EXPECT_SAYS(said_by(gpt2, target), "has no decoder of its own");
    target.set("target", std::string("9 x"));
    EXPECT_SAYS(said_by(marian, target), "'x' is none: type numbers from 0 to 18");
    target.set("target", std::string("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 1 2 3 4 5 6 7 8"));
    EXPECT_SAYS(said_by(marian, target), "the target has 26 tokens, and the model knows 24 positions");
    Params text;
    text.set("text", std::string("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 1 2 3 4 5 6 7 8"));
    EXPECT_SAYS(said_by(marian, text), "the text has 25 tokens, and the model knows 24 positions");
    text.set("text", std::string("17"));
    EXPECT_SAYS(said_by(Copied("marian_separate"), text), "'17' is none: type numbers from 0 to 16");
    text.set("text", std::string(" "));
    EXPECT_SAYS(said_by(marian, text), "Text holds nothing but blanks");
    text.set("text", std::string(","));
    EXPECT_SAYS(said_by(marian, text), "there is nothing to read");
}

}  // namespace
}  // namespace saccade::test::encoder_decoder_test
