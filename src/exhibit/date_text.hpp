#pragma once

#include <string>
#include <string_view>

namespace saccade {

/// Is the text a date as people write it, in English or Chinese: a year, a month and a day in numbers or a name, and nothing
/// else? What train/dates_data.hpp writes is one.
bool is_date(std::u32string_view text);

/// As typed: dates with semicolons between them, at least one, and nothing else.
bool is_list_of_dates(const std::string& typed);

}  // namespace saccade
