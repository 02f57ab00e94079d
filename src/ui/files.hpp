#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "ui/app_state.hpp"
#include "ui/opened_file.hpp"
#include "ui/ready.hpp"

namespace saccade {

class Controller;

/// A file that is read.
struct FileComing {
    std::string path;
    std::chrono::steady_clock::time_point since;
    std::stop_source stop;
    std::shared_ptr<std::atomic<double>> progress = std::make_shared<std::atomic<double>>(0);  // 0: not known
    std::future<OpenedFile> file;
};

/// About the files that a session or a picture names elsewhere.
enum class FilesAnswer { read, leave_out, cancel };

/// What is opened and saved.
class Files {
 public:
    Files(AppState& state, Controller& act) : state_(state), act_(act) {}

    /// A session, a picture, weights, a checkpoint or an array, by what is in it. It is read off this thread, and used by
    /// poll(); errors become the banner. `matrix`: the parameter that an array is for; empty: the one with the cursor, or the
    /// first.
    void open(const std::string& path, const std::string& matrix = {});
    /// The same for a file that is a matrix, whatever it is called.
    void open_matrix(const std::string& path, const std::string& param);
    /// What was typed for a parameter that is a path: it becomes its value once what it names has been read. If that cannot be
    /// read, or for as long as it is read, all stays as it is; Document::path has what was typed.
    void open_path(const std::string& param, const std::string& written);
    /// Ends what is being read; it becomes nothing.
    void stop_reading();
    /// What is being read since then; null: nothing is.
    const FileComing* coming() const { return coming_.empty() ? nullptr : &coming_.front(); }
    /// Uses what was read. What names files elsewhere is asked about first (AppState::asking), and nothing of it is read
    /// before.
    void poll();
    /// Is anything still to be used?
    bool opening() const;
    /// Is anything still read?
    bool reading() const;
    void answer(FilesAnswer answer);
    /// What a clipboard holds as text: a path, a file:// address, a picture's value; the first line that is one. If none is,
    /// the picture that it holds.
    void paste(const std::string& text);
    void save_session_to(const std::string& path);
    /// Opens what an earlier program left (Recovery::left).
    void restore_left();
    void answer_prompt();
    /// Another document is opened: a prompt about the one before closes.
    void close_prompt();

 private:
    void show_session(const RunRequest& request, const std::optional<RunRequest>& compared, const SavedView& view,
                      const nlohmann::json& document);
    std::shared_ptr<FileLock> lock_on(const std::string& path, const std::string& hint);
    void take(OpenedFile file);
    void use(const OpenedFile& file);
    void use_array(const OpenedFile& file);
    /// The exhibit whose "path" it is, on this file or folder.
    void open_with(const std::string& exhibit, const std::string& path, const std::string& what);
    void use_run(const OpenedFile& file);
    void use_path(const OpenedFile& file);
    void put_path(const RunRequest& request, const std::string& param);
    void note_opened(const RunRequest& request);
    /// `read`: makes an OpenedFile, given a stop token.
    template <class Read>
    void start(const std::string& path, Read read);
    void open_from_prompt(const PathPrompt& prompt);

    AppState& state_;
    Controller& act_;
    std::deque<FileComing> coming_;  // in the order in which they were opened
    std::optional<OpenedFile> asked_about_;
    std::map<std::string, std::weak_ptr<FileLock>> locks_;  // of sessions, by their paths
    std::set<std::string> agreed_;                          // files that a person has named or agreed to
};

}  // namespace saccade
