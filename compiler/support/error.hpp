// The one way things go wrong. An Error says what kind it is (which decides the exit code), a stable
// id that scripts and tests can match, the place, the reason, and what the user can do.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

namespace netsuke {

enum class ErrorKind {
  kUsage,   // exit 1: the command line or a file argument is wrong
  kModel,   // exit 2: the model cannot be compiled
  kBudget,  // exit 3: it compiles, but needs more RAM or flash than allowed
  kVerify,  // exit 4: results differ from what was expected
  kBug,     // exit 70: an invariant of the compiler itself is broken
};

struct Error {
  ErrorKind kind = ErrorKind::kModel;
  std::string id;       // e.g. "graph-cycle"; documented in docs/errors.md
  std::string node;     // ONNX node, value or file the error is about; may be empty
  std::string message;  // what is wrong, one sentence
  std::string hint;     // what to do about it, one sentence; may be empty
};

int exit_code(ErrorKind kind);

// Throws a model error.
[[noreturn]] void fail(std::string id, std::string node, std::string message, std::string hint = {});

// "file:line: condition" as an Error of kind kBug.
[[noreturn]] void fail_check(const char* file, int line, const char* condition, std::string detail);

}  // namespace netsuke

// States an invariant of our own code; a violation is our bug, never the user's.
#define NETSUKE_CHECK(condition, ...)                                                          \
  do {                                                                                         \
    if (!(condition))                                                                          \
      ::netsuke::fail_check(__FILE__, __LINE__, #condition, ::fmt::format("" __VA_ARGS__));    \
  } while (false)
