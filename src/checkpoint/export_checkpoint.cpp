#include "checkpoint/export_checkpoint.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "checkpoint/checkpoint.hpp"
#include "io/atomic_file.hpp"
#include "model/card_json.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

const Family& written_family(const Model& model) {
    const std::string where = model.id.empty() ? model.path : model.id;
    std::string type;
    card_object(model.card.json(), where).text("family", type);
    if (!type.empty())
        if (const Family& family = family_named(type, where); family.unmap != nullptr) return family;
    throw Error(ErrorCode::unsupported,
                where + ": no family of published models has its layout, so no other program could open the folder",
                "these can be written: english");
}

void make_empty_folder(const std::string& folder) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_directory(folder, error))
        throw Error(ErrorCode::io, folder + ": is no folder", "name one that is not there yet");
    if (fs::is_directory(folder, error) && !fs::is_empty(folder, error))
        throw Error(ErrorCode::io, folder + ": is not empty", "name a folder that is not there yet");
    fs::create_directories(folder, error);
    if (error) throw Error(ErrorCode::io, folder + ": cannot be made (" + error.message() + ")", "name another folder");
}

}  // namespace

void export_checkpoint(const Model& model, const std::string& folder) {
    const Family& family = written_family(model);
    const std::string tokenizer = tokenizer_text(model);
    CheckpointFolder written = family.unmap(mapped_model(model));
    written.config["torch_dtype"] = "float32";
    make_empty_folder(folder);
    const auto at = [&](const char* name) { return (fs::path(folder) / name).string(); };
    write_safetensors(at("model.safetensors"), written.tensors, StoredType::f32, {{"format", "pt"}});
    write_file(at("tokenizer.json"), tokenizer);
    write_file(at("config.json"), written.config.dump(2) + "\n");
}

}  // namespace saccade
