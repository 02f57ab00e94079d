#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/tokenizer.hpp"

namespace saccade {

/// What stands around a text, or two: [CLS] a [SEP] b [SEP].
struct PostProcessor {
    struct Part {
        int text = -1;           // 0 or 1: the tokens of that text; -1: these ids
        std::vector<Index> ids;  // special
        Index type = 0;
    };
    std::vector<Part> single, pair;

    Tokenizer::Encoded process(std::vector<Index> first, const std::vector<Index>* second) const;
};

/// The texts alone, one after the other.
PostProcessor no_post_processor();
/// [CLS] a [SEP], and b [SEP] of type 1.
PostProcessor bert_post_processor(Index cls, Index sep);
/// <s> a </s>, and </s> b </s>; all of type 0.
PostProcessor roberta_post_processor(Index cls, Index sep);
/// As tokenizer.json describes it; null: none. Errors as read_normalizer().
PostProcessor read_post_processor(const nlohmann::json& description, const std::string& where);

}  // namespace saccade
