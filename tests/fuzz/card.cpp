#include "model/card.hpp"
#include "target.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::refuses_or_reads([&] {
        Card card = Card::parse(fuzz::text_of(data, size), "card");
        card.id();
        card.title("");
        card.licence();
        card.metric("accuracy");
        Card other;
        other.overlay(card);
    });
}
