// onnxruntime_run.js FOLDER BUDGET_MS LENGTH ...: median milliseconds of FOLDER/LENGTH.onnx under ONNX Runtime, with one thread and with all,
// the faster of the two. Called by onnxruntime_best.py.
const ort = require('onnxruntime-node');
const os = require('os');
const path = require('path');

function input(model, length) {
    // Ids of a vocabulary of 50257, rows of 512, or a picture.
    const shape = {ids: [length], rows: [length, 512], picture: [1, 3, length, length]}[model];
    const size = shape.reduce((a, b) => a * b, 1);
    return model === 'ids' ? new ort.Tensor('int64', BigInt64Array.from({length: size}, (_, i) => BigInt((i * 7919) % 50257)), shape)
                           : new ort.Tensor('float32', Float32Array.from({length: size}, () => Math.random() - 0.5), shape);
}

/// What takes this length: tried, since a session does not tell.
async function fed(session, length) {
    for (const model of ['rows', 'ids', 'picture']) {
        const feeds = {[session.inputNames[0]]: input(model, length)};
        try {
            await session.run(feeds);
            return feeds;
        } catch (error) {
            if (model === 'picture') throw error;
        }
    }
}

async function median(session, feeds, budget) {
    for (let i = 0; i < 3; ++i) await session.run(feeds);
    const times = [];
    for (let spent = 0; times.length < 5 || spent < budget; spent += times[times.length - 1]) {
        const start = performance.now();
        await session.run(feeds);
        times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return times[times.length >> 1];
}

(async () => {
    const [folder, budget, ...lengths] = process.argv.slice(2);
    const results = {};
    for (const length of lengths) {
        const all = {};
        for (const threads of [1, os.cpus().length]) {
            const session = await ort.InferenceSession.create(path.join(folder, `${length}.onnx`),
                {intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 4});
            all[`threads ${threads}`] = await median(session, await fed(session, +length), +budget);
            await session.release();
        }
        const best = Object.keys(all).reduce((a, b) => (all[a] <= all[b] ? a : b));
        results[length] = {ms: all[best], setting: best, all};
    }
    console.log(JSON.stringify(results));
})().catch(error => {
    console.error(String(error.message || error).split('\n')[0]);
    process.exit(1);
});
