#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/file_stamp.hpp"

namespace saccade {

/// What tells that a folder's files have changed: all of them that a model is read from.
std::vector<FileStamp> stamps_of_folder(const std::string& path);

/// What was made of the last two folders, made again only when their files change. From any thread; one is made at a time.
template <class T>
class KeptFolders {
 public:
    /// `make` returns a std::shared_ptr<const T>; what it throws passes through, and nothing is kept.
    template <class Make>
    std::shared_ptr<const T> get(const std::string& path, const Make& make) {
        const std::vector<FileStamp> stamps = stamps_of_folder(path);
        const std::lock_guard lock(mutex_);
        for (auto one = kept_.begin(); one != kept_.end(); ++one) {
            if (one->path != path || one->stamps != stamps) continue;
            kept_.splice(kept_.begin(), kept_, one);
            return kept_.front().made;
        }
        std::erase_if(kept_, [&](const Kept& one) { return one.path == path; });
        while (kept_.size() >= most_kept) kept_.pop_back();
        std::shared_ptr<const T> made = make();
        kept_.push_front({path, stamps, made});
        return made;
    }

 private:
    static constexpr std::size_t most_kept = 2;
    struct Kept {
        std::string path;
        std::vector<FileStamp> stamps;
        std::shared_ptr<const T> made;
    };
    std::mutex mutex_;
    std::list<Kept> kept_;  // the latest used first
};

}  // namespace saccade
