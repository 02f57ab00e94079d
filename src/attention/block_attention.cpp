#include "attention/block_attention.hpp"

#include "attention/channel_cbam.hpp"
#include "attention/channel_se.hpp"
#include "attention/spatial_cbam.hpp"

namespace saccade {

namespace {

/// Channels first, then places: the order that Woo 2018 found best (section 4.1, table 3).
template <class T>
struct Cbam : BlockAttention<T> {
    CbamChannel<T> channel;
    CbamSpatial<T> spatial;

    explicit Cbam(const BlockAttentionParameters<T>& get)
        : channel(get("reduce.weight"), get("expand.weight")), spatial(get("spatial.weight"), get("spatial.bias")) {}
    Var<T> operator()(const Var<T>& features, const Observer& observe) const override {
        return spatial(channel(features, observe), observe);
    }
    ShownAs result() const override { return spatial.result(); }
};

std::vector<BlockAttentionParameter> no_parameters(const BlockAttentionSizes&) {
    return {};
}

std::vector<BlockAttentionParameter> cbam_parameters(const BlockAttentionSizes& sizes) {
    auto all = channel_gate_parameters(sizes);
    for (BlockAttentionParameter& p : spatial_map_parameters(sizes)) all.push_back(std::move(p));
    return all;
}

template <class T>
std::unique_ptr<BlockAttention<T>> make_none(const BlockAttentionParameters<T>&) {
    return nullptr;
}

template <class T>
std::unique_ptr<BlockAttention<T>> make_se(const BlockAttentionParameters<T>& get) {
    return std::make_unique<SqueezeExcitation<T>>(get("reduce.weight"), get("expand.weight"));
}

template <class T>
std::unique_ptr<BlockAttention<T>> make_cbam(const BlockAttentionParameters<T>& get) {
    return std::make_unique<Cbam<T>>(get);
}

}  // namespace

const std::vector<BlockAttentionKind>& block_attentions() {
    static const std::vector<BlockAttentionKind> all = {
        {"none", "None", "F'' = F", "He 2016", false, false, {}, no_parameters, make_none<float>, make_none<double>},
        {"se",
         "Squeeze-and-excitation",
         "F'_c = σ(W_2 relu(W_1 mean_{ij} F))_c F_c",
         "Hu 2018, eq. 2 to 4",
         true,
         false,
         {"pooled"},
         channel_gate_parameters,
         make_se<float>,
         make_se<double>},
        {"cbam",
         "CBAM",
         "F' = M_c(F) F, F'' = M_s(F') F'",
         "Woo 2018, eq. 1 to 3",
         true,
         true,
         {"pooled", "pooled_max"},
         cbam_parameters,
         make_cbam<float>,
         make_cbam<double>},
    };
    return all;
}

const BlockAttentionKind& block_attention(const std::string& id) {
    std::string known;
    for (const BlockAttentionKind& candidate : block_attentions()) {
        if (candidate.id == id) return candidate;
        known += (known.empty() ? "" : ", ") + candidate.id;
    }
    throw Error(ErrorCode::usage, "blocks have no attention '" + id + "'", "choose one of: " + known);
}

template <>
std::unique_ptr<BlockAttention<float>> make_block_attention(const BlockAttentionKind& kind,
                                                            const BlockAttentionParameters<float>& parameters) {
    return kind.make(parameters);
}
template <>
std::unique_ptr<BlockAttention<double>> make_block_attention(const BlockAttentionKind& kind,
                                                             const BlockAttentionParameters<double>& parameters) {
    return kind.make_double(parameters);
}

}  // namespace saccade
