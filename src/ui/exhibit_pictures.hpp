#pragma once

#include <future>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "base/error.hpp"
#include "image/image.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

struct AppState;

/// The page of all exhibits: which are found, and which of them the keys have.
struct ExhibitPage {
    bool open = false;
    std::string from;  // the exhibit that was open then: once another is, the page closes
    std::string query;
    std::size_t at = 0;  // of those that are found
    bool moved = false;  // by a key: it is to come into sight
};

/// Of one exhibit; neither of them: it is still to be made.
struct ExhibitPicture {
    Tensor<float> pixels{};  // [y, x, 3]
    std::optional<Error> problem{};
};

/// A picture of each exhibit: its own first view of a real run, as the program opens it. They are made one after another, off
/// the UI thread, and kept in the user's cache for as long as the program and its models are the same.
class ExhibitPictures {
 public:
    ~ExhibitPictures() { rest(); }
    /// Those of this theme, in the language in use, and what a person sees first, first. One is made at a time.
    void want(const std::string& theme);
    /// Nobody looks: what is under way ends, and the pictures are let go.
    void rest();
    void poll();
    /// Is one under way?
    bool busy() const { return coming_.valid(); }
    /// Null: it is still to be made.
    const ExhibitPicture* find(const std::string& exhibit) const;
    void toggle(AppState& state);

 private:
    void start_next();

    std::string theme_, language_;
    std::map<std::string, ExhibitPicture> made_;
    std::string making_;
    std::stop_source stop_;
    std::future<ExhibitPicture> coming_;
};

/// In the user's cache (io/user_folder.hpp); empty: there is none.
std::string exhibit_picture_folder();
/// What the pictures depend on beside the exhibit: another program or other models have another. Empty: it cannot be told.
std::string exhibit_picture_key();
/// From the folder, if it is there under this key; else drawn from a run, and written to it, in the place of what older keys
/// left. An empty folder or key: not kept. Error as run() and View::layout.
Image exhibit_picture(const std::string& exhibit, const std::string& theme, const std::string& folder, const std::string& key,
                      std::stop_token stop);

}  // namespace saccade
