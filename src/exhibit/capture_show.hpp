#pragma once

#include "exhibit/capture_load.hpp"

namespace saccade {

// What a capture shows to the probe.

/// "l,h,i,j" of the axes, `last` for the last one.
std::string letters_of(const std::vector<Axis>& axes, const std::string& last);
std::vector<std::string> names_of(const std::vector<Axis>& axes);
/// Declares the axes that are not among those that were.
void declare(Probe& probe, const std::vector<Axis>& axes, const std::vector<Axis>& declared = {});

/// "received": what each key gets, mean over queries, of "weights" [..., query, key].
void show_received(Probe& probe, const Tensor<float>& weights, const std::vector<Axis>& axes);
/// "weights", which follow from "scores" by softmax.
Tensor<float> show_weights_of(Probe& probe, const Tensor<float>& scores, const std::vector<Axis>& axes,
                              const std::stop_token& stop);
/// Captured queries and keys, and what is computed of them: "query", "key", "mask" if a query sees no later key, "scores",
/// "weights", "received". Several heads of queries may share one of the keys. Error{invalid_input} if they do not fit,
/// {out_of_range} for more than 2^26 weights.
void show_queries_and_keys(Probe& probe, const CapturedFile& capture, const CaptureLook& look);

}  // namespace saccade
