#include "run/named_files.hpp"

#include "image/image.hpp"
#include "testing.hpp"

namespace saccade::named_files_test {
namespace {

using test::put_bytes;
using test::TemporaryFolder;

RunRequest request_of(const std::string& image) {
    RunRequest request;
    request.exhibit = "spatial";
    request.params.set("image", image);
    return request;
}

TEST(NamedFiles, pictures_weights_and_arrays_are_files_and_drawings_are_not) {
    RunRequest request = request_of("/home/me/holiday.png");
    request.weights_path = "w.safetensors";
    request.interventions = {parse_intervention("weights=@a.npz:w[1]"), parse_intervention("weights~=@b.npy"),
                             parse_intervention("weights[0,0]=1"), parse_intervention("weights=@a.npz:other")};
    request.interventions[1].enabled = false;
    EXPECT_EQ(named_files(request), (std::vector<std::string>{"/home/me/holiday.png", "w.safetensors", "a.npz", "b.npy"}));
    for (const char* drawn : {"sample:ship", "scene:{}", "data:image/png;base64,"})
        EXPECT_TRUE(named_files(request_of(drawn)).empty());
    const RunRequest bare = without_files(request);
    EXPECT_TRUE(named_files(bare).empty());
    EXPECT_EQ(bare.interventions.size(), 1u);
}

TEST(NamedFiles, a_parameter_that_is_a_path_is_a_file) {
    RunRequest request;
    request.exhibit = "bottleneck";
    request.params.set("data", std::string("/home/me/cmn-eng.txt"));
    EXPECT_EQ(named_files(request), (std::vector<std::string>{"/home/me/cmn-eng.txt"}));
    EXPECT_TRUE(named_files(without_files(request)).empty());
}

TEST(NamedFiles, what_is_read_is_not_written_over_by_any_name) {
    const TemporaryFolder folder;
    put_bytes(folder / "a.npz", "x");
    std::filesystem::create_symlink("a.npz", folder / "link.npz");
    std::filesystem::create_hard_link(folder / "a.npz", folder / "other.npz");
    for (const char* name : {"a.npz", "./a.npz", "link.npz", "other.npz"}) {
        const std::string line = test::error_of(ErrorCode::usage, [&] {
            refuse_overwriting(folder / name, {folder / "b.npz", folder / "a.npz"});
        });
        EXPECT_TRUE(test::contains(line, name)) << line;
    }
    EXPECT_NO_THROW(refuse_overwriting(folder / "new.npz", {folder / "a.npz", folder / "none.npz"}));
    put_bytes(folder / "b.npz", "x");
    EXPECT_NO_THROW(refuse_overwriting(folder / "b.npz", {folder / "a.npz"}));
}

TEST(NamedFiles, beside_is_where_links_lead) {
    const TemporaryFolder folder, other;
    std::filesystem::create_directory(folder / "inner");
    std::filesystem::create_symlink(other / "secret.png", folder / "link.png");
    put_bytes(other / "secret.png", "x");
    const auto elsewhere = [&](const std::string& path) { return !files_elsewhere(request_of(path), folder / "").empty(); };
    EXPECT_FALSE(elsewhere(folder / "a.png"));
    EXPECT_FALSE(elsewhere(folder / "inner/a.png"));
    EXPECT_FALSE(elsewhere(folder / "inner/../a.png"));
    EXPECT_TRUE(elsewhere(folder / "../a.png"));
    EXPECT_TRUE(elsewhere(folder / "link.png"));
    EXPECT_TRUE(elsewhere(other / "secret.png"));
    EXPECT_TRUE(elsewhere("/etc/passwd"));
}

}  // namespace
}  // namespace saccade::named_files_test
