#include "ui/opened_file.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "base/path_text.hpp"
#include "base/translate.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/family.hpp"
#include "exhibit/capture_source.hpp"
#include "exhibit/checkpoint_text.hpp"
#include "exhibit/exhibit.hpp"
#include "exhibit/read_ahead.hpp"
#include "image/load_image.hpp"
#include "io/json_text.hpp"
#include "io/safetensors.hpp"
#include "io/text_file.hpp"
#include "params/matrix_file.hpp"
#include "run/named_files.hpp"
#include "run/session.hpp"
#include "viz/export.hpp"

namespace saccade {

namespace {

bool is_array_ending(const std::string& ending) {
    return ending == ".npy" || ending == ".npz" || ending == ".csv" || ending == ".tsv" || ending == ".txt" ||
           ending.rfind(".npz:", 0) == 0;
}

bool is_picture_ending(std::string ending) {
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return ending == ".png" || ending == ".jpg" || ending == ".jpeg" || ending == ".webp";
}

void find_elsewhere(OpenedFile& file, const RunRequest& request) {
    const std::string folder = std::filesystem::path(file.path).parent_path().string();
    for (const std::string& named : files_elsewhere(request, folder))
        if (std::find(file.elsewhere.begin(), file.elsewhere.end(), named) == file.elsewhere.end())
            file.elsewhere.push_back(named);
}

void find_elsewhere(OpenedFile& file) {
    find_elsewhere(file, file.request);
    if (file.compared) find_elsewhere(file, *file.compared);
}

void read_exported(OpenedFile& file) {
    const FigureOrigin origin = read_origin(file.path);
    file.request = request_from_text(origin.request);
    if (!origin.compared.empty()) file.compared = request_from_text(origin.compared);
    file.figure = origin.view;
    file.kind = OpenedFile::Kind::run;
    find_elsewhere(file);
}

void read_lesson(OpenedFile& file) {
    file.lesson = std::make_shared<LessonFile>(load_lesson(file.path));
    file.kind = OpenedFile::Kind::lesson;
    for (const LessonScene& scene : file.lesson->scenes) {
        static_cast<void>(saved_view_from_json(scene.view));  // what is wrong in it is said now, not before the class
        find_elsewhere(file, scene.request);
        if (scene.compared) find_elsewhere(file, *scene.compared);
    }
}

void read_session(OpenedFile& file) {
    file.stamp = stamp_of(file.path);
    const std::string text = read_text(file.path, JsonLimits().bytes);
    // A lesson is written by hand: there a fault is mended.
    const bool by_hand = text.find("saccade-lesson") != std::string::npos;
    if (is_lesson(parse_json(text, file.path, by_hand ? msg("mend it there") : msg("open a file that Saccade has saved"))))
        return read_lesson(file);
    const Session session = load_session(file.path);
    exhibit(session.request.exhibit);
    file.view = saved_view_from_json(session.view);
    file.request = session.request;
    file.compared = session.compared;
    file.session = std::make_shared<const nlohmann::json>(session.document);
    file.kind = OpenedFile::Kind::run;
    find_elsewhere(file);
}

/// What the request's paths name is read as its run will.
void read_ahead(const RunRequest& request, const std::stop_token& stop) {
    const Exhibit& e = exhibit(request.exhibit);
    saccade::read_ahead(e, resolve(e.params, request.params), stop);
}

void read_capture(OpenedFile& file, const std::stop_token& stop) {
    file.kind = OpenedFile::Kind::capture;
    file.request.exhibit = "capture";
    file.request.params.set("path", text_of_path(file.path));
    read_ahead(file.request, stop);
}

void read_weights(OpenedFile& file, const std::stop_token& stop) {
    if (looks_like_capture(file.path)) return read_capture(file, stop);
    const bool training = read_safetensors_metadata(file.path).count("training") != 0;
    file.kind = training ? OpenedFile::Kind::training : OpenedFile::Kind::weights;
}

std::optional<Error> wrong_as_capture(const std::string& path) {
    try {
        open_capture_file(path);
        return std::nullopt;
    } catch (const Error& error) {
        return error;
    }
}

void read_array_file(OpenedFile& file) {
    file.kind = OpenedFile::Kind::array;
    const std::string ending = std::filesystem::path(file.path).extension().string();
    std::optional<Error> wrong;
    const bool arrays = ending == ".npy" || ending == ".npz";
    if (arrays) wrong = wrong_as_capture(file.path);
    file.readable = arrays && !wrong;
    try {
        file.array = read_matrix(file.path);
    } catch (const Error&) {
        if (wrong) throw *wrong;  // what is neither is more likely meant for a capture
        throw;
    }
}

void read_model_folder(OpenedFile& file, const std::stop_token& stop) {
    file.kind = OpenedFile::Kind::model;
    const Family& family = family_of(read_checkpoint_config(file.path), file.path);
    const bool pictures = family.map == nullptr;
    file.request.exhibit = pictures ? "vision-checkpoint" : "checkpoint";
    file.request.params.set("path", text_of_path(file.path));
    if (pictures) file.request.params.set("image", std::string("sample:cat"));  // more to most models than a digit
    read_ahead(file.request, stop);
    if (pictures) return;
    // The text that stands there at first is English: without a tokenizer ids do for a look at the model.
    const CheckpointPtr model = checkpoint_of(file.path, stop);
    const bool has_tokenizer = (model->source ? model->source->tokenizer : model->tokenizer) != nullptr;
    const Index rows = model->source ? model->source->encoder.vocabulary() : model->vocabulary();
    if (!has_tokenizer) file.request.params.set("text", first_ids_text(rows));
}

void read_by_content(OpenedFile& file, const std::stop_token& stop) {
    std::error_code error;
    if (std::filesystem::is_directory(file.path, error)) return read_model_folder(file, stop);
    const std::string ending = std::filesystem::path(file.path).extension().string();
    if (ending == ".safetensors" || ending == ".checkpoint") return read_weights(file, stop);
    if (is_array_ending(ending)) return read_array_file(file);
    if (ending == ".svg" || ending == ".pdf" || ending == ".html") return read_exported(file);
    if (ending == ".pkl" || ending == ".pt" || ending == ".pth" || ending == ".bin")
        throw Error(ErrorCode::unsupported, file.path + ": is a pickle, which could run anything when it is read",
                    "save arrays with numpy.save or safetensors, and open that");
    if (!is_picture_ending(ending) && !is_image_file(file.path)) return read_session(file);
    try {
        read_exported(file);
    } catch (const Error&) {
        file.kind = OpenedFile::Kind::picture;  // an ordinary one; whoever decodes it says what is wrong, if something is
    }
}

template <class Read>
OpenedFile read_as(const std::string& path, const Read& read) {
    OpenedFile file;
    file.path = path;
    try {
        read(file);
    } catch (...) {
        file.problem = current_error();
    }
    return file;
}

}  // namespace

OpenedFile open_file(const std::string& path, const std::stop_token& stop) {
    return read_as(path, [&](OpenedFile& file) { read_by_content(file, stop); });
}

OpenedFile open_path(const RunRequest& request, const std::string& param, const std::stop_token& stop) {
    return read_as(request.params.text(param), [&](OpenedFile& file) {
        file.kind = OpenedFile::Kind::path;
        file.request = request;
        file.param = param;
        read_ahead(request, stop);
    });
}

OpenedFile open_matrix_file(const std::string& path, const std::string& param) {
    OpenedFile file = read_as(path, read_array_file);
    file.param = param;
    return file;
}

}  // namespace saccade
