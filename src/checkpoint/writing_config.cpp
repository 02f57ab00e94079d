#include "checkpoint/writing_config.hpp"

#include <fmt/core.h>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

/// Ids that are never written: a list of lists of one.
void read_forbidden(const JsonObject& config, Index vocabulary, const std::string& where, Ids& never) {
    const nlohmann::json* words = config.find("bad_words_ids");
    if (words == nullptr || words->is_null()) return;
    if (!words->is_array()) config.refuse("bad_words_ids", *words, "a list of lists of ids");
    never.clear();
    for (const nlohmann::json& word : *words) {
        if (word.is_array() && word.size() > 1)
            throw Error(ErrorCode::unsupported, where + ": bad_words_ids has words of several tokens",
                        "single tokens that are never written are known");
        const auto id = word.is_array() && !word.empty() ? whole_in<Index>(word.front(), 0, vocabulary - 1) : std::nullopt;
        if (!id) config.refuse("bad_words_ids", word, fmt::format("a list of one id from 0 to {}", vocabulary - 1));
        never.push_back(*id);
    }
}

/// A list of one is that one; of several, the first: the others are among what is not heeded.
void read_id(const JsonObject& config, const char* key, Index vocabulary, Index& id) {
    const nlohmann::json* value = config.find(key);
    if (value == nullptr || value->is_null()) return;
    if (!value->is_array()) return config.whole(key, id, Index{0}, vocabulary - 1);
    const auto first = value->empty() ? std::nullopt : whole_in<Index>(value->front(), 0, vocabulary - 1);
    if (!first) config.refuse(key, *value, fmt::format("an id from 0 to {}, or a list of them", vocabulary - 1));
    id = *first;
}

constexpr Index most_beams = 64;

void read_beam(const JsonObject& config, SourceSide& source) {
    const auto given = [&](const char* key) {
        const nlohmann::json* value = config.find(key);
        return value != nullptr && !value->is_null();
    };
    if (given("num_beams")) {
        config.whole("num_beams", source.beam.width, Index{1}, Index{1} << 20);
        source.beam.width = std::min(source.beam.width, most_beams);
    }
    if (given("length_penalty")) config.number("length_penalty", source.beam.length_penalty, -10, 10);
    if (given("early_stopping")) {
        const nlohmann::json& end = *config.find("early_stopping");
        if (end.is_boolean())
            source.beam.end = end.get<bool>() ? BeamEnd::early : BeamEnd::likely;
        else if (end == "never")
            source.beam.end = BeamEnd::certain;
        else
            config.refuse("early_stopping", end, "true, false or \"never\"");
    }
    if (given("renormalize_logits")) config.toggle("renormalize_logits", source.renormalised);
}

/// What generate() would heed.
std::string unheeded_in(const JsonObject& generation) {
    std::string names;
    const auto name_if = [&](const char* key, const auto& changes) {
        const nlohmann::json* value = generation.find(key);
        if (value == nullptr || value->is_null() || !changes(*value)) return;
        names += fmt::format("{}{} = {}", names.empty() ? "" : ", ", key, shorten(value->dump(), 20));
    };
    const auto over = [](double usual) {
        return [usual](const nlohmann::json& v) { return !v.is_number() || v.get<double>() != usual; };
    };
    for (const char* key :
         {"no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "min_length", "min_new_tokens", "diversity_penalty"})
        name_if(key, over(0));
    for (const char* key : {"repetition_penalty", "encoder_repetition_penalty", "num_beam_groups"}) name_if(key, over(1));
    name_if("num_beams", [](const nlohmann::json& v) { return v.is_number() && v.get<double>() > most_beams; });
    name_if("eos_token_id", [](const nlohmann::json& v) { return v.is_array() && v.size() > 1; });
    name_if("do_sample", [](const nlohmann::json& v) { return v != false; });
    for (const char* key :
         {"forced_bos_token_id", "forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens", "sequence_bias"})
        name_if(key, [](const nlohmann::json&) { return true; });
    return names;
}

}  // namespace

void read_writing(const CheckpointFolder& folder, const JsonObject& config, Index padding, Index end, Index vocabulary,
                  SourceSide& source) {
    const JsonObject generation(folder.generation, folder.path + ": generation_config.json");
    for (const JsonObject* said : {&config, &generation}) {
        const std::string where = folder.path + (said == &config ? ": config.json" : ": generation_config.json");
        read_id(*said, "pad_token_id", vocabulary, padding);
        read_id(*said, "eos_token_id", vocabulary, end);
        read_forbidden(*said, vocabulary, where, source.never);
        read_beam(*said, source);
    }
    source.unheeded = unheeded_in(generation);
    source.start = padding;
    source.end = end;
    for (const JsonObject* said : {&config, &generation}) read_id(*said, "decoder_start_token_id", vocabulary, source.start);
}

void require_usual(const JsonObject& config, const char* key, bool usual, const std::string& where, const std::string& hint) {
    bool set = usual;
    config.toggle(key, set);
    if (set != usual) throw Error(ErrorCode::unsupported, fmt::format("{}: config.json says {} of {}", where, set, key), hint);
}

}  // namespace saccade
