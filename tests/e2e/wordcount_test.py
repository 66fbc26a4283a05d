#!/usr/bin/python3
"""Runs the wordcount example as a user does and compares it with the standard tools."""

import collections
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))


def run(*args, **kwargs):
    return subprocess.run([PROGRAM, "--noprogress", *args], capture_output=True, timeout=50,
                          **kwargs)


def expected_counts(folder):
    """What find, cat, tr, sort and uniq say, as {word: count}."""
    pipeline = (
        'find "$1" -type f -print0 | xargs -0 cat | LC_ALL=C tr -cs "[:alpha:]" "\\n"'
        ' | LC_ALL=C tr "[:upper:]" "[:lower:]" | LC_ALL=C sort | LC_ALL=C uniq -c')
    out = subprocess.run(["sh", "-c", pipeline, "sh", folder], capture_output=True, check=True)
    counts = {}
    for line in out.stdout.decode().splitlines():
        fields = line.split()
        if len(fields) == 2:
            counts[fields[1]] = int(fields[0])
    return counts


def printed_counts(stdout):
    counts = collections.OrderedDict()
    for line in stdout.decode().splitlines():
        match = re.fullmatch(r"([a-z]+) (\d+)", line)
        if match:
            counts[match[1]] = int(match[2])
    return counts


def children_of(process):
    pids = []
    for task in os.listdir("/proc/%d/task" % process.pid):
        with open("/proc/%d/task/%s/children" % (process.pid, task)) as file:
            pids += [int(pid) for pid in file.read().split()]
    return pids


def two_free_ports():
    """The first of two ports in a row that nobody has."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
                return port
            except OSError:
                pass


class WordcountTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(dir=os.environ.get("TEST_TMPDIR"))

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_counts_equal_those_of_the_standard_tools(self):
        words = ["Alpha", "beta", "GAMMA", "delta"] + ["w%s" % c for c in "abcdefghijklmnopq"]
        for i in range(60):
            text = " ".join(words[: 1 + i % len(words)] * (1 + i))
            # Every file ends with a newline: no word runs into the next file.
            self.write("d%d/f%d.txt" % (i % 7, i), text.encode() + b"\n")
        # Bytes that are not text at all, and words over the reader's pieces.
        self.write("raw/bytes.bin", bytes((i * 7919 + i // 251) % 256 for i in range(700000)) + b"\n")
        self.write("raw/nul.bin", b"\0a\0b\xff\xfe\0" * 1000 + b"\n")
        self.write("raw/long.txt", b"z" * 1500000 + b"\n")
        self.write("empty.txt", b"")
        os.symlink("/usr/include", os.path.join(self.folder, "link"))
        result = run(self.folder)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        expected = expected_counts(self.folder)
        top = sorted(expected.items(), key=lambda item: (-item[1], item[0]))[:20]
        self.assertEqual(list(printed_counts(result.stdout).items()), top)
        self.assertRegex(result.stdout.decode().splitlines()[-1],
                         r"^64 files, \d+\.\d MB, \d+\.\d seconds$")

    def test_the_result_is_right_when_a_node_is_killed(self):
        for i in range(400):
            self.write("small/f%d.txt" % i, (b"alpha beta %d\n" % i) * 5000)
        # Two files that take long, mostly holes: when the small ones show as progress, each node
        # has work in hand.
        large = []
        for i in range(2):
            large.append(self.write("large%d" % i, b"gamma\n"))
            os.truncate(large[-1], 512 << 20)
        process = subprocess.Popen(
            [PROGRAM, "--progress", os.path.join(self.folder, "small"), *large],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # As soon as a node has something, it is killed: its files are then anybody's.
        stderr = b""
        while not re.search(rb"\r[1-9]\d* of 402 files", stderr):
            piece = os.read(process.stderr.fileno(), 4096)
            self.assertTrue(piece, "the job ended before a node could be killed")
            stderr += piece
        os.kill(children_of(process)[0], signal.SIGKILL)
        out, rest = process.communicate(timeout=200)
        stderr = (stderr + rest).decode()
        self.assertEqual(process.returncode, 0, stderr)
        self.assertRegex(stderr, r"node-\d+ is lost: [^\n]+; [1-9]\d* files are given to the others")
        self.assertEqual(printed_counts(out), {"alpha": 2000000, "beta": 2000000, "gamma": 2})
        self.assertIn("402 files", out.decode())

    def test_the_result_is_right_when_a_node_is_killed_after_all_is_counted(self):
        # So many different words that fetching the sums takes longer than counting. With ports of
        # their own nodes are not replaced: whoever is left has to begin anew.
        count = 1000000
        letters = b"abcdefghijklmnopqrstuvwxyz"
        for i in range(2):
            words = (bytes((letters[i], letters[n // 456976 % 26], letters[n // 17576 % 26],
                            letters[n // 676 % 26], letters[n // 26 % 26], letters[n % 26]))
                     for n in range(count))
            self.write("f%d" % i, b" ".join(words) + b" common\n")
        process = subprocess.Popen(
            [PROGRAM, "--progress", "--first_port=%d" % two_free_ports(), self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        stderr = b""
        while b"\r2 of 2 files" not in stderr:
            piece = os.read(process.stderr.fileno(), 4096)
            if not piece:
                break
            stderr += piece
        children = children_of(process) if process.poll() is None else []
        if children:
            os.kill(children[0], signal.SIGKILL)
        out, rest = process.communicate(timeout=50)
        self.assertEqual(process.returncode, 0, (stderr + rest).decode())
        counts = printed_counts(out)
        self.assertEqual(counts["common"], 2)
        self.assertEqual(counts["aaaaaa"], 1)
        self.assertIn("2 files", out.decode())

    def test_a_missing_path_is_named_and_the_rest_counted(self):
        self.write("a.txt", b"one two two\n")
        missing = os.path.join(self.folder, "missing")
        result = run(missing, os.path.join(self.folder, "a.txt"))
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr.decode(),
                         "wordcount: %s: No such file or directory\n" % missing)
        self.assertEqual(printed_counts(result.stdout), {"two": 2, "one": 1})

    def test_only_a_missing_path_is_a_failure(self):
        result = run(os.path.join(self.folder, "missing"))
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(len(result.stderr.decode().splitlines()), 1)

    def test_an_unreadable_file_is_named(self):
        self.write("a.txt", b"one\n")
        # Regular, and unreadable for everybody at its first byte.
        result = run("/proc/self/mem", os.path.join(self.folder, "a.txt"))
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr.decode(), r"^wordcount: /proc/self/mem: .+\n$")
        self.assertEqual(printed_counts(result.stdout), {"one": 1})

    def test_an_empty_folder_is_a_failure(self):
        result = run(self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.decode(),
                         "wordcount: no regular file under the given paths\n")

    def test_a_port_in_use_is_named(self):
        self.write("a.txt", b"one\n")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = run("--nodes=1", "--first_port=%d" % port, self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("127.0.0.1:%d" % port, result.stderr.decode())

    def test_no_path_is_a_usage_error(self):
        result = run()
        self.assertEqual(result.returncode, 2)
        self.assertEqual(result.stderr.decode(), "wordcount: name a file or a folder to count\n")


if __name__ == "__main__":
    unittest.main()
