#include "verdicts.hpp"

namespace saccade::test {

namespace {

const std::string english = "text=tom likes mary. mary likes", lists = "source=30 Sep 2019; 2001年1月1日";

VerdictTable self_attention_verdicts() {
    return {
        .exhibit = "self-attention",
        .points = {"three vectors", "dot product of a query", "half of the features vary more", "What the root is for",
                   "Query and key are projected", "Softmax turns the scores", "What is read is a weighted mean", "A mask adds",
                   "All tokens do this at once"},
        .every = {"model", "mask", "show"},
        .rows =
            {
                // Every mask, on the encoder and on the language model.
                {"+ + + + + + + . -", {"model=zh", "mask=own"}},
                {"+ + + + + + + . -", {"model=zh", "mask=none"}},
                {"+ + + + + + + + -", {"model=zh", "mask=causal"}},
                {"+ + + + + + + + -", {"model=zh", "mask=restricted"}},
                {"+ + + + + + . + -", {"model=induction", english, "mask=own"}},
                {"+ + + + + + . . -", {"model=induction", english, "mask=none"}},
                {"+ + + + + + . + -", {"model=induction", english, "mask=causal"}},
                {"+ + + + + + . + -", {"model=induction", english, "mask=restricted"}},
                // Other heads, other texts, each token alone.
                {"+ + + + + + + . -", {"layer=2", "head=3"}},
                {"+ + + + + + + . -", {"show=matrices"}},
                {"+ + + + + + . + -", {"model=induction", english, "layer=2", "head=4"}},
                {"+ + + . + + + + -", {"mask=restricted", "radius=0"}},
                {"+ + + + + + + . -", {"mask=restricted", "radius=inf"}},
                {"+ + . . . . . . -", {"text=火"}},
                {"+ + . . . . . . -", {"text=火", "mask=causal"}},
                {"+ + . . . . . . -", {"model=induction", "text=tom"}},
                {"+ + + + + + + . -", {"text=2019"}},
                // What is changed by hand.
                {"H + + + + + + . -", {"intervene query[0,0]=1"}},
                {"+ H + + + + + . -", {"intervene scores[0,1]=9"}},
                {"+ H + H H + + . -", {"intervene scores=1"}},
                {"+ + + + + H H . -", {"intervene weights[0,:]*=2"}},
                {"+ + + + + + + . -", {"intervene weights[0,1]=1"}},
                {"+ + + + + + H . -", {"intervene context[0,0]=99"}},
                {"+ + + + + + + . -", {"intervene value[0,0]=99"}},
                {"+ + + + + + + H -", {"mask=causal", "intervene weights[0,3]=0.5"}},
                {"+ + + + + + + + -", {"mask=causal", "intervene mask[0,3]=0"}},
                {"+ + + + + + + + -", {"intervene mask[3,:]=-inf"}},
            },
    };
}

VerdictTable multi_head_verdicts() {
    return {
        .exhibit = "multi-head",
        .points = {"Each head projects", "Every head hands out", "have diverged", "stand side by side", "cut by columns",
                   "whose share is small"},
        .every = {"model"},
        .rows =
            {
                // Every layer of both models.
                {"+ + + + + +", {"model=zh", "layer=1"}},
                {"+ + + + + +", {"model=zh", "layer=2"}},
                {"+ + + + + +", {"model=zh", "layer=3"}},
                {"+ + + + + +", {"model=induction", english, "layer=1"}},
                {"+ + + + + +", {"model=induction", english, "layer=2"}},
                {"+ . . + + +", {"text=火"}},
                {"+ + + + + +", {"text=2019"}},
                {"+ . . + + +", {"model=induction", "text=tom"}},
                // What is changed by hand.
                {"+ H + + + +", {"intervene weights[0,0,:]*=0"}},
                {"+ + + + + +", {"intervene context[1,:,:]*=0"}},
                {"+ + + + + +", {"intervene concat[0,0]=9"}},
                {"+ + + H H +", {"intervene attended[0,0]=9"}},
                {"+ + + H + +", {"intervene contribution[0,0,0]=9"}},
                {"+ + H + + +", {"intervene scores=0"}},
                {"+ + + + + +", {"intervene head.share[0]=1"}},
                {"+ + + + + H", {"intervene share[0,0]=1"}},
            },
    };
}

VerdictTable permutation_verdicts() {
    return {
        .exhibit = "permutation",
        .points = {"The same three tokens", "real test only", "As it is often posted", "Add a position code",
                   "even the code changes nothing", "Whatever the order", "Change the weights"},
        .every = {"axes", "position", "projections"},
        .rows =
            {
                // Every setting.
                {"+ + . . . + +", {"axes=sequence", "position=none", "projections=seed"}},
                {"+ + . . . + +", {"axes=sequence", "position=none", "projections=own"}},
                {". + . + . + +", {"axes=sequence", "position=sinusoidal", "projections=seed"}},
                {". + . + . + +", {"axes=sequence", "position=sinusoidal", "projections=own"}},
                {". . + . . + +", {"axes=posted", "position=none", "projections=seed"}},
                {". . + . . + +", {"axes=posted", "position=none", "projections=own"}},
                {". . + . + + +", {"axes=posted", "position=sinusoidal", "projections=seed"}},
                {". . + . + + +", {"axes=posted", "position=sinusoidal", "projections=own"}},
                // Other orders and other weights.
                {". + . . . + +", {"order=1 2 3"}},
                {"+ + . . . + +", {"order=3 2 1"}},
                {". + . + . + +", {"order=3 2 1", "position=sinusoidal"}},
                {". + . . . + +", {"order=1 2 3", "position=sinusoidal"}},
                {"+ + . . . + +", {"seed=8"}},
                {". + . + . + +", {"seed=8", "position=sinusoidal"}},
                {". . . . . . +", {"q=1 0.5"}},
                {". + . + . + +", {"q=1 0.5; 1 0.5; 1 0.5", "position=sinusoidal"}},
                // What is changed by hand.
                {"H + . . . + +", {"intervene second.weights[0,0]=1"}},
                {"H + . . . H +", {"intervene second.weights[0,:]*=0"}},
                {"H H . . . + +", {"intervene first.weights[0,1]=0"}},
                {". . H . . + +", {"axes=posted", "intervene first.weights[0,1]=0.5"}},
                {". . + . H + +", {"axes=posted", "position=sinusoidal", "intervene second.output[0,0]=9"}},
                {". + . H . + H", {"position=sinusoidal", "intervene difference=0"}},
                {"H + . . . + H", {"intervene difference[0,0]=1"}},
            },
    };
}

VerdictTable positions_verdicts() {
    return {
        .exhibit = "positions",
        .points = {"Attention alone sees a set", "tells left from right", "Sinusoidal: going on", "no two positions have",
                   "Rotary turns", "ALiBi adds", "that penalty is the same", "Shaw learns", "does as well as the sinusoidal",
                   "A learned code has"},
        .every = {"position", "show"},
        .rows =
            {
                // Every position code.
                {"+ . . . . . . . . -", {"position=none"}},
                {". + + + . . . . . -", {"position=sinusoidal"}},
                {". + . . . . . . . -", {"position=learned"}},
                {". + . . . . . + . -", {"position=shaw"}},
                {". + . . + . . . . -", {"position=rotary"}},
                {". . . . . + + . . -", {"position=alibi"}},
                // As weights, and on lists of other lengths.
                {"+ . . . . . . . . -", {"position=none", "show=weights"}},
                {". + + + . . . . . -", {"position=sinusoidal", "show=weights"}},
                {". + . . . . . . . -", {"position=learned", "show=weights"}},
                {". + . . . . . + . -", {"position=shaw", "show=weights"}},
                {". + . . + . . . . -", {"position=rotary", "show=weights"}},
                {". . . . . + + . . -", {"position=alibi", "show=weights"}},
                {". . . . . . . . + -", {"show=extrapolation", "samples=1", "longest=1"}},
                // Other texts.
                {"+ . . . . . . . . -", {"position=none", "text=2001年1月1日"}},
                {". + + + . . . . . -", {"position=sinusoidal", "text=2001年1月1日"}},
                {". + . . . . . . . -", {"position=learned", "text=2001年1月1日"}},
                {". + . . . . . + . -", {"position=shaw", "text=2001年1月1日"}},
                {". + . . + . . . . -", {"position=rotary", "text=2001年1月1日"}},
                {". . . . . + + . . -", {"position=alibi", "text=2001年1月1日"}},
                {". . . . . . . . . -", {"position=none", "text=1"}},
                {". . . . . . . . . -", {"position=sinusoidal", "text=1"}},
                {". . . . . . . . . -", {"position=learned", "text=1"}},
                {". . . . . . . . . -", {"position=shaw", "text=1"}},
                {". . . . . . . . . -", {"position=rotary", "text=1"}},
                {". . . . . . . . . -", {"position=alibi", "text=1"}},
                {"+ . . . . . . . . -", {"position=none", "text=11"}},
                {". + + + . . . . . -", {"position=sinusoidal", "text=11"}},
                // What is changed by hand.
                {". + H + . . . . . -", {"intervene code[3,0]=2"}},
                {". H . H . . . . . -", {"intervene encoder.position=0"}},
                {". H . . . . . . . -", {"position=learned", "text=1 May 2001", "intervene encoder.position*=0"}},
                {"+ . . . . . . . . -", {"position=none", "intervene source.id[0]=5"}},
                {"+ . . . . . . . . -", {"position=none", "intervene encoder.weights[0,0,0,1]=0.9"}},
                {"+ . . . . . . . . -", {"position=none", "intervene encoder.embedding[2,:]*=3"}},
                {"H . . . . . . . . -", {"position=none", "intervene moved[0]=1"}},
                {". + . . + . . . . -", {"position=rotary", "intervene encoder.projected_query[0,0,0,0]=9"}},
                {". + . . + . . . . -", {"position=rotary", "intervene encoder.scores[0,0,0,0]=9"}},
                {". . . . . H H . . -", {"position=alibi", "intervene encoder.term[0,0,0,1]=9"}},
                {". + . . . . . H . -", {"position=shaw", "intervene encoder.term[0,0,0,1]=9"}},
            },
    };
}

VerdictTable transformer_verdicts() {
    return {
        .exhibit = "transformer",
        .points = {"There is no recurrence", "The encoder looks both ways", "The decoder must not see", "In cross-attention",
                   "A layer replaces nothing", "two convolutions whose", "To write a token", "stand in the file once",
                   "Greedy decoding takes", "With a radius"},
        .every = {"model", "stack", "position"},
        .rows =
            {
                // Every stack, and every position code of the lists of dates.
                {"+ + + + + + + + + .", {"stack=encoder"}},
                {"+ + + + + + + + + .", {"stack=decoder"}},
                {"+ + + + + + + + + .", {"stack=cross"}},
                {"+ + + + + + + + + .", {"model=dates", lists}},
                {"+ + + + + + + + + .", {"model=dates", lists, "position=none"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "position=sinusoidal"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "position=learned"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "position=shaw"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "position=rotary"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "position=alibi"}},
                // Codes that the weights do not know.
                {"+ + + + + + + + + .", {"model=dates", lists, "keep_weights=true", "position=none"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "keep_weights=true", "position=rotary"}},
                {"+ + + + + + + + + .", {"model=dates", lists, "keep_weights=true", "position=alibi"}},
                {"+ + + + + + + + + .", {"position=none"}},
                // Masks.
                {"+ + . + + + + + . .", {"causal=false"}},
                {"+ . + + + + + + + +", {"encoder_radius=0"}},
                {"+ . + + + + + + + +", {"encoder_radius=2"}},
                {"+ + + + + + + + + .", {"decoder_radius=0"}},
                {"+ + + + + + + + + .", {"decoder_radius=1"}},
                {"+ . + + + + + + + +", {"encoder_radius=1", "decoder_radius=1"}},
                // Forced, searched and differentiated; other texts.
                {"+ + + + + + + + X .", {"target=he gets up"}},
                {"+ + + + + + + + X .", {"target=she goes to bed late"}},
                {"+ + + + + + + + . .", {"beam=4"}},
                {"+ + + + + + + + . .", {"beam=4", "hypothesis=2"}},
                {"+ + + + + + + + + .", {"gradients=true"}},
                {"+ + + + + + + + X .", {"model=dates", lists, "target=2019-09-30"}},
                {"+ + + + + + + + + .", {"source=你好"}},
                {"+ . + + + + + + + .", {"source=火"}},
                {"+ + + + + + + + + .", {"source=hello"}},
                {"+ . + + + + + + + .", {"model=dates", "source=1"}},
                // What is changed by hand.
                {"H + + + + + + + + .", {"intervene encoder.weights[0,0,0,:]*=0"}},
                {"H H + + + + + + + .", {"intervene encoder.weights*=0"}},
                {"+ + H + + + + + + .", {"intervene decoder.weights[0,0,0,1]=0.5"}},
                {"H + + + + + + + + .", {"intervene cross.weights[0,0,0,:]*=2"}},
                {"+ + + H + + + + + .", {"intervene cross.key[0,0,0,0]=9"}},
                {"+ + + + + + + + + .", {"intervene decoder.attended[0,0,0]=9"}},
                {"+ + + + H + + + + .", {"intervene decoder.state[1,0,0]=99"}},
                {"+ + + + H + + + + .", {"intervene decoder.state[0,0,0]=99"}},
                {"+ + + + + + H + + .", {"intervene logits[0,0]=99"}},
                {"+ + + + + + + + H .", {"intervene output.id[0]=5"}},
                {"+ . + + + + + + + +", {"intervene encoder.mask[0,0,1]=-inf"}},
                {"+ + + + + + + + + .", {"intervene encoder.norm=0"}},
                {"+ . + + + + + + + H", {"encoder_radius=1", "intervene encoder.weights[0,0,0,5]=0.5"}},
                {"+ + . + + + + + H .", {"intervene decoder.mask[:,0,1]=0"}},
            },
    };
}

VerdictTable complexity_verdicts() {
    return {
        .exhibit = "complexity",
        .points = {"Counted, not assumed", "Doublings stand equally", "Measured on this machine", "A recurrence must wait",
                   "Between any two tokens", "Self-attention is the cheaper", "Restrict it to r"},
        .every = {"r"},
        .rows =
            {
                // Counts alone.
                {"+ + . + + + +", {"measure=false"}},
                {"+ + . + + + +", {"measure=false", "longest=512", "r=4"}},
                {"+ + . + + + +", {"measure=false", "longest=512", "r=8"}},
                {"+ + . + + + +", {"measure=false", "longest=512", "r=32"}},
                {"+ + . + + + +", {"measure=false", "k=2"}},
                {"+ + . + + + +", {"measure=false", "k=5"}},
                {"+ + . + + + +", {"measure=false", "d=32"}},
                {"+ + . + + + +", {"measure=false", "longest=512", "d=256", "n=256"}},
                {"+ + . + + + +", {"measure=false", "longest=128", "widest=128"}},
                {"+ + . + + + +", {"measure=false", "longest=2048", "widest=128"}},
                // Measured: the exponents set by hand, since they differ from run to run.
                {"+ + + + + + +",
                 {"longest=128", "widest=128", "intervene exponents.n[0,2]=2", "intervene exponents.n[1,2]=1",
                  "intervene exponents.n[2,2]=1", "intervene exponents.n[3,2]=1"}},
                {"+ + H + + + +",
                 {"longest=128", "widest=128", "intervene exponents.n[0,2]=1", "intervene exponents.n[1,2]=1",
                  "intervene exponents.n[2,2]=1", "intervene exponents.n[3,2]=1"}},
                {"+ + H + + + +",
                 {"longest=128", "widest=128", "intervene exponents.n[0,2]=2", "intervene exponents.n[1,2]=1.9",
                  "intervene exponents.n[2,2]=1", "intervene exponents.n[3,2]=1"}},
                // What is changed by hand.
                {"H H . + + + +", {"measure=false", "longest=128", "widest=128", "intervene operations.n[0,0]=1"}},
                {"+ H . + + + +", {"measure=false", "longest=128", "widest=128", "intervene exponents.d[0,0]=1.5"}},
                {"+ + . H + + +", {"measure=false", "longest=128", "widest=128", "intervene sequential[1,2]=1"}},
                {"+ + . + H + +", {"measure=false", "longest=128", "widest=128", "intervene path[0,1]=2"}},
                {"H H . + + H +", {"measure=false", "longest=128", "widest=128", "intervene operations.n[0,0]=1e9"}},
                {"+ H . + + H H", {"measure=false", "longest=128", "widest=128", "intervene operations.d[0,0]=1"}},
            },
    };
}

VerdictTable induction_verdicts() {
    return {
        .exhibit = "induction",
        .points = {"from left to right", "Switch Random tokens on", "draws a stripe", "It takes two layers", "Silence the head",
                   "Scores are plain means", "comes straight from it"},
        .every = {},
        .rows =
            {
                // Text, and random tokens that repeat.
                {"+ . . . . + +", {}},
                {"+ . . . . + +", {"text=a"}},
                {"+ . . . . + +", {"text=the cat sat. the cat sat"}},
                {"+ . . . . + +", {"text=one two"}},
                {"+ + + + + + +", {"random=true", "period=8"}},
                {"+ + + + + + +", {"random=true", "period=24"}},
                {"+ + + + + + +", {"random=true", "period=40"}},
                {"+ + + + + + +", {"random=true", "period=24", "seed=8"}},
                {"+ + + + . + +", {"random=true", "period=24", "ablate=false"}},
                {"+ . . . . + +", {"ablate=false"}},
                {"+ . . . . + +", {"random=true", "period=4"}},
                // What is changed by hand.
                {"H . . . . + +", {"intervene self.weights[0,0,0,1]=0.5"}},
                {"+ H H + H + +", {"random=true", "period=24", "intervene self.weights[1,:]*=0"}},
                {"+ + H H + + +", {"random=true", "period=24", "intervene self.weights[0,:]*=0"}},
                {"+ H + + H + +", {"random=true", "period=24", "intervene losses=9"}},
                {"+ + + + H + +", {"random=true", "period=24", "intervene mean_loss[1]=0"}},
                {"+ + H H + H +", {"random=true", "period=24", "intervene head_scores=0"}},
                {"+ + + H + + +", {"random=true", "period=24", "intervene composition=0"}},
                {"+ . . . . + H", {"intervene logits[0,0]=9"}},
                {"+ . . . . + +", {"intervene token.id[3]=5"}},
            },
    };
}

VerdictTable capture_verdicts() {
    return {
        .exhibit = "capture",
        .points = {"Whatever computed it", "The mean of a column", "A decoder sees", "What is changed by hand"},
        .every = {"role", "blocks"},
        .rows =
            {
                {"+ + + -", {}},
                {"+ + + -", {"role=weights", "blocks=mean"}},
                {"+ + . -", {"role=scores"}},
                {". . . -", {"role=values"}},
                {"+ + + -", {"axes=layer, head, query, key"}},
                {". + . -", {"part=key 1-5"}},
                {"+ + . -", {"part=head 2, query 4-10"}},
                // What is changed by hand.
                {"H + + -", {"intervene weights[0,0,:,:]*=2"}},
                {"+ + H -", {"intervene weights[0,0,2,5]=0.5"}},
                {"+ H + -", {"intervene received[0,0,0]=5"}},
            },
    };
}

VerdictTable checkpoint_verdicts() {
    return {
        .exhibit = "checkpoint",
        .points = {"Every row of every head", "A model that writes", "Heads that find nothing", "Each layer adds",
                   "The probabilities"},
        .every = {},
        .rows =
            {
                {"+ + + + +", {}},
                {"+ + + + +", {"generate=3"}},
                {"+ + + + +", {"text=Tom told Mary that he", "position=2"}},
                {". . . + +", {"text=Tom"}},
                {"+ + + . +", {"lens=false"}},
                // What is changed by hand.
                {"H + + + +", {"intervene self.weights[0,0]*=2"}},
                {"+ . + + +", {"intervene self.mask[0,1,3]=0"}},
                {"+ H + + +", {"intervene self.weights[0,0,1,3]=0.5"}},
                {"+ + H + +", {"intervene self.mask[:,:,0]=-inf"}},
                {"+ + + H +", {"intervene lens=0"}},
                {"+ + + H H", {"intervene probabilities[0]=0.5"}},
            },
    };
}

VerdictTable head_statistics_verdicts() {
    return {
        .exhibit = "head-statistics",
        .points = {"One map is one text", "Entropy lies between", "Some head rests", "Some head stays", "Heads differ more"},
        .every = {},
        .rows =
            {
                {"+ + + + +", {}},
                {"+ + + + +", {"most=4"}},
                {"+ + + + .", {"most=1"}},
                {"+ + + + +", {"longest=8", "side=8"}},
                // What is changed by hand.
                {"H + + + +", {"intervene entropy[0,0]=0"}},
                {"+ + H + +", {"intervene first=0.1"}},
                {"+ + + H +", {"intervene diagonal=0.1"}},
                {"+ H + + H", {"intervene entropy.texts[0,0,0]=9"}},
                {"H + + + H", {"intervene entropy=1"}},
            },
    };
}

}  // namespace

std::vector<VerdictTable> transformer_wing() {
    return {self_attention_verdicts(), multi_head_verdicts(),     permutation_verdicts(), positions_verdicts(),
            transformer_verdicts(),    complexity_verdicts(),     induction_verdicts(),   capture_verdicts(),
            checkpoint_verdicts(),     head_statistics_verdicts()};
}

}  // namespace saccade::test
