#include <webp/decode.h>
#include <webp/demux.h>

#include "image/animation_formats.hpp"
#include "image/decode.hpp"

namespace saccade {

namespace {

struct DeleteDecoder {
    void operator()(WebPAnimDecoder* d) const { WebPAnimDecoderDelete(d); }
};

class AnimatedWebp : public Animation {
 public:
    AnimatedWebp(std::string bytes, std::string where) : bytes_(std::move(bytes)), where_(std::move(where)) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes_.data());
        WebPBitstreamFeatures features{};
        if (WebPGetFeatures(data, bytes_.size(), &features) != VP8_STATUS_OK)
            refuse_damaged(where_, "WebP", "its header is wrong");
        if (features.has_animation == 0) refuse_still(where_);
        check_image_size(static_cast<std::uint64_t>(features.width), static_cast<std::uint64_t>(features.height), where_);
        WebPAnimDecoderOptions options;
        WebPAnimDecoderOptionsInit(&options);
        options.color_mode = MODE_RGBA;
        const WebPData whole{data, bytes_.size()};
        decoder_.reset(WebPAnimDecoderNew(&whole, &options));
        if (decoder_ == nullptr || WebPAnimDecoderGetInfo(decoder_.get(), &info_) == 0 || info_.frame_count == 0)
            refuse_damaged(where_, "WebP", "it is truncated or its data are wrong");
    }

    Index pictures() const override { return info_.frame_count; }
    ImageSize size() const override { return {info_.canvas_width, info_.canvas_height}; }
    Image next() override {
        std::uint8_t* rgba = nullptr;
        int time = 0;
        if (WebPAnimDecoderGetNext(decoder_.get(), &rgba, &time) == 0)
            refuse_damaged(where_, "WebP", "it is truncated or its data are wrong");
        Image image(info_.canvas_width, info_.canvas_height);
        compose_over_white(rgba, image.width * image.height, image.rgb.data());
        return image;
    }

 private:
    std::string bytes_, where_;
    std::unique_ptr<WebPAnimDecoder, DeleteDecoder> decoder_;
    WebPAnimInfo info_{};
};

}  // namespace

std::unique_ptr<Animation> open_animated_webp(std::string bytes, const std::string& where) {
    return std::make_unique<AnimatedWebp>(std::move(bytes), where);
}

}  // namespace saccade
