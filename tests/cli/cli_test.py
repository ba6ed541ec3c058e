#!/usr/bin/env python3
"""The command line as scripts and people see it: exit codes, streams, JSON, depfiles, budgets."""

import json
import os
import pathlib
import pty
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import netsuke_tool as tool  # noqa: E402
from netsuke_tool import netsuke  # noqa: E402

kModel = tool.kRoot / "samples/sine/model.onnx"
kData = tool.kRoot / "samples/sine"
kCommands = ("compile", "quantize", "inspect", "verify", "ops", "passes")


def keys_of(document, *path):
    for step in path:
        document = document[step]
    return set(document)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="netsuke-cli-")
        self.addCleanup(self.directory.cleanup)
        self.path = pathlib.Path(self.directory.name)
        self.out = self.path / "out"

    def compile(self, *arguments, **options):
        return netsuke("compile", kModel, "-o", self.out, "--name", "sine", *arguments, **options)

    def expect(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def expect_nothing_written(self):
        self.assertFalse(self.out.exists(), list(self.out.glob("*")) if self.out.exists() else "")
        self.assertEqual([p.name for p in self.path.glob("*.tmp*")], [])

    def broken_model(self):
        path = self.path / "broken.onnx"
        path.write_bytes(kModel.read_bytes()[:200])
        return path


class ExitCodes(CommandLine):
    def test_0_done(self):
        self.expect(self.compile(), 0)
        for command in (["ops"], ["passes"], ["inspect", kModel], ["--version"], ["--help"]):
            self.expect(netsuke(*command), 0)

    def test_1_wrong_usage(self):
        for arguments in ([], ["frobnicate"], ["compile"], ["compile", kModel], ["inspect"], ["ops", "--nonsense"],
                          ["compile", kModel, "-o", self.out, "--target", "z80"],
                          ["compile", kModel, "-o", self.out, "--name", "3 dots"],
                          ["compile", kModel, "-o", self.out, "--ram-budget", "plenty"],
                          ["compile", kModel, "-o", self.out, "--shape", "x"],
                          ["compile", kModel, "-o", self.out, "--shape", "x=1,-3"],
                          ["compile", kModel, "-o", self.out, "--dump-after", "no-such-pass"],
                          ["compile", self.path / "absent.onnx", "-o", self.out],
                          ["compile", self.path, "-o", self.out]):
            with self.subTest(arguments=[str(a) for a in arguments]):
                done = netsuke(*arguments)
                self.expect(done, 1)
                self.assertEqual(done.stdout, "")
                self.assertNotEqual(done.stderr, "")
        self.expect_nothing_written()

    def test_2_the_model_cannot_be_compiled(self):
        broken = self.broken_model()
        for arguments in (["compile", broken, "-o", self.out], ["inspect", broken], ["verify", broken]):
            with self.subTest(command=arguments[0]):
                self.expect(netsuke(*arguments), 2, "error[", "help: ")
        self.expect_nothing_written()

    def test_3_over_budget(self):
        done = self.compile("--ram-budget", "1")
        self.expect(done, 3, "error[over-ram-budget]", "the arena needs", "budget of 1", "--ram-budget")
        done = self.compile("--flash-budget", "10")
        self.expect(done, 3, "error[over-flash-budget]", "budget of 10", "--flash-budget")
        self.expect_nothing_written()

    def test_3_budgets_that_are_kept(self):
        self.expect(self.compile("--ram-budget", "1K", "--flash-budget", "1M"), 0)

    def test_4_verification_failed(self):
        data = self.path / "data"
        (data / "test_data_set_0").mkdir(parents=True)
        for k, name in ((1, "input_0.pb"), (2, "output_0.pb")):  # the answer of another question
            source = kData / f"test_data_set_{k}" / name
            (data / "test_data_set_0" / name).write_bytes(source.read_bytes())
        self.expect(netsuke("verify", kModel, "--data", data), 4)
        self.expect(netsuke("verify", kModel, "--compiler", "/no/such/compiler"), 4, "error[host-build-failed]")

    def test_4_wrong_on_a_board(self):
        runner = self.path / "a runner"
        runner.write_text("#!/bin/sh\ntest -f $2/$3_test_main.cpp && echo $1 && exit $CODE\n")
        runner.chmod(0o755)
        for code in (0, 4):
            done = netsuke("verify", kModel, "--data", kData, "--target", "cortex-m4", "--runner", runner, "--json",
                           env={**os.environ, "CODE": str(code)})
            self.expect(done, code)
            self.assertEqual(json.loads(done.stdout)["board"], {"target": "cortex-m4", "pass": code == 0, "output": "cortex-m4\n"})
        self.expect(netsuke("verify", kModel, "--runner", self.path / "absent"), 4)

    def test_output_directory_that_cannot_be_made(self):
        (self.path / "file").write_text("in the way")
        done = netsuke("compile", kModel, "-o", self.path / "file" / "out")
        self.expect(done, 1, "error[file-unwritable]")


class Streams(CommandLine):
    def test_messages_go_to_stderr_and_results_to_stdout(self):
        done = self.compile()
        self.assertEqual(done.stdout, "")
        self.assertIn("arena", done.stderr)
        for command in (["ops"], ["passes"], ["inspect", kModel]):
            done = netsuke(*command)
            self.assertNotEqual(done.stdout, "")
            self.assertEqual(done.stderr, "")

    def test_quiet_is_silent(self):
        done = self.compile("--quiet")
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        done = self.compile("--quiet", "--ram-budget", "1")
        self.assertIn("error[", done.stderr)

    def test_help_of_each_command(self):
        for command in ([], *([c] for c in kCommands)):
            with self.subTest(command=command):
                done = netsuke(*command, "--help")
                self.expect(done, 0)
                self.assertIn("--help", done.stdout)
                self.assertEqual(done.stderr, "")
        self.assertIn("exit codes", netsuke("--help").stdout)
        for command in kCommands:
            self.assertIn(command, netsuke("--help").stdout)

    def on_terminal(self, environment):
        """stderr of a failing compile whose stderr is a terminal."""
        master, slave = pty.openpty()
        tool.run([tool.netsuke_path(), "inspect", self.path / "absent.onnx"], capture_output=False, stdout=slave, stderr=slave,
                 env={**os.environ, **environment})
        os.close(slave)
        text = b""
        while True:
            try:
                chunk = os.read(master, 4096)
            except OSError:
                break
            if not chunk:
                break
            text += chunk
        os.close(master)
        return text

    def test_colour_on_terminals_only_and_never_with_no_color(self):
        os.environ.pop("NO_COLOR", None)
        self.assertIn(b"\033[1;31m", self.on_terminal({}))
        self.assertIn(b"\033[1;31m", self.on_terminal({"NO_COLOR": ""}))  # no-color.org: set and not empty
        text = self.on_terminal({"NO_COLOR": "1"})
        self.assertIn(b"error[", text)
        self.assertNotIn(b"\033[", text)
        self.assertNotIn("\033", netsuke("inspect", self.path / "absent.onnx").stderr)


class Json(CommandLine):
    def document(self, done, schema):
        j = json.loads(done.stdout)
        self.assertEqual(j["schema"], schema)
        self.assertRegex(j["version"], r"^\d+\.\d+\.\d+$")
        return j

    def test_compile(self):
        j = self.document(self.compile("--json"), "netsuke.compile/1")
        self.assertLessEqual({"model", "name", "target", "inputs", "outputs", "arena", "weight_bytes", "macs", "calls",
                              "buffers", "files", "warnings"}, set(j))
        self.assertLessEqual({"bytes", "align", "lower_bound", "optimal"}, keys_of(j, "arena"))
        self.assertLessEqual({"name", "variable", "type", "shape", "bytes"}, keys_of(j, "inputs", 0))
        self.assertLessEqual({"node", "op", "kernel", "macs", "weight_bytes"}, keys_of(j, "calls", 0))
        self.assertEqual(j["name"], "sine")
        self.assertEqual(sum(c["macs"] for c in j["calls"]), j["macs"])
        for f in j["files"]:
            self.assertTrue(f["written"])
            self.assertEqual((self.out / f["path"]).stat().st_size, f["bytes"])
        on_disk = {str(p.relative_to(self.out)) for p in self.out.rglob("*") if p.is_file()}
        self.assertEqual(on_disk, {f["path"] for f in j["files"]})

    def test_compile_again_writes_nothing(self):
        self.compile()
        j = self.document(self.compile("--json"), "netsuke.compile/1")
        self.assertEqual([f["path"] for f in j["files"] if f["written"]], [])

    def test_inspect(self):
        j = self.document(netsuke("inspect", kModel, "--json"), "netsuke.inspect/1")
        self.assertLessEqual({"model", "opsets", "operators", "unsupported", "compiles", "inputs", "outputs", "parameters",
                              "macs", "weight_bytes", "arena", "calls"}, set(j))
        self.assertTrue(j["compiles"])

    def test_verify(self):
        done = netsuke("verify", kModel, "--data", kData, "--json")
        j = self.document(done, "netsuke.verify/1")
        self.expect(done, 0)
        self.assertTrue(j["pass"])
        self.assertEqual(len(j["comparisons"]), len(list(kData.glob("test_data_set_*"))))
        for c in j["comparisons"]:
            self.assertLessEqual({"set", "output", "against_reference", "against_expected", "pass"}, set(c))
            self.assertLessEqual(c["against_expected"], j["tolerance"])

    def test_ops_and_passes(self):
        j = self.document(netsuke("ops", "--json"), "netsuke.ops/1")
        self.assertIn("Gemm", {op["name"] for op in j["operators"]})
        self.assertLessEqual({"name", "domain", "since", "limits"}, keys_of(j, "operators", 0))
        j = self.document(netsuke("passes", "--json"), "netsuke.passes/1")
        self.assertTrue(all(p["name"] and p["reason"] for p in j["passes"]))

    def test_errors(self):
        done = netsuke("compile", self.broken_model(), "-o", self.out, "--json")
        j = self.document(done, "netsuke.error/1")
        self.assertEqual({"id", "node", "message", "hint", "exit_code"}, keys_of(j, "error"))
        self.assertEqual(j["error"]["exit_code"], done.returncode)
        self.assertIn(f"error[{j['error']['id']}]", done.stderr)
        j = self.document(self.compile("--json", "--ram-budget", "1"), "netsuke.error/1")
        self.assertEqual(j["error"]["id"], "over-ram-budget")
        self.assertEqual(j["error"]["exit_code"], 3)

    def test_a_dump_does_not_spoil_the_document(self):
        done = self.compile("--json", "--dump-after", "load")
        self.document(done, "netsuke.compile/1")
        self.assertIn("graph", done.stderr)
        self.assertIn("graph", self.compile("--dump-after", "load").stdout)


class Files(CommandLine):
    def test_depfile(self):
        depfile = self.path / "sine.d"
        self.expect(self.compile("--depfile", depfile, "--quiet"), 0)
        target, _, rest = depfile.read_text().partition(":")
        self.assertEqual(target, str(self.out / "sine.cpp"))
        self.assertEqual(rest.replace("\\\n", " ").split(), [str(kModel)])
        self.expect(self.compile("--depfile", depfile, "--depfile-target", "some/stamp", "--quiet"), 0)
        self.assertTrue(depfile.read_text().startswith("some/stamp:"))

    def test_depfile_escapes_blanks_and_dollars(self):
        odd = self.path / "a model$.onnx"
        odd.write_bytes(kModel.read_bytes())
        depfile = self.path / "odd.d"
        self.expect(netsuke("compile", odd, "-o", self.out, "--depfile", depfile), 0)
        self.assertIn("a\\ model$$.onnx", depfile.read_text())
        if tool.have("make"):  # make itself is the judge
            target = depfile.read_text().partition(":")[0]
            makefile = self.path / "Makefile"
            makefile.write_text(f"include odd.d\n{target}:\n\t@echo rebuilt\n")
            os.utime(odd, (2e9, 2e9))
            done = tool.run(["make", "-C", self.path, "-f", makefile, target.replace("\\ ", " ").replace("$$", "$")])
            self.assertIn("rebuilt", done.stdout, done.stderr)

    def test_no_depfile_after_an_error(self):
        depfile = self.path / "sine.d"
        self.expect(self.compile("--depfile", depfile, "--ram-budget", "1"), 3)
        self.assertFalse(depfile.exists())

    def test_an_error_leaves_older_files_alone(self):
        self.compile()
        before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in self.out.rglob("*") if p.is_file()}
        self.expect(self.compile("--static-arena", "--ram-budget", "1"), 3)
        after = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in self.out.rglob("*") if p.is_file()}
        self.assertEqual(before, after)

    def test_default_name_is_the_file_name(self):
        odd = self.path / "my-model.v2.onnx"
        odd.write_bytes(kModel.read_bytes())
        self.expect(netsuke("compile", odd, "-o", self.out), 0)
        self.assertTrue((self.out / "my_model_v2.h").is_file(), list(self.out.iterdir()))


class Documents(CommandLine):
    """What the documentation shows is what there is."""

    def test_generated_tables(self):
        for command, page in (("ops", "operators"), ("passes", "passes")):
            self.assertEqual(netsuke(command, "--markdown").stdout, (tool.kRoot / f"docs/{page}.md").read_text(),
                             f"netsuke {command} --markdown > docs/{page}.md")

    def test_generated_code(self):
        """docs/generated-code.md shows all of sine.h and sine.cpp, and nothing that is in no file."""
        self.expect(self.compile("--with-test", kData, "--static-arena"), 0)
        code = {p.name: [line.strip() for line in p.read_text().splitlines() if line.strip()] for p in self.out.glob("*.*")}
        page = (tool.kRoot / "docs/generated-code.md").read_text().splitlines()
        shown = [line.strip() for line in page if line.startswith("    ") and line.strip() != "..."]
        self.assertEqual([line for line in shown if not any(line in lines for lines in code.values())], [])
        self.assertEqual([line for line in code["sine.h"] + code["sine.cpp"] if line not in shown], [])


class Reports(CommandLine):
    """compile --report: JSON is what --json prints, HTML has each layer, the picture and the choices."""

    kInt8 = tool.kRoot / "samples/fashion/model_int8.onnx"

    def report(self, name, *arguments):
        done = netsuke("compile", self.kInt8, "-o", self.out, "--json", "--report", self.path / name, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout), (self.path / name).read_text()

    def test_html(self):
        document, page = self.report("r.html", "--target", "cortex-m4")
        for call in document["calls"]:
            self.assertIn(f"<td>{call['node']}</td>", page)
            self.assertIn(call["weights"], page)
        self.assertIn(f"arena {document['arena']['bytes']:,} bytes", page)
        self.assertEqual(page.count("<title>" + document["buffers"][0]["name"]), 1)
        self.assertEqual(page.count("<tr class=\"chosen\">"), 1)
        self.assertEqual((page.count("<table>"), page.count("<svg "), page.count("</html>")), (2, 1, 1))

    def test_json(self):
        document, text = self.report("r.json")
        self.assertEqual(document, json.loads(text))


class Quantising(CommandLine):
    def quantize(self, *arguments):
        return netsuke("quantize", kModel, "-o", self.path / "int8.onnx", *arguments)

    def test_model_and_reports(self):
        done = self.quantize("--calibration", kData, "--report", self.path / "r.html", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(document["schema"], "netsuke.quantize/1")
        self.assertTrue(all("gain_db" in layer for layer in document["layers"]))
        self.assertIn("<table>", (self.path / "r.html").read_text())
        self.assertTrue((self.path / "int8.onnx").is_file())
        done = netsuke("compile", self.path / "int8.onnx", "-o", self.out)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_text_and_synthetic_data(self):
        done = self.quantize()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("int8, calibrated with", done.stdout)
        self.assertIn("warning: there is no calibration data", done.stderr)

    def test_the_same_options_on_compile(self):
        done = self.compile("--quantize", "int8", "--calibration", kData, "--depfile", self.path / "d")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("input_0.pb", (self.path / "d").read_text())

    def test_mistakes(self):
        self.expect(self.compile("--calibration", kData), 1, "bad-quantize-option", "--quantize int8")
        self.expect(self.quantize("--calibration", self.path), 1, "no-calibration-data", str(self.path))
        self.expect(self.quantize("--calibration", kData, "--keep-float", "nonsense"), 1, "unknown-node", "did you mean")
        self.assertFalse((self.path / "int8.onnx").exists())


if __name__ == "__main__":
    unittest.main()
