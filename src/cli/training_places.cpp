#include "cli/training_places.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/text_file.hpp"
#include "model/card.hpp"
#include "train/training_file.hpp"

namespace saccade {

bool is_foreign_card(const std::string& path) {
    if (!std::filesystem::exists(path)) return false;
    try {
        const Card card = Card::parse(read_text(path, std::size_t{1} << 24), path);
        const nlohmann::json command = card.json().value("command", nlohmann::json());
        return !command.is_string() || !command.get<std::string>().starts_with("saccade train ");
    } catch (const Error&) {
        return true;
    }
}

bool is_foreign_checkpoint(const std::string& path) {
    return std::filesystem::exists(path) && !may_be_training_file(path);
}

TrainingPlaces::TrainingPlaces(const std::string& output)
    : weights(output),
      card(std::filesystem::path(output).replace_extension(".json").string()),
      checkpoint(output + ".checkpoint") {
    if (std::filesystem::path(output).extension() != ".safetensors")
        throw Error(ErrorCode::usage, "-o " + output + ": weights are written as .safetensors",
                    "choose a name with that ending");
}

void TrainingPlaces::check() const {
    if (is_foreign_card(card))
        throw Error(ErrorCode::usage, "-o " + weights + ": its model card would replace " + card + ", which is none",
                    "choose another name");
    if (is_foreign_checkpoint(checkpoint))
        throw Error(ErrorCode::usage, "-o " + weights + ": its checkpoint would replace " + checkpoint + ", which is none",
                    "choose another name");
    // Can they be written at all? Better now than after the training.
    for (const std::string& path : {weights, card, checkpoint}) AtomicFile(path).write("");
}

}  // namespace saccade
