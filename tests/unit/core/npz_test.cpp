#include "io/npz.hpp"

#include <zip.h>

#include <cmath>
#include <cstring>

#include "base/rng.hpp"
#include "testing.hpp"
#include "unit/core/array_bytes.hpp"

namespace saccade::npz_test {
namespace {

using test::bytes_of;
using test::contains;
using test::error_of;
using test::put_bytes;
using test::TemporaryFolder;
using test::write_zip;

std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
    std::string bytes = std::string("\x93NUMPY") + version + '\0' + static_cast<char>(dictionary.size() & 0xff) +
                        static_cast<char>(dictionary.size() >> 8);
    if (version > 1) bytes += std::string(2, '\0');
    return bytes + dictionary + data;
}

std::string header(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
    return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string raw(std::initializer_list<T> values) {
    std::string bytes(values.size() * sizeof(T), '\0');
    std::memcpy(bytes.data(), std::data(values), bytes.size());
    return bytes;
}

std::vector<double> values_of(const NpyArray& array) {
    return {array.values().begin(), array.values().end()};
}

TEST(Npz, arrays_and_texts_come_back) {
    const TemporaryFolder folder;
    const Tensor<float> weights = Tensor<float>::from({2, 3}, {1, 2, 3, -INFINITY, 1e-40f, 0.1f});
    write_npz(folder / "t.npz", {{"trace.json", {}, "{\"年\": 1}"},
                                 {"weights", weights, {}},
                                 {"loss", Tensor<float>::scalar(2), {}},
                                 {"none", Tensor<float>(Shape{0, 3}), {}}});
    const auto arrays = read_npz(folder / "t.npz");
    ASSERT_EQ(arrays.size(), 3u);
    EXPECT_EQ(arrays.at("weights").shape(), (Shape{2, 3}));
    for (Index i = 0; i < 6; ++i) EXPECT_EQ(arrays.at("weights").data()[i], static_cast<double>(weights.data()[i]));
    EXPECT_EQ(arrays.at("loss").shape(), Shape{});
    EXPECT_EQ(arrays.at("none").shape(), (Shape{0, 3}));
    EXPECT_EQ(read_npz_text(folder / "t.npz", "trace.json"), "{\"年\": 1}");
    EXPECT_EQ(read_npz_array(folder / "t.npz", "loss").item(), 2);
    EXPECT_EQ(read_array(folder / "t.npz:loss").item(), 2);
    EXPECT_TRUE(contains(error_of(ErrorCode::not_found, [&] { read_array(folder / "t.npz:los"); }), "it holds loss, none"));
    error_of(ErrorCode::usage, [&] { read_array(folder / "t.npz"); });
    error_of(ErrorCode::usage, [&] { read_array(folder / "t.csv"); });
    error_of(ErrorCode::not_found, [&] { read_npz_text(folder / "t.npz", "other.json"); });
}

TEST(Npz, the_same_entries_give_the_same_bytes_and_leave_one_file) {
    const TemporaryFolder folder;
    const std::vector<NpzEntry> entries = {{"w", Tensor<float>({100}, 1), {}}, {"trace.json", {}, "{}"}};
    write_npz(folder / "a.npz", entries);
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    write_npz(folder / "b.npz", entries);
    write_npz(folder / "b.npz", entries);
    EXPECT_EQ(bytes_of(folder / "a.npz"), bytes_of(folder / "b.npz"));
    EXPECT_EQ(folder.file_count(), 2u);
}

TEST(Npz, reads_what_numpy_has_written) {
    // tests/data/make_numpy_arrays.py made it with numpy.savez_compressed.
    const auto arrays = read_npz(SACCADE_TEST_DATA "/data/numpy_arrays.npz");
    EXPECT_EQ(values_of(arrays.at("float32")), (std::vector<double>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(arrays.at("float32").shape(), (Shape{2, 3}));
    EXPECT_EQ(values_of(arrays.at("float64")), (std::vector<double>{0.1, -1e300}));
    EXPECT_EQ(values_of(arrays.at("float16")), (std::vector<double>{0.5, -65504, std::ldexp(1.0, -24)}));
    EXPECT_EQ(values_of(arrays.at("int64")), (std::vector<double>{-5, 9007199254740992}));
    EXPECT_EQ(values_of(arrays.at("uint8")), (std::vector<double>{0, 255}));
    EXPECT_EQ(values_of(arrays.at("bool")), (std::vector<double>{1, 0}));
    EXPECT_EQ(values_of(arrays.at("big_endian")), (std::vector<double>{1.5, -2.5}));
    EXPECT_EQ(arrays.at("fortran").shape(), (Shape{2, 3, 2}));
    EXPECT_EQ(values_of(arrays.at("fortran")), (std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
    EXPECT_EQ(arrays.at("scalar").shape(), Shape{});
    EXPECT_EQ(arrays.at("scalar").item(), 3.25);
}

TEST(Npy, versions_two_and_three_are_read) {
    const TemporaryFolder folder;
    for (const char version : {'\1', '\2', '\3'}) {
        put_bytes(folder / "a.npy", npy(header("<i2", "(2,)"), raw<std::int16_t>({-3, 4}), version));
        EXPECT_EQ(values_of(read_npy(folder / "a.npy")), (std::vector<double>{-3, 4}));
    }
    EXPECT_EQ(values_of(read_array(folder / "a.npy")), (std::vector<double>{-3, 4}));
}

TEST(Npy, lying_headers_are_refused_by_what_is_wrong) {
    const TemporaryFolder folder;
    const auto line = [&](const std::string& bytes) {
        put_bytes(folder / "a.npy", bytes);
        return error_of(ErrorCode::bad_format, [&] { read_npy(folder / "a.npy"); });
    };
    const std::string data = raw<float>({1, 2});
    EXPECT_TRUE(contains(line(""), "ends within its header"));
    EXPECT_TRUE(contains(line("PK\3\4abcdefgh"), "not an .npy array"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(2,)"), data, 9)), "version 9"));
    EXPECT_TRUE(contains(line(npy(header("|O", "(2,)"), data)), "type '|O'"));
    EXPECT_TRUE(contains(line(npy(header("<c8", "(1,)"), data)), "type '<c8'"));
    EXPECT_TRUE(contains(line(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", data)), "structured"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(2,)", "Maybe"), data)), "neither True nor False"));
    EXPECT_TRUE(contains(line(npy("{'descr': '<f4', 'shape': (2,)}", data)), "lacks"));
    EXPECT_TRUE(contains(line(npy("{'descr': '<f4', 'evil': (2,)}", data)), "unknown key 'evil'"));
    EXPECT_TRUE(contains(line(npy("{'descr': '<f4", data)), "unfinished"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(3,)"), data)), "needs 3 of 4"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(1,)"), data)), "needs 1 of 4"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(-1,)"), data)), "not a list of whole numbers"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(1152921504606846976,)"), data)), "larger than its data"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(0, 18446744073709551615)"), "")), "larger than its data"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(11, 0)"), data)), "8 bytes of data where its shape needs 0 of 4"));
    put_bytes(folder / "none.npy", npy(header("<f4", "(11, 0)"), ""));
    EXPECT_EQ(read_npy(folder / "none.npy").shape(), (Shape{11, 0}));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(99999999999999999999,)"), data)), "not a list of whole numbers"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(4294967296, 4294967296)"), data)), "larger than its data"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(1, 1, 1, 1, 1, 2)"), data)), "6 axes"));
    EXPECT_TRUE(contains(line(npy(header("<f4", "(2,)"), "").replace(9, 1, "\x7f")), "ends within its header"));
    EXPECT_TRUE(contains(line(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12)), "header of 4294967295 bytes"));
}

TEST(Npz, archives_that_cannot_be_trusted_are_refused) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.npz";
    put_bytes(path, "this is not a zip file");
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_npz(path); }), "is not an .npz file"));
    error_of(ErrorCode::io, [&] { read_npz(folder / "none.npz"); });

    write_zip(path, {{"a.npy", "garbage"}}, true);
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_npz(path); }), "'a.npy'"));

    // A header that asks for 2^31 elements, of which hardly any are there.
    write_zip(path, {{"a.npy", npy(header("<f4", "(2147483648,)"), std::string(1 << 20, '\0'))}}, true);
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_npz(path); }), "larger than its data"));

    // Two entries of one name: the name of the second is overwritten in both of its headers.
    write_zip(path,
              {{"a.npy", npy(header("<f4", "(1,)"), raw<float>({1}))}, {"b.npy", npy(header("<f4", "(1,)"), raw<float>({2}))}},
              false);
    std::string bytes = bytes_of(path);
    for (std::size_t at = bytes.find("b.npy"); at != std::string::npos; at = bytes.find("b.npy")) bytes[at] = 'a';
    put_bytes(path, bytes);
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_npz(path); }), "two entries are named 'a.npy'"));

    // An entry whose directory claims far more than deflate can hold.
    write_zip(path, {{"a.npy", npy(header("<f4", "(1024,)"), std::string(4096, '\0'))}}, true);
    bytes = bytes_of(path);
    const std::size_t directory = bytes.rfind("PK\1\2");
    ASSERT_NE(directory, std::string::npos);
    for (const std::size_t at : {directory + 24, bytes.rfind("PK\3\4") + 22})
        bytes[at + 3] = 0x7f;  // uncompressed size, upper byte
    put_bytes(path, bytes);
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_npz(path); }), "compressed ones"));
}

TEST(Npz, whatever_the_bytes_the_answer_is_arrays_or_an_error) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.npz";
    const auto survives = [&](const std::string& bytes) {
        put_bytes(path, bytes);
        try {
            (void)read_npz(path);
            (void)read_npz_text(path, "trace.json");
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    for (const bool deflate : {false, true}) {
        write_zip(path, {{"trace.json", "{\"a\": 1}"}, {"w.npy", npy(header("<f4", "(4,)"), raw<float>({1, 2, 3, 4}))}},
                  deflate);
        const std::string good = bytes_of(path);
        EXPECT_TRUE(survives(good));
        for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(survives(good.substr(0, length))) << length;
        Rng rng(2);
        for (int round = 0; round < 2000; ++round) {
            std::string bytes = good;
            for (std::uint64_t flips = rng.below(4) + 1; flips > 0; --flips) {
                bytes[rng.below(bytes.size())] ^= static_cast<char>(1 << rng.below(8));
            }
            survives(bytes);  // must return, either way
        }
    }
}

TEST(Npz, a_flipped_bit_in_the_data_is_noticed) {
    const TemporaryFolder folder;
    write_npz(folder / "a.npz", {{"w", Tensor<float>({64}, 1), {}}});
    std::string bytes = bytes_of(folder / "a.npz");
    const std::size_t data = bytes.find(raw<float>({1, 1, 1}));
    ASSERT_NE(data, std::string::npos);
    bytes[data + 9] ^= 4;
    put_bytes(folder / "a.npz", bytes);
    EXPECT_TRUE(contains(error_of(ErrorCode::bad_format, [&] { read_npz(folder / "a.npz"); }), "damaged"));
}

TEST(Npz, what_cannot_be_written_is_an_io_error_and_what_was_there_stays) {
    const TemporaryFolder folder;
    const std::vector<NpzEntry> entries = {{"w", Tensor<float>({1000}, 1), {}}};
    error_of(ErrorCode::io, [&] { write_npz(folder / "none/a.npz", entries); });
    error_of(ErrorCode::io, [&] { write_npz(folder / "", entries); });
    write_npz(folder / "a.npz", {{"w", Tensor<float>({1}, 5), {}}});
    const std::string before = bytes_of(folder / "a.npz");
    std::string line;
    {
        const test::FileSizeLimit full(1000);
        line = error_of(ErrorCode::io, [&] { write_npz(folder / "a.npz", entries); });
    }
    EXPECT_TRUE(contains(line, "a.npz: cannot be written")) << line;
    EXPECT_EQ(bytes_of(folder / "a.npz"), before);
    EXPECT_EQ(folder.file_count(), 1u);
}

/// Half a gigabyte of zeros packs into half a megabyte: what it would take is known from its header.
TEST(Npz, what_is_larger_than_can_be_used_is_refused_before_it_is_unpacked) {
    const TemporaryFolder folder;
    const std::string zeros(1 << 20, '\0');
    write_zip(folder / "bomb.npz", {{"a.npy", npy(header("|u1", "(1024, 1024)"), zeros)}}, true);
    EXPECT_EQ(read_array<float>(folder / "bomb.npz", {.elements = 1 << 20}).size(), 1 << 20);
    EXPECT_TRUE(contains(
        error_of(ErrorCode::out_of_range, [&] { read_array<float>(folder / "bomb.npz", {.elements = (1 << 20) - 1}); }),
        "holds 1048576 values"));
    put_bytes(folder / "a.npy", npy(header("<f8", "(40000000,)"), ""));
    const auto begin = std::filesystem::file_size(folder / "a.npy");
    std::filesystem::resize_file(folder / "a.npy", begin + 320'000'000);
    error_of(ErrorCode::out_of_range, [&] { read_array<float>(folder / "a.npy"); });
}

/// An archive as its end describes it, without the entries.
std::string zip_end(std::uint64_t entries, std::uint64_t bytes) {
    const auto number = [](std::uint64_t value, int size) {
        std::string text;
        for (int i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
        return text;
    };
    const std::string wide = "PK\6\6" + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 8) + number(entries, 8) +
                             number(entries, 8) + number(bytes, 8) + number(0, 8);
    const std::string locator = "PK\6\7" + number(0, 4) + number(0, 8) + number(1, 4);
    return wide + locator + "PK\5\6" + number(0, 4) + number(std::min<std::uint64_t>(entries, 65535), 2) +
           number(std::min<std::uint64_t>(entries, 65535), 2) + number(std::min<std::uint64_t>(bytes, 0xffffffff), 4) +
           number(0, 6);
}

TEST(Npz, a_directory_that_is_longer_than_any_is_refused_before_it_is_read) {
    const TemporaryFolder folder;
    for (const auto& [entries, bytes] : {std::pair{5000, 100}, std::pair{1'000'000, 100}, std::pair{1, 2'000'000}}) {
        put_bytes(folder / "a.npz", zip_end(static_cast<std::uint64_t>(entries), static_cast<std::uint64_t>(bytes)));
        EXPECT_TRUE(contains(error_of(ErrorCode::out_of_range, [&] { read_npz(folder / "a.npz"); }), "at most 4096"));
    }
    // The 16 bit form says 1, the 64 bit form a million.
    std::string both = zip_end(1'000'000, 100);
    both[both.size() - 14] = both[both.size() - 12] = 1;
    both[both.size() - 13] = both[both.size() - 11] = 0;
    put_bytes(folder / "a.npz", both);
    error_of(ErrorCode::out_of_range, [&] { read_npz(folder / "a.npz"); });
}

}  // namespace
}  // namespace saccade::npz_test
