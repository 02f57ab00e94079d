#include "io/safetensors.hpp"

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/rng.hpp"
#include "io/half.hpp"
#include "testing.hpp"

namespace saccade::safetensors_test {
namespace {

using test::bytes_of;
using test::contains;
using test::error_of;
using test::put_bytes;
using test::TemporaryFolder;

WeightMap sample() {
    WeightMap weights;
    weights["decoder.W"] = Tensor<float>::from({2, 3}, {1, -2.5f, 3e-5f, 0, -0.0f, 65504});
    weights["a"] = Tensor<float>::from({}, {0.125f});
    weights["empty"] = Tensor<float>(Shape{0, 4});
    weights["字"] = Tensor<float>::from({2}, {INFINITY, -INFINITY});
    return weights;
}

std::string with_header(const std::string& header, const std::string& data = {}) {
    const std::uint64_t length = header.size();
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    return bytes + header + data;
}

TEST(Safetensors, float32_comes_back_bit_for_bit) {
    const TemporaryFolder folder;
    const std::string path = folder / "w.safetensors";
    write_safetensors(path, sample(), StoredType::f32, {{"card", "{\"n\": 1}"}});
    std::map<std::string, std::string> metadata;
    const WeightMap back = read_safetensors(path, &metadata);
    EXPECT_EQ(metadata.at("card"), "{\"n\": 1}");
    ASSERT_EQ(back.size(), 4u);
    for (const auto& [name, tensor] : sample()) {
        const Tensor<float>& read = back.at(name);
        EXPECT_EQ(read.shape(), tensor.shape());
        EXPECT_EQ(std::memcmp(read.data(), tensor.data(), static_cast<std::size_t>(tensor.size()) * sizeof(float)), 0) << name;
    }
    const std::string bytes = bytes_of(path);
    EXPECT_EQ(static_cast<unsigned char>(bytes[0]) % 8, 0);  // the data begin aligned
    write_safetensors(path, sample(), StoredType::f32, {{"card", "{\"n\": 1}"}});
    EXPECT_EQ(bytes_of(path), bytes);
    EXPECT_EQ(folder.file_count(), 1u);
}

TEST(Safetensors, sixteen_bits_come_back_rounded) {
    const TemporaryFolder folder;
    const std::string path = folder / "w.safetensors";
    WeightMap weights;
    weights["w"] = Tensor<float>::from({3}, {1 / 3.0f, -1e-3f, 1000.4f});
    for (const auto& [type, tolerance] : {std::pair{StoredType::f16, 1 / 2048.0}, std::pair{StoredType::bf16, 1 / 256.0}}) {
        write_safetensors(path, weights, type);
        const Tensor<float> back = read_safetensors(path).at("w");
        for (Index i = 0; i < 3; ++i) {
            const double value = weights["w"].data()[i];
            EXPECT_LE(std::abs(static_cast<double>(back.data()[i]) - value), std::abs(value) * tolerance);
            EXPECT_NE(back.data()[i], weights["w"].data()[i]);
        }
    }
    weights["w"] = Tensor<float>({1}, 70000.0f);
    EXPECT_TRUE(
        contains(error_of(ErrorCode::numeric, [&] { write_safetensors(path, weights, StoredType::f16); }), "too large"));
    EXPECT_EQ(folder.file_count(), 1u);  // the failed file has left nothing behind
}

TEST(Half, many_at_once_are_what_each_alone_is) {
    std::vector<std::uint16_t> all(65536);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
    std::vector<float> values(all.size());
    const auto bits_of = [](float value) { return std::bit_cast<std::uint32_t>(value); };
    halves_to_floats(all.data(), all.size(), values.data());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(bits_of(values[i]), bits_of(half_to_float(all[i]))) << i;
    bfloats16_to_floats(all.data(), all.size(), values.data());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(bits_of(values[i]), bits_of(bfloat16_to_float(all[i]))) << i;
}

TEST(Half, every_half_goes_to_float_and_back) {
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const float value = half_to_float(half);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
        } else {
            ASSERT_EQ(float_to_half(value), half);
        }
    }
    EXPECT_EQ(half_to_float(0x3c00), 1.0f);
    EXPECT_EQ(half_to_float(0x0001), std::ldexp(1.0f, -24));
    EXPECT_EQ(half_to_float(0x03ff), std::ldexp(1023.0f, -24));
    EXPECT_EQ(half_to_float(0x7bff), 65504.0f);
    EXPECT_EQ(half_to_float(0xfc00), -INFINITY);
}

TEST(Half, rounds_to_the_nearest_and_ties_to_even) {
    for (std::uint16_t half = 0; half < 0x7c00; ++half) {
        const double low = static_cast<double>(half_to_float(half));
        const double high = half == 0x7bff ? 65536.0 : static_cast<double>(half_to_float(static_cast<std::uint16_t>(half + 1)));
        const auto middle = static_cast<float>((low + high) / 2);
        const std::uint16_t even = (half & 1) == 0 ? half : static_cast<std::uint16_t>(half + 1);
        ASSERT_EQ(float_to_half(middle), even) << half;
        ASSERT_EQ(float_to_half(std::nextafter(middle, 0.0f)), half);
        ASSERT_EQ(float_to_half(std::nextafter(middle, INFINITY)), half + 1);
        ASSERT_EQ(float_to_half(-middle), even | 0x8000);
    }
    EXPECT_EQ(float_to_half(1e10f), 0x7c00);
    EXPECT_EQ(float_to_half(1e-10f), 0);
    EXPECT_TRUE(std::isnan(half_to_float(float_to_half(NAN))));
}

TEST(Half, bfloat16_rounds_to_the_nearest_and_ties_to_even) {
    EXPECT_EQ(float_to_bfloat16(1.0f), 0x3f80);
    EXPECT_EQ(float_to_bfloat16(1.00390625f), 0x3f80);  // 1 + 2^-8: a tie, down to even
    EXPECT_EQ(float_to_bfloat16(1.01171875f), 0x3f82);  // 1 + 3 * 2^-8: a tie, up to even
    EXPECT_EQ(float_to_bfloat16(std::nextafter(1.00390625f, 2.0f)), 0x3f81);
    EXPECT_EQ(float_to_bfloat16(INFINITY), 0x7f80);
    EXPECT_EQ(float_to_bfloat16(std::numeric_limits<float>::max()), 0x7f80);
    EXPECT_EQ(bfloat16_to_float(0x0001), std::ldexp(1.0f, -133));
    EXPECT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(NAN))));
    EXPECT_TRUE(std::isnan(bfloat16_to_float(float_to_bfloat16(std::bit_cast<float>(0x7f800001U)))));
}

TEST(Safetensors, reads_doubles_and_skips_integers) {
    const TemporaryFolder folder;
    const double value = 0.1;
    std::string data(16, '\0');
    std::memcpy(data.data(), &value, 8);
    put_bytes(folder / "w", with_header(R"({"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},)"
                                        R"("ids":{"dtype":"I64","shape":[1,1,1,1,1,1],"data_offsets":[8,16]}})",
                                        data));
    const WeightMap weights = read_safetensors(folder / "w");
    ASSERT_EQ(weights.size(), 1u);
    EXPECT_EQ(weights.at("d").item(), 0.1f);
}

TEST(Safetensors, lying_headers_are_refused_by_what_is_wrong) {
    const TemporaryFolder folder;
    const auto line = [&](const std::string& bytes) {
        put_bytes(folder / "w", bytes);
        return error_of(ErrorCode::bad_format, [&] { read_safetensors(folder / "w"); });
    };
    const auto entry = [](const std::string& name, const std::string& dtype, const std::string& shape,
                          const std::string& offsets) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
    };
    const auto header = [&](const std::string& entries, std::size_t bytes = 8) {
        return line(with_header("{" + entries + "}", std::string(bytes, '\0')));
    };
    EXPECT_TRUE(contains(line(""), "0 bytes long"));
    std::string long_header("\1\0\0\2\0\0\0\0", 8);  // 32 MiB and a byte
    long_header.resize(8 + (std::size_t{32} << 20) + 1, ' ');
    EXPECT_TRUE(contains(line(long_header), "33554433 bytes; 33554432 can be read"));
    EXPECT_TRUE(contains(line("\x02\0\0\0"), "too short"));
    EXPECT_TRUE(
        contains(line(std::string("\xff\xff\xff\xff\xff\x7f\0\0{}", 10)), "claims 140737488355327 bytes, the file has 2"));
    for (const char* other : {"1,2\n3,4\n", "PK\x03\x04\x14\x08\x08\x08zip"}) {
        EXPECT_TRUE(contains(line(other), "is no safetensors file")) << line(other);
        EXPECT_FALSE(contains(line(other), "again")) << line(other);
    }
    EXPECT_TRUE(contains(line(with_header("{}").replace(0, 1, "\x09")), "claims 9 bytes"));
    EXPECT_TRUE(contains(line(with_header("{")), "not valid JSON"));
    EXPECT_TRUE(contains(line(with_header("[]")), "not a JSON object"));
    EXPECT_TRUE(contains(line(with_header("{\"\xff\":1}")), "not valid JSON"));
    EXPECT_TRUE(contains(line(with_header("{\"a\":{\"x\":" + std::string(1000, '['))), "nested too deeply"));
    EXPECT_TRUE(contains(line(with_header(R"({"__metadata__":{"a":1}})")), "metadata entry 'a'"));
    EXPECT_TRUE(contains(line(with_header(R"({"__metadata__":[]})")), "metadata"));
    EXPECT_TRUE(contains(header("\"a\":{}"), "needs dtype, shape"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[-2]", "[0,8]")), "needs dtype, shape"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[2.0]", "[0,8]")), "needs dtype, shape"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[2]", "[0,8,9]")), "needs dtype, shape"));
    EXPECT_TRUE(contains(header(entry("a", "F31", "[2]", "[0,8]")), "unknown type 'F31'"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[2]", "[0,80]")), "claims the bytes 0 to 80 of 8"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[2]", "[8,0]")), "claims the bytes 8 to 0"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[3]", "[0,8]")), "a shape larger than the file"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[1]", "[0,8]")), "has 8 bytes where its shape needs 4"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[1152921504606846976]", "[0,8]")), "larger than the file"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[4294967296,4294967296]", "[0,0]"), 0), "larger than the file"));
    EXPECT_TRUE(
        contains(header(entry("a", "F32", "[0,18446744073709551615]", "[0,0]") + "," + entry("b", "F32", "[1]", "[0,4]"), 8),
                 "larger than the file"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[1,1,1,1,1,2]", "[0,8]")), "6 axes"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[1]", "[4,8]")), "overlaps"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[1]", "[4,8]")), "leaves a gap"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[1]", "[0,4]")), "4 bytes that belong to no tensor"));
    EXPECT_TRUE(contains(header(entry("a", "F32", "[1]", "[0,4]") + "," + entry("a", "F32", "[1]", "[4,8]")),
                         "two tensors are named 'a'"));
}

TEST(Safetensors, whatever_the_bytes_the_answer_is_weights_or_an_error) {
    const TemporaryFolder folder;
    write_safetensors(folder / "good", sample(), StoredType::f16, {{"card", "{}"}});
    const std::string good = bytes_of(folder / "good");
    const auto survives = [&](const std::string& bytes) {
        put_bytes(folder / "bad", bytes);
        try {
            (void)read_safetensors(folder / "bad");
            return true;
        } catch (const Error&) {
            return false;
        }
    };
    for (std::size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(survives(good.substr(0, length))) << length;
    EXPECT_FALSE(survives(good + "x"));
    EXPECT_TRUE(survives(good));
    Rng rng(1);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes = good;
        for (std::uint64_t flips = rng.below(4) + 1; flips > 0; --flips) {
            bytes[rng.below(bytes.size())] ^= static_cast<char>(1 << rng.below(8));
        }
        survives(bytes);  // must return, either way
    }
}

TEST(Safetensors, what_cannot_be_read_or_written_is_an_io_error) {
    const TemporaryFolder folder;
    error_of(ErrorCode::io, [&] { read_safetensors(folder / "none"); });
    error_of(ErrorCode::io, [&] { read_safetensors(folder / ""); });
    error_of(ErrorCode::io, [&] { write_safetensors(folder / "none/w", sample(), StoredType::f32); });
    error_of(ErrorCode::io, [&] { write_safetensors(folder / "", sample(), StoredType::f32); });
    error_of(ErrorCode::io, [&] { write_safetensors("", sample(), StoredType::f32); });
    std::string line;
    {
        const test::FileSizeLimit full(1000);
        const WeightMap large = {{"w", Tensor<float>({100000}, 1)}};
        line = error_of(ErrorCode::io, [&] { write_safetensors(folder / "w", large, StoredType::f32); });
    }
    EXPECT_TRUE(contains(line, "w: cannot be written")) << line;
    WeightMap misnamed;
    misnamed["\xff"] = Tensor<float>({1});
    error_of(ErrorCode::invalid_input, [&] { write_safetensors(folder / "w", misnamed, StoredType::f32); });
    EXPECT_EQ(folder.file_count(), 0u);
}

/// A header is read once, however many tensors it lists; more than any model has are refused as soon as they are met.
TEST(Safetensors, many_tensors_take_no_time) {
    const TemporaryFolder folder;
    const auto list = [&](int count) {
        std::string header = "{";
        for (int i = 0; i < count; ++i)
            header += (i > 0 ? ",\"t" : "\"t") + std::to_string(i) + R"(":{"dtype":"F32","shape":[0],"data_offsets":[0,0]})";
        put_bytes(folder / "many.safetensors", with_header(header + "}"));
        return std::chrono::steady_clock::now();
    };
    auto start = list(16384);
    EXPECT_EQ(read_safetensors(folder / "many.safetensors").size(), 16384u);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));  // of a program that is not optimised
    start = list(40000);
    EXPECT_TRUE(contains(error_of(ErrorCode::out_of_range, [&] { read_safetensors(folder / "many.safetensors"); }),
                         "more than 16384 tensors"));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Safetensors, deep_headers_and_values_of_other_kinds_are_refused_where_they_begin) {
    const TemporaryFolder folder;
    const auto line = [&](const std::string& header) {
        put_bytes(folder / "w.safetensors", with_header(header));
        return error_of(ErrorCode::bad_format, [&] { read_safetensors(folder / "w.safetensors"); });
    };
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    for (const std::string& header :
         {deep, "{\"a\":" + deep + "}", "{\"a\":{\"shape\":" + deep + "}}", "{\"a\":{\"x\":" + deep + "}}",
          "{\"__metadata__\":" + deep + "}", "{\"__metadata__\":{\"x\":" + deep + "}}"})
        EXPECT_FALSE(line(header).empty());
    for (const char* value : {"1", "null", "\"x\"", "true", "[]", "{}", "1.5", "{\"dtype\":1}", "{\"shape\":[-1]}",
                              "{\"shape\":[\"1\"]}", "{\"dtype\":[],\"shape\":[0],\"data_offsets\":[0,0]}"})
        EXPECT_TRUE(contains(line(std::string("{\"a\":") + value + "}"), "'a' needs dtype, shape and data_offsets")) << value;
    put_bytes(folder / "w.safetensors", with_header(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":[{"y":1}]}})"));
    EXPECT_EQ(read_safetensors(folder / "w.safetensors").size(), 1u);  // keys of a later version
}

/// Of a file that is long and holds nothing, such as a disk gives for free.
TEST(Safetensors, more_numbers_than_any_model_has_are_refused_before_they_are_read) {
    const TemporaryFolder folder;
    const std::uint64_t numbers = std::uint64_t{1} << 29;
    const std::string size = std::to_string(numbers * 4);
    put_bytes(folder / "w.safetensors", with_header("{\"a\":{\"dtype\":\"F32\",\"shape\":[" + std::to_string(numbers) +
                                                    "],\"data_offsets\":[0," + size + "]}}"));
    const auto begin = std::filesystem::file_size(folder / "w.safetensors");
    std::filesystem::resize_file(folder / "w.safetensors", begin + numbers * 4);
    EXPECT_TRUE(
        contains(error_of(ErrorCode::out_of_range, [&] { read_safetensors(folder / "w.safetensors"); }), "can be read"));
    EXPECT_TRUE(read_safetensors_metadata(folder / "w.safetensors").empty());
}

}  // namespace
}  // namespace saccade::safetensors_test
