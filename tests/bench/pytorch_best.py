"""PyTorch at its best on this machine: what the scripts that `saccade bench` calls share.

Each setting of threads runs in a process of its own, because PyTorch and OpenBLAS fix their thread pools at start; in each, every way to write
the same computation is timed, and the fastest counts. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are unset: a preset for older processors makes
PyTorch slower than it is.
"""
import argparse
import json
import os
import subprocess
import sys
import time

CORES = os.cpu_count() or 1
SETTINGS = [
    # (torch threads, environment). With one torch thread OpenBLAS still uses all cores.
    (1, {}),
    (CORES, {"OMP_WAIT_POLICY": "PASSIVE"}),
    (CORES, {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}),
    (CORES, {"OPENBLAS_NUM_THREADS": "1"}),
]


def median_ms(work, budget_ms):
    """Median of about `budget_ms` of calls, after a warm-up."""
    spent, warm = 0.0, 0
    while warm < 3 and spent < budget_ms / 4:
        start = time.perf_counter()
        work()
        spent += (time.perf_counter() - start) * 1e3
        warm += 1
    times = []
    while len(times) < 5 or sum(times) < budget_ms:
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    return times[len(times) // 2]


def main(doc, script, default_lengths, measure):
    """Command line of a script. measure(what, lengths) -> {LENGTH: {way: ms}} runs where PyTorch's threads are set; prints {LENGTH: {"ms": best
    median, "setting": "...", "all": {setting: ms}}}."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(default_lengths))
    parser.add_argument("--lengths")
    parser.add_argument("--threads", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    lengths = (args.lengths or default_lengths[args.what]).split(",")
    if args.threads:
        import torch
        torch.set_num_threads(args.threads)
        print(json.dumps(measure(args.what, lengths)))
        return 0
    results = {n: {} for n in lengths}
    for threads, extra in SETTINGS:
        environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        environment.update(extra)
        command = [sys.executable, os.path.abspath(script), args.what, "--lengths", ",".join(lengths), "--threads", str(threads)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "PyTorch failed", file=sys.stderr)
            return 1
        setting = ", ".join([f"torch threads {threads}", *(f"{k}={v}" for k, v in extra.items())])
        for n, ways in json.loads(done.stdout).items():
            results[n].update({f"{setting}, {way}": ms for way, ms in ways.items()})
    best = {n: min(all_ms, key=all_ms.get) for n, all_ms in results.items()}
    print(json.dumps({n: {"ms": results[n][best[n]], "setting": best[n], "all": results[n]} for n in results}))
    return 0
