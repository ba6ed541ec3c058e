#!/usr/bin/env python3
"""What design.md promises about emitted code, tried on many models: clean, portable, self-contained, reproducible.

usage: generated_test.py [Class[.test]]     as unittest; NETSUKE and NETSUKE_TEXT_TO_ONNX name the programs
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import drivers  # noqa: E402
import netsuke_tool as tool  # noqa: E402
from small_models import kSmallModels  # noqa: E402

kBigModels = [name for name in tool.kSharedNames if tool.model_folder(name)]
kFirmware = ["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-ffunction-sections"]


class Fixture:
    """The ONNX files, made once, and what netsuke makes of them."""

    def __init__(self):
        self.holder = tempfile.TemporaryDirectory(prefix="netsuke-generated-")
        self.path = pathlib.Path(self.holder.name)
        self.models = {name: self.path / f"{name}.onnx" for name in kSmallModels}
        for name, make in kSmallModels.items():
            text = self.path / f"{name}.txt"
            text.write_text(make())
            done = tool.run([os.environ["NETSUKE_TEXT_TO_ONNX"], text, self.models[name]])
            if done.returncode:
                raise SystemExit(f"{name}: {done.stderr}")
            self.leave_out_unsupported(name)
        for name in (*tool.kSampleNames, *kBigModels):
            self.models[name] = tool.model_folder(name) / "model.onnx"

    def leave_out_unsupported(self, name):
        """An operator that is not there (`netsuke ops`) is another test's business; any other refusal is a failure."""
        try:
            self.compile(name)
        except tool.NotCompiled as e:
            if "error[unknown-operator]" not in str(e):
                raise
            print(f"skipped: {name}: {str(e).splitlines()[0]}")
            del self.models[name]

    def compile(self, name, kind="generic", *arguments):
        """(directory, JSON document). Each kind of arguments has directories of its own."""
        output = self.path / kind / name
        return output, tool.compile_model(self.models[name], output, "--name", name, *test_vectors(name), *arguments)


def test_vectors(name):
    return () if name in kSmallModels else ("--with-test", tool.model_folder(name))


def setUpModule():
    global fixture
    fixture = Fixture()
    if not kBigModels:
        print(f"skipped: the models of {tool.kSharedModels} (absent)")


def tearDownModule():
    fixture.holder.cleanup()


def run_all(commands):
    """What went wrong, as text, in commands that are run two at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda c: (c, tool.run(c)), commands)
        return [" ".join(map(str, c)) + "\n" + done.stderr[:3000] for c, done in results if done.returncode]


class GeneratedCode(unittest.TestCase):
    def build(self, commands):
        failures = run_all(commands)
        self.assertEqual(len(failures), 0, "\n".join(failures[:6]))

    def needs(self, program):
        if not tool.have(program):
            print(f"skipped: no {program}")
            self.skipTest(f"no {program}")


class Warnings(GeneratedCode):
    """No warning from any compiler at any level. Weights and self-tests at one level: nothing there to optimise."""

    def commands(self, compiler, levels, big_levels, target="generic", flags=(), models=None, options=()):
        for name in models or fixture.models:
            output, _ = fixture.compile(name, "".join([target, *options]), "--target", target, *options)
            for source in sorted(output.glob("*.cpp")):
                all_levels = big_levels if name in kBigModels else levels
                for level in all_levels if source.name == f"{name}.cpp" else levels[:1]:
                    yield [compiler, "-std=c++11", level, *tool.kWarnings, *flags, "-I", output, "-c", source, "-o",
                           f"{fixture.path}/{source.stem}-{compiler}{level}-{target}.o"]

    def test_gcc(self):
        self.needs("g++")
        self.build(self.commands("g++", ["-O2", "-O0", "-O3", "-Os"], ["-O2", "-O3"]))

    def test_clang(self):
        self.needs("clang++")
        self.build(self.commands("clang++", ["-O2", "-O0", "-O3", "-Os"], ["-O2"]))

    def test_arm(self):
        self.needs("arm-none-eabi-g++")
        m4 = ["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", *kFirmware]
        m0 = ["-mcpu=cortex-m0plus", "-mthumb", *kFirmware]
        self.build(self.commands("arm-none-eabi-g++", ["-O2", "-O3"], ["-O2"], "cortex-m4", m4))
        self.build(self.commands("arm-none-eabi-g++", ["-Os"], ["-Os"], "cortex-m0plus", m0))

    def test_avr(self):
        self.needs("avr-g++")
        models = []
        for name in fixture.models:
            try:
                fixture.compile(name, "avr", "--target", "avr")
                models.append(name)
            except tool.NotCompiled as e:
                self.assertIn("too-large-for-target", str(e))
        self.assertLessEqual({"sine", *kSmallModels} & set(fixture.models), set(models))
        flags = ["-mmcu=atmega2560", *kFirmware]
        self.build(self.commands("avr-g++", ["-Os", "-O2"], ["-Os"], "avr", flags, models))

    def test_inputs_in_the_arena(self):
        """Small models whose inputs are consumed row by row; of the planes of cnn's the rows are regrouped."""
        models = ["cnn", "residual", "upsampling"]
        for compiler, target, flags in (("g++", "generic", []), ("clang++", "generic", []), ("avr-g++", "avr", ["-mmcu=atmega2560"])):
            if not tool.have(compiler):
                continue
            options = ("--io", "arena", "--optimize", "ram")
            self.build(self.commands(compiler, ["-O2"], ["-O2"], target, [*flags, *kFirmware], models, options))
            output, _ = fixture.compile("cnn", "".join([target, *options]), "--target", target, *options)
            self.assertIn("netsuke::regroup", (output / "cnn.cpp").read_text())

    def test_header_is_c99(self):
        self.needs("gcc")
        commands = []
        for name in fixture.models:
            output, _ = fixture.compile(name)
            user = fixture.path / f"{name}_user.c"
            user.write_text(f'#include "{name}.h"\n#include "{name}.h"\nint size(void);\n'
                            f"int size(void) {{ return (int){name.upper()}_ARENA_BYTES; }}\n")
            for compiler in filter(tool.have, ("gcc", "clang")):
                commands.append([compiler, "-std=c99", "-pedantic-errors", "-Wall", "-Wextra", "-Wstrict-prototypes",
                                 "-Wundef", "-Werror", "-I", output, "-fsyntax-only", user])
        self.build(commands)


class Programs(GeneratedCode):
    """Builds programs of many models."""

    def program(self, names, compiler, flags, tag):
        models = {name: fixture.compile(name) for name in names}
        driver = fixture.path / f"driver-{tag}.cpp"
        driver.write_text(drivers.many_models(models))
        sources = [driver] + [d / f"{n}{part}.cpp" for n, (d, _) in models.items() for part in ("", "_weights")]
        objects = [fixture.path / f"{source.stem}-{tag}.o" for source in sources]
        self.build([[compiler, "-std=c++11", *flags, "-I", source.parent, "-c", source, "-o", thing]
                    for source, thing in zip(sources, objects)])
        program = fixture.path / f"program-{tag}"
        self.build([[compiler, *flags, *objects, "-o", program]])
        return program

    def expect_pass(self, program, **environment):
        done = tool.run([program], env={**os.environ, **environment})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr[:6000])
        self.assertIn("0 failures", done.stdout)


kMayCall = re.compile(r"mem(cpy|set|move|cmp)|_GLOBAL_OFFSET_TABLE_|"
                      r"(expm?1?|exp2|log|log1p|log10|log2|pow|a?sinh?|a?cosh?|a?tanh?|atan2|erf|sqrt|cbrt|hypot|floor|"
                      r"ceil|round|l?l?rint|l?l?round|nearbyint|trunc|fmod|remainder|fabs|fma|fmax|fmin|copysign|ldexp|scalbn)f?")


class Linked(Programs):
    """Many models in one program."""

    def test_one_program(self):
        program = self.program(fixture.models, "g++", ["-O1", "-fno-stack-protector", *kFirmware], "linked")
        self.expect_pass(program)
        for name in fixture.models:
            for part in ("", "_weights"):
                self.check_symbols(name, fixture.path / f"{name}{part}-linked.o")

    def check_symbols(self, name, thing):
        """Those that are seen have the model's prefix; no heap, exceptions, RTTI or static constructors."""
        self.assertNotIn(".init_array", tool.run(["objdump", "-h", thing]).stdout, f"{name}: a static constructor")
        for line in tool.run(["nm", thing]).stdout.splitlines():
            kind, symbol = line.split()[-2:]
            with self.subTest(file=thing.name, kind=kind, symbol=symbol):
                if kind == "U" and not symbol.startswith(f"{name}_"):
                    self.assertTrue(kMayCall.fullmatch(symbol), "something that the code should not call")
                elif kind in "TDBRSC":
                    self.assertTrue(symbol.startswith(f"{name}_"), "a name that another model may have, too")
                elif kind in "WV":
                    self.assertRegex(symbol, "^_ZN?K?7netsuke", "weak, and not the runtime's")


class Sanitizers(Programs):
    """Arenas, inputs and outputs are heap blocks of exactly the promised size."""

    kFlags = ["-O1", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    kOptions = {"ASAN_OPTIONS": "detect_stack_use_after_return=1", "UBSAN_OPTIONS": "print_stacktrace=1"}

    def small(self):
        return [name for name in fixture.models if name not in kBigModels]

    def test_gcc(self):
        self.needs("g++")
        self.expect_pass(self.program(self.small(), "g++", self.kFlags, "gcc-sanitized"), **self.kOptions)

    def test_clang(self):
        self.needs("clang++")
        flags = self.kFlags + ["-fsanitize=local-bounds"]
        self.expect_pass(self.program(self.small(), "clang++", flags, "clang-sanitized"), **self.kOptions)

    def test_self_tests(self):
        """The answers are right as well, where the expected ones are known. Two of the big models have all kernels."""
        for name in (*tool.kSampleNames, *(n for n in kBigModels if n in ("kws_float", "vww_float"))):
            output, _ = fixture.compile(name)
            program = fixture.path / f"{name}-selftest"
            sources = sorted(output.glob(f"{name}*.cpp"))
            self.build([["g++", "-std=c++11", *self.kFlags, "-I", output, *sources, "-o", program]])
            done = tool.run([program], env={**os.environ, **self.kOptions})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr[:4000])
            self.assertIn("netsuke-test: PASS", done.stdout)


class SameBytes(GeneratedCode):
    """The same input gives the same bytes, wherever and whenever."""

    def content(self, directory):
        return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}

    def locales(self):
        have = set(tool.run(["locale", "-a"]).stdout.split()) if tool.have("locale") else set()
        return sorted(have & {"C.utf8", "de_DE.utf8", "fr_FR.utf8", "tr_TR.utf8"}) or ["C"]

    def test_in_another_place_and_locale(self):
        for name in fixture.models:
            first, _ = fixture.compile(name)
            elsewhere = fixture.path / "else where" / name
            elsewhere.mkdir(parents=True)
            file = shutil.copy(fixture.models[name], elsewhere)
            for locale in self.locales():
                output = f"out-{locale}"
                done = tool.netsuke("compile", pathlib.Path(file).name, "-o", output, "--name", name, *test_vectors(name),
                                    cwd=elsewhere, env={"LC_ALL": locale, "TZ": "Asia/Tokyo", "HOME": "/", "COLUMNS": "40"})
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(self.content(first), self.content(elsewhere / output), f"{name} with {locale}")

    def test_no_paths_or_dates(self):
        for name in fixture.models:
            for path, content in self.content(fixture.compile(name)[0]).items():
                self.assertNotIn(str(fixture.path).encode(), content, f"{name}/{path}")
                self.assertNotRegex(content, rb"__DATE__|__TIME__|20[23]\d-\d\d-\d\d", f"{name}/{path}")

    def test_unchanged_files_keep_their_time(self):
        for name in ("residual", "sine"):
            output, _ = fixture.compile(name)
            files = [p for p in output.rglob("*") if p.is_file()]
            changed = output / f"{name}.h"
            changed.write_text("somebody edited this\n")
            for p in files:
                os.utime(p, (1e9, 1e9))
            fixture.compile(name)
            self.assertEqual([p.name for p in files if p.stat().st_mtime != 1e9], [changed.name])
            self.assertNotIn("edited", changed.read_text())


class StaticArena(GeneratedCode):
    def test_called_from_c(self):
        for name in ("residual", "sine", "fashion", "no_arena"):
            with self.subTest(model=name):
                output, document = fixture.compile(name, "static", "--static-arena")
                caller = output / f"{name}_caller.c"
                caller.write_text(drivers.static_caller(name, document))
                cxx = ["g++", "-std=c++11", "-O2", *tool.kWarnings, *kFirmware, "-I", output, "-c"]
                cc = ["gcc", "-std=c99", "-pedantic-errors", "-Wall", "-Werror", "-I", output, "-c"]
                sources = [output / f"{name}.cpp", output / f"{name}_weights.cpp", caller]
                self.build([[*(cc if s == caller else cxx), s, "-o", s.with_suffix(".o")] for s in sources])
                # Linked by the C driver: generated code does without the C++ library.
                program = output / "program"
                self.build([["gcc", *(s.with_suffix(".o") for s in sources), "-lm", "-o", program]])
                done = tool.run([program])
                self.assertEqual((done.returncode, done.stdout.strip()), (0, "same"))

    def test_not_there_unless_asked_for(self):
        output, _ = fixture.compile("sine")
        self.assertNotIn("run_static", (output / "sine.h").read_text() + (output / "sine.cpp").read_text())


class Profile(GeneratedCode):
    """Hooks around every layer: whole, by rows, and rows that are pushed."""

    kinds = {"speed": ("--optimize", "speed"), "ram": ("--optimize", "ram"), "pushed": ("--io", "rows")}

    def compile(self, name, kind):
        output, document = fixture.compile(name, f"profile-{kind}", "--profile", *self.kinds[kind])
        (output / "hooks.c").write_text(drivers.hooks(name))
        objects = [output / f"{name}{part}.o" for part in ("", "_weights", "_test_main")]
        self.build([["g++", "-std=c++11", "-O1", *tool.kWarnings, "-I", output, "-c", o.with_suffix(".cpp"), "-o", o] for o in objects])
        self.build([["gcc", "-std=c99", "-O1", "-Wall", "-Werror", "-I", output, "-c", output / "hooks.c", "-o", output / "hooks.o"]])
        self.build([["g++", *objects, "-o", output / "silent"], ["g++", *objects, output / "hooks.o", "-o", output / "hooked"]])
        return output, document

    def layers(self, output, at=None):
        """[(entered, left, MACs, name)], and whether the self-test passed."""
        done = tool.run([output / "hooked"], env={**os.environ, **({} if at is None else {"NETSUKE_GIVE_UP": str(at)})})
        self.assertIn(done.returncode, (0, 1), done.stdout + done.stderr)
        lines = [line.split(" ", 4)[1:] for line in done.stdout.splitlines() if line.startswith("layer ")]
        return [(int(e), int(l), int(m), name) for e, l, m, name in lines], "netsuke-test: PASS" in done.stdout

    def test_models(self):
        for name in ("fashion", "sine", "motion"):
            for kind in self.kinds if name == "fashion" else ("speed", "ram"):
                with self.subTest(model=name, kind=kind):
                    self.check(name, kind)

    def check(self, name, kind):
        output, document = self.compile(name, kind)
        self.assertIn("netsuke-test: PASS", tool.run([output / "silent"]).stdout)
        layers, passed = self.layers(output)
        self.assertTrue(passed)
        self.assertEqual([m for _, _, m, _ in layers], [c["macs"] for c in document["calls"]])
        for (entered, left, _, text), call in zip(layers, document["calls"]):
            self.assertGreater(entered, 0)
            self.assertEqual(entered, left)
            self.assertIn(call["node"], text)
        at = len(layers) // 2
        cut, passed = self.layers(output, at)
        self.assertFalse(passed)
        self.assertEqual([left for _, left, _, _ in cut[at:]], [0] * (len(layers) - at))
        self.assertGreater(cut[at][0], 0)

    def test_not_there_unless_asked_for(self):
        output, _ = fixture.compile("sine")
        self.assertNotIn("layer_begin", (output / "sine.h").read_text() + (output / "sine.cpp").read_text())


if __name__ == "__main__":
    unittest.main()
