#include "checkpoint/tokenizer_pipeline.hpp"
#include "target.hpp"

using namespace saccade;

/// tokenizer.json, and what it makes of a text with something for every part.
FUZZ_TARGET(tokenizer) {
    return fuzz::refuses_or_reads([&] {
        const auto tokenizer = tokenizer_of_json(fuzz::text_of(data, size), "tokenizer.json");
        for (const char* text :
             {"", "Hello w\u00f6rld, it's 3.14!\n  \u4f60\u597d <s>[MASK] \u2581e\u0301\u0323 \U0001f600 \xff\x80",
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}) {
            const Tokenizer::Encoded encoded = tokenizer->encode(text, "ab");
            fuzz::require(encoded.ids.size() == encoded.types.size() && encoded.ids.size() == encoded.special.size(),
                          "sizes differ");
            for (const Index id : encoded.ids) fuzz::require(id >= 0, "an id below zero");
            for (const Index id : encoded.ids) tokenizer->label(id);
            tokenizer->decode(encoded.ids);
            tokenizer->decode(encoded.ids, true);
        }
    });
}
