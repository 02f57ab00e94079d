#include "checkpoint/family.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "checkpoint/stored_layout.hpp"
#include "model/model_store.hpp"

namespace saccade {

void require_fitting(const StackDesign& design, const ConfigNames& names, const std::string& where) {
    const auto refuse = [&](const std::string& what, const std::string& hint) {
        throw Error(ErrorCode::bad_format, fmt::format("{}: config.json: {}", where, what), hint);
    };
    const std::string saved = "use the config.json that was saved with these weights";
    if (!(design.norm_epsilon > 0 && design.norm_epsilon < 1))
        refuse(fmt::format("'{}' is {}", names.norm_epsilon, design.norm_epsilon), "it lies between 0 and 1, for example 1e-5");
    if (design.d_head == 0 && design.d_model % design.heads != 0)
        refuse(fmt::format("'{}' of {} does not divide '{}' of {}", names.heads, design.heads, names.d_model, design.d_model),
               saved);
    if (design.groups > 0 && design.heads % design.groups != 0)
        refuse(fmt::format("'{}' of {} does not divide '{}' of {}", names.groups, design.groups, names.heads, design.heads),
               saved);
    require_valid(design);
}

std::string Taking::found(const std::string& theirs) const {
    const auto there = [&](const std::string& name) { return folder_.tensors.contains(name) || folder_.stored.contains(name); };
    if (there(theirs)) return theirs;
    for (const std::string& prefix : prefixes_)
        if (there(prefix + theirs)) return prefix + theirs;
    return {};
}

void Taking::missing(const std::string& theirs) const {
    std::vector<std::string> prefixes{""};
    prefixes.insert(prefixes.end(), prefixes_.begin(), prefixes_.end());
    // GPTQ and AWQ put packed numbers in the place of a weight.
    const std::string packed = theirs.substr(0, theirs.rfind('.')) + ".qweight";
    for (const std::string& prefix : prefixes) {
        if (const auto other = folder_.unread.find(prefix + theirs); other != folder_.unread.end())
            throw Error(ErrorCode::unsupported,
                        fmt::format("{}: tensor '{}' is stored as {}", folder_.path, other->first, other->second),
                        "F32, F16 and BF16 are read: use the model as it was before it was quantised");
        if (folder_.unread.contains(prefix + packed))
            throw Error(ErrorCode::unsupported,
                        fmt::format("{}: its weights are quantised ('{}')", folder_.path, prefix + packed),
                        "use the model as it was before: F32, F16 or BF16");
    }
    throw Error(ErrorCode::bad_format, fmt::format("{}: there is no tensor '{}'", folder_.path, theirs),
                "use the weights that were saved with this config.json");
}

std::string Taking::checked(const std::string& theirs, const Shape& shape) const {
    const std::string name = found(theirs);
    if (name.empty()) missing(theirs);
    folder_.used.insert(name);
    const auto stored = folder_.stored.find(name);
    const Shape own =
        stored != folder_.stored.end() ? stored->second.tensor.shape(folder_.path) : folder_.tensors.at(name).shape();
    if (own != shape)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: tensor '{}' has shape {}, and config.json asks for {}", folder_.path, name, own.str(),
                                shape.str()),
                    "use the config.json that was saved with these weights");
    return name;
}

Tensor<float> Taking::tensor(const std::string& theirs, const Shape& shape) const {
    const std::string name = checked(theirs, shape);
    const auto stored = folder_.stored.find(name);
    Tensor<float> values =
        stored != folder_.stored.end() ? stored->second.file->values(stored->second.tensor) : folder_.tensors.at(name);
    require_finite({{name, values}}, folder_.path);  // while it has the name that its file knows
    return values;
}

const StoredPlace* Taking::place(const std::string& name) const {
    const auto stored = folder_.stored.find(name);
    return stored_ != nullptr && stored != folder_.stored.end() ? &stored->second : nullptr;
}

void Taking::take(const std::string& ours, const std::string& theirs, const Shape& shape) {
    const StoredPlace* const at = place(checked(theirs, shape));
    // A table of positions is added, and is no right side of a product.
    if (at == nullptr || !ours.ends_with(".weight") || ours.ends_with(".types.weight"))
        return give(ours, tensor(theirs, shape));
    stored_->insert_or_assign(ours, StoredMatrix{shape, [at = *at] { return laid_out_of(at, {}); }});
}

void Taking::take_paired(const std::string& ours, const std::string& theirs, const Shape& shape, Index units, Index turned) {
    const StoredPlace* const at = place(checked(theirs, shape));
    if (at == nullptr) return give(ours, paired_units(tensor(theirs, shape), units, turned));
    stored_->insert_or_assign(
        ours, StoredMatrix{shape, [at = *at, units, turned] { return laid_out_of(at, {.units = units, .turned = turned}); }});
}

void Taking::take_columns(const std::string& ours, const std::string& theirs, Index in, Index all, Index first, Index count) {
    const Shape shape{in, all};
    const std::string name = checked(theirs, shape);
    const StoredPlace* const at = place(name);
    if (at == nullptr) return give(ours, rows_of_matrix(transposed_matrix(tensor(theirs, shape)), first, count));
    stored_->insert_or_assign(ours, StoredMatrix{{count, in}, [at = *at, first, count] {
                                                     return laid_out_of(at,
                                                                        {.by_columns = true, .first = first, .count = count});
                                                 }});
}

void Taking::linear(const std::string& ours, const std::string& theirs, Index out, Index in, bool biased) {
    take(ours + ".weight", theirs + ".weight", {out, in});
    if (biased) take(ours + ".bias", theirs + ".bias", {out});
}

void Taking::transposed_linear(const std::string& ours, const std::string& theirs, Index out, Index in) {
    take_columns(ours + ".weight", theirs + ".weight", in, out, 0, out);
    take(ours + ".bias", theirs + ".bias", {out});
}

void Taking::norm(const std::string& ours, const std::string& theirs, Index d, bool rms) {
    // Converted from TensorFlow, norms may have kept their names there.
    const bool renamed = !has(theirs + ".weight") && has(theirs + ".gamma");
    take(ours + ".gain", theirs + (renamed ? ".gamma" : ".weight"), {d});
    if (!rms) take(ours + ".bias", theirs + (renamed ? ".beta" : ".bias"), {d});
}

Tensor<float> transposed_matrix(const Tensor<float>& w) {
    const Index rows = w.shape()[0], columns = w.shape()[1];
    Tensor<float> t = Tensor<float>::uninitialized({columns, rows});
    // In squares: of a column alone each number lies in a page of its own.
    constexpr Index side = 32;
    const Index down = (rows + side - 1) / side;
    parallel_for(down, [&](std::int64_t at) {
        const Index first = at * side, last = std::min(rows, first + side);
        for (Index from = 0; from < columns; from += side)
            for (Index c = from; c < std::min(columns, from + side); ++c)
                for (Index r = first; r < last; ++r) t.data()[c * rows + r] = w.data()[r * columns + c];
    });
    return t;
}

Tensor<float> rows_of_matrix(const Tensor<float>& w, Index first, Index count) {
    return w.rows(first, count).clone();
}

Tensor<float> paired_units(const Tensor<float>& rows, Index units, Index turned) {
    Tensor<float> paired = Tensor<float>::uninitialized(rows.shape());
    pair_rows(rows.data(), rows.shape()[0], rows.size() / rows.shape()[0], units, turned, paired.data());
    return paired;
}

const std::vector<Family>& families() {
    static const std::vector<Family> all = {bert_family(),
                                            deit_family(),
                                            distilbert_family(),
                                            gpt2_family(),
                                            gpt_neox_family(),
                                            llama_family(),
                                            marian_family(),
                                            mistral_family(),
                                            qwen2_family(),
                                            qwen3_family(),
                                            roberta_family(),
                                            t5_family(),
                                            vit_family(),
                                            efficientnet_b0_family(),
                                            mobilenetv3_large_family(),
                                            seresnet50_family()};
    return all;
}

namespace {

[[noreturn]] void refuse_family(const std::string& what) {
    std::string known;
    for (const Family& family : families()) known += (known.empty() ? "" : ", ") + family.model_type;
    throw Error(ErrorCode::unsupported, what, "these do: " + known);
}

const Family* find_family(const std::string& type) {
    const auto found = std::ranges::find(families(), type, &Family::model_type);
    return found == families().end() ? nullptr : &*found;
}

}  // namespace

const Family& family_of(const nlohmann::json& config, const std::string& where) {
    std::string type, architecture;
    const JsonObject object(config, where + ": config.json");
    object.text("model_type", type, 64);
    // Folders of the library timm name an architecture, perhaps with the tag of its training: "seresnet50.ra2_in1k".
    if (type.empty() || type == "timm_wrapper") object.text("architecture", architecture, 128);
    if (architecture.empty()) return family_named(type, where);
    const Family* family = find_family(architecture.substr(0, architecture.find('.')));
    if (family != nullptr && family->network.design != nullptr) return *family;
    refuse_family(fmt::format("{}: networks of architecture '{}' do not open yet", where, architecture));
}

const Family& family_named(const std::string& type, const std::string& where) {
    if (const Family* family = find_family(type)) return *family;
    refuse_family(type.empty() ? where + ": does not say which model_type it is"
                               : fmt::format("{}: models of type '{}' do not open yet", where, type));
}

std::string activation_of(const JsonObject& config, const char* key, const std::string& otherwise, const std::string& where) {
    std::string name = otherwise;
    config.text(key, name, 64);
    return activation_named(name, fmt::format("{}: config.json's {}", where, key));
}

std::string activation_named(const std::string& name, const std::string& where) {
    static const std::map<std::string, std::string> known = {
        {"relu", "relu"},           {"gelu", "gelu"},        {"gelu_new", "gelu_tanh"}, {"gelu_pytorch_tanh", "gelu_tanh"},
        {"gelu_fast", "gelu_tanh"}, {"gelu_python", "gelu"}, {"silu", "silu"},          {"swish", "silu"}};
    const auto found = known.find(name);
    if (found != known.end()) return found->second;
    throw Error(ErrorCode::unsupported, fmt::format("{}: the activation '{}' is not known", where, name),
                "relu, gelu, gelu_new and silu are");
}

}  // namespace saccade
