#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "io/file_stamp.hpp"
#include "run/lesson_file.hpp"
#include "run/run_request.hpp"
#include "ui/saved_view.hpp"
#include "viz/view.hpp"

namespace saccade {

/// What a file that is opened turned out to be.
struct OpenedFile {
    enum class Kind { picture, run, weights, training, array, capture, model, path, lesson };
    Kind kind = Kind::picture;
    std::string path;
    std::optional<Error> problem;  // it cannot be read; the rest says nothing

    // A run: a session, or a picture that Saccade exported; of a model, a capture, and a path that was typed for a parameter of
    // an exhibit, the request alone, all of whose paths could be read.
    RunRequest request;
    std::optional<RunRequest> compared;
    std::vector<std::string> elsewhere;             // files that it names and that do not stand beside it
    std::optional<SavedView> view;                  // of a session,
    std::shared_ptr<const nlohmann::json> session;  // as it was read,
    FileStamp stamp;                                // and when
    ViewState figure;                               // of a picture

    std::shared_ptr<LessonFile> lesson;

    Tensor<float> array;
    bool readable = false;  // as a capture, too, whatever it is to a matrix
    std::string param;      // the parameter that the array or path is for; empty: the one with the cursor, or the first
};

/// Reads a file by what is in it: on any thread, as it may take its time. Nothing that it names is read. Of models and captures
/// all is read that a run needs, so that what is damaged takes nobody's place. Problem{cancelled} by `stop`.
OpenedFile open_file(const std::string& path, const std::stop_token& stop = {});
/// A path that was typed as `param` of a request, which has it already: is what it names there, and whole?
OpenedFile open_path(const RunRequest& request, const std::string& param, const std::stop_token& stop = {});
/// As a matrix, whatever it is called.
OpenedFile open_matrix_file(const std::string& path, const std::string& param);

}  // namespace saccade
