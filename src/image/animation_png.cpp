#include <png.h>
#include <zlib.h>

#include <optional>

#include "image/animation_formats.hpp"
#include "image/decode.hpp"

// Animated PNG, which libpng does not read: https://www.w3.org/TR/png-3/ (sections 4.9 and 11.3.6). Each picture is handed to
// libpng as a file of its own.

namespace saccade {

namespace {

constexpr std::string_view signature("\x89PNG\r\n\x1a\n");

std::string big_endian_bytes(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
    return bytes;
}

void add_chunk(std::string& file, std::string_view type, std::string_view content) {
    std::string named(type);
    named += content;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(named.data()), static_cast<uInt>(named.size()));
    file += big_endian_bytes(static_cast<std::uint32_t>(content.size())) + named +
            big_endian_bytes(static_cast<std::uint32_t>(sum));
}

/// One picture: where it lies, how it is drawn, and its packed pixels.
struct Frame {
    AnimationCanvas::Part part{};
    AnimationCanvas::After after = AnimationCanvas::After::keep;
    bool over = false;
    std::vector<std::string_view> packed;
};

class AnimatedPng : public Animation {
 public:
    AnimatedPng(std::string bytes, std::string where) : bytes_(std::move(bytes)), where_(std::move(where)) {
        read_chunks();
        if (!animated_) refuse_still(where_);
        std::erase_if(frames_, [](const Frame& f) { return f.packed.empty(); });
        if (frames_.empty()) refuse_damaged(where_, "PNG", "it is truncated: its first picture is missing");
    }

    Index pictures() const override { return static_cast<Index>(frames_.size()); }
    ImageSize size() const override { return size_; }

    Image next() override {
        const Frame& frame = frames_.at(at_++);
        const std::vector<std::uint8_t> rgba = pixels_of(frame);
        if (!canvas_) canvas_.emplace(size_.width, size_.height);
        canvas_->draw(frame.part, rgba.data(), frame.over, frame.after);
        return canvas_->picture();
    }

 private:
    void read_chunks() {
        constexpr std::size_t around = 12;  // length, type and sum
        for (std::size_t at = signature.size(); bytes_.size() - at >= around;) {
            const std::size_t length = png_number(bytes_, at);
            if (length > bytes_.size() - at - around) refuse_damaged(where_, "PNG", "it is truncated");
            const std::string_view whole(bytes_);
            read_chunk(whole.substr(at + 4, 4), whole.substr(at + 8, length));
            at += around + length;
        }
        if (!ended_) refuse_damaged(where_, "PNG", "it is truncated");
    }

    void read_chunk(std::string_view type, std::string_view content) {
        if (type == "IHDR" && content.size() == 13) {
            header_ = content;
            check_image_size(png_number(content, 0), png_number(content, 4), where_);
            size_ = {png_number(content, 0), png_number(content, 4)};
        } else if (header_.empty()) {
            refuse_damaged(where_, "PNG", "its header is missing");
        } else if (type == "acTL") {
            animated_ = true;
        } else if (type == "PLTE" || type == "tRNS") {
            colors_.emplace_back(type, content);
        } else if (type == "fcTL") {
            frames_.push_back(frame_of(content));
        } else if (type == "IDAT" && !frames_.empty()) {  // before any fcTL it is a still for those who cannot play
            frames_.back().packed.push_back(content);
        } else if (type == "fdAT" && !frames_.empty() && content.size() >= 4) {
            frames_.back().packed.push_back(content.substr(4));  // after its number
        } else if (type == "IEND") {
            ended_ = true;
        }
    }

    Frame frame_of(std::string_view c) const {
        if (c.size() < 26) refuse_damaged(where_, "PNG", "a picture's place is missing");
        Frame frame;
        frame.part = {png_number(c, 12), png_number(c, 16), png_number(c, 4), png_number(c, 8)};
        check_image_size(png_number(c, 4), png_number(c, 8), where_);
        const int dispose = c[24];
        frame.after = dispose == 1   ? AnimationCanvas::After::clear
                      : dispose == 2 ? AnimationCanvas::After::restore
                                     : AnimationCanvas::After::keep;
        frame.over = c[25] == 1;
        return frame;
    }

    /// RGBA, [height, width, 4].
    std::vector<std::uint8_t> pixels_of(const Frame& frame) const {
        std::string file(signature), header = big_endian_bytes(static_cast<std::uint32_t>(frame.part.width)) +
                                              big_endian_bytes(static_cast<std::uint32_t>(frame.part.height));
        header += header_.substr(8);
        add_chunk(file, "IHDR", header);
        for (const auto& [type, content] : colors_) add_chunk(file, type, content);
        for (const std::string_view packed : frame.packed) add_chunk(file, "IDAT", packed);
        add_chunk(file, "IEND", {});

        // Deflate packs no more than 1032 to 1: nothing is allocated for what claims more.
        std::uint64_t packed = 0;
        for (const std::string_view piece : frame.packed) packed += piece.size();
        if (static_cast<std::uint64_t>(frame.part.width * frame.part.height) / 8 / 1032 > packed)
            refuse_damaged(where_, "PNG", "it is truncated: its data are too few for its size");

        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        std::vector<std::uint8_t> rgba;
        bool read = png_image_begin_read_from_memory(&image, file.data(), file.size()) != 0;
        if (read) {
            image.format = PNG_FORMAT_RGBA;
            image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
            rgba.resize(PNG_IMAGE_SIZE(image));
            read = png_image_finish_read(&image, nullptr, rgba.data(), 0, nullptr) != 0;
        }
        const std::string reason = image.message;
        png_image_free(&image);
        if (!read) refuse_damaged(where_, "PNG", reason);
        return rgba;
    }

    std::string bytes_, where_;
    std::string_view header_;
    ImageSize size_;
    bool animated_ = false, ended_ = false;
    std::vector<std::pair<std::string_view, std::string_view>> colors_;
    std::vector<Frame> frames_;
    std::size_t at_ = 0;
    std::optional<AnimationCanvas> canvas_;  // from the first picture on
};

}  // namespace

std::unique_ptr<Animation> open_animated_png(std::string bytes, const std::string& where) {
    return std::make_unique<AnimatedPng>(std::move(bytes), where);
}

}  // namespace saccade
