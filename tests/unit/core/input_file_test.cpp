#include "io/input_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <chrono>
#include <functional>

#include "image/load_image.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "io/text_file.hpp"
#include "model/model_store.hpp"
#include "params/matrix_file.hpp"
#include "run/session.hpp"
#include "testing.hpp"
#include "train/cifar_binary.hpp"
#include "train/dictionary.hpp"
#include "train/idx.hpp"
#include "train/translation_data.hpp"

namespace saccade::input_file_test {
namespace {

using test::contains;
using test::error_of;
using test::put_bytes;
using test::TemporaryFolder;

TEST(InputFile, a_file_is_read_whole_in_part_and_from_a_place) {
    const TemporaryFolder folder;
    put_bytes(folder / "f", std::string(3'000'000, 'a') + "end");
    EXPECT_EQ(read_file(folder / "f").size(), 3'000'003u);
    EXPECT_EQ(read_start(folder / "f", 2), "aa");
    EXPECT_EQ(read_start(folder / "f", 1 << 23).size(), 3'000'003u);
    InputFile file(folder / "f");
    EXPECT_EQ(file.size(), 3'000'003u);
    file.seek(3'000'000);
    std::string end(10, '\0');
    EXPECT_EQ(file.read(end.data(), end.size()), 3u);
    EXPECT_EQ(end.substr(0, 3), "end");
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [&] { read_file(folder / "f", 1 << 20); }), "larger than 1 MB"));
    EXPECT_FALSE(read_file("/proc/self/status").empty());  // has no size
}

TEST(InputFile, a_reading_that_is_no_longer_wanted_ends) {
    const TemporaryFolder folder;
    put_bytes(folder / "f", "content");
    std::stop_source stop;
    InputFile file(folder / "f", stop.get_token());
    stop.request_stop();
    char byte = 0;
    error_of(ErrorCode::cancelled, [&] { file.read(&byte, 1); });
}

/// Every reader, given the path of something that is no file: a pipe that nobody writes to would keep it for ever.
TEST(InputFile, no_reader_waits_for_what_is_no_file) {
    const TemporaryFolder folder;
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (folder / "socket").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::filesystem::create_directory(folder / "folder");
    std::filesystem::create_symlink(folder / "pipe", folder / "link");
    const std::map<std::string, std::string> not_files = {{"pipe", "pipe"},        {"link", "pipe"},
                                                          {"socket", "socket"},    {"folder", "folder"},
                                                          {"/dev/zero", "device"}, {"/dev/tty", "device"}};
    const std::map<std::string, std::function<void(const std::string&)>> readers = {
        {"file", [](const std::string& p) { read_file(p); }},
        {"text", [](const std::string& p) { read_text(p); }},
        {"image", [](const std::string& p) { read_image(p); }},
        {"picture", [](const std::string& p) { load_picture(p, 64); }},
        {"images", [](const std::string& p) { read_images({p}); }},
        {"npy", [](const std::string& p) { read_npy(p); }},
        {"npz", [](const std::string& p) { read_npz(p); }},
        {"matrix", [](const std::string& p) { read_matrix(p); }},
        {"safetensors", [](const std::string& p) { read_safetensors(p); }},
        {"metadata", [](const std::string& p) { read_safetensors_metadata(p); }},
        {"model", [](const std::string& p) { load_model(p, "x"); }},
        {"session", [](const std::string& p) { load_session(p); }},
        {"idx", [](const std::string& p) { read_idx(p, p); }},
        {"dictionary", [](const std::string& p) { read_dictionary(p); }},
        {"pairs", [](const std::string& p) { read_translation_data(p); }}};
    for (const auto& [name, what] : not_files)
        for (const auto& [reader, read] : readers) {
            const std::string path = name.front() == '/' ? name : folder / name;
            const auto start = std::chrono::steady_clock::now();
            const std::string line = error_of(ErrorCode::io, [&read = read, &path] { read(path); });
            EXPECT_TRUE(contains(line, path) && contains(line, what)) << reader << " of " << name << ": " << line;
            EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << reader << " of " << name;
        }
    EXPECT_FALSE(is_image_file(folder / "pipe"));
    close(descriptor);
}

TEST(InputFile, names_that_no_system_takes_are_refused) {
    error_of(ErrorCode::io, [] { read_file(""); });
    error_of(ErrorCode::io, [] { read_file(std::string("/etc/passwd\0.png", 16)); });
    error_of(ErrorCode::io, [] { read_file("/tmp/" + std::string(5000, 'x')); });
    EXPECT_TRUE(contains(error_of(ErrorCode::io, [] { read_file("no\nsuch\x1b[31m"); }), "no\\nsuch\\x1b[31m"));
}

}  // namespace
}  // namespace saccade::input_file_test
