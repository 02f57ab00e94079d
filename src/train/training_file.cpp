#include "train/training_file.hpp"

#include <nlohmann/json.hpp>

#include "io/safetensors.hpp"

namespace saccade {

using nlohmann::json;

namespace {

json to_json(const TrainOptions& options) {
    return {{"data_path", options.data_path},
            {"dictionary_path", options.dictionary_path},
            {"epochs", options.epochs},
            {"seed", options.seed},
            {"batch_size", options.batch_size},
            {"learning_rate", options.learning_rate},
            {"extra", options.extra}};
}

TrainOptions options_from_json(const json& j) {
    TrainOptions options;
    options.data_path = j.at("data_path").get<std::string>();
    options.dictionary_path = j.value("dictionary_path", std::string());
    options.epochs = j.at("epochs").get<int>();
    options.seed = j.at("seed").get<std::uint64_t>();
    options.batch_size = j.at("batch_size").get<int>();
    options.learning_rate = j.at("learning_rate").get<double>();
    options.extra = j.at("extra").get<std::map<std::string, double>>();
    return options;
}

}  // namespace

void write_training_file(const std::string& path, const TrainingFile& file) {
    json points = json::array();
    for (const TrainPoint& p : file.points)
        points.push_back({p.step, p.seconds, p.loss, p.metric ? json(*p.metric) : json(nullptr)});
    const json training = {{"task", file.task},
                           {"options", to_json(file.options)},
                           {"step", file.step},
                           {"seconds", file.seconds},
                           {"points", points}};
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
    try {
        const json training = json::parse(entry->second);
        file.task = training.at("task").get<std::string>();
        file.options = options_from_json(training.at("options"));
        file.step = training.at("step").get<Index>();
        file.seconds = training.at("seconds").get<double>();
        for (const json& p : training.at("points")) {
            TrainPoint point{p.at(0).get<Index>(), p.at(1).get<double>(), p.at(2).get<double>(), std::nullopt};
            if (!p.at(3).is_null()) point.metric = p.at(3).get<double>();
            file.points.push_back(point);
        }
    } catch (const json::exception&) {
        throw Error(ErrorCode::bad_format, path + ": the metadata entry 'training' is damaged", "start the training again");
    }
    if (file.step < 0) throw Error(ErrorCode::bad_format, path + ": negative step count", "start the training again");
    return file;
}

}  // namespace saccade
