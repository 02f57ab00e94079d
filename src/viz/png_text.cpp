#include "viz/png_text.hpp"

#include <cmath>
#include <cstdint>

namespace saccade {

namespace {

constexpr std::string_view signature("\x89PNG\r\n\x1a\n", 8);
constexpr std::size_t header_end = 8 + 8 + 13 + 4;  // signature, and IHDR with length, type and sum

std::string big_endian(std::uint32_t v) {
    return {static_cast<char>(v >> 24), static_cast<char>(v >> 16 & 0xff), static_cast<char>(v >> 8 & 0xff),
            static_cast<char>(v & 0xff)};
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v = v << 8 | static_cast<unsigned char>(bytes[at + i]);
    return v;
}

/// CRC-32 of ISO 3309, as PNG asks for.
std::uint32_t crc(std::string_view bytes) {
    std::uint32_t sum = 0xffffffffu;
    for (const char byte : bytes) {
        sum ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) sum = (sum & 1u) != 0 ? sum >> 1 ^ 0xedb88320u : sum >> 1;
    }
    return ~sum;
}

std::string chunk(std::string_view type, const std::string& content) {
    const std::string body = std::string(type) + content;
    return big_endian(static_cast<std::uint32_t>(content.size())) + body + big_endian(crc(body));
}

}  // namespace

bool is_png(std::string_view file) {
    return file.substr(0, signature.size()) == signature;
}

std::string png_with_text(std::string_view png, std::string_view keyword, std::string_view text, double dpi) {
    const auto per_meter = static_cast<std::uint32_t>(std::lround(dpi / 0.0254));
    // Keyword, no compression (two bytes), no language, no translated keyword, text.
    const std::string itxt = std::string(keyword) + std::string(5, '\0') + std::string(text);
    return std::string(png.substr(0, header_end)) + chunk("pHYs", big_endian(per_meter) + big_endian(per_meter) + '\1') +
           chunk("iTXt", itxt) + std::string(png.substr(header_end));
}

std::optional<std::string> png_text(std::string_view png, std::string_view keyword) {
    if (!is_png(png)) return std::nullopt;
    const std::string start = std::string(keyword) + std::string(5, '\0');
    for (std::size_t at = signature.size(); png.size() - at >= 12;) {
        const std::size_t length = number_at(png, at);
        if (length > png.size() - at - 12) return std::nullopt;
        const std::string_view content = png.substr(at + 8, length);
        if (png.substr(at + 4, 4) == "iTXt" && content.substr(0, start.size()) == start)
            return std::string(content.substr(start.size()));
        at += length + 12;
    }
    return std::nullopt;
}

}  // namespace saccade
