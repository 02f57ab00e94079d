#include <fmt/format.h>

#include <memory>

#include "base/printable.hpp"
#include "checkpoint/export_checkpoint.hpp"
#include "cli/commands.hpp"

namespace saccade {

void add_export(CliCommand& app) {
    CliCommand command = app.add("export", "Write a model as a folder in Hugging Face's layout");
    const auto name = std::make_shared<std::string>(), folder = std::make_shared<std::string>();
    command.option("MODEL", *name, "A bundled model, or your own .safetensors with its card").required().path();
    command.option("FOLDER", *folder, "Folder to make").required().path();
    command.runs([=] {
        export_checkpoint(*named_model(*name), *folder);
        fmt::print("{}: config.json, model.safetensors and tokenizer.json\n", printable(*folder));
    });
}

}  // namespace saccade
