#include "ui/picture_clipboard.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "base/translate.hpp"
#include "ui/helper_program.hpp"
#include "ui/pasted_pictures.hpp"

namespace saccade {

namespace {

enum class Holder { none, wayland, x11 };

Holder holder() {
    if (std::getenv("WAYLAND_DISPLAY") != nullptr && has_program("wl-copy") && has_program("wl-paste")) return Holder::wayland;
    return std::getenv("DISPLAY") != nullptr && has_program("xclip") ? Holder::x11 : Holder::none;
}

Error nobody_holds_pictures() {
    return {ErrorCode::unsupported, msg("this desktop's clipboard takes no pictures from here"),
            std::getenv("WAYLAND_DISPLAY") != nullptr ? msg("install wl-clipboard, or export a file")
                                                      : msg("install xclip, or export a file")};
}

}  // namespace

void put_picture(const std::string& png, const std::stop_token& stop) {
    const Holder by = holder();
    if (by == Holder::none) throw nobody_holds_pictures();
    const HelperAnswer answer =
        by == Holder::wayland ? run_program({"wl-copy", "--type", "image/png"}, png, stop)
                              : run_program({"xclip", "-selection", "clipboard", "-target", "image/png", "-in"}, png, stop);
    if (answer.status != 0) throw Error(ErrorCode::io, "the picture did not come into the clipboard", "export a file instead");
}

std::string pasted_picture(const std::stop_token& stop) {
    const Holder by = holder();
    if (by == Holder::none)
        throw Error(ErrorCode::unsupported, "the clipboard holds no path of a file, and of pictures nothing can be told",
                    nobody_holds_pictures().hint());
    std::string data, ending;
    for (const char* type : {"png", "jpeg", "webp", "gif"}) {
        const std::string mime = std::string("image/") + type;
        const HelperAnswer answer = by == Holder::wayland
                                        ? run_program({"wl-paste", "--no-newline", "--type", mime}, {}, stop)
                                        : run_program({"xclip", "-selection", "clipboard", "-target", mime, "-out"}, {}, stop);
        if (answer.status != 0 || answer.output.empty()) continue;
        data = answer.output;
        ending = type;
        break;
    }
    if (data.empty())
        throw Error(ErrorCode::not_found, "the clipboard holds no path of a file and no picture", "copy one, then paste again");
    return keep_pasted(data, ending);
}

}  // namespace saccade
