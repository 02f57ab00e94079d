#include "verdicts.hpp"

namespace saccade::test {

namespace {

const std::string sentence = "source=他每天早上六点起床。", gap = "text=September                    30";

VerdictTable alignment_verdicts() {
    return {
        .exhibit = "alignment",
        .points = {"each row sums to 1", "it leave the range", "Hard attention takes", "looks through a window",
                   "sums to at most 1", "Location scores", "Without attention", "Free, attention is no alignment",
                   "can look at 。", "Guided", "the cheap part", "Beam search"},
        .every = {"model", "score", "alignment"},
        .rows =
            {
                // Every score, as it was trained.
                {"+ + . . . . . . . . + .", {}},
                {"+ + . . . . . . . . + .", {"score=dot"}},
                {"+ + . . . . . . . . + .", {"score=scaled_dot"}},
                {"+ + . . . . . . . . + .", {"score=general"}},
                {"+ + . . . . . . . . + .", {"score=additive"}},
                {"+ + . . . . . . . . + .", {"score=concat"}},
                {"+ + . . . . . . . . + .", {"score=cosine"}},
                {"+ + . . . + . . . . + .", {"score=location"}},
                // Every alignment, as it was trained.
                {"+ + . . . . . . . . + .", {"alignment=softmax"}},
                {"+ + + . . . . . . . + .", {"alignment=hard_argmax"}},
                {"+ + + . . . . . . . + .", {"alignment=hard_sample"}},
                {"+ + . + . . . . . . + .", {"alignment=local_m"}},
                {"X . . + + . . . . . + .", {"alignment=local_p"}},
                {"+ + . . . . . . . . + .", {"alignment=sparsemax"}},
                {"+ + . . . . . . . . + .", {"alignment=entmax15"}},
                // Local-p with every score that was trained with it.
                {"X . . + + . . . . . + .", {"score=dot", "alignment=local_p"}},
                {"X . . + + . . . . . + .", {"score=scaled_dot", "alignment=local_p"}},
                {"X . . + + . . . . . + .", {"score=general", "alignment=local_p"}},
                {"X . . + + . . . . . + .", {"score=concat", "alignment=local_p"}},
                {"X . . + + . . . . . + .", {"score=cosine", "alignment=local_p"}},
                {"X . . + + + . . . . + .", {"score=location", "alignment=local_p"}},
                // Pairs that were not trained together, and functions changed under the additive model.
                {"+ + + . . . . . . . + .", {"score=dot", "alignment=hard_argmax"}},
                {"+ + + . . + . . . . + .", {"score=location", "alignment=hard_sample"}},
                {"+ + . + . . . . . . + .", {"score=general", "alignment=local_m"}},
                {"+ + . . . . . . . . + .", {"keep_weights=true", "score=dot"}},
                {"+ + + . . . . . . . + .", {"keep_weights=true", "alignment=hard_argmax"}},
                {"+ + + . . . . . . . + .", {"keep_weights=true", "alignment=hard_sample"}},
                {"+ + . + . . . . . . + .", {"keep_weights=true", "alignment=local_m"}},
                // Temperature and window at their ends.
                {"+ + + . . . . . . . + .", {"temperature=0"}},
                {"+ + . . . . . . . . + .", {"temperature=inf"}},
                {"+ + . + . . . . . . + .", {"alignment=local_m", "window=1"}},
                {"X . . + + . . . . . + .", {"alignment=local_p", "window=1"}},
                {"X . . . + . . . . . + .", {"alignment=local_p", "window=50"}},
                // One position leaves nothing to choose, and a window that none is in nothing at all.
                {"+ + . + . . . . . . + .", {"alignment=local_m", "window=0"}},
                {"+ + . + . . . . . . + .", {"alignment=local_p", "window=0"}},
                {". . . . . . . . . . + .", {"source=1", "alignment=hard_argmax"}},
                // Other texts, forced and searched.
                {"+ + . . . . . . . . + .", {"source=2019年9月30日"}},
                {"+ + + . . . . . . . + .", {"source=二〇一九年九月三十日", "alignment=hard_argmax"}},
                {". . . . . . . . . . + .", {"source=1"}},
                {"+ + . . . . . . . . + .", {"target=1999-1"}},
                {"+ + . . . . . . . . + +", {"beam=4"}},
                {"+ + . . . . . . . . + +", {"beam=4", "hypothesis=2"}},
                {"X . . + + . . . . . + +", {"beam=4", "alignment=local_p"}},
                {"+ + . . . . . . . . + +", {"source=2019年9月30日", "beam=4"}},
                // Chinese to English.
                {"+ + . . . . . + . . + .", {"model=zh-en-gru", "training=free", sentence}},
                {"+ + . . . . . + + . + .", {"model=zh-en-gru", "training=free", "source=请把门关上。"}},
                {"+ + . . . . . + + . + .", {"model=zh-en-luong", "training=free", sentence}},
                {". . . . . . + . . . . .", {"model=zh-en-fixed", sentence}},
                {"+ + . . . . . + . . + +", {"model=zh-en-gru", "training=free", sentence, "beam=4"}},
                {". . . . . . + . . . . +", {"model=zh-en-fixed", sentence, "beam=4"}},
                {"+ + + . . . . + + . + .", {"model=zh-en-luong", "training=free", sentence, "alignment=hard_argmax"}},
                {"+ + + . . . . + . . + .", {"model=zh-en-gru", "training=free", sentence, "temperature=0"}},
                {"+ + . . . . . + . . + .", {"model=zh-en-gru", "training=free", sentence, "target=he gets up"}},
                // Guided by word alignments.
                {"+ + . . . . . . . + + .", {"model=zh-en-gru", sentence, "training=guided"}},
                {"+ + . . . . . . . + + .", {"model=zh-en-luong", sentence, "training=guided"}},
                // What is changed by hand.
                {"+ + . . . . . . . . + .", {"intervene weights[5,9]=0.2"}},
                {"H + . . . . . . . . + .", {"intervene weights[5,:]*=0"}},
                {"+ H . . . . . . . . + .", {"intervene context[3,2]=9"}},
                {"+ + . . . . . . . . + .", {"intervene annotations[3,2]=9"}},
                {"H + H . . . . . . . + .", {"alignment=hard_argmax", "intervene weights[0,:]*=0"}},
                {"+ + H . . . . . . . + .", {"alignment=hard_argmax", "intervene weights[0,0]=0.5"}},
                {"+ + . H . . . . . . + .", {"alignment=local_m", "intervene weights[0,14]=0.5"}},
                {"X . . + H . . . . . + .", {"alignment=local_p", "intervene weights[0,:]*=5"}},
                {"X . . + + . . . . . + .", {"alignment=local_p", "intervene weights[0,:]*=0"}},
                {". . . . . . H . . . . .", {"model=zh-en-fixed", sentence, "intervene context[2,0]=1"}},
                {"+ + . . . . . . . . + H", {"beam=4", "intervene beam.score[10,0]=-9"}},
            },
    };
}

VerdictTable rnn_shapes_verdicts() {
    return {
        .exhibit = "rnn-shapes",
        .points = {"One step, repeated", "between −1 and 1", "passes through the last state",
                   "reads nothing but what it has just written", "from left to right: the state", "In both directions",
                   "Switch Trained off", "Training changes it"},
        .every = {"shape", "cell", "direction"},
        .rows =
            {
                // Every network.
                {"+ + . + . . . .", {"shape=1-to-n", "cell=elman"}},
                {"+ + . + . . . .", {"shape=1-to-n", "cell=gru"}},
                {"+ + . + . . . .", {"shape=1-to-n", "cell=lstm"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=elman"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=elman", "direction=bi"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=gru"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=gru", "direction=bi"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=lstm"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=lstm", "direction=bi"}},
                {"+ + . . + . . .", {"shape=n-to-n", "cell=elman"}},
                {"+ + . . . + . .", {"shape=n-to-n", "cell=elman", "direction=bi"}},
                {"+ + . . + . . .", {"shape=n-to-n", "cell=gru"}},
                {"+ + . . . + . .", {"shape=n-to-n", "cell=gru", "direction=bi"}},
                {"+ + . . + . . .", {"shape=n-to-n", "cell=lstm"}},
                {"+ + . . . + . .", {"shape=n-to-n", "cell=lstm", "direction=bi"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=elman"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=elman", "direction=bi"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=gru"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=gru", "direction=bi"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=lstm"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=lstm", "direction=bi"}},
                // Before training.
                {"+ + . + . . . .", {"shape=1-to-n", "cell=gru", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=elman", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=elman", "direction=bi", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=gru", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=gru", "direction=bi", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=lstm", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=lstm", "direction=bi", "trained=false"}},
                {"+ + . . + . . .", {"shape=n-to-n", "cell=lstm", "trained=false"}},
                {"+ + . . . + . .", {"shape=n-to-n", "cell=lstm", "direction=bi", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-m", "cell=gru", "trained=false"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=gru", "trained=false", "seed=8"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=gru", "trained=false", "text=30 Sep"}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=gru", "trained=false", gap}},
                {"+ + + . . . + .", {"shape=n-to-1", "cell=gru", "trained=false", "text=2019年9月30日"}},
                // A month, then a long gap.
                {"+ + + . . . . +", {"shape=n-to-1", "cell=elman", gap}},
                {"+ + + . . . . +", {"shape=n-to-1", "cell=elman", "direction=bi", gap}},
                {"+ + + . . . . +", {"shape=n-to-1", "cell=gru", gap}},
                {"+ + + . . . . +", {"shape=n-to-1", "cell=gru", "direction=bi", gap}},
                {"+ + + . . . . +", {"shape=n-to-1", "cell=lstm", gap}},
                {"+ + + . . . . +", {"shape=n-to-1", "cell=lstm", "direction=bi", gap}},
                {"+ + . . + . . .", {"shape=n-to-n", "cell=gru", gap}},
                {"+ + . . . + . .", {"shape=n-to-n", "cell=gru", "direction=bi", gap}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=gru", gap}},
                // Other input.
                {"+ + + . . . . .", {"shape=n-to-1", "cell=gru", "text=2019年9月30日"}},
                {"+ + . . . + . .", {"shape=n-to-n", "cell=gru", "direction=bi", "text=2019年9月30日"}},
                {"+ + . . . . . .", {"shape=n-to-n", "cell=gru", "text=9"}},
                {"+ + + . . . . .", {"shape=n-to-m", "cell=lstm", "text=二〇一九年九月三十日"}},
                {"+ + . + . . . .", {"shape=1-to-n", "cell=gru", "month=5"}},
                // What is changed by hand.
                {"H H + . . . . .", {"shape=n-to-1", "cell=gru", "intervene forward.state[4,0]=-3"}},
                {"+ + + . . . . .", {"shape=n-to-1", "cell=gru", "intervene forward.update[4,0]=3"}},
                {"+ H + . . . . .", {"shape=n-to-1", "cell=gru", "intervene states[4,0]=-3"}},
                {"+ + . . H . . .", {"shape=n-to-n", "cell=gru", "intervene memory.norm[1,3]=1"}},
                {"+ + . . . H . .", {"shape=n-to-n", "cell=gru", "direction=bi", "intervene memory.norm[1,3]=0"}},
                {"+ + . H . . . .", {"shape=1-to-n", "cell=gru", "intervene source.id[2]=4"}},
                {"+ + + . . . H .", {"shape=n-to-1", "cell=gru", "trained=false", "intervene memory.norm[:,0]=1"}},
                {"+ + + . . . . H", {"shape=n-to-1", "cell=gru", gap, "intervene memory.norm[:,0]=1"}},
            },
    };
}

VerdictTable bottleneck_verdicts() {
    return {
        .exhibit = "bottleneck",
        .points = {"Two models, trained alike", "at least a fifth", "come out worse than without", "The gap is wider",
                   "Every point is measured now"},
        .every = {"task"},
        .rows =
            {
                // Few samples: how each comes out is a matter of these.
                {"- + + + +", {"samples=4"}},
                {"- + + + +", {"samples=4", "seed=8"}},
                {"- X + + +", {"samples=1", "longest=2"}},
                {"- + + + +", {"samples=2", "longest=3"}},
                {"- . . . +", {"samples=1", "longest=1"}},
                {"- + X + +", {"task=translation", "data=tests/data/pairs.txt", "samples=1"}},
                {"- + X + +", {"task=translation", "data=tests/data/pairs.txt", "samples=8"}},
                // What is changed by hand.
                {"- + + + H", {"samples=1", "longest=2", "intervene fixed.quality[1]=0.1"}},
                {"- H H H H", {"samples=1", "longest=2", "intervene fixed.quality[1]=2"}},
                {"- H + H H", {"samples=1", "longest=2", "intervene fixed.quality[0]=0.1"}},
                {"- X H H +", {"samples=1", "longest=2", "intervene attention.quality[1]=0"}},
            },
    };
}

VerdictTable memory_verdicts() {
    return {
        .exhibit = "memory",
        .points = {"Address: a query", "Normalise: the scores", "Read: the values", "The key that fits best",
                   "Keys are for finding", "is a mean of the keys themselves", "A soft read mixes", "A hard read takes",
                   "learns by REINFORCE", "Temperature goes", "One read can lead", "Try the cosine score"},
        .every = {"score", "read"},
        .rows =
            {
                // Every score and every read.
                {"+ + + + + . + . . - . -", {"score=dot", "read=soft"}},
                {"+ + + + + . + + . - . -", {"score=dot", "read=hard"}},
                {"+ + + . + . + + + - . -", {"score=dot", "read=sample"}},
                {"+ + + + + . + . . - . -", {"score=dot", "read=sparsemax"}},
                {"+ + + + + . + . . - . -", {"score=dot", "read=entmax15"}},
                {"+ + + + + . + . . - . -", {"score=scaled_dot", "read=soft"}},
                {"+ + + + + . + + . - . -", {"score=scaled_dot", "read=hard"}},
                {"+ + + . + . + + + - . -", {"score=scaled_dot", "read=sample"}},
                {"+ + + + + . + . . - . -", {"score=cosine", "read=soft"}},
                {"+ + + + + . + + . - . -", {"score=cosine", "read=hard"}},
                {"+ + + . + . + + + - . -", {"score=cosine", "read=sample"}},
                // Temperature at its ends.
                {"+ + + + + . + + . - . -", {"read=soft", "temperature=0"}},
                {"+ + + + + . + . . - . -", {"read=soft", "temperature=0.3"}},
                {"+ + + + + . + . . - . -", {"read=soft", "temperature=inf"}},
                {"+ + + + + . + + . - . -", {"read=hard", "temperature=0"}},
                {"+ + + + + . + + . - . -", {"read=hard", "temperature=0.3"}},
                {"+ + + + + . + + . - . -", {"read=hard", "temperature=inf"}},
                {"+ + + . + . + + . - . -", {"read=sample", "temperature=0"}},
                {"+ + + . + . + + + - . -", {"read=sample", "temperature=0.3"}},
                {"+ + + . + . + + + - . -", {"read=sample", "temperature=inf"}},
                // Asked again, and values that are the keys.
                {"+ + + + + + + . . - . -", {"tie=true"}},
                {"+ + + + + + + . . - + -", {"tie=true", "hops=2"}},
                {"+ + + + + + + + . - + -", {"tie=true", "hops=3", "read=hard"}},
                {"+ + + . + + + + + - + -", {"tie=true", "hops=2", "read=sample", "seed=8"}},
                {"+ + + + + . + . . - . -", {"score=cosine", "strength=50", "q=10 10 0 0"}},
                {"+ + + + + . + . . - . -", {"q=0 0 0 0"}},
                {"+ + + + + . + + . - . -", {"q=0 0 0 0", "read=hard"}},
                // What is changed by hand.
                {"H + + + + . + . . - . -", {"intervene scores[0,0]=9"}},
                {"+ + + H + . + . . - . -", {"intervene weights[0,0]=1"}},
                {"+ H + + + . H . . - . -", {"intervene weights[0,:]*=2"}},
                {"+ + H + + . H . . - . -", {"intervene context[0,0]=9"}},
                {"+ + + + + . + . . - . -", {"intervene values[0,0]=40"}},
                {"+ + + + + . + . . - . -", {"intervene keys[0,0]=40"}},
                {"+ + + + + . + H . - . -", {"read=hard", "intervene weights[0,0]=0.5"}},
                {"+ H + + + . + H . - . -", {"read=hard", "intervene weights[0,:]*=0.5"}},
                {"+ + + + + + + . . - H -", {"tie=true", "hops=2", "intervene hop2.queries[0,0]=7"}},
            },
    };
}

VerdictTable saliency_verdicts() {
    return {
        .exhibit = "saliency",
        .points = {"One encoder reads the date", "Focus asks", "Ask for the year", "Max pooling has no query",
                   "Gating has none either", "these two maps are the same", "All three can answer", "Try a text without"},
        .every = {"question"},
        .rows =
            {
                // Every question, in English and in Chinese.
                {"+ + + + + + + -", {"question=year"}},
                {"+ + + + + + + -", {"question=month"}},
                {"+ + + + + + + -", {"question=day"}},
                {"+ + + + + + + -", {"source=30 Sep 2019", "question=year"}},
                {"+ + + + + + + -", {"source=30 Sep 2019", "question=day"}},
                {"+ + + + + + + -", {"source=2019年9月30日", "question=year"}},
                {"+ + + + + + + -", {"source=2019年9月30日", "question=day"}},
                {"+ + + + + + + -", {"source=二〇一九年九月三十日", "question=year"}},
                {"+ + + + + + + -", {"source=二〇一九年九月三十日", "question=day"}},
                {"+ + + + + + + -", {"source=the 30th of September 2019", "question=year"}},
                {"+ + + + + + + -", {"source=the 30th of September 2019", "question=day"}},
                // No dates.
                {"+ + . + + + . -", {"source=hello world"}},
                {"+ + . + + + . -", {"source=，。！"}},
                {"+ . . + + + . -", {"source=1"}},
                {"+ . . + + + . -", {"source=."}},
                {"+ + . + + + . -", {"source=12"}},
                {"+ + . + + + . -", {"source=你好"}},
                // What is changed by hand.
                {"+ + H + + + H -", {"source=30 Sep 2019", "intervene focus.weights[0,0]=1"}},
                {"+ + H + + + H -",
                 {"source=30 Sep 2019", "intervene focus.weights[0,0]=1", "intervene focus.weights[1,0]=1",
                  "intervene focus.weights[2,0]=1"}},
                {"+ + + + + + H -", {"source=30 Sep 2019", "intervene max.weights[:,3]=1"}},
                {"+ + + H + + + -", {"source=30 Sep 2019", "intervene max.saliency[3]=1"}},
                {"+ + + + + + H -", {"source=30 Sep 2019", "intervene gate.gates=0"}},
                {"+ + + + H + H -", {"source=30 Sep 2019", "intervene gate.weights[0]=1"}},
            },
    };
}

}  // namespace

std::vector<VerdictTable> sequence_wing() {
    return {alignment_verdicts(), rnn_shapes_verdicts(), bottleneck_verdicts(), memory_verdicts(), saliency_verdicts()};
}

}  // namespace saccade::test
