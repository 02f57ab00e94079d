#include "exhibit/read_ahead.hpp"

#include "base/path_text.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/vision_checkpoint.hpp"
#include "exhibit/vision_network.hpp"
#include "train/translation_data.hpp"

namespace saccade {

void read_ahead(const Exhibit& exhibit, const Params& params, const std::stop_token& stop) {
    if (exhibit.id == "capture") return read_capture_ahead(params, stop);
    const char* param = exhibit.id == "bottleneck" ? "data" : "path";
    if (!params.has(param)) return;
    const std::string path = path_from_text(params.text(param));
    if (path.empty()) return;
    if (exhibit.id == "bottleneck") read_translation_data(path);
    if (exhibit.id == "checkpoint") checkpoint_of(path, stop);
    if (exhibit.id != "vision-checkpoint") return;
    if (names_network(params))
        network_checkpoint_of(path, stop);
    else
        vision_checkpoint_of(path, stop);
}

}  // namespace saccade
