#pragma once

#include <functional>
#include <future>
#include <string>
#include <vector>

#include "ui/ready.hpp"
#include "ui/scene_editor.hpp"

namespace saccade {

/// Pictures that the user opens, drops or pastes.
class Pictures {
 public:
    Pictures(Document& document, History& history, Inputs& inputs, Runs& runs, SceneEditor& scenes, Messages& messages,
             std::function<void(const std::string& id)> choose_exhibit)
        : document_(document),
          history_(history),
          inputs_(inputs),
          runs_(runs),
          scenes_(scenes),
          messages_(messages),
          choose_exhibit_(std::move(choose_exhibit)) {}

    /// A file, or another value of an image parameter: read off this thread, then the exhibit's picture (of `spatial`, if this
    /// one has none). Anything else becomes the banner, and the previous picture stays.
    void open(const std::string& value);
    /// Takes what was read, and looks every second whether the files are as they were.
    void poll();
    /// Reading continues, but the result is dropped.
    void let_go();
    /// Is anything still read, wanted or not?
    bool reading();

 private:
    void read(const std::string& value, bool wanted);
    void use(const PictureFacts& facts);
    void watch_file(std::size_t side);

    Document& document_;
    History& history_;
    Inputs& inputs_;
    Runs& runs_;
    SceneEditor& scenes_;
    Messages& messages_;
    std::function<void(const std::string& id)> choose_exhibit_;
    std::vector<std::future<PictureFacts>> left_;  // asked for before, no longer of interest
};

/// Is a value of an image parameter the path of a file, rather than a drawing or the picture itself?
bool is_picture_path(const std::string& value);

/// A line of a clipboard as the path of a file or another value of an image parameter; empty if it is none: file:// addresses
/// are decoded, quotes taken off, ~ is the home folder.
std::string pasted_path(const std::string& line);

}  // namespace saccade
