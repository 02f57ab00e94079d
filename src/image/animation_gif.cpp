#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "image/animation_formats.hpp"
#include "image/decode.hpp"

// The format: GIF89a specification (CompuServe 1990).

namespace saccade {

namespace {

struct Source {
    std::string_view bytes;
    std::size_t at = 0;
};

int read_source(GifFileType* gif, GifByteType* out, int n) {
    auto& source = *static_cast<Source*>(gif->UserData);
    const std::size_t taken = std::min(static_cast<std::size_t>(n), source.bytes.size() - source.at);
    std::memcpy(out, source.bytes.data() + source.at, taken);
    source.at += taken;
    return static_cast<int>(taken);
}

struct CloseGif {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using GifPtr = std::unique_ptr<GifFileType, CloseGif>;

class AnimatedGif : public Animation {
 public:
    AnimatedGif(std::string bytes, std::string where) : bytes_(std::move(bytes)), where_(std::move(where)) {
        open();
        check_image_size(static_cast<std::uint64_t>(gif_->SWidth), static_cast<std::uint64_t>(gif_->SHeight), where_);
        while (next_image()) {
            skip_pixels();
            ++pictures_;
        }
        if (pictures_ == 0) refuse_damaged(where_, "GIF", "it holds no picture");
        open();
    }

    Index pictures() const override { return pictures_; }
    ImageSize size() const override { return {gif_->SWidth, gif_->SHeight}; }

    Image next() override {
        control_ = {};
        control_.TransparentColor = NO_TRANSPARENT_COLOR;
        if (!next_image()) refuse("it ends early");
        const GifImageDesc& image = gif_->Image;
        const ColorMapObject* colors = image.ColorMap != nullptr ? image.ColorMap : gif_->SColorMap;
        if (colors == nullptr) refuse("it has no colours");
        const std::vector<std::uint8_t> rgba = colored(read_pixels(), *colors);
        using After = AnimationCanvas::After;
        const After after = control_.DisposalMode == DISPOSE_BACKGROUND ? After::clear
                            : control_.DisposalMode == DISPOSE_PREVIOUS ? After::restore
                                                                        : After::keep;
        if (!canvas_) canvas_.emplace(gif_->SWidth, gif_->SHeight);
        canvas_->draw({image.Left, image.Top, image.Width, image.Height}, rgba.data(), true, after);
        return canvas_->picture();
    }

 private:
    [[noreturn]] void refuse(const char* fallback) const {
        const char* const reason = gif_ != nullptr && gif_->Error != 0 ? GifErrorString(gif_->Error) : nullptr;
        refuse_damaged(where_, "GIF", reason != nullptr ? reason : fallback);
    }

    void open() {
        source_ = {bytes_, 0};
        int error = 0;
        gif_.reset(DGifOpen(&source_, read_source, &error));
        if (gif_ == nullptr) refuse_damaged(where_, "GIF", "its header is wrong");
    }

    /// On to the next picture's pixels; what is said about it is kept. False: there are no more.
    bool next_image() {
        for (;;) {
            GifRecordType type = UNDEFINED_RECORD_TYPE;
            if (DGifGetRecordType(gif_.get(), &type) == GIF_ERROR) refuse("it is truncated");
            if (type == TERMINATE_RECORD_TYPE) return false;
            if (type == EXTENSION_RECORD_TYPE) {
                read_extension();
            } else if (type == IMAGE_DESC_RECORD_TYPE) {
                if (DGifGetImageDesc(gif_.get()) == GIF_ERROR) refuse("it is truncated");
                check_image_size(static_cast<std::uint64_t>(gif_->Image.Width), static_cast<std::uint64_t>(gif_->Image.Height),
                                 where_);
                return true;
            }
        }
    }

    void read_extension() {
        int code = 0;
        GifByteType* data = nullptr;
        if (DGifGetExtension(gif_.get(), &code, &data) == GIF_ERROR) refuse("it is truncated");
        if (code == GRAPHICS_EXT_FUNC_CODE && data != nullptr) DGifExtensionToGCB(data[0], data + 1, &control_);
        while (data != nullptr)
            if (DGifGetExtensionNext(gif_.get(), &data) == GIF_ERROR) refuse("it is truncated");
    }

    void skip_pixels() {
        int size = 0;
        GifByteType* block = nullptr;
        if (DGifGetCode(gif_.get(), &size, &block) == GIF_ERROR) refuse("it is truncated");
        while (block != nullptr)
            if (DGifGetCodeNext(gif_.get(), &block) == GIF_ERROR) refuse("it is truncated");
    }

    /// A colour's number for each pixel, rows from the top.
    std::vector<GifPixelType> read_pixels() {
        struct Pass {
            int first, step;
        };
        static constexpr std::array<Pass, 4> interlaced{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};  // appendix E
        static constexpr std::array<Pass, 1> in_order{{{0, 1}}};
        const GifImageDesc& image = gif_->Image;
        std::vector<GifPixelType> pixels(static_cast<std::size_t>(image.Width) * static_cast<std::size_t>(image.Height));
        const std::span<const Pass> passes = image.Interlace ? std::span<const Pass>(interlaced) : in_order;
        for (const Pass& pass : passes)
            for (int y = pass.first; y < image.Height; y += pass.step)
                if (DGifGetLine(gif_.get(), pixels.data() + static_cast<std::ptrdiff_t>(y) * image.Width, image.Width) ==
                    GIF_ERROR)
                    refuse("it is truncated");
        return pixels;
    }

    std::vector<std::uint8_t> colored(const std::vector<GifPixelType>& pixels, const ColorMapObject& colors) const {
        std::vector<std::uint8_t> rgba(pixels.size() * 4);
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            if (pixels[i] == control_.TransparentColor) continue;
            if (pixels[i] >= colors.ColorCount) refuse_damaged(where_, "GIF", "a pixel has a colour that it does not define");
            const GifColorType& color = colors.Colors[pixels[i]];
            const std::uint8_t opaque[] = {color.Red, color.Green, color.Blue, 255};
            std::copy_n(opaque, 4, rgba.data() + i * 4);
        }
        return rgba;
    }

    std::string bytes_, where_;
    Source source_;
    GifPtr gif_;
    GraphicsControlBlock control_{};
    Index pictures_ = 0;
    std::optional<AnimationCanvas> canvas_;  // from the first picture on
};

}  // namespace

std::unique_ptr<Animation> open_animated_gif(std::string bytes, const std::string& where) {
    return std::make_unique<AnimatedGif>(std::move(bytes), where);
}

}  // namespace saccade
