#include "verdicts.hpp"

namespace saccade::test {

namespace {

/// A file of 8x8 px, and a scene of one's own.
const std::string picture =
                      "image=data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAJElEQVR42mOI"
                      "6rmDFTGQK3FCQwOOCEssACJUCZAIVAIT4ZQAAJVMY9k6f5+nAAAAAElFTkSuQmCC",
                  scene =
                      "image=scene:{\"shapes\":["
                      "{\"kind\":\"circle\",\"color\":\"red\",\"x\":0.25,\"y\":0.5,\"size\":0.3},"
                      "{\"kind\":\"square\",\"color\":\"blue\",\"x\":0.75,\"y\":0.5,\"size\":0.3}]}";

VerdictTable channel_verdicts() {
    return {
        .exhibit = "channel",
        .points = {"Squeeze", "Excitation", "sigmoid, not a softmax", "Scaling", "CBAM also takes", "shortcut goes past",
                   "Drag a bar"},
        .every = {"model", "block"},
        .rows =
            {
                // Every network, and of CBAM every block.
                {". . . . . + +", {"model=none", "block=1.1"}},
                {". . . . . + +", {"model=none", "block=2.2"}},
                {". . . . . + +", {"model=none", "block=3.3"}},
                {"+ + + + . + +", {"model=se", "block=1.1"}},
                {"+ + + + . + +", {"model=se", "block=2.2"}},
                {"+ + + + . + +", {"model=se", "block=3.3"}},
                {"+ + + + + + +", {"model=cbam", "block=1.1"}},
                {"+ + + + + + +", {"model=cbam", "block=1.2"}},
                {"+ + + + + + +", {"model=cbam", "block=1.3"}},
                {"+ + + + + + +", {"model=cbam", "block=2.1"}},
                {"+ + + + + + +", {"model=cbam", "block=2.2"}},
                {"+ + + + + + +", {"model=cbam", "block=2.3"}},
                {"+ + + + + + +", {"model=cbam", "block=3.1"}},
                {"+ + + + + + +", {"model=cbam", "block=3.2"}},
                {"+ + + + + + +", {"model=cbam", "block=3.3"}},
                // Pictures: things, shapes, a drawing of one's own; sizes and classes.
                {"+ + + + + + +", {"model=cbam", "image=sample:cat"}},
                {"+ + + + . + +", {"image=sample:shapes"}},
                {"+ + + + . + +", {picture}},
                {"+ + + + . + +", {scene}},
                {"+ + + + . + +", {"resolution=64"}},
                {"+ + + + . + +", {"class=cat"}},
                // What is changed by hand.
                {"H + + + . + +", {"intervene stage3.block3.pooled[0]=9"}},
                {"+ H + + . + +", {"intervene stage3.block3.bottleneck[0]=9"}},
                {"+ + + + . + +", {"intervene stage3.block3.gate[0]=0"}},
                {"+ + + + . + +", {"intervene stage3.block3.gate=0"}},
                {"+ + H + . + +", {"intervene stage3.block3.gate_scores=-4.143"}},
                {"+ + + + . + +", {"intervene stage3.block3.gate_scores=-99"}},
                {"+ + + H . + +", {"intervene stage3.block3.refined[0,0,0]=9"}},
                {"+ + + + . H +", {"intervene stage3.block3.output[0,0,0]=9"}},
                {"+ + + + H + +", {"model=cbam", "intervene stage3.block3.gate_scores[0]=9"}},
                {"+ + + + . + H", {"intervene probabilities[0]=0.9"}},
            },
    };
}

VerdictTable spatial_verdicts() {
    return {
        .exhibit = "spatial",
        .points = {"CBAM asks twice", "channels are pooled away", "One 7×7 convolution", "it is no softmax",
                   "as coarse as the block", "Grad-CAM is another question"},
        .every = {"model", "block"},
        .rows =
            {
                // Every network, and of CBAM every block.
                {". . . . + .", {"model=none", "block=1.1"}},
                {". . . . + .", {"model=none", "block=2.2"}},
                {". . . . + .", {"model=none", "block=3.3"}},
                {". . . . + .", {"model=se", "block=1.1"}},
                {". . . . + .", {"model=se", "block=2.2"}},
                {". . . . + .", {"model=se", "block=3.3"}},
                {"+ + + + + +", {"model=cbam", "block=1.1"}},
                {"+ + + + + +", {"model=cbam", "block=1.2"}},
                {"+ + + + + +", {"model=cbam", "block=1.3"}},
                {"+ + + + + +", {"model=cbam", "block=2.1"}},
                {"+ + + + + +", {"model=cbam", "block=2.2"}},
                {"+ + + + + +", {"model=cbam", "block=2.3"}},
                {"+ + + + + +", {"model=cbam", "block=3.1"}},
                {"+ + + + + +", {"model=cbam", "block=3.2"}},
                {"+ + + + + +", {"model=cbam", "block=3.3"}},
                // Pictures, sizes, classes, side by side.
                {"+ + + + + +", {"image=sample:cat"}},
                {"+ + + + + +", {"image=sample:shapes"}},
                {"+ + + + + +", {picture}},
                {"+ + + + + +", {scene}},
                {"+ + + + + +", {"resolution=64"}},
                {"+ + + + + +", {"class=cat"}},
                {"+ + + + + +", {"side_by_side=true"}},
                // What is changed by hand.
                {"+ H + + + +", {"intervene stage3.block2.mean_map[0,0]=9"}},
                {"+ H + + + +", {"intervene stage3.block2.max_map[0,0]=9"}},
                {"+ + H + + +", {"intervene stage3.block2.spatial_scores[0,0]=9"}},
                {"+ + + + + +", {"intervene stage3.block2.spatial=0"}},
                {"+ + + + + +", {"intervene stage3.block2.spatial=0.5"}},
                {"+ + H H + +", {"intervene stage3.block2.spatial_scores=-5.5413"}},
                {"+ + + + + +", {"intervene stage3.block2.gate=0"}},
                {"+ + + + + H", {"intervene grad_cam[0,0]=1"}},
                {"+ + + + + +", {"intervene grad_cam.gradient=0"}},
            },
    };
}

VerdictTable captioning_verdicts() {
    return {
        .exhibit = "captioning",
        .points = {"Before each word the decoder", "Nobody told the model", "What the decoder reads", "A scalar gate",
                   "Doubly stochastic", "“Left of” can be read", "Hard attention looks", "SCA-CNN also says"},
        .every = {"model", "language", "order"},
        .rows =
            {
                // Every model in both languages.
                {"+ + + + + + . .", {"model=soft", "language=en"}},
                {"+ + + + + + . .", {"model=soft", "language=zh"}},
                {"+ + + + + + + .", {"model=hard", "language=en"}},
                {"+ + + + + + + .", {"model=hard", "language=zh"}},
                {"+ + + + + + . +", {"model=sca", "language=en"}},
                {"+ + + + + + . +", {"model=sca", "language=zh"}},
                {"+ + + + + + . +", {"model=sca", "order=channel-spatial"}},
                {"+ + + + + + . +", {"model=sca", "order=spatial-channel"}},
                // Pictures.
                {"+ + + + + . . .", {"image=sample:crowd"}},
                {"+ . + + + . . .", {"image=sample:boat"}},
                {"+ + + + + + . .", {"image=sample:clutter"}},
                {"+ + + + + + . .", {"image=sample:night"}},
                {"+ + + + + . . .", {"image=sample:crowd", "language=zh"}},
                {"+ + + + + + . +", {"image=sample:night", "model=sca", "language=zh"}},
                {"+ . + + + . . .", {picture}},
                {"+ + + + + + . .", {scene}},
                {"+ + + + + + . .", {scene, "language=zh"}},
                {"+ + + + + + . .", {"resolution=64"}},
                // Temperature, beam, captions of one's own.
                {"+ + + + + + . .", {"temperature=0"}},
                {"+ . + + + . . .", {"temperature=inf"}},
                {"+ + + + + + + .", {"model=hard", "temperature=3"}},
                {"+ + + + + + . .", {"beam=3"}},
                {"+ + + + + + . .", {"beam=3", "language=zh"}},
                {"+ + + + + + . .", {"beam=3", "hypothesis=2"}},
                {"+ + + + + + . .", {"caption=a large red circle is left of a small blue square"}},
                {"+ + + + + + . .", {"caption=a small blue square is right of a large red circle"}},
                {"+ + + + + X . .", {"caption=a large red circle is right of a small blue square"}},
                {"+ + + + + + . .", {"caption=大红圆在大蓝方块的左边"}},
                {"+ + + + + X . .", {"caption=大红圆在大蓝方块的右边"}},
                // What is changed by hand.
                {"+ + + + + + . .", {"intervene weights[1,0]=1"}},
                {"H + + + H + . .", {"intervene weights[1,:]*=0"}},
                {"+ H + + + + . .", {"intervene pointing=0"}},
                {"+ + H + + + . .", {"intervene context[0,0]=9"}},
                {"+ + + H + + . .", {"intervene gated_context[0,0]=9"}},
                {"+ + + + H + . .", {"intervene coverage=0"}},
                {"H + + + H + H .", {"model=hard", "intervene weights[0,:]*=0.5"}},
                {"+ + + + + + . H", {"model=sca", "intervene channel_gate[0,:]*=2"}},
                {"+ + + + + + . H", {"model=sca", "intervene channel_gate[0,0]=9"}},
            },
    };
}

VerdictTable glimpses_verdicts() {
    return {
        .exhibit = "glimpses",
        .points = {"never reads the whole picture", "joined into one vector", "it decides where to look next",
                   "has no gradient", "adds evidence", "lead to the same answer", "does not depend on the canvas",
                   "no gain on small pictures"},
        .every = {"model", "policy"},
        .rows =
            {
                {"+ + + . + + + +", {"model=mnist", "policy=mean"}},
                {"+ + + . + + + +", {"model=translated"}},
                {"+ + + + + + + +", {"model=translated", "policy=sampled", "clutter=4"}},
                {"+ + + + + + + +", {"policy=sampled"}},
                // Digits, a drawing of one's own, a file, nothing.
                {"+ + + . + + + +", {"image=sample:digit-7"}},
                {"+ + + . + + + +", {"image=sample:digit-0"}},
                {"+ + + . + X + +", {scene}},
                {"+ + + . + + + +", {picture}},
                {"+ + + . X X + +", {"image=scene:{\"background\":{\"color\":\"#000000\"}}"}},
                {"+ + + . + + + +", {"centred=false"}},
                // Glimpses, canvases, the fan.
                {"+ + + . . + + +", {"glimpses=1"}},
                {"+ + + . + + + +", {"glimpses=12"}},
                {"+ + + . X + + +", {"canvas=60", "clutter=4"}},
                {"+ + + . + . + +", {"paths=0"}},
                // What is changed by hand.
                {"+ + H . + + + +", {"intervene glimpse.fixation[2,:]=0.5"}},
                {"H + + . + + + +", {"intervene glimpse.retina[1,0,4,4]=9"}},
                {"+ H + . + + + +", {"intervene glimpse.vector[1,0]=9"}},
                {"+ H + . + + + +", {"intervene glimpse.state[1,0]=9"}},
                {"+ + H . + + + +", {"intervene glimpse.policy[1,0]=0.9"}},
                {"+ + + . + + H H", {"intervene cost[0,0]=9"}},
            },
    };
}

VerdictTable temporal_verdicts() {
    return {
        .exhibit = "temporal",
        .points = {"A clip is a row of frames", "In training a term", "What the decoder reads", "is read off the film",
                   "The question depends", "Over time and space every place", "And at verbs and nouns"},
        .every = {"model", "language"},
        .rows =
            {
                // Both models in both languages.
                {"+ + + + + . .", {"model=time", "language=en"}},
                {"+ + + + + . .", {"model=time", "language=zh"}},
                {"+ + + + + + +", {"model=space", "language=en"}},
                {"+ + + + + + +", {"model=space", "language=zh"}},
                // Stories, held-out clips, times.
                {"+ + + . + . .", {"story=the purple ring moves up"}},
                {"+ + + + + . .", {"story=the red circle meets the blue square, then the red circle moves down"}},
                {"+ + + + + . .", {"clip=1"}},
                {"+ + + + + . .", {"second_event=13"}},
                {"+ + + + + . .", {"first_event=14"}},
                // Temperature, beam, sentences of one's own.
                {"+ + + + + . .", {"temperature=0"}},
                {"+ X + X + . .", {"temperature=inf"}},
                {"+ + + + + . .", {"beam=3"}},
                {"+ X + . + . .", {"sentence=the blue square moves left"}},
                {"+ X + . + . .", {"sentence=蓝方块向左移动"}},
                // What is changed by hand.
                {"H + + + + . .", {"intervene weights[1,:]*=0"}},
                {"+ H + + + . .", {"intervene pointing=0"}},
                {"+ + H + + . .", {"intervene context[0,0]=9"}},
                {"+ + + + H . .", {"intervene queries[0,0]=9"}},
                {"+ + + + + H +", {"model=space", "intervene frame_weights[0,0]=0.5"}},
            },
    };
}

VerdictTable reading_verdicts() {
    return {
        .exhibit = "reading",
        .points = {"becomes 26 steps", "Nobody told the model where the characters are", "goes through the word",
                   "weighted mean of the annotations", "A thin-plate spline bends", "The sampler reads", "needs a frame",
                   "what the rectifier is for", "The map of a character is its weights"},
        .every = {"model"},
        .rows =
            {
                {"+ + + + + + + + +", {"model=reading"}},
                {"+ . + + . . . + +", {"model=reading-plain"}},
                {"+ + + + + + + . +", {"bend=0"}},
                {"+ + + + . . . . +", {"model=reading-plain", "bend=0"}},
                {"+ + + + + + . . +", {"bend=20"}},
                {"+ + + + + + . . +", {"bend=0", "far_x=0.4", "word=Reading"}},
                {"+ . . + + + . . +", {picture}},
                {"+ + + + + + + . +", {"bend=0", "beam=4"}},
                {"+ . X + + + + . +", {"bend=0", "target=Wrong"}},
                // What is changed by hand.
                {"H + + + + + + . +", {"bend=0", "intervene weights[6,:]*=0.5"}},
                {"+ H + + + + + . +", {"bend=0", "intervene pointing=0"}},
                {"+ + + H + + + . +", {"bend=0", "intervene context[0,0]=9"}},
                {"+ + + + H + + . +", {"bend=0", "intervene grid[4,40,0]=0.9"}},
                {"+ + + + + H + . +", {"bend=0", "intervene rectified.picture[4,40,0]=0"}},
                {"+ . + + + + H . +", {"bend=0", "intervene control_points[4,1]=0.9"}},
                {"+ + + + + + + . H", {"bend=0", "intervene map[0,0,0]=9"}},
            },
    };
}

VerdictTable vision_checkpoint_verdicts() {
    const std::string folder = "path=" SACCADE_SOURCE_DIR "/tests/golden/vision_", vit = folder + "vit", deit = folder + "deit",
                      grey = folder + "deit_plain", timm = "path=" SACCADE_SOURCE_DIR "/tests/golden/timm_",
                      se = timm + "seresnet50", mobile = timm + "mobilenetv3_large_100", efficient = timm + "efficientnet_b0";
    return {
        .exhibit = "vision-checkpoint",
        .points = {"A picture is cut into patches", "shares out one whole", "Rollout multiplies the layers", "Relevance asks",
                   "The probabilities follow", "has no tokens", "two layers with biases", "shares with no other",
                   "the gate lets through", "Drag a bar"},
        .every = {},
        .rows =
            {
                {"+ + + + + . . . . .", {}},
                {"+ + + + + . . . . .", {vit}},
                {"+ + + + + . . . . .", {deit}},
                {"+ + + + + . . . . .", {grey}},
                {"+ + + + + . . . . .", {vit, picture}},
                {"+ + + + + . . . . .", {deit, "query=5", "class=2"}},
                {"+ + + . + . . . . .", {vit, "gradients=false"}},
                {". . . . . + + + + +", {se}},
                {". . . . . + + + + +", {se, "block=1", picture}},
                {". . . . . + + + + +", {mobile, "block=4"}},
                {". . . . . + + + + +", {efficient, "block=1"}},
                {". . . . . + + + + +", {efficient, "block=7", "class=2"}},
                // What is changed by hand.
                {". . . . . H + + + +", {se, "intervene stage4.block1.pooled[0]=9"}},
                {". . . . . + H + + +", {se, "intervene stage4.block1.bottleneck[0]=9"}},
                {". . . . . + + + + +", {se, "intervene stage4.block1.gate[0]=0"}},
                {". . . . . + + + H +", {se, "intervene stage4.block1.output[0,0,0]=9"}},
                {". . . . . + + + + H", {se, "intervene probabilities[0]=0.9"}},
                {"H + + + + . . . . .", {vit, "intervene self.embedding[3,0]=9"}},
                {"+ H + + + . . . . .", {vit, "intervene self.weights[0,0]*=2"}},
                {"+ + + + + . . . . .", {vit, "intervene self.weights[0,0,0,3]=0.5"}},
                {"+ + + + H . . . . .", {vit, "intervene probabilities[0]=0.9"}},
            },
    };
}

}  // namespace

std::vector<VerdictTable> vision_wing() {
    return {channel_verdicts(),  spatial_verdicts(), captioning_verdicts(),       glimpses_verdicts(),
            temporal_verdicts(), reading_verdicts(), vision_checkpoint_verdicts()};
}

}  // namespace saccade::test
