#include "ui/recovery.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error_line.hpp"
#include "io/atomic_file.hpp"
#include "ui/saved_view.hpp"

namespace saccade {

namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds between_looks(200), between_writes(250), patience(2000);

bool was_edited(const Document& document) {
    return document.edited || document.comparing || document.training.run || document.training.resuming.valid() ||
           !(document.options == ViewOptions{});
}

/// The next start may be in another folder.
RunRequest with_whole_paths(RunRequest request) {
    std::error_code error;
    if (request.weights_path.empty()) return request;
    const std::filesystem::path whole = std::filesystem::absolute(request.weights_path, error);
    if (!error) request.weights_path = whole.string();
    return request;
}

Session kept_session(const Document& document, const ViewSettings& view) {
    Session session = session_of(document, view);
    if (document.training.run || document.training.resuming.valid()) session.document["training"] = true;
    session.request = with_whole_paths(std::move(session.request));
    if (session.compared) session.compared = with_whole_paths(std::move(*session.compared));
    return session;
}

std::string text_of(const std::vector<Session>& work) {
    json document = to_json(work.front());
    document["others"] = json::array();
    for (std::size_t i = 1; i < work.size(); ++i) document["others"].push_back(to_json(work[i]));
    return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

Recovery::~Recovery() {
    writer_.request_stop();
    changed_.notify_all();
}

void Recovery::start() {
    try {
        left_ = RecoveryFile::find_left();
    } catch (...) {
        // What stands there is no work of ours.
    }
    try {
        own_ = RecoveryFile::make();
        writer_ = std::jthread([this](const std::stop_token& quit) { work(quit); });
    } catch (...) {
        own_.reset();  // the window works without, and says so
        problem_ = current_error();
    }
}

std::string Recovery::training_path(const std::string& exhibit) const {
    return own_ ? own_->training_path(exhibit) : std::string();
}

std::string Recovery::left_training(const std::string& exhibit) const {
    if (!left_) return {};
    if (own_ && own_->take_training(*left_, exhibit)) return own_->training_path(exhibit);
    std::error_code error;
    const std::string path = left_->training_path(exhibit);
    return std::filesystem::exists(path, error) ? path : std::string();
}

Recovery::Work Recovery::work_now() {
    const std::string& id = state_.document.sides[0].request.exhibit;
    if (id != open_id_) {  // what is aside changes only when another exhibit is opened
        others_.clear();
        for (const auto& [aside, document] : state_.aside) others_.push_back(kept_session(document, state_.view));
        open_id_ = id;
    }
    Work work{kept_session(state_.document, state_.view)};
    work.insert(work.end(), others_.begin(), others_.end());
    return work;
}

bool Recovery::edited() {
    edited_ = edited_ || was_edited(state_.document) ||
              std::any_of(state_.aside.begin(), state_.aside.end(), [](const auto& one) { return was_edited(one.second); });
    return edited_;
}

void Recovery::keep() {
    if (!writer_.joinable()) return;
    const auto now = Clock::now();
    if (now - looked_at_ < between_looks && state_.history.last_edit == edit_seen_) return;
    looked_at_ = now;
    edit_seen_ = state_.history.last_edit;
    if (edited()) hand_over(work_now());
}

std::string Recovery::keep_now() noexcept {
    try {
        if (writer_.joinable() && edited()) hand_over(work_now());
    } catch (...) {
        // What was handed over last is all there is.
    }
    return flush();
}

std::string Recovery::flush() noexcept {
    try {
        std::unique_lock lock(mutex_);
        urgent_ = true;
        changed_.notify_all();
        const bool done = changed_.wait_for(lock, patience, [&] { return !waiting_ && !writing_; });
        return done && own_ && !written_.empty() && !problem_ ? own_->path() : std::string();
    } catch (...) {
        return {};
    }
}

void Recovery::finish() {
    writer_.request_stop();
    changed_.notify_all();
    if (writer_.joinable()) writer_.join();
    if (own_) own_->remove();
    own_.reset();
}

std::optional<Error> Recovery::problem() const {
    const std::scoped_lock lock(mutex_);
    return problem_;
}

void Recovery::discard_left() {
    if (left_) left_->remove();
    left_.reset();
    left_problem_.reset();
}

std::string Recovery::left_is_open_in_part() {
    const std::string path = left_ ? left_->set_aside() : std::string();
    left_.reset();
    left_problem_.reset();
    edited_ = true;
    return path;
}

void Recovery::left_is_open() {
    const std::scoped_lock lock(mutex_);
    taken_over_ = std::exchange(left_, std::nullopt);
    left_problem_.reset();
    edited_ = true;
}

void Recovery::hand_over(Work work) {
    {
        const std::scoped_lock lock(mutex_);
        waiting_ = std::move(work);
    }
    changed_.notify_all();
}

void Recovery::work(const std::stop_token& quit) {
    auto last = Clock::now() - between_writes;
    for (;;) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, quit, [&] { return waiting_.has_value(); })) return;
        // A drag changes something sixty times a second; the disk need not see all of it.
        changed_.wait_until(lock, quit, last + between_writes, [&] { return urgent_; });
        const Work now = std::move(*waiting_);
        waiting_.reset();
        urgent_ = false;
        writing_ = true;
        lock.unlock();
        write(now);
        last = Clock::now();
        lock.lock();
        writing_ = false;
        changed_.notify_all();
        if (quit.stop_requested()) return;
    }
}

void Recovery::write(const Work& now) {
    std::optional<Error> problem;
    std::string text;
    try {
        text = text_of(now);
        if (text != written_) write_file(own_->path(), text);
    } catch (...) {
        problem = current_error();
    }
    const std::scoped_lock lock(mutex_);
    problem_ = problem;
    if (problem) return;
    written_ = std::move(text);
    if (taken_over_) taken_over_->remove();
    taken_over_.reset();
}

}  // namespace saccade
