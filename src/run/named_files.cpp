#include "run/named_files.hpp"

#include <algorithm>
#include <filesystem>

#include "base/path_text.hpp"
#include "exhibit/exhibit.hpp"
#include "image/load_image.hpp"
#include "io/npz.hpp"

namespace saccade {

namespace fs = std::filesystem;

namespace {

/// The file that a parameter names; empty if it names none.
std::string file_of(const ParamSpec& spec, const Params& params) {
    if (!params.has(spec.name)) return "";
    if (spec.type == ParamType::image && names_picture_file(params.text(spec.name))) return params.text(spec.name);
    return spec.is_path ? path_from_text(params.text(spec.name)) : "";
}

/// Of "file.npz:name[2]".
std::string file_of_array(const std::string& source) {
    return split_array_name(split_array_source(source).array).file;
}

bool stands_in(const std::string& path, const fs::path& folder) {
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error);
    const fs::path whole = error ? fs::path() : fs::weakly_canonical(absolute, error);
    if (error || folder.empty()) return false;
    const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), whole.begin(), whole.end());
    return end == folder.end();
}

}  // namespace

std::vector<std::string> named_files(const RunRequest& request) {
    std::vector<std::string> files;
    const auto add = [&](const std::string& file) {
        if (!file.empty() && std::find(files.begin(), files.end(), file) == files.end()) files.push_back(file);
    };
    for (const ParamSpec& spec : exhibit(request.exhibit).params) add(file_of(spec, request.params));
    add(request.weights_path);
    for (const Intervention& intervention : request.interventions)
        if (!intervention.array_source.empty()) add(file_of_array(intervention.array_source));
    return files;
}

std::vector<std::string> files_elsewhere(const RunRequest& request, const std::string& folder) {
    std::error_code error;
    const fs::path whole = fs::canonical(folder.empty() ? fs::path(".") : fs::path(folder), error);
    std::vector<std::string> files = named_files(request);
    std::erase_if(files, [&](const std::string& file) { return !error && stands_in(file, whole); });
    return files;
}

void refuse_overwriting(const std::string& output, const std::vector<std::string>& read) {
    for (const std::string& file : read) {
        std::error_code not_there;
        if (fs::equivalent(output, path_from_text(file), not_there))
            throw Error(ErrorCode::usage, output + " is the file that is read, and would be overwritten",
                        "choose another name");
    }
}

RunRequest without_files(RunRequest request) {
    for (const ParamSpec& spec : exhibit(request.exhibit).params)
        if (!file_of(spec, request.params).empty()) request.params.set(spec.name, spec.fallback);
    request.weights_path.clear();
    std::erase_if(request.interventions, [](const Intervention& i) { return !i.array_source.empty(); });
    return request;
}

}  // namespace saccade
