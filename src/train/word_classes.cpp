#include "train/word_classes.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/utf8.hpp"
#include "model/bpe.hpp"

namespace saccade {

namespace {

struct ClassList {
    WordClass word_class;
    const char* words;  // comma between two
};

constexpr std::array<ClassList, 8> lists = {{
    {WordClass::place,
     "china,japan,france,germany,italy,spain,portugal,russia,india,egypt,brazil,canada,australia,mexico,argentina,chile,peru,"
     "cuba,colombia,venezuela,bolivia,ecuador,uruguay,paraguay,panama,jamaica,haiti,england,scotland,ireland,wales,britain,"
     "norway,sweden,denmark,finland,iceland,poland,austria,switzerland,belgium,holland,luxembourg,greece,turkey,hungary,"
     "romania,bulgaria,serbia,croatia,slovenia,slovakia,albania,ukraine,belarus,lithuania,latvia,estonia,georgia,armenia,"
     "azerbaijan,kazakhstan,uzbekistan,afghanistan,iran,iraq,syria,jordan,lebanon,israel,saudi arabia,kuwait,yemen,oman,qatar,"
     "pakistan,nepal,bhutan,bangladesh,sri lanka,thailand,vietnam,laos,cambodia,burma,myanmar,malaysia,singapore,indonesia,"
     "brunei,mongolia,north korea,south korea,korea,new zealand,fiji,morocco,algeria,tunisia,libya,sudan,ethiopia,somalia,"
     "kenya,uganda,tanzania,rwanda,zambia,zimbabwe,botswana,namibia,south africa,madagascar,angola,congo,nigeria,ghana,senegal,"
     "mali,cameroon,malta,cyprus,monaco,"
     "beijing,shanghai,tianjin,chongqing,guangzhou,shenzhen,hong kong,macau,taiwan,taipei,nanjing,hangzhou,suzhou,wuhan,"
     "chengdu,xi'an,harbin,dalian,qingdao,kunming,xiamen,lhasa,tibet,xinjiang,sichuan,yunnan,hainan,"
     "tokyo,osaka,kyoto,nagoya,yokohama,kobe,hiroshima,nagasaki,sapporo,nara,fukuoka,okinawa,seoul,pyongyang,bangkok,hanoi,"
     "manila,jakarta,delhi,new delhi,mumbai,calcutta,kabul,tehran,baghdad,damascus,jerusalem,cairo,istanbul,ankara,athens,"
     "rome,milan,venice,florence,naples,paris,lyon,marseille,london,oxford,cambridge,manchester,liverpool,edinburgh,dublin,"
     "berlin,munich,hamburg,frankfurt,cologne,vienna,prague,warsaw,budapest,bucharest,sofia,belgrade,moscow,kiev,helsinki,"
     "stockholm,oslo,copenhagen,amsterdam,brussels,geneva,zurich,madrid,barcelona,lisbon,new york,boston,chicago,washington,"
     "los angeles,san francisco,seattle,houston,philadelphia,miami,detroit,atlanta,dallas,denver,las vegas,hawaii,california,"
     "texas,florida,alaska,toronto,montreal,vancouver,ottawa,havana,buenos aires,rio de janeiro,sydney,melbourne,"
     "canberra,nairobi,europe,asia,africa"},
    {WordClass::name,
     "tom,mary,john,jack,bill,jim,mike,michael,peter,paul,david,george,henry,james,jane,kate,lucy,nancy,emily,alice,anna,linda,"
     "bob,ken,daniel,dennis,thomas,robert,richard,william,charles,edward,frank,fred,kevin,mark,martin,oliver,philip,sam,"
     "steve,tony,victor,walter,albert,alexander,alfred,arthur,adam,andrew,anthony,ben,benjamin,carol,catherine,christine,"
     "diana,elizabeth,emma,eva,grace,helen,jessica,jennifer,judy,julia,karen,laura,lily,lisa,margaret,maria,marie,monica,"
     "rose,sarah,sophia,susan,teresa,victoria,harry,jackson,smith,johnson,max,mario,carlos,louis,simon,joseph,tim,nick,ross"},
    {WordClass::food,
     "rice,bread,meat,fish,beef,pork,chicken,mutton,soup,cheese,milk,tea,coffee,beer,wine,juice,water,sugar,salt,butter,"
     "chocolate,tofu,ice cream,cake,pizza,salad,honey,jam,ham,spaghetti,noodles,dumplings,seafood,shrimp,green tea,black tea,"
     "orange juice,apple juice,red wine,sushi,yogurt,bacon,corn,cabbage,garlic,ginger,pepper,vinegar,porridge,candy,lamb"},
    {WordClass::fruit,
     "apple,pear,orange,banana,lemon,peach,watermelon,melon,tomato,potato,carrot,cucumber,mango,pineapple,cherry,strawberry,"
     "onion,egg,sandwich,hamburger,coconut,plum,grape,kiwi,pumpkin,mushroom"},
    {WordClass::profession,
     "teacher,doctor,lawyer,nurse,engineer,student,farmer,driver,cook,policeman,soldier,writer,singer,actor,dancer,painter,"
     "artist,musician,pianist,scientist,professor,journalist,reporter,photographer,secretary,translator,dentist,pilot,"
     "businessman,waiter,waitress,carpenter,baker,tailor,barber,librarian,architect,accountant,banker,judge,detective,"
     "firefighter,fisherman,worker,programmer,poet,novelist,sailor,gardener,plumber,electrician,mechanic,athlete,coach,"
     "surgeon,veterinarian,economist,historian,mathematician,physicist,chemist,biologist,politician,diplomat,guide,priest"},
    {WordClass::number,
     "three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fifteen,twenty,thirty,forty,fifty,sixty,"
     "seventy,eighty,ninety"},
    {WordClass::weekday, "monday,tuesday,wednesday,thursday,friday,saturday,sunday"},
    {WordClass::month, "january,february,march,april,may,june,july,august,september,october,november,december"},
}};

std::vector<std::string> words_of(const char* list) {
    std::vector<std::string> words;
    std::string word;
    for (const char* c = list; *c != '\0'; ++c) {
        if (*c != ',')
            word += *c;
        else
            words.push_back(std::exchange(word, ""));
    }
    words.push_back(word);
    return words;
}

std::string plural(const std::string& word) {
    if (word.ends_with("y")) return word.substr(0, word.size() - 1) + "ies";
    const bool es = word.ends_with("ch") || (word.ends_with("o") && word != "kiwi");
    return word + (es ? "es" : "s");
}

/// How often both sides of a pair hold the two.
std::size_t together(const std::string& written, const std::string& english, const std::vector<SentencePair>& pairs,
                     const std::vector<std::string>& padded) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i)
        if (pairs[i].chinese.find(written) != std::string::npos && padded[i].find(" " + english + " ") != std::string::npos)
            ++count;
    return count;
}

std::vector<std::string> padded_english(const std::vector<SentencePair>& pairs) {
    std::vector<std::string> all;
    for (const SentencePair& pair : pairs) all.push_back(spaced_words(pair.english));
    return all;
}

/// 广州市 is spoken of as 广州.
std::string without_city(const std::string& written) {
    const std::string city = "市";
    return written.ends_with(city) && written.size() >= 3 * city.size() ? written.substr(0, written.size() - city.size())
                                                                        : written;
}

bool fits_class(WordClass word_class, const DictionaryEntry& entry) {
    const bool proper = word_class == WordClass::place || word_class == WordClass::name;
    const bool calendar = word_class == WordClass::weekday || word_class == WordClass::month;
    const std::size_t length = code_points(entry.simplified).size();
    if (entry.simplified.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != std::string::npos)
        return false;
    if (proper) return entry.proper() && length >= 2;
    if (calendar) return length >= 2;
    const bool longer = word_class == WordClass::fruit || word_class == WordClass::profession;
    return !entry.proper() && (!longer || length >= 2);
}

}  // namespace

std::vector<ClassWord> class_words(const std::vector<DictionaryEntry>& dictionary, const std::vector<SentencePair>& pairs) {
    std::map<std::string, std::vector<const DictionaryEntry*>> meaning;
    std::map<std::string, std::vector<WordClass>> classes_of;
    for (const ClassList& list : lists)
        for (const std::string& word : words_of(list.words)) classes_of[word].push_back(list.word_class);
    for (const DictionaryEntry& entry : dictionary)
        for (const std::string& word : translations(entry))
            if (classes_of.contains(word)) meaning[word].push_back(&entry);
    const std::vector<std::string> padded = padded_english(pairs);
    std::vector<ClassWord> words;
    for (const ClassList& list : lists)
        for (const std::string& english : words_of(list.words)) {
            std::vector<ClassWord> found;
            std::vector<std::pair<std::size_t, std::size_t>> counts;  // together in pairs; then in entries
            std::set<std::string> seen;
            for (const DictionaryEntry* entry : meaning[english]) {
                const std::string written =
                    list.word_class == WordClass::place ? without_city(entry->simplified) : entry->simplified;
                if (!fits_class(list.word_class, *entry) || !seen.insert(written).second) continue;
                found.push_back({list.word_class, written, english, false});
                counts.emplace_back(together(written, english, pairs, padded), 0);
            }
            // Of words that no pair holds, the one that other entries are made of: 缅甸, not 全国民主联盟.
            for (std::size_t i = 0; i < found.size() && found.size() > 1; ++i)
                counts[i].second = static_cast<std::size_t>(std::ranges::count_if(dictionary, [&](const DictionaryEntry& e) {
                    return e.simplified.find(found[i].chinese) != std::string::npos;
                }));
            if (found.empty()) continue;
            const auto most = static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin());
            found[most].usual = true;
            for (std::size_t i = 0; i < found.size(); ++i)
                if (i == most || counts[i].first > 0) words.push_back(found[i]);
            if (list.word_class == WordClass::fruit)
                words.push_back({WordClass::fruits, found[most].chinese, plural(english), true});
        }
    return words;
}

}  // namespace saccade
