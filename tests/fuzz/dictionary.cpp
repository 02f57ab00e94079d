#include "train/dictionary.hpp"
#include "target.hpp"

using namespace saccade;

FUZZ_TARGET(dictionary) {
    const fuzz::MemoryFile file(data, size);
    return fuzz::refuses_or_reads([&] {
        const Dictionary dictionary = read_dictionary(file.path());
        simplified_characters(dictionary.entries);
        for (const DictionaryEntry& entry : dictionary.entries) translations(entry);
    });
}
