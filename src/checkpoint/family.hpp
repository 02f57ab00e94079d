#pragma once

#include <vector>

#include "checkpoint/checkpoint_folder.hpp"
#include "checkpoint/preprocessing.hpp"
#include "io/json_text.hpp"
#include "model/beam.hpp"
#include "model/gated_network.hpp"
#include "model/vision_transformer.hpp"
#include "model/weights.hpp"

namespace saccade {

/// What stands behind the stack.
enum class ReadOut {
    next_token,    // logits of the token after each, by a table [vocabulary, d_model]
    masked_token,  // logits of the token that stands there: a layer, a norm, a table and its bias (Devlin 2018, section 3.1)
    none,          // states alone
};

/// What stands before the stack of an encoder-decoder, which then is the decoder; and how that begins and ends.
struct SourceSide {
    StackDesign encoder;       // weights below "encoder"
    Index start = 0, end = 1;  // ids: what the decoder reads first, and what ends its output
    Ids never{};               // ids that it never writes
    /// How many hypotheses a search keeps, and how it ranks them, as generation_config.json says; else one: greedy.
    BeamSettings beam{.width = 1, .length_penalty = 1, .as_generate = true, .end = BeamEnd::likely};
    bool renormalised = false;  // what is left of probabilities without `never` is brought to sum 1
    std::string unheeded{};     // settings of generation_config.json that would change what is written, and are not known
};

/// A model of others as ours: names as in model/transformer_stack.hpp below "stack", and "head.weight" [V, d], where it is not
/// the embedding table; head.transform.weight and .bias, head.norm.gain and .bias, head.bias. Of encoder-decoders, the
/// encoder's below "encoder".
struct MappedModel {
    StackDesign design;
    ReadOut read_out = ReadOut::none;
    std::string read_out_activation{};   // of the layer before a masked token's logits
    Index longest = 0;                   // positions that it knows; 0: any number
    std::optional<SourceSide> source{};  // of encoder-decoders
    bool scaled_read_out = false;        // states are scaled by 1 / sqrt(d_model) before the table (Raffel 2020)
    WeightMap weights{};
    StoredMatrices stored{};  // more of them, not read yet
};

/// The same of a model that reads pictures; names as in model/vision_transformer.hpp.
struct MappedVision {
    VisionDesign design;
    std::vector<std::string> classes{};  // names; empty: no class is read out
    Preprocessing reading{};             // where the folder does not say how it reads pictures
    WeightMap weights{};
};

/// What a family's config.json calls the numbers of a design that must fit each other.
struct ConfigNames {
    const char *d_model, *heads, *norm_epsilon;
    const char* groups = "";  // empty: it has none
};
/// Error{bad_format} where they do not, in the config's own words.
void require_fitting(const StackDesign& design, const ConfigNames& names, const std::string& where);

/// Takes tensors out of a folder under our names, and says which are missing or of another shape.
class Taking {
 public:
    /// `prefixes` may stand before every name ("transformer."), or not.
    /// `stored`: where matrices go that are not read yet; null: all are read.
    Taking(CheckpointFolder& folder, std::vector<std::string> prefixes, WeightMap& into, StoredMatrices* stored = nullptr)
        : folder_(folder), prefixes_(std::move(prefixes)), into_(into), stored_(stored) {}

    bool has(const std::string& theirs) const { return !found(theirs).empty(); }
    /// Error{bad_format} names the folder, the tensor, its shape and what the config asks for.
    Tensor<float> tensor(const std::string& theirs, const Shape& shape) const;
    void take(const std::string& ours, const std::string& theirs, const Shape& shape);
    /// Rows with the units of each head in another order (paired_units).
    void take_paired(const std::string& ours, const std::string& theirs, const Shape& shape, Index units, Index turned);
    /// OURS.weight [out, in] and OURS.bias [out] of a linear layer; `biased` false: none.
    void linear(const std::string& ours, const std::string& theirs, Index out, Index in, bool biased = true);
    /// The same, stored as [in, out].
    void transposed_linear(const std::string& ours, const std::string& theirs, Index out, Index in);
    /// W [count, in] of columns [first, first + count) of what is stored as [in, all].
    void take_columns(const std::string& ours, const std::string& theirs, Index in, Index all, Index first, Index count);
    /// OURS.gain and, unless `rms`, OURS.bias of a norm.
    void norm(const std::string& ours, const std::string& theirs, Index d, bool rms = false);
    void give(const std::string& ours, Tensor<float> values) { into_.insert_or_assign(ours, std::move(values)); }

 private:
    std::string found(const std::string& theirs) const;
    /// Says why a tensor cannot be taken: not there, stored as a type that is not read, or packed by a quantiser.
    [[noreturn]] void missing(const std::string& theirs) const;
    /// The folder's name of one that is there in this shape. Error{bad_format} as tensor.
    std::string checked(const std::string& theirs, const Shape& shape) const;
    /// Where it lies, if it need not be read yet; else null.
    const StoredPlace* place(const std::string& name) const;

    CheckpointFolder& folder_;
    std::vector<std::string> prefixes_;
    WeightMap& into_;
    StoredMatrices* stored_;
};

/// W [out, in] of W^T.
Tensor<float> transposed_matrix(const Tensor<float>& w);
/// Rows `first` to `first + count`.
Tensor<float> rows_of_matrix(const Tensor<float>& w, Index first, Index count);
/// Units of each head [heads * units, ...] in another order: those that a model pairs with the unit half a head further (of the
/// first `turned` units) become neighbours, as our rotary code pairs them.
Tensor<float> paired_units(const Tensor<float>& rows, Index units, Index turned);
/// The same of a convolutional network that gates its channels, whose sizes the config alone says; names as in
/// model/gated_network.hpp. Both null: it is none.
struct NetworkMapping {
    GatedNetworkDesign (*design)(const JsonObject& config, const std::string& where) = nullptr;
    void (*take)(Taking& taking, const GatedNetworkDesign& design) = nullptr;
};

/// How the config and the names of one kind of model map to ours; a file each.
struct Family {
    std::string model_type;  // as config.json says, or its "architecture" in the layout of the library timm
    std::string title;       // "GPT-2"
    std::string source;      // the paper
    /// Error{bad_format} or {unsupported} for a config or tensors that do not fit. Null: it reads pictures.
    MappedModel (*map)(CheckpointFolder& folder, const JsonObject& config) = nullptr;
    /// The other way: config and tensors of a model that is mapped; null: not written.
    CheckpointFolder (*unmap)(const MappedModel& model) = nullptr;
    /// As map; null: it reads text.
    MappedVision (*map_vision)(CheckpointFolder& folder, const JsonObject& config) = nullptr;
    NetworkMapping network{};
};

Family bert_family();
Family deit_family();
Family distilbert_family();
Family efficientnet_b0_family();
Family gpt2_family();
Family gpt_neox_family();
Family llama_family();
Family marian_family();
Family mistral_family();
Family mobilenetv3_large_family();
Family qwen2_family();
Family qwen3_family();
Family roberta_family();
Family seresnet50_family();
Family t5_family();
Family vit_family();

const std::vector<Family>& families();
/// By config.json's model_type, or its architecture where that says no more. Error{unsupported} lists those that open.
const Family& family_of(const nlohmann::json& config, const std::string& where);
/// Error{bad_format} as above, by the type itself.
const Family& family_named(const std::string& model_type, const std::string& where);
/// The activation that a config names ("gelu_new"), by our id. Error{unsupported}.
std::string activation_of(const JsonObject& config, const char* key, const std::string& otherwise, const std::string& where);
std::string activation_named(const std::string& theirs, const std::string& where);

}  // namespace saccade
