#pragma once

#include <string>

#include "ui/app_state.hpp"

namespace saccade {

class Controller;
struct FigureOrigin;
struct Session;

/// What is opened and saved.
class Files {
 public:
    Files(AppState& state, Controller& act) : state_(state), act_(act) {}

    /// A session, a picture, weights, a checkpoint or an array, by what is in it. Errors become the banner. `matrix`: the
    /// parameter that an array is for; empty: the one with the cursor, or the first.
    void open(const std::string& path, const std::string& matrix = {});
    /// What a clipboard holds: a path, a file:// address, a picture's value; the first line that is one.
    void paste(const std::string& text);
    void save_session_to(const std::string& path);
    /// Opens what an earlier program left (Recovery::left).
    void restore_left();
    void export_now();
    void answer_prompt();
    /// Another document is opened: a prompt about the one before closes.
    void close_prompt();

 private:
    void open_array(const std::string& path, const std::string& matrix);
    void open_weights(const std::string& path);
    void open_session(const std::string& path);
    void show_session(const Session& session);
    bool open_picture_file(const std::string& path);
    void open_exported(const std::string& path, const FigureOrigin& origin);
    void open_from_prompt(const PathPrompt& prompt);

    AppState& state_;
    Controller& act_;
};

}  // namespace saccade
