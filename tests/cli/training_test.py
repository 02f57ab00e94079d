#!/usr/bin/env python3
"""What a training leaves, whatever happens to it while it runs.

    training_test.py PROGRAM        (only the standard library)
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest

from driver import Case, MODELS, PROGRAM, saccade, safetensors

SHORT = ("--epochs", "1", "--option", "steps=50", "--checkpoint-every", "1", "--threads", "1")
FEW = ("--epochs", "1", "--option", "steps=5", "--threads", "1")
LONG = ("--epochs", "1", "--option", "steps=100000", "--checkpoint-every", "1", "--threads", "1")
SECONDS = 120  # for what takes a few on a machine with nothing else to do


def ignored_signals_are_heard():
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


class Running:
    """A training that runs beside the test, with all that it says."""

    def __init__(self, case, *args, **kept):
        self.case, self.said = case, []
        self.process = subprocess.Popen([PROGRAM, "train", "dates", *args], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=ignored_signals_are_heard, **kept)
        self.reader = threading.Thread(target=lambda: self.said.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def wait(self, what, holds):
        deadline = time.monotonic() + SECONDS
        while not holds():
            self.case.assertIsNone(self.process.poll(), f"it ended before {what}: {''.join(self.said)}")
            self.case.assertLess(time.monotonic(), deadline, f"{what}: {''.join(self.said)}")
            time.sleep(0.01)

    def says(self, words):
        self.wait(words, lambda: any(words in line for line in self.said))

    def end(self, number=None):
        """Its status and its last line."""
        if number is not None:
            self.process.send_signal(number)
        status = self.process.wait(SECONDS)
        self.reader.join(10)
        self.process.stderr.close()
        return status, self.said[-1] if self.said else ""


class Trainings(Case):
    def setUp(self):
        super().setUp()
        self.out = self.path("d.safetensors")
        self.checkpoint = self.out + ".checkpoint"
        self.card = self.path("d.json")

    def files(self):
        return sorted(os.listdir(self.folder))

    def content(self, path):
        with open(path, "rb") as f:
            return f.read()

    # --- where it starts ---

    def test_it_starts_from_a_model(self):
        self.good("train", "dates", "--from", "dates", *FEW, "-o", self.out)
        with open(self.card) as f:
            card = json.load(f)
        self.assertGreater(card["metrics"]["exact_match"], 0.99, "what the bundled one had learned")
        self.assertEqual(card["starts_from"]["id"], "dates")
        self.assertIn("saccade train dates", card["starts_from"]["command"])
        self.assertIn(" --from dates ", card["command"])

        mine = self.path("mine.safetensors")
        self.good("train", "dates", "--from", self.out, *FEW, "-o", mine)
        with open(self.path("mine.json")) as f:
            self.assertEqual(json.load(f)["starts_from"]["starts_from"]["id"], "dates", "the whole chain")

    def test_a_start_may_be_gone_when_its_training_goes_on(self):
        start = self.path("start.safetensors")
        self.good("train", "dates", *FEW, "-o", start)
        one = Running(self, "--from", start, *LONG, "-o", self.out)
        one.wait("a checkpoint", lambda: os.path.exists(self.checkpoint))
        one.end(signal.SIGINT)
        os.remove(start)
        other = Running(self, "--from", start, *LONG, "-o", self.out)
        other.says("resuming from")
        other.says("step ")
        status, line = other.end(signal.SIGINT)
        self.assertIn("stopped at step", line)

    def test_a_start_that_does_not_fit_is_named(self):
        self.bad(1, "train", "dates", "--from", "rnn-n-to-1-gru", *SHORT, "-o", self.out, names=["rnn-n-to-1-gru: not a model of dates", "same kind"])
        self.bad(1, "train", "dates", "--from", "nowhere.safetensors", *SHORT, "-o", self.out, names=["nowhere.safetensors"])
        self.bad(1, "train", "dates", "--from", "nothing", *SHORT, "-o", self.out, names=["no bundled model 'nothing'"])
        self.good("train", "dates", *FEW, "-o", self.out)
        self.bad(2, "train", "dates", "--from", self.out, *SHORT, "-o", self.out, names=["d.safetensors", "overwritten"])

    # --- what cannot be printed ---

    def test_its_data_are_not_overwritten(self):
        pairs = "Hi.\t你好。\n".encode() * 10
        self.path("pairs.safetensors", pairs)
        link = self.path("link.safetensors")
        os.symlink("pairs.safetensors", link)
        self.bad(2, "train", "zh-en-gru", "--data", link, "--fresh", "-o", self.path("pairs.safetensors"), names=["pairs.safetensors", "overwritten"])
        with open(self.path("pairs.safetensors"), "rb") as f:
            self.assertEqual(f.read(), pairs)

    def test_progress_that_cannot_be_printed_is_dropped(self):
        for redirected in ("2>/dev/full", "2>&-", "2>&1 | true", "2>&1 >/dev/full | true", ">&- 2>&-"):
            line = '"$0" train dates "$@" -o ' + self.out + " " + redirected
            done = subprocess.run(["bash", "-o", "pipefail", "-c", line, PROGRAM, *SHORT], preexec_fn=ignored_signals_are_heard,
                                  capture_output=True, timeout=SECONDS)
            self.assertEqual(done.returncode, 0, (redirected, done.stderr))
            self.assertEqual(self.files(), ["d.json", "d.safetensors"], redirected)
            os.remove(self.card)
            os.remove(self.out)

    def test_a_reader_that_left_ends_no_command_but_those_that_print_for_it(self):
        def status(line):
            return subprocess.run(["bash", "-o", "pipefail", "-c", line, PROGRAM], preexec_fn=ignored_signals_are_heard,
                                  capture_output=True, timeout=SECONDS)

        saved = self.path("x.npz")
        noted = status(f'"$0" run alignment --beam 5 --hypothesis 9 --save {saved} 2> >(true)')
        self.assertEqual(noted.returncode, 0)
        self.assertTrue(os.path.exists(saved))
        left = status('"$0" describe memory --json | true')
        self.assertEqual((left.returncode, left.stderr), (128 + signal.SIGPIPE, b""))

    # --- two at once ---

    def test_one_program_at_a_time_trains_an_output(self):
        os.symlink("d.safetensors", self.path("link.safetensors"))
        first = Running(self, *LONG, "-o", self.out)
        first.wait("a checkpoint", lambda: os.path.exists(self.checkpoint))
        for second in ((), ("--fresh",)):
            self.bad(1, "train", "dates", *SHORT, *second, "-o", self.out, names=["d.safetensors", "being trained by another program"])
        self.bad(1, "train", "dates", *SHORT, "-o", self.path("link.safetensors"), names=["being trained by another program"])
        self.assertEqual(first.end(signal.SIGKILL)[0], -signal.SIGKILL)
        self.good("train", "dates", *SHORT, "--fresh", "-o", self.out)  # the killed one's lock ended with it
        self.assertEqual(self.files(), ["d.json", "d.safetensors", "link.safetensors"])

    def test_a_foreign_file_in_the_place_of_the_lock_stays(self):
        notes = self.path("d.safetensors.lock", b"notes")
        self.bad(1, "train", "dates", *SHORT, "-o", self.out, names=["d.safetensors.lock", "no lock"])
        self.assertEqual(self.content(notes), b"notes")

    # --- checkpoints that are damaged ---

    def test_a_damaged_checkpoint_is_no_dead_end(self):
        with open(os.path.join(MODELS, "dates.safetensors"), "rb") as f:
            weights = f.read()
        options = {"data_path": "", "epochs": 1, "seed": 7, "batch_size": 0, "learning_rate": 0.0, "extra": {"steps": 50.0}}
        state = {"task": "dates", "options": options, "step": 3, "seconds": 1.0, "points": []}
        whole = safetensors({"__metadata__": {"training": json.dumps(state)}})
        wrong = safetensors({"__metadata__": {"training": json.dumps(state)},
                             "model.x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"\0" * 4)
        other = safetensors({"__metadata__": {"training": json.dumps(dict(state, task="dates-gru"))}})
        for name, damaged in (("empty", b""), ("header", whole[:20]), ("length", whole[:6]), ("data", wrong[:-2]), ("shape", wrong),
                              ("metadata", safetensors({"__metadata__": {"training": "{"}})), ("missing", whole), ("other", other)):
            self.path("d.safetensors.checkpoint", damaged)
            with self.subTest(name):
                self.bad(1, "train", "dates", *SHORT, "-o", self.out, names=["d.safetensors.checkpoint", "--fresh"])
                self.assertEqual(self.content(self.checkpoint), damaged)
        self.path("d.safetensors.checkpoint", safetensors({"__metadata__": {"training": json.dumps(dict(state, options=dict(options, epochs=2)))}}))
        self.bad(2, "train", "dates", *SHORT, "-o", self.out, names=["d.safetensors.checkpoint", "2 epochs", "--fresh"])
        for damaged in (b"", whole[:20], wrong[:-2]):
            self.path("d.safetensors.checkpoint", damaged)
            self.good("train", "dates", *SHORT, "--fresh", "-o", self.out)
            self.assertEqual(self.files(), ["d.json", "d.safetensors"])
        for foreign in (b"notes", b"a line of a text\n", weights):
            self.path("d.safetensors.checkpoint", foreign)
            for flags in ((), ("--fresh",)):
                self.bad(2, "train", "dates", *SHORT, *flags, "-o", self.out, names=["d.safetensors.checkpoint", "is none"])
            self.assertEqual(self.content(self.checkpoint), foreign)

    # --- ended from outside ---

    def test_signals_leave_a_checkpoint(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            training = Running(self, *LONG[:-4], "-o", self.out)
            training.says("step ")
            status, last = training.end(number)
            self.assertEqual(status, 1, number)
            self.assertIn("the state is in", last)
            self.assertEqual(self.files(), ["d.safetensors.checkpoint"], number)
            os.remove(self.checkpoint)

    def test_a_training_that_ignores_the_closed_terminal_goes_on(self):
        training = subprocess.Popen([PROGRAM, "train", "dates", *SHORT, "-o", self.out], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                    preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        while training.poll() is None:
            training.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        self.assertEqual(training.returncode, 0)

    def test_what_is_learned_outlives_an_end_while_it_is_measured(self):
        training = Running(self, *SHORT, "-o", self.out)
        training.wait("the weights", lambda: os.path.exists(self.out))
        status, last = training.end(signal.SIGINT)
        self.assertEqual(status, 1)
        for words in ("d.safetensors", "step 50", "run the same command"):
            self.assertIn(words, last)
        self.assertEqual(self.files(), ["d.safetensors", "d.safetensors.checkpoint"])
        self.good("train", "dates", *SHORT, "-o", self.out)
        self.assertEqual(self.files(), ["d.json", "d.safetensors"])

    # --- files that appear meanwhile ---

    def test_foreign_files_that_appear_meanwhile_stay(self):
        training = Running(self, *SHORT[:-4], "-o", self.out)
        training.says("step ")
        self.path("d.json", b'{"name": "mine"}')
        status, last = training.end()
        self.assertEqual(status, 1, last)
        for words in ("d.json", "the weights are in", "step 50"):
            self.assertIn(words, last)
        self.assertEqual(self.content(self.card), b'{"name": "mine"}')
        self.assertEqual(self.files(), ["d.json", "d.safetensors", "d.safetensors.checkpoint"])
        os.remove(self.card)
        os.remove(self.checkpoint)
        training = Running(self, *SHORT, "-o", self.out)
        training.says("step ")
        self.path("d.safetensors.checkpoint", b"notes")
        self.assertEqual(training.end()[0], 0, training.said)
        self.assertTrue(any("no checkpoint" in line for line in training.said), training.said)
        self.assertEqual(self.content(self.checkpoint), b"notes")

    def test_the_last_step_is_kept_when_the_result_cannot_be_written(self):
        training = Running(self, *SHORT[:-4], "-o", self.out)
        training.says("step ")
        os.mkdir(self.out)
        training.says("tried again")
        status, last = training.end(signal.SIGINT)
        self.assertEqual(status, 1)
        for words in ("is a folder", "step 50", "d.safetensors.checkpoint"):
            self.assertIn(words, last)
        os.rmdir(self.out)
        self.good("train", "dates", *SHORT[:-4], "-o", self.out)
        self.assertEqual(self.files(), ["d.json", "d.safetensors"])

    # --- what takes long ---

    def test_what_takes_long_says_so(self):
        # So many that no machine is done before it must say so; when it has, it may stop.
        running = subprocess.Popen([PROGRAM, "eval", "dates", "-n", "1000000", "--threads", "1"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        said = running.stderr.readline()
        running.terminate()
        running.communicate()
        self.assertRegex(said.decode(), r"^measuring dates on 1000000 held-out examples  \d+ s\n")
        self.assertEqual(json.loads(saccade("eval", "dates", "-n", "10", "--json").stdout)["n"], 10)
        self.assertEqual(saccade("eval", "dates", "-n", "10").stderr, b"")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
