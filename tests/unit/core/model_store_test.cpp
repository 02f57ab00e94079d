#include "model/model_store.hpp"

#include <thread>

#include "io/safetensors.hpp"
#include "testing.hpp"

namespace saccade::model_store_test {
namespace {

using test::contains;
using test::error_of;
using test::TemporaryFolder;

void write_weights(const std::string& path, float value) {
    Tensor<float> tensor(Shape{4});
    for (float& v : tensor.values()) v = value;
    write_safetensors(path, {{"w", tensor}}, StoredType::f32);
}

/// Zeros, of which the disk holds none.
void write_large(const std::string& path, Index size) {
    const std::uint64_t bytes = static_cast<std::uint64_t>(size) * sizeof(float);
    std::string header =
        R"({"w":{"dtype":"F32","shape":[)" + std::to_string(size) + R"(],"data_offsets":[0,)" + std::to_string(bytes) + "]}}";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const std::uint64_t length = header.size();
    test::put_bytes(path, std::string(reinterpret_cast<const char*>(&length), sizeof length) + header);
    std::filesystem::resize_file(path, sizeof length + header.size() + bytes);
}

float first_of(const ModelPtr& model) {
    return model->weights.at("w").values()[0];
}

TEST(ModelStore, weights_that_are_deleted_while_open_stay_in_use) {
    const TemporaryFolder folder;
    const std::string path = folder / "w.safetensors";
    write_weights(path, 1);
    const ModelPtr open = load_model(path, "mine");
    std::filesystem::remove(path);
    EXPECT_EQ(load_model(path, "mine"), open);
    write_weights(path, 2);
    EXPECT_EQ(first_of(load_model(path, "mine")), 2) << "a new file is read";
    std::filesystem::remove(path);
    error_of(ErrorCode::io, [&] { load_model(path, "another"); });  // never read under this name
}

TEST(ModelStore, keeps_what_was_used_lately_up_to_its_limit_and_finds_what_is_in_use) {
    const TemporaryFolder folder;
    constexpr Index size = Index{12} << 20;  // 48 MB: two of them have room
    const auto path = [&](int i) { return folder / ("w" + std::to_string(i) + ".safetensors"); };
    for (int i = 0; i < 4; ++i) write_large(path(i), size);
    const ModelPtr in_use = load_model(path(0), "");
    std::weak_ptr<const Model> let_go, kept;
    {
        let_go = load_model(path(1), "");
        load_model(path(2), "");
        kept = load_model(path(3), "");
    }
    EXPECT_TRUE(let_go.expired());
    EXPECT_FALSE(kept.expired());
    std::filesystem::remove(path(0));
    EXPECT_EQ(load_model(path(0), ""), in_use) << "held elsewhere, so found, however long ago it was read";
}

TEST(ModelStore, is_asked_from_many_threads) {
    const TemporaryFolder folder;
    for (int i = 0; i < 3; ++i) write_weights(folder / std::to_string(i), static_cast<float>(i));
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&folder, t] {
            for (int n = 0; n < 50; ++n) {
                const int i = (n + t) % 3;
                EXPECT_EQ(first_of(load_model(folder / std::to_string(i), "")), static_cast<float>(i));
            }
        });
}

}  // namespace
}  // namespace saccade::model_store_test
