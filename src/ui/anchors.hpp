#pragma once

#include <string>
#include <vector>

#include "params/param_spec.hpp"
#include "trace/explain.hpp"
#include "trace/intervention.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// What the cells of an intervention were called when it was made: in another text the same numbers name other tokens.
struct Anchor {
    Intervention::Kind kind = Intervention::Kind::set;
    std::string tensor;
    std::vector<Index> index;
    Params inputs;                                 // the texts, pictures and numbers that it was made on
    std::vector<std::vector<std::string>> tokens;  // of each axis that it names a cell of: up to that cell
    std::vector<ExplainedPart> name;               // as the list calls it there
    bool aside = false;                            // switched off, as its tokens are gone

    bool is_of(const Intervention& i) const { return i.kind == kind && i.tensor == tensor && i.index == index; }
};

/// Does the intervention name single tokens? Not one of heads, layers or channels, nor a pattern, which is kept however the
/// text changes.
bool names_tokens(const Intervention& intervention, const Trace& trace);

/// Follows a whole run: those whose inputs are others, and with them the tokens up to a named cell, are set aside (switched
/// off); those set aside come back with their inputs. `inputs` are the run's. True if an intervention was switched.
bool follow_anchors(std::vector<Anchor>& anchors, std::vector<Intervention>& interventions, const Trace& trace,
                    const Params& inputs);

}  // namespace saccade
