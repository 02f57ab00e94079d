#include "autograd/ops_channels.hpp"
#include "autograd/ops_common.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

namespace {

using namespace Eigen::internal;
using simd::Packet;

/// Where the gradient of a picture goes; nothing where it is not wanted.
template <class T>
struct GradTarget {
    T* data = nullptr;
    bool fresh = false;

    GradTarget(Tape<T>& tape, int id) {
        if (id >= 0) data = tape.grad_buffer(id, fresh).data();
    }
    template <class Lanes>
    void put(const Lanes& lanes, Index at, const Packet<T>& value) const {
        if (data != nullptr) lanes.store(data + at, fresh ? value : padd(value, lanes.load(data + at)));
    }
};

}  // namespace

template <class T>
Var<T> scale_channels(const Var<T>& x, const Var<T>& gate) {
    const Shape& s = x.shape();
    if (s.rank() != 4 || gate.shape() != Shape{s[0], s[3]}) throw shape_error("scale_channels", s, gate.shape());
    const Index channels = s[3], pixels = s[1] * s[2], picture = pixels * channels;
    Tensor<T> y = Tensor<T>::uninitialized(s);
    for_rows(s[0] * pixels, channels, [&](Index start, Index count) {
        // A piece may begin and end within a picture.
        for (Index p = start, end = 0; p < start + count; p = end) {
            const Index n = p / pixels;
            end = std::min(start + count, (n + 1) * pixels);
            for_channels<T>(channels, [&](Index c, const auto& lanes) {
                const Packet<T> factor = lanes.load(gate.value().data() + n * channels + c);
                for (Index at = p * channels + c; at < end * channels; at += channels)
                    lanes.store(y.data() + at, pmul(lanes.load(x.value().data() + at), factor));
            });
        }
    });
    Tape<T>* tape = common_tape({&x, &gate});
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [=, x_id = x.id(), gate_id = gate.id(), xv = gate.tracked() ? x.value() : Tensor<T>(),
                                       gates = gate.value()](Tape<T>& t, const Tensor<T>& grad) {
        const GradTarget<T> to(t, x_id);
        T* const to_gate = gate_id >= 0 ? t.grad_of(gate_id).data() : nullptr;
        for_rows(gates.shape()[0], picture, [&](Index start, Index count) {
            for (Index n = start; n < start + count; ++n) {
                for_channels<T>(channels, [&](Index c, const auto& lanes) {
                    const Index first = n * picture + c, of_gate = n * channels + c;
                    const Packet<T> factor = lanes.load(gates.data() + of_gate);
                    const Packet<T> sum = sum_rows<T>(pixels, [&](Index p, const Packet<T>& total) {
                        const Index at = first + p * channels;
                        const Packet<T> g = lanes.load(grad.data() + at);
                        to.put(lanes, at, pmul(g, factor));
                        return to_gate == nullptr ? total : pmadd(g, lanes.load(xv.data() + at), total);
                    });
                    if (to_gate != nullptr) lanes.store(to_gate + of_gate, padd(sum, lanes.load(to_gate + of_gate)));
                });
            }
        });
    });
}

template <class T>
Var<T> scale_places(const Var<T>& x, const Var<T>& map) {
    const Shape& s = x.shape();
    if (s.rank() != 4 || map.shape() != s.without(3)) throw shape_error("scale_places", s, map.shape());
    const Index channels = s[3], places = map.value().size();
    Tensor<T> y = Tensor<T>::uninitialized(s);
    for_rows(places, channels, [&](Index start, Index count) {
        for (Index p = start; p < start + count; ++p) {
            const Packet<T> factor = simd::all<T>(map.value().data()[p]);
            for_channels<T>(channels, [&](Index c, const auto& lanes) {
                const Index at = p * channels + c;
                lanes.store(y.data() + at, pmul(lanes.load(x.value().data() + at), factor));
            });
        }
    });
    Tape<T>* tape = common_tape({&x, &map});
    if (tape == nullptr) return y;
    return tape->record(std::move(y), [=, x_id = x.id(), map_id = map.id(), xv = map.tracked() ? x.value() : Tensor<T>(),
                                       maps = map.value()](Tape<T>& t, const Tensor<T>& grad) {
        const GradTarget<T> to(t, x_id);
        T* const to_map = map_id >= 0 ? t.grad_of(map_id).data() : nullptr;
        for_rows(places, channels, [&](Index start, Index count) {
            for (Index p = start; p < start + count; ++p) {
                const Packet<T> factor = simd::all<T>(maps.data()[p]);
                Packet<T> sum = simd::all<T>(T(0));
                for_channels<T>(channels, [&](Index c, const auto& lanes) {
                    const Index at = p * channels + c;
                    const Packet<T> g = lanes.load(grad.data() + at);
                    to.put(lanes, at, pmul(g, factor));
                    if (to_map != nullptr) sum = pmadd(g, lanes.load(xv.data() + at), sum);
                });
                if (to_map != nullptr) to_map[p] += predux(sum);
            }
        });
    });
}

#define SACCADE_INSTANTIATE(T)                                    \
    template Var<T> scale_channels(const Var<T>&, const Var<T>&); \
    template Var<T> scale_places(const Var<T>&, const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
