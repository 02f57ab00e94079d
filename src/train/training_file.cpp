#include "train/training_file.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "io/input_file.hpp"
#include "io/json_text.hpp"
#include "io/safetensors.hpp"

namespace saccade {

using nlohmann::json;

namespace {

constexpr Index most_steps = Index{1} << 40;

json to_json(const TrainOptions& options) {
    return {{"data_path", options.data_path},
            {"dictionary_path", options.dictionary_path},
            {"from", options.from},
            {"epochs", options.epochs},
            {"seed", options.seed},
            {"batch_size", options.batch_size},
            {"learning_rate", options.learning_rate},
            {"extra", options.extra}};
}

TrainOptions options_from_json(const JsonObject& j) {
    constexpr int most_epochs = 1000000, most_batch = 1 << 24;
    TrainOptions options;
    j.needs({"data_path", "epochs", "seed", "batch_size", "learning_rate", "extra"});
    j.text("data_path", options.data_path);
    j.text("dictionary_path", options.dictionary_path);
    j.text("from", options.from);
    j.whole("epochs", options.epochs, 0, most_epochs);
    j.whole("seed", options.seed);
    j.whole("batch_size", options.batch_size, 0, most_batch);
    j.number("learning_rate", options.learning_rate, 0);
    const JsonObject extra = j.object("extra");
    for (const auto& [name, value] : extra.value().items()) extra.number(name.c_str(), options.extra[name]);
    return options;
}

TrainPoint point_from(const json& p, const JsonObject& training) {
    const bool complete = p.is_array() && p.size() == 4;
    const auto step = complete ? whole_in<Index>(p[0], 0) : std::nullopt;
    const auto seconds = complete ? number_in(p[1], 0) : std::nullopt;
    if (!step || !seconds) training.refuse("points", p, "");
    // A loss that ran away is written as null.
    TrainPoint point{*step, *seconds, p[2].is_null() ? NAN : 0, std::nullopt};
    if (const auto loss = number_in(p[2])) point.loss = *loss;
    point.metric = number_in(p[3]);
    return point;
}

}  // namespace

void write_training_file(const std::string& path, const TrainingFile& file) {
    json points = json::array();
    for (const TrainPoint& p : file.points)
        points.push_back({p.step, p.seconds, p.loss, p.metric ? json(*p.metric) : json(nullptr)});
    json training = {{"task", file.task},
                     {"options", to_json(file.options)},
                     {"step", file.step},
                     {"seconds", file.seconds},
                     {"points", points}};
    if (!file.starts_from.is_null()) training["starts_from"] = file.starts_from;
    write_safetensors(path, file.tensors, StoredType::f32, {{"training", training.dump()}});
}

TrainingFile read_training_file(const std::string& path) {
    std::map<std::string, std::string> metadata;
    TrainingFile file;
    file.tensors = read_safetensors(path, &metadata);
    const auto entry = metadata.find("training");
    if (entry == metadata.end())
        throw Error(ErrorCode::bad_format, path + ": not a training checkpoint (no optimiser state in it)",
                    "choose a file written by 'Save checkpoint' or left by 'saccade train'");
    const std::string damaged = path + ": the metadata entry 'training'", hint = "start the training again";
    const json document = parse_json(entry->second, damaged, hint);
    const JsonObject training(document, damaged, hint);
    training.needs({"task", "options", "step", "seconds", "points"}).text("task", file.task);
    file.options = options_from_json(training.object("options"));
    training.whole<Index>("step", file.step, 0, most_steps);
    training.number("seconds", file.seconds, 0);
    if (const auto found = document.find("starts_from"); found != document.end()) file.starts_from = *found;
    for (const json& p : training.list("points")) file.points.push_back(point_from(p, training));
    return file;
}

bool may_be_training_file(const std::string& path) {
    if (InputFile(path).size() == 0) return true;
    if (!begins_as_safetensors(path)) return false;
    try {
        return read_safetensors_metadata(path).contains("training");
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
        return true;
    }
}

}  // namespace saccade
