#include "model/card.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(card) {
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
