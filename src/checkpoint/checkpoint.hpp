#pragma once

#include "checkpoint/family.hpp"
#include "checkpoint/tokenizer.hpp"
#include "model/model_store.hpp"
#include "nn/activation.hpp"

namespace saccade {

/// Of an encoder-decoder: what reads the source, and how the decoder begins and ends.
struct SourceReader {
    TransformerStack<float> encoder;
    Index start, end;                            // ids: what the decoder reads first, and what ends its output
    Ids never;                                   // ids that it never writes
    BeamSettings beam;                           // as SourceSide has it
    bool renormalised;                           // as SourceSide has it
    std::string unheeded;                        // as SourceSide has it
    std::shared_ptr<const Tokenizer> tokenizer;  // of the source; null: the folder holds none
    std::vector<std::string> labels;             // of all ids of the source
};

/// Somebody else's model, ready to run.
struct Checkpoint {
    std::string path;
    const Family* family;
    ReadOut read_out;
    Index longest;                               // positions that it knows; 0: any number
    TransformerStack<float> stack;               // what is read out; of encoder-decoders the decoder
    std::optional<SourceReader> source{};        // of encoder-decoders
    Linear<float> table;                         // [V, d] and, of masked tokens, its bias: laid out
    Linear<float> transform{};                   // of masked tokens: before the table
    Norm<float> norm{};                          // behind it
    const Activation* activation = nullptr;      // between them
    std::shared_ptr<const Tokenizer> tokenizer;  // of what the stack reads; null: the folder holds none
    std::vector<std::string> labels;             // of all ids
    bool scaled_read_out = false;                // the table reads states times 1 / sqrt(d_model)
    std::string unused{};                        // tensors of the folder that it does not use, in words; empty: none

    Index vocabulary() const { return stack.vocabulary(); }
    /// What the table reads, of states [n, d]: themselves; scaled; or, of masked tokens, through transform and norm.
    Var<float> before_table(const Var<float>& states) const;
    /// [n, V]
    Var<float> logits(const Var<float>& before) const { return table(before); }
};
using CheckpointPtr = std::shared_ptr<const Checkpoint>;

/// Reads a folder once, and again only when its files change; the last two are kept. Error{io}, {bad_format}, {unsupported},
/// {out_of_range} or {numeric} (weights that are not finite), one line that names the folder or the file; {cancelled}.
CheckpointPtr checkpoint_of(const std::string& path, const std::stop_token& stop = {});
/// One that we trained in such a layout: its card says of which family it is, its design and its tokenizer. Made once while the
/// model lives. Error{bad_format} names the model and what its card lacks.
CheckpointPtr checkpoint_of(const ModelPtr& model);
/// What such a model's card and weights say, and its tokenizer.json. Errors as above.
MappedModel mapped_model(const Model& model);
std::string tokenizer_text(const Model& model);
/// Read now, not kept.
CheckpointPtr read_checkpoint(const std::string& path, const std::stop_token& stop = {});

}  // namespace saccade
