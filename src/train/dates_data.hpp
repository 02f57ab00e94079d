#pragma once

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

// Dates as people write them, and the same dates in ISO 8601, with the gold alignment: which source characters each output
// digit is read from. Made by a seeded generator, so there is nothing to download and no licence to ask for.
//
// Conventions that make every form unambiguous: with slashes or dots the day comes before the month unless a four-digit year
// comes first; a two-digit year yy is 19yy from 50 on, else 20yy.

using CalendarDate = std::chrono::year_month_day;

/// Days of the calendar that the generator draws from: 1950-01-01 to 2049-12-31.
Index date_count();
CalendarDate nth_date(Index n);
/// One day in ten, chosen by a hash of the day, is never written in training in any form.
bool is_held_out(const CalendarDate& date);
/// "2019-09-30", 10 characters.
std::string iso_date(const CalendarDate& date);

/// A way to write dates. `pattern` is text with fields in braces, for instance "{weekday}, {month} {day}, {year}".
struct DateForm {
    std::string id;
    std::string pattern;
};
const std::vector<DateForm>& date_forms();

/// Consecutive source characters; count 0: none (the hyphens of the output are read from nowhere).
struct GoldSpan {
    Index start = 0, count = 0;
    bool contains(Index i) const { return i >= start && i < start + count; }
};

struct DateExample {
    CalendarDate date;
    std::size_t form = 0;
    std::u32string source;          // code points
    std::string target;             // ISO
    std::array<GoldSpan, 10> gold;  // one per target character
};

/// The date in a form, as the pattern says, without noise.
DateExample write_date(const CalendarDate& date, std::size_t form);
/// What people do to dates: other case, doubled or stray spaces, a full stop at the end, and now and then a character that the
/// model does not know (unknown_character) in place of one that no digit is read from. The gold spans move along.
void add_noise(DateExample& example, Rng& rng);
/// Stands for any character outside source_alphabet().
inline constexpr char32_t unknown_character = U'\uFFFD';

/// A noisy example of a random training day in one of the given forms.
DateExample draw_training_date(Rng& rng, std::span<const std::size_t> forms);
/// n noisy examples of held-out days in all forms; the same ones every time.
std::vector<DateExample> held_out_dates(Index n);

/// Every character that the generator writes, sorted.
const std::u32string& source_alphabet();
/// The forms cut into `groups` of equal size (or one less), shortest first: a shard that draws from one group has little
/// padding, and the shards together draw from all forms evenly.
std::vector<std::vector<std::size_t>> forms_by_length(int groups);

}  // namespace saccade
